"""The exit codes and their meaning. Written down in docs/reference/exit-codes.md; an unknown code is a failure."""

from __future__ import annotations

OK = 0
WARNINGS = 3
VERIFICATION = 4
REFUSED = 6
AT_RISK = 20
NOT_PROTECTED = 21

MEANINGS = {
    0: "done",
    1: "unexpected error",
    2: "the command line or a setting makes no sense, or there is no such backup",
    3: "done, with warnings: look at the lines that begin with !",
    4: "verification failed: something stored is damaged or missing",
    5: "the backup failed: the database could not be captured",
    6: "refused: it needs an explicit yes, or the target is in use",
    10: "there is no repository in that place, or it was written by a newer version",
    11: "another run holds the repository",
    12: "the key is missing or wrong",
    13: "the place of the repository cannot be reached or used",
    14: "no space left",
    20: "status: at risk",
    21: "status: not protected",
    130: "interrupted",
}

EVERYWHERE = (1, 2, 130)
"""Codes that every command can end with."""
STORED = (10, 12, 13)
"""Codes of every command that opens a repository."""
