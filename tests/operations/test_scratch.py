"""Working folders: private, swept after a crash, never taken from under a run that is just making one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from litekeep.operations import scratch
from litekeep.operations.scratch import scratch_folder, sweep


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
