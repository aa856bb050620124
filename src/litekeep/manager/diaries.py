"""What the diaries beside a repository tell the doctor: messages that do not arrive, a log that cannot be written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from litekeep.journal import history, logger
from litekeep.journal.journal import NOTIFY, failing_channels
from litekeep.operations.finding import Finding, advice, problem

if TYPE_CHECKING:
    from litekeep.operations.status import Facts, Status


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


def examine_log(path: Path) -> Iterator[Finding]:
    """Could the next run write its lines? Nothing is written to find out."""
    target = path if os.path.lexists(path) else path.parent
    if not os.path.exists(target):
        yield advice("log", f"the log's folder {target} is not there", "what happens is not told there", _FIX)
    elif not os.access(target, os.W_OK):
        yield advice("log", f"{target} cannot be written by this user", "what happens is not told there", _FIX)


def examine_ages(pairs: Iterable[tuple[Facts, Status]]) -> Iterator[Finding]:
    """By the clock: is a backup missing that the schedule promises?"""
    for facts, status in pairs:
        if status.verdict.value in ("never", "overdue", "failing"):
            why = "what was written since the last good backup would be lost"
            fix = (
                "run `litekeep backup`, and look why it did not happen: `litekeep schedule show`, or the service's log"
            )
            yield problem(status.verdict.value, f"{facts.source}: {status.sentence.rstrip('.')}", why, fix)


_FIX = "look at rights and room of that file and its folder"
