"""What a person asks for: each calls the manager, step by step where there are several, and gives an outcome.

Runs on a thread of the bridge. Errors of the manager become outcomes; nothing is raised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from litekeep import BackupManager
from litekeep.config.settings import BackupSettings
from litekeep.errors import Cancelled
from litekeep.model import Snapshot
from litekeep.operations.sync import SyncResult
from litekeep.operations.verify import VerifyResult
from litekeep.ui.bridge import endings
from litekeep.ui.presenter.facts import End, Outcome


class Stage(Protocol):
    """What a deed sees of the world, and tells it."""

    def now(self) -> datetime:
        """The time, aware."""

    def reached(self, at: int, of: int, about: Snapshot | None) -> None:
        """The deed came to number `at` (1 ...) of `of`."""

    def stopped(self) -> bool:
        """A person wants it to stop."""


Deed = Callable[[BackupManager, Stage], Outcome]


def back_up(label: str, known: frozenset[str]) -> Deed:
    """A backup now. known: ids that there were before; one of them as the result says that nothing had changed."""

    def run(manager: BackupManager, stage: Stage) -> Outcome:
        snapshot = manager.create_backup(label)
        return endings.backed_up(snapshot, stage.now(), unchanged=snapshot.id in known)

    return run


def verify(snapshots: Sequence[Snapshot]) -> Deed:
    """Read these back, one after the other; stopping keeps what was found."""

    def run(manager: BackupManager, stage: Stage) -> Outcome:
        results: list[VerifyResult] = []
        try:
            for at, snapshot in enumerate(snapshots, 1):
                stage.reached(at, len(snapshots), snapshot)
                if stage.stopped():
                    raise Cancelled("stopped on request")
                results.append(manager.verify_backup(snapshot))
        except Cancelled as error:
            if not results:
                return endings.failed("verify", error, stage.now())
            return endings.verified(results, stage.now(), cancelled=True)
        return endings.verified(results, stage.now())

    return run


def test_restore(snapshot: Snapshot | None) -> Deed:
    """Rehearse a restore; None: of the one that was least recently proven."""
    return lambda manager, stage: endings.drilled(manager.test_restore(snapshot), stage.now())


def restore(snapshot: Snapshot, to: Path | None, *, accept_problems: bool) -> Deed:
    """Bring a backup back, over the database or to a new file."""
    return lambda manager, stage: endings.restored(
        "restore", manager.restore_backup(snapshot, to, accept_problems=accept_problems), stage.now()
    )


def restore_file(path: Path, *, accept_problems: bool) -> Deed:
    """Bring a plain file back over the database."""
    return lambda manager, stage: endings.restored(
        "restore", manager.restore_file(path, accept_problems=accept_problems), stage.now()
    )


def restore_from(copy: str, snapshot: Snapshot, to: Path | None, *, accept_problems: bool) -> Deed:
    """Bring a backup back from a copy, over the database or to a new file."""
    return lambda manager, stage: endings.restored(
        "restore", manager.restore_from(copy, snapshot, to, accept_problems=accept_problems), stage.now()
    )


def rebuild_from(copy: str, into: Path | None) -> Deed:
    """Get all backups of a copy back."""
    return lambda manager, stage: endings.rebuilt(manager.rebuild_from(copy, into), stage.now())


def undo() -> Deed:
    """Take the last restore back."""
    return lambda manager, stage: endings.restored("undo", manager.undo_restore(), stage.now())


def export(snapshot: Snapshot, to: Path) -> Deed:
    """Write a backup as a plain file."""

    def run(manager: BackupManager, stage: Stage) -> Outcome:
        target = manager.export_backup(snapshot, to)
        return Outcome("export", End.DONE, stage.now(), about=snapshot, target=str(target))

    return run


def clean_up(*, confirmed: bool) -> Deed:
    """Remove what the rules do not keep."""
    return lambda manager, stage: endings.cleaned_up(manager.rotate_backups(confirmed=confirmed), stage.now())


def mark(verb: str, snapshots: Iterable[Snapshot], text: str = "") -> Deed:
    """Decide about backups: "pin", "unpin", "label" (text), "delete", "recover". `several` has those it was done to."""

    def run(manager: BackupManager, stage: Stage) -> Outcome:
        calls: dict[str, Callable[[Snapshot], Snapshot]] = {
            "pin": manager.pin_backup,
            "unpin": manager.unpin_backup,
            "label": lambda each: manager.label_backup(each, text),
            "delete": manager.delete_backup,
            "recover": manager.recover_backup,
        }
        done: list[Snapshot] = []
        try:
            for snapshot in snapshots:
                done.append(calls[verb](snapshot))
        except Exception as error:  # noqa: BLE001 - what was done before it belongs to the outcome
            return endings.failed(verb, error, stage.now(), several=tuple(done))
        about = done[0] if len(done) == 1 else None
        undoable = verb == "delete" and bool(done)
        return Outcome(verb, End.DONE, stage.now(), about=about, several=tuple(done), undoable=undoable)

    return run


def change_settings(changes: Mapping[str, Any], seen: BackupSettings | None = None) -> Deed:
    """Write settings and go by them. seen: nothing is written if the file holds others by now, which then count."""

    def run(manager: BackupManager, stage: Stage) -> Outcome:
        if seen is not None and manager.settings_file is not None:
            manager.reload()
            if manager.settings.backup != seen:
                what = f"{manager.settings_file} was changed by another program"
                return Outcome("settings", End.FAILED, stage.now(), what, code="settings_changed")
        manager.change_settings(changes)
        return Outcome("settings", End.DONE, stage.now())

    return run


def send(names: Sequence[str]) -> Deed:
    """Bring these copies up to date: all are tried, the first one that fails makes the outcome."""

    def run(manager: BackupManager, stage: Stage) -> Outcome:
        results: list[SyncResult] = []
        failed: tuple[str, BaseException] | None = None
        begun = [(name, manager.submit_sync(name)) for name in names]
        for name, future in begun:
            try:
                results.append(future.result())
            except (Exception, CancelledError) as error:  # noqa: BLE001 - the others are waited for first
                failed = failed or (name, error)
        if failed is not None:
            return endings.failed("sync", failed[1], stage.now(), copy=failed[0])
        return endings.sent(names, results, stage.now())

    return run


def test_copy(name: str) -> Deed:
    """Rehearse a restore from a copy."""

    def run(manager: BackupManager, stage: Stage) -> Outcome:
        try:
            return replace(endings.drilled(manager.test_restore_from(name), stage.now()), copy=name)
        except Exception as error:  # noqa: BLE001 - it belongs to the outcome
            return endings.failed("drill", error, stage.now(), copy=name)

    return run


def remove_copy(name: str) -> Deed:
    """Out of the settings; the outcome has what brings it back."""

    def run(manager: BackupManager, stage: Stage) -> Outcome:
        return Outcome("copy_removed", End.DONE, stage.now(), copy=name, entry=manager.remove_copy(name))

    return run


def put_back_copy(entry: Mapping[str, Any]) -> Deed:
    """Into the settings again."""

    def run(manager: BackupManager, stage: Stage) -> Outcome:
        manager.add_copy(entry)
        return Outcome("copy_added", End.DONE, stage.now(), copy=str(entry.get("name")))

    return run


def resume() -> Deed:
    """Planned backups again, after a pause."""
    return _quick("resume", lambda manager: manager.resume())


def look_again() -> Deed:
    """Look whether the folder of the backups is there again."""
    return _quick("look", lambda manager: manager.look_again())


def _quick(verb: str, call: Callable[[BackupManager], object]) -> Deed:
    def run(manager: BackupManager, stage: Stage) -> Outcome:
        call(manager)
        return Outcome(verb, End.DONE, stage.now())

    return run


def carried_out(verb: str, deed: Deed, manager: BackupManager, stage: Stage) -> Outcome:
    """Its outcome, whatever it raises."""
    try:
        return deed(manager, stage)
    except BaseException as error:  # noqa: BLE001 - a thread has nobody above it; the card tells
        return endings.failed(verb, error, stage.now())
