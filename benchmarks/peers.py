"""Litekeep's command line and its peers behind one interface. Each keeps everything inside the folder it is given.

restic, borg and plain copies cannot read a database that is being written, so they are given a copy that the `sqlite3`
program made; the cases add its time and say so. Compression is zstd for all that have it. borg does not encrypt here,
restic always does.
"""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from benchmarks.measure import CommandFailed, Cost, environment, run, tree_bytes


class Peer(ABC):
    """A backup program, found on the path, that keeps everything below a folder of its own.

    The order of calls: missing, prepare, then backup and the others as often as wanted. One program may take part in
    several ways, with different names.
    """

    program: ClassVar[str]
    version_arguments: ClassVar[tuple[str, ...]] = ("--version",)

    def __init__(self) -> None:
        self.folder = Path()
        self.repository = Path()

    @property
    def name(self) -> str:
        """The program's name."""
        return self.program

    def missing(self) -> str:
        """Not on the path, or does not run."""
        if self._path() is None:
            return f"{self.program} is not installed"
        try:
            self.version()
        except (CommandFailed, OSError) as problem:
            return f"{self.program} does not run: {problem}"
        return ""

    def version(self) -> str:
        """The first line of what the program says of itself."""
        command = [str(self._path()), *self.version_arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
        lines = (done.stdout + done.stderr).strip().splitlines() or [""]
        if done.returncode:
            raise CommandFailed(lines[-1])
        return lines[0]

    def prepare(self, folder: Path) -> None:
        """An empty folder."""
        self.folder = folder / self.name.replace(" ", "-")
        self.repository = self.folder / "repository"
        self.folder.mkdir(parents=True)

    @abstractmethod
    def backup(self, database: Path) -> Cost:
        """Back up a file that nothing is writing (Litekeep, Litestream: the live database itself)."""

    @abstractmethod
    def restore(self, target: Path) -> Cost:
        """The newest state, as a file at `target`."""

    def stored_bytes(self) -> int:
        """All that the repository takes."""
        return tree_bytes(self.repository)

    def _path(self) -> str | None:
        return shutil.which(self.program, path=sysconfig.get_path("scripts")) or shutil.which(self.program)

    def _run(self, *arguments: str | Path, cwd: Path | None = None, **env: str | Path) -> Cost:
        texts = {name: str(value) for name, value in env.items()}
        return run([str(self._path()), *arguments], env=texts, cwd=cwd)


class Litekeep(Peer):
    """The `litekeep` command, one whole process for each backup. verify: full, written or none."""

    program = "litekeep"

    def __init__(self, verify: str = "full") -> None:
        super().__init__()
        self.verify = verify

    @property
    def name(self) -> str:
        """With the level of verification, unless it is the default."""
        return "litekeep" if self.verify == "full" else f"litekeep --verify {self.verify}"

    def backup(self, database: Path) -> Cost:
        """`litekeep backup`, which also makes the repository."""
        return self._run("backup", database, "--repository", self.repository, "--verify", self.verify)

    def restore(self, target: Path) -> Cost:
        """`litekeep restore latest --to`."""
        return self._run("restore", "latest", "--to", target, "--repository", self.repository)

    def verify_newest(self) -> Cost:
        """`litekeep verify latest`: every page read back, and SQLite's checks."""
        return self._run("verify", "latest", "--repository", self.repository)

    def start_up(self) -> Cost:
        """`litekeep --version`: the process itself, and nothing else."""
        return self._run("--version")


class Restic(Peer):
    """restic with its defaults: content-defined chunks, zstd, encryption."""

    program = "restic"
    version_arguments = ("version",)

    def prepare(self, folder: Path) -> None:
        """`restic init`."""
        super().prepare(folder)
        self._restic("init")

    def backup(self, database: Path) -> Cost:
        """`restic backup`, run beside the file so that the path in the snapshot is always the same."""
        return self._restic("backup", database.name, cwd=database.parent)

    def restore(self, target: Path) -> Cost:
        """`restic restore latest` into a folder, and the file moved to its place."""
        into = self.folder / "restored"
        cost = self._restic("restore", "latest", "--target", into)
        (found,) = (path for path in into.rglob("*") if path.is_file())
        found.rename(target)
        shutil.rmtree(into)
        return cost

    def _restic(self, *arguments: str | Path, cwd: Path | None = None) -> Cost:
        return self._run(
            "--quiet",
            *arguments,
            cwd=cwd,
            RESTIC_REPOSITORY=self.repository,
            RESTIC_PASSWORD="benchmark",
            RESTIC_CACHE_DIR=self.folder / "cache",
        )


class Borg(Peer):
    """borg with zstd 3, as restic and Litekeep have it, and without encryption."""

    program = "borg"

    def prepare(self, folder: Path) -> None:
        """`borg init`."""
        super().prepare(folder)
        self._archives = 0
        self._borg("init", "--encryption", "none", self.repository)

    def backup(self, database: Path) -> Cost:
        """`borg create`."""
        self._archives += 1
        archive = f"{self.repository}::{self._archives}"
        return self._borg("create", "--compression", "zstd,3", archive, database.name, cwd=database.parent)

    def restore(self, target: Path) -> Cost:
        """`borg extract` into a folder, and the file moved to its place."""
        into = self.folder / "restored"
        into.mkdir()
        cost = self._borg("extract", f"{self.repository}::{self._archives}", cwd=into)
        (found,) = (path for path in into.rglob("*") if path.is_file())
        found.rename(target)
        shutil.rmtree(into)
        return cost

    def _borg(self, *arguments: str | Path, cwd: Path | None = None) -> Cost:
        return self._run(
            *arguments,
            cwd=cwd,
            BORG_BASE_DIR=self.folder / "base",
            BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK="yes",
            BORG_RELOCATED_REPO_ACCESS_IS_OK="yes",
        )


class Packed(Peer):
    """A compressed full copy for each backup; all copies are kept."""

    arguments: ClassVar[tuple[str, ...]]

    def prepare(self, folder: Path) -> None:
        """A folder for the copies."""
        super().prepare(folder)
        self.repository.mkdir()
        self._newest = Path()

    @property
    def name(self) -> str:
        """Program and level."""
        return " ".join((self.program, *self.arguments))

    def backup(self, database: Path) -> Cost:
        """Compress the file into the folder."""
        self._newest = self.repository / f"{len(list(self.repository.iterdir())):05d}"
        return run(["sh", "-c", 'exec "$1" "$2" -c <"$3" >"$4"', "sh", *self._command(), database, self._newest])

    def restore(self, target: Path) -> Cost:
        """Unpack the newest."""
        return run(["sh", "-c", 'exec "$1" -d -c <"$2" >"$3"', "sh", self.program, self._newest, target])

    def _command(self) -> tuple[str, str]:
        return (self.program, self.arguments[0])


class Gzip(Packed):
    """gzip -6."""

    program = "gzip"
    arguments = ("-6",)


class Zstd(Packed):
    """zstd -3."""

    program = "zstd"
    arguments = ("-3",)


class Litestream(Peer):
    """Litestream to a folder. `backup` replicates what is new and ends; `start` leaves it running beside the writers.

    It needs WAL, keeps a transaction open on the database and adds tables to it: give it a database of its own.
    """

    program = "litestream"
    version_arguments = ("version",)

    def prepare(self, folder: Path) -> None:
        """An empty folder for the replica."""
        super().prepare(folder)
        self._database = Path()

    def backup(self, database: Path) -> Cost:
        """`litestream replicate -once`."""
        return self._run("replicate", "-once", "-config", self._configure(database))

    def start(self, database: Path) -> subprocess.Popen[bytes]:
        """Leave it running; the caller ends it with terminate()."""
        command: Sequence[str | Path] = [str(self._path()), "replicate", "-config", self._configure(database)]
        quiet = subprocess.DEVNULL
        return subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, env=environment())

    def restore(self, target: Path) -> Cost:
        """`litestream restore`."""
        config = self._configure(self._database)
        return self._run("restore", "-config", config, "-o", target, self._database)

    def _configure(self, database: Path) -> Path:
        self._database = database
        config = self.folder / "litestream.yml"
        replica = f"{{type: file, path: {self.repository}, sync-interval: 1s}}"
        config.write_text(f"dbs:\n  - path: {database}\n    replica: {replica}\n", "utf-8")
        return config
