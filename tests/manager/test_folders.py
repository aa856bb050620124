"""The folder of the backups is away, cannot be written or is full: said clearly, and never made anew elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from litekeep.errors import LitekeepError, NoRepository, NoSpace
from litekeep.model import Reason
from litekeep.operations.status import Verdict

from .conftest import Application, notes_in

root = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="mounting needs root on Linux")


@pytest.mark.parametrize("left", ["nothing", "an empty folder"])
def test_a_folder_that_vanished_is_not_made_anew(app: Application, left: str) -> None:
    app.manager().create_backup()
    away = app.backups.rename(app.folder / "away")
    if left == "an empty folder":  # as an unmounted drive leaves
        app.backups.mkdir()
    manager = app.manager()  # also after the application started again
    for call in (manager.create_backup, manager.list_backups, manager.verify_backup, manager.rotate_backups):
        with pytest.raises(NoRepository) as caught:
            call()
        assert caught.value.hint
        assert str(app.backups) in str(caught.value)
    assert not app.backups.exists() or os.listdir(app.backups) == []
    assert manager.status().verdict is Verdict.REPOSITORY_MISSING
    assert [row.outcome.value for row in manager.history()][-1] == "failed"
    assert manager.history()[0].code == "no_repository"
    shutil.rmtree(app.backups, ignore_errors=True)
    away.rename(app.backups)
    assert manager.create_backup().sound
    assert len(manager.list_backups()) == 2
    assert "no_repository" in [row.code for row in manager.history()]


def test_a_folder_whose_parent_is_not_there_is_not_made(app: Application, tmp_path: Path) -> None:
    manager = app.manager(backup_directory=str(tmp_path / "drive" / "backups"))
    with pytest.raises(NoRepository):
        manager.create_backup()
    assert not (tmp_path / "drive").exists()
    assert manager.status().verdict is Verdict.REPOSITORY_MISSING
    (tmp_path / "drive").mkdir()
    assert manager.create_backup().sound


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Path]:
    """A drive of its own, of 600 kB."""
    folder = tmp_path / "drive"
    folder.mkdir(mode=0o700)
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k,mode=700", "none", str(folder)], check=False
    ).returncode:
        pytest.skip("this root may not mount a tmpfs")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@root
def test_a_drive_that_cannot_be_written(app: Application, drive: Path) -> None:
    manager = app.manager(backup_directory=str(drive / "backups"))
    first = manager.create_backup()
    subprocess.run(["mount", "-o", "remount,ro", str(drive)], check=True)
    app.write("more")
    with pytest.raises(LitekeepError) as caught:
        manager.create_backup()
    assert caught.value.code in ("permission", "read_only")
    assert [each.id for each in manager.list_backups()] == [first.id]
    manager.restore_backup(first, to=app.folder / "new.db")
    assert notes_in(app.folder / "new.db") == []
    warned: list[object] = []
    manager.subscribe(lambda name, facts: warned.append(facts["code"]) if name == "warning" else None)
    assert manager.verify_backup(first).damage == ()
    assert "read_only" in warned
    assert "backup" in [row.verb for row in manager.history() if row.outcome.value == "failed"]
    subprocess.run(["mount", "-o", "remount,rw", str(drive)], check=True)
    assert manager.create_backup().sound


@root
def test_a_drive_that_is_full(app: Application, drive: Path) -> None:
    manager = app.manager(backup_directory=str(drive / "backups"))
    first = manager.create_backup()
    app.add(300, 4000)
    with pytest.raises(NoSpace) as caught:
        manager.create_backup()
    assert caught.value.exit_code == 14
    assert [each.id for each in manager.list_backups()] == [first.id]
    app.db.execute("DELETE FROM item WHERE length(body) = 4000")
    app.db.execute("VACUUM")
    assert manager.create_backup(reason=Reason.SCHEDULED).sound
    assert manager.verify_backup(first).damage == ()
