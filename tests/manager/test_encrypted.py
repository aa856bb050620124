"""An application with encrypted backups: opened by a reference in the settings, and the key told to nobody."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from litekeep.clock import SystemClock
from litekeep.errors import KeyNeeded, SecretUnavailable
from litekeep.formats.keyslot import PASSPHRASE, RECOVERY, Cost
from litekeep.formats.printedkey import print_key
from litekeep.model import Reason
from litekeep.monitor import Silent
from litekeep.operations.create import create_repository
from litekeep.operations.status import Verdict
from litekeep.repository.keyring import NewSlot
from litekeep.repository.repository import Repository
from litekeep.storage.local import LocalStorage
from manager.conftest import Application, notes_in

PHRASE, RECOVERY_KEY = "correct horse battery", print_key(bytes(range(32)))


@pytest.fixture
def encrypted(app: Application) -> Application:
    slots = [NewSlot(PASSPHRASE, PHRASE, cost=Cost(64, 1, 1)), NewSlot(RECOVERY, RECOVERY_KEY)]
    create_repository(app.backups, app.path, encryption=slots, clock=SystemClock(), monitor=Silent())
    (app.folder / "phrase").write_text(PHRASE + "\n")
    (app.folder / "phrase").chmod(0o600)
    return app


def settings(reference: object) -> dict[str, Any]:
    return {"encryption": {"key": reference}}


def written(app: Application) -> bytes:
    """All that lies in and beside the repository, the secret's own file left out."""
    files = [path for path in app.folder.rglob("*") if path.is_file() and path.name != "phrase"]
    return b"".join(path.read_bytes() for path in files)


def test_back_up_verify_drill_restore_and_undo(encrypted: Application) -> None:
    manager = encrypted.manager(**settings({"file": "phrase"}))
    told: list[str] = []
    manager.subscribe(lambda name, facts: told.append(f"{name} {facts}"))
    encrypted.write("before")
    first = manager.create_backup(label="one")
    encrypted.write("after")
    with manager.protect("import"):
        encrypted.write("import")
    assert manager.verify_backup(first).ok
    assert manager.test_restore().ok
    manager.restore_backup(first)
    assert encrypted.notes() == ["before"]
    manager.undo_restore()
    assert encrypted.notes() == ["before", "after", "import"]
    manager.restore_backup(first, to=encrypted.folder / "new.db")
    assert notes_in(encrypted.folder / "new.db") == ["before"]
    manager.rotate_backups()
    assert len(manager.list_backups()) >= 3
    assert manager.status().verdict in (Verdict.KEY_UNCONFIRMED, Verdict.HEALTHY)
    Path(encrypted.folder / "new.db").unlink()
    for secret in (PHRASE, RECOVERY_KEY):
        assert secret not in " ".join(told)
        assert secret.encode() not in written(encrypted)


def test_the_status_asks_for_the_confirmation(encrypted: Application) -> None:
    manager = encrypted.manager(**settings({"file": "phrase"}))
    manager.create_backup()
    assert manager.status().verdict is Verdict.KEY_UNCONFIRMED
    repository = Repository.open(LocalStorage(encrypted.backups, SystemClock()), PHRASE)
    assert repository.keys
    repository.keys.confirm(RECOVERY_KEY, SystemClock().now())
    assert manager.status().verdict is not Verdict.KEY_UNCONFIRMED


@pytest.mark.parametrize("reference", [None, {"env": "LITEKEEP_NOT_SET"}, {"file": "nowhere"}])
def test_without_its_key(encrypted: Application, reference: object) -> None:
    manager = encrypted.manager(**(settings(reference) if reference else {}))
    with pytest.raises((KeyNeeded, SecretUnavailable)):
        manager.create_backup()
    status = manager.status()
    assert status.verdict is Verdict.KEY_NEEDED
    assert "cannot be opened" in status.sentence
    rows = manager.history()
    assert rows[0].code in ("key_needed", "secret")


def test_a_repository_is_never_made_without_somebody_who_keeps_its_key(app: Application) -> None:
    (app.folder / "phrase").write_text(PHRASE)
    manager = app.manager(**settings({"file": "phrase"}))
    with pytest.raises(KeyNeeded, match="it is not made by itself"):
        manager.create_backup()
    assert not app.backups.exists()


def test_a_program_is_asked_once(encrypted: Application) -> None:
    """Looking at the state again and again starts no program again and again."""
    counter = encrypted.folder / "asked"
    program = f"open({os.fspath(counter)!r}, 'a').write('x'); print({PHRASE!r})"
    manager = encrypted.manager(**settings({"command": [sys.executable, "-c", program]}))
    for _ in range(5):
        manager.status()
        manager.list_backups()
    assert counter.read_text() == "x"


def test_a_program_that_gives_nothing_is_started_once_for_a_look(encrypted: Application) -> None:
    """It may be one that asks a person, who said no."""
    counter = encrypted.folder / "asked"
    program = f"open({os.fspath(counter)!r}, 'a').write('x'); raise SystemExit(1)"
    manager = encrypted.manager(**settings({"command": [sys.executable, "-c", program]}))
    status, snapshots = manager.overview()
    assert (status.verdict, snapshots) == (Verdict.KEY_NEEDED, None)
    assert counter.read_text() == "x"


def test_settings_and_jobs_hold_no_secret(encrypted: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_PHRASE", PHRASE)
    manager = encrypted.manager(**settings({"env": "APP_PHRASE"}))
    manager.create_backup(reason=Reason.MANUAL)
    assert PHRASE not in repr(manager.settings)
    assert PHRASE not in repr(manager._place())
