"""Results and errors of a manager as outcomes for the card. Pure."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from litekeep.errors import Cancelled, LitekeepError, SettingsInvalid
from litekeep.model import Snapshot
from litekeep.operations.drill import DrillResult
from litekeep.operations.prune import PruneResult
from litekeep.operations.replicate import ReplicateResult
from litekeep.operations.restore import RestoreResult
from litekeep.operations.sync import SyncResult
from litekeep.operations.verify import VerifyResult
from litekeep.ui.presenter.facts import End, Outcome


def failed(verb: str, error: BaseException, at: datetime, **more: Any) -> Outcome:
    """How an error ends a job; more: other fields of Outcome, of what was done before it."""
    details = "".join(traceback.format_exception(error))
    if isinstance(error, Cancelled):
        return Outcome(verb, End.CANCELLED, at, error.message, error.safe, error.hint, error.code, details, **more)
    if isinstance(error, LitekeepError):
        problems = tuple(each.text for each in error.problems) if isinstance(error, SettingsInvalid) else ()
        found = {"problems": problems, **more}
        return Outcome(verb, End.FAILED, at, error.message, error.safe, error.hint, error.code, details, **found)
    name = type(error).__name__
    what = f"{name}: {error}" if str(error) else name
    return Outcome(verb, End.FAILED, at, what, code=LitekeepError.code, details=details, **more)


def backed_up(snapshot: Snapshot, at: datetime, *, unchanged: bool) -> Outcome:
    """A backup that was made and proven, or that there was already."""
    return Outcome("backup", End.DONE, at, about=snapshot, checked=1, problems=snapshot.problems, unchanged=unchanged)


def verified(results: Sequence[VerifyResult], at: datetime, *, cancelled: bool = False) -> Outcome:
    """Some backups were read back. problems: what is wrong with each, after the backup's short id if there are more."""
    several = len(results) > 1
    problems = [
        f"{result.snapshot.short_id}: {text}" if several else text
        for result in results
        for text in (*result.damage, *result.problems, *result.unchecked)
    ]
    return Outcome(
        "verify",
        End.CANCELLED if cancelled else End.DONE,
        at,
        about=results[0].snapshot if len(results) == 1 else None,
        several=tuple(result.snapshot for result in results if not result.ok),
        checked=sum(not result.damage for result in results),
        problems=tuple(problems),
    )


def drilled(result: DrillResult, at: datetime) -> Outcome:
    """A test restore."""
    problems = (*result.damage, *result.problems)
    return Outcome("drill", End.DONE, at, about=result.snapshot, checked=int(not result.damage), problems=problems)


def sent(names: Sequence[str], results: Sequence[SyncResult], at: datetime) -> Outcome:
    """Copies were brought up to date. problems: what could not be sent, because it is damaged here."""
    return Outcome(
        "sync",
        End.DONE,
        at,
        copy=", ".join(names),
        unchanged=not any(result.sent_objects for result in results),
        sent_bytes=sum(result.sent_bytes for result in results),
        problems=tuple(text for result in results for text in result.left_behind),
    )


def restored(verb: str, result: RestoreResult, at: datetime) -> Outcome:
    """A restore over the database, or to a new file; "undo" of one."""
    over = result.how != "new"
    return Outcome(
        verb,
        End.DONE,
        at,
        about=result.snapshot,
        target="" if over else str(result.target),
        undoable=verb == "restore" and over and result.safety_copy is not None,
        checked=1,
        problems=result.problems,
        kept="" if result.safety_file is None else str(result.safety_file),
    )


def rebuilt(result: ReplicateResult, at: datetime) -> Outcome:
    """All backups of a copy came back; problems: what did not."""
    return Outcome("rebuild", End.DONE, at, checked=result.snapshots, problems=result.left_behind)


def cleaned_up(result: PruneResult, at: datetime) -> Outcome:
    """A rotation. problems: why it waits for a person, if it does."""
    waiting = tuple(text for _, texts in result.waiting for text in texts)
    return Outcome(
        "prune",
        End.DONE,
        at,
        code="waiting" if waiting else "",
        several=(*result.trashed, *result.forgotten),
        freed_bytes=result.freed_bytes,
        problems=waiting,
    )
