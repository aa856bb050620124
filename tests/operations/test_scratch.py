"""Working folders: private, swept after a crash, never taken from under a run that is just making one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from litekeep.operations import scratch
from litekeep.operations.scratch import scratch_folder, sweep
from operations.home import Home


def test_a_folder_is_removed_afterwards(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as folder:
        (folder / "copy.db").write_bytes(b"x")
        assert sweep(tmp_path) == 0
        assert (folder / "copy.db").exists()
    assert list(tmp_path.iterdir()) == []


def test_a_dead_runs_folder_is_swept(tmp_path: Path) -> None:
    dead = tmp_path / f"{scratch.PREFIX}dead"
    (dead / "inner").mkdir(parents=True)
    (dead / "owner").touch()
    (dead / "inner" / "copy.db").write_bytes(b"x")
    assert sweep(tmp_path) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_backup_sweeps_what_a_killed_restore_left_beside_the_database(home: Home) -> None:
    home.make()
    home.backup()
    for name, owner in (("dead", True), ("being-made", False)):
        folder = home.database.parent / f"{scratch.PREFIX}{name}"
        folder.mkdir()
        if owner:
            (folder / "owner").touch()
            (folder / "image.db").write_bytes(home.database.read_bytes())
    with scratch_folder(home.database.parent) as living:
        assert home.backup().unchanged
        assert list(home.database.parent.glob(f"{scratch.PREFIX}*")) == [living]


@pytest.mark.parametrize("left", ["everything gone", "the lock held"])
def test_a_sweep_between_making_and_locking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: str) -> None:
    """Another run's sweep locks the owner file first: the folder is given up for a new one, gone already or not."""
    taken: list[Path] = []
    lock = scratch._try_lock

    def lock_late(descriptor: int) -> bool | None:
        if not taken:
            (folder,) = tmp_path.iterdir()
            taken.append(folder)
            if left == "the lock held":
                return False
            shutil.rmtree(folder)
        return lock(descriptor)

    monkeypatch.setattr(scratch, "_try_lock", lock_late)
    with scratch_folder(tmp_path) as folder:
        assert folder not in taken
        assert folder.is_dir()
        (folder / "copy.db").write_bytes(b"x")
        assert sweep(tmp_path) == (1 if left == "the lock held" else 0)
