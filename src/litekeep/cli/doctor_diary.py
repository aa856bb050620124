"""What the diaries beside a repository tell the doctor: messages that do not arrive, a log that cannot be written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from litekeep.journal import history, logger
from litekeep.journal.journal import NOTIFY, failing_channels
from litekeep.operations.finding import Finding, advice, problem


def examine_diaries(folder: Path) -> Iterator[Finding]:
    """Look at journal, log and what they say of themselves."""
    rows = history.read(folder)
    for channel, row in failing_channels(rows).items():
        what = f"the last notification through {channel} did not arrive: {row.message.removeprefix(f'{channel}: ')}"
        yield problem("notification", what, "the next failure would go unnoticed too", "run `litekeep notify test`")
    runs = [row for row in rows if row.verb != NOTIFY]
    if runs and runs[-1].facts.get("log"):
        yield advice("log", str(runs[-1].facts["log"]), "what happens is not told there", _FIX)
    for name in (history.NAME, logger.NAME):
        path = folder / name
        if os.path.lexists(path) and (path.is_symlink() or not path.is_file()):
            yield advice("log", f"{path} is no ordinary file", "nothing is written to it", "move it away")


_FIX = "look at rights and room of that file and its folder"
