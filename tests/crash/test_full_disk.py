"""A repository, or a scratch folder, on a disk of a few hundred kilobytes that is full."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from crash.worlds import FEW, Builder, images_of, small_scale
from litekeep.errors import NoSpace
from litekeep.model import Reason
from litekeep.monitor import Silent
from litekeep.operations.backup import BackupOptions, backup
from litekeep.operations.empty_trash import empty_trash
from litekeep.operations.prune import PruneOptions, prune
from litekeep.operations.restore import restore_new, restore_over
from litekeep.operations.scrub import scrub
from litekeep.operations.verify import verify
from litekeep.repository.catalog import load_catalog
from litekeep.repository.repository import Repository
from litekeep.storage.local import LocalStorage

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="mounting a tmpfs needs root on Linux"
)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 512 kB, 0700."""
    folder = tmp_path / "disk"
    folder.mkdir(mode=0o700)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "none", str(folder)], check=False)
    if done.returncode:
        pytest.skip("this root may not mount a tmpfs")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Use up all room."""
    path = folder / "ballast"
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass
    return path


class Home:
    """A history, its repository on the small disk."""

    def __init__(self, builder: Builder, folder: Path) -> None:
        self.builder, self.clock, self.scratch = builder, builder.clock, builder.folder / "scratch"
        self.root = folder / "backups"
        for key, content in builder.storage._objects.items():
            (self.root / key).parent.mkdir(parents=True, exist_ok=True)
            (self.root / key).write_bytes(content)
        self.repository = Repository.open(LocalStorage(self.root, self.clock))
        self.images = images_of(self.repository.storage, self.scratch)

    def back_up(self, scratch: Path | None = None) -> object:
        """The next backup."""
        self.clock.advance(3600)
        options = BackupOptions(reason=Reason.SCHEDULED, scratch=scratch or self.scratch)
        return backup(self.repository, self.builder.database, options=options, clock=self.clock, monitor=Silent())

    def prune(self) -> object:
        """Rotation to the last three."""
        options = PruneOptions(FEW, confirmed=True, scratch=self.scratch)
        return prune(self.repository, options, clock=self.clock, monitor=Silent())

    def require_sound(self, *, lost: int = 0) -> None:
        """What was there is there, but for `lost` of them."""
        images = images_of(self.repository.storage, self.scratch)
        assert all(images[name] == image for name, image in self.images.items() if name in images)
        assert len(self.images.keys() - images.keys()) == lost
        assert scrub(self.repository, clock=self.clock, monitor=Silent()).damaged == ()
        assert not list(self.root.rglob(".tmp-*"))


def home(tmp_path: Path, disk: Path, *, trashed: bool = False) -> Home:
    """Seven days, four of them in the trash if wanted, and due."""
    builder = Builder(tmp_path / "home")
    builder.create()
    builder.days(7)
    if trashed:
        builder.prune()
        builder.clock.advance(3 * 86_400)
    builder.change()
    return Home(builder, disk)


def test_backup_to_a_full_disk(tmp_path: Path, small_disk: Path) -> None:
    with small_scale():
        made = home(tmp_path, small_disk)
        ballast = fill(small_disk)
        with pytest.raises(NoSpace) as raised:
            made.back_up()
        assert raised.value.exit_code == 14
        assert raised.value.hint
        made.require_sound()
        ballast.unlink()
        made.back_up()
        made.require_sound()
        assert len(load_catalog(made.repository).snapshots) == 8


def test_prune_on_a_full_disk_makes_room(tmp_path: Path, small_disk: Path) -> None:
    """No room for a plan, a mark or a new generation: what needs none of them is done all the same."""
    with small_scale():
        made = home(tmp_path, small_disk, trashed=True)
        fill(small_disk)
        made.prune()
        made.require_sound(lost=4)
        made.back_up()
        made.require_sound(lost=4)


def test_prune_on_a_full_disk_with_an_empty_trash(tmp_path: Path, small_disk: Path) -> None:
    """There is nothing to delete and no room for the marks of the trash: it says so, and what to do."""
    with small_scale():
        made = home(tmp_path, small_disk)
        ballast = fill(small_disk)
        with pytest.raises(NoSpace) as raised:
            made.prune()
        assert "trash" in raised.value.hint
        made.require_sound()
        os.truncate(ballast, ballast.stat().st_size - 32 * 4096)
        made.prune()
        fill(small_disk)
        empty_trash(made.repository, clock=made.clock, monitor=Silent())
        made.require_sound(lost=4)


@pytest.mark.parametrize("action", ["backup", "verify", "restore"])
def test_a_full_disk_for_working_copies(tmp_path: Path, small_disk: Path, action: str) -> None:
    with small_scale():
        made = home(tmp_path, tmp_path / "roomy")
        ballast = fill(small_disk)
        for room in (0, 8192, 40_960):
            os.truncate(ballast, ballast.stat().st_size - room)
            with pytest.raises(NoSpace) as raised:
                work_on(made, action, small_disk)
            assert raised.value.exit_code == 14
            assert [path.name for path in small_disk.iterdir()] == ["ballast"]
            fill(small_disk)
        made.require_sound()
        ballast.unlink()
        work_on(made, action, small_disk)
        made.require_sound()


def work_on(made: Home, action: str, folder: Path) -> None:
    """Do what needs a working copy in this folder."""
    newest = load_catalog(made.repository).snapshots[-1]
    if action == "backup":
        made.back_up(folder)
    elif action == "verify":
        verify(made.repository, newest, scratch=folder, clock=made.clock, monitor=Silent())
    else:
        restore_new(made.repository, newest, folder / "restored.db", clock=made.clock, monitor=Silent())


def test_restore_over_on_a_full_disk(tmp_path: Path, small_disk: Path) -> None:
    """The target is on the full disk: it stays as it is."""
    with small_scale():
        made = home(tmp_path, tmp_path / "roomy")
        target = small_disk / "app.db"
        shutil.copy(made.builder.database, target)
        before = target.read_bytes()
        ballast = fill(small_disk)
        oldest = load_catalog(made.repository).snapshots[0]
        for room in (0, 40_960, 81_920):
            os.truncate(ballast, max(0, ballast.stat().st_size - room))
            with pytest.raises(NoSpace):
                restore_over(made.repository, oldest, target, clock=made.clock, monitor=Silent())
            assert target.read_bytes() == before
            assert sorted(path.name for path in small_disk.iterdir()) == ["app.db", "ballast"]
            fill(small_disk)
        ballast.unlink()
        restore_over(made.repository, oldest, target, clock=made.clock, monitor=Silent())
        assert target.read_bytes() != before
        with closing(sqlite3.connect(target)) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
