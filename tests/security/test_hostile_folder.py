"""What somebody can put in the place of a file or folder of a repository: pipes, links, sockets, files without end.

Every command ends soon, in words of its own; nothing is read or written through a link, and nothing is taken for whole
that is not.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.conftest import Run, execute
from litekeep.clock import SystemClock
from litekeep.errors import Locked, StorageError
from litekeep.operations.copymemory import CopyMemory, read_states
from litekeep.storage.local import LocalStorage
from litekeep.storage.regular import read_regular

if sys.platform == "win32":
    pytest.skip("pipes in a folder, links, alarms", allow_module_level=True)

SECRET = "a line of another user's file\n" * 3
LIMIT_SECONDS = 20
ENDLESS_BYTES = 1 << 42


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def link(path: Path) -> None:
    path.unlink()
    path.symlink_to(victim(path))


def device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def listener(path: Path) -> None:
    path.unlink()
    here = Path.cwd()
    os.chdir(path.parent)  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)
    os.chdir(here)


def endless(path: Path) -> None:
    path.chmod(0o600)
    os.truncate(path, ENDLESS_BYTES)


KINDS = [pipe, link, device, folder, listener, endless]
FILES = [
    ".cache/catalog", "backup.log", "journal.jsonl", "lock", "repository.json", "restore.py",
    "marks/*/*", "packs/*/*", "receipts/*/*", "snapshots/*/*",
]  # fmt: skip
FOLDERS = [".cache", "marks", "marks/app", "packs", "snapshots/app"]
COMMANDS = [("list",), ("status",), ("verify", "--all", "--stored"), ("restore", "latest", "--to", "out.db"),
            ("backup", "app.db"), ("prune", "--yes")]  # fmt: skip


def victim(near: Path) -> Path:
    """A file of somebody else, outside of the repository."""
    return next(parent for parent in near.parents if parent.name == "backups").with_name("victim")


@pytest.fixture
def repository(database: Path, litekeep: Run) -> Path:
    """Two backups, one with a label; everything that can lie in a repository is there."""
    litekeep("backup", database)
    execute(database, "INSERT INTO people VALUES(9000, 'x')")
    litekeep("backup", database)
    litekeep("label", "latest~1", "first")
    litekeep("list")
    database.with_name("victim").write_text(SECRET)
    return database.with_name("backups")


@contextmanager
def soon() -> Iterator[None]:
    """The block ends within the limit."""

    def over(*_: object) -> None:
        raise AssertionError(f"it took longer than {LIMIT_SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(LIMIT_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run_all(repository: Path, litekeep: Run, plant: Callable[[Path], None]) -> None:
    """Every command on a fresh copy with something planted in it."""
    original = repository.with_name("original")
    repository.rename(original)
    for arguments in COMMANDS:
        shutil.copytree(original, repository)
        for left in repository.parent.glob("out.db*"):
            left.unlink()
        plant(repository)
        with soon():
            result = litekeep(*arguments, expect=None)
        assert result.code != 1, (arguments, result)
        assert SECRET.split("\n", maxsplit=1)[0] not in result.out + result.err
        assert victim(repository / "x").read_text() == SECRET
        shutil.rmtree(repository)
    original.rename(repository)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_something_else_in_place_of_a_file(repository: Path, litekeep: Run, kind: Callable[[Path], None]) -> None:
    def plant(inside: Path, pattern: str) -> None:
        kind(max(inside.glob(pattern)))

    for pattern in FILES:
        run_all(repository, litekeep, lambda inside, pattern=pattern: plant(inside, pattern))  # type: ignore[misc]


def test_a_link_in_place_of_a_folder(repository: Path, litekeep: Run) -> None:
    elsewhere = repository.with_name("elsewhere")

    def plant(inside: Path, name: str) -> None:
        shutil.rmtree(inside / name)
        elsewhere.mkdir(exist_ok=True)
        (inside / name).symlink_to(elsewhere)

    for name in FOLDERS:
        run_all(repository, litekeep, lambda inside, name=name: plant(inside, name))  # type: ignore[misc]
        assert list(elsewhere.iterdir()) == [], name


def test_what_is_remembered_of_copies_is_not_kept_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / ".cache").symlink_to(tmp_path / "elsewhere")
    memory = CopyMemory(tmp_path / "backups", "cloud", "s3://bucket", bytes(16))
    memory.known = {"packs/aa/x": 1}
    with memory.lock("test", SystemClock()):
        memory.save()
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert read_states(tmp_path / "backups") == {}


def test_the_words_of_a_lock_are_not_waited_for(tmp_path: Path) -> None:
    """Another process has the lock, and its file was exchanged for a pipe."""
    storage = LocalStorage(tmp_path, SystemClock())
    script = (
        "import sys; from pathlib import Path; from litekeep.clock import SystemClock; "
        "from litekeep.storage.local import LocalStorage\n"
        "with LocalStorage(Path(sys.argv[1]), SystemClock()).lock('other'): print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other, soon():
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(Locked, match="other"), storage.lock("mine"):
            pytest.fail("there are two holders")
        pipe(tmp_path / "lock")
        with pytest.raises(StorageError, match="not a file"), storage.lock("mine"):
            pytest.fail("a pipe is no lock")
        other.communicate()


def test_an_object_that_would_fill_the_memory(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path, SystemClock())
    storage.put("packs/aa/x", b"1")
    endless(tmp_path / "packs" / "aa" / "x")
    with pytest.raises(StorageError, match="4,398,046,511,104 bytes"):
        storage.get("packs/aa/x")
    with pytest.raises(OSError, match="longer"):
        read_regular(tmp_path / "packs" / "aa" / "x", 1 << 20)
    assert storage.get_range("packs/aa/x", 0, 1) == b"1"


def test_the_restore_program_reads_files_only(repository: Path) -> None:
    original = repository.with_name("original")
    repository.rename(original)
    for kind in (pipe, link, folder, endless):
        shutil.copytree(original, repository)
        kind(max(repository.glob("packs/*/*")))
        command = [sys.executable, "restore.py", "latest", "../out.db"]
        done = subprocess.run(
            command, cwd=repository, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
        )
        assert done.returncode == 1, done
        assert "nothing was changed" in done.stderr
        assert not repository.with_name("out.db").exists()
        shutil.rmtree(repository)
