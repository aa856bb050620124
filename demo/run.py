"""The main job of Litekeep, from beginning to end, on a sample database made on the spot.

    python -m demo.run [--megabytes 8] [--folder demo-output]

Every step runs the real `litekeep` command in its own process, as a user would, prints what the command said, and
checks what it did by looking at the database files alone, without Litekeep. The exit code is 1 if any check fails.
The folder is emptied first (only if an earlier demonstration made it) and left in place for a look around.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
import sysconfig
import textwrap
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from demo.employees import TABLES, count_rows, delete_every_second, make, opened, work_day
from litekeep.clock import SystemClock

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

OURS = ".litekeep-demo"  # marks a folder that this program made and may empty
WIDTH = 100
CLOCK = SystemClock()


class CommandFailed(Exception):
    """A command of the demonstration ended with an error; there is no point in going on."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a database: the number of rows of each table, and a digest over every value of every row."""

    rows: dict[str, int]
    digest: str


class Story:
    """Tells the steps, runs the commands, and remembers sizes, times and failed checks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "employees.db"
        self.repository = folder / "backups"
        self.failures: list[str] = []
        self.sizes: list[tuple[str, int]] = []
        self.times: list[tuple[str, float]] = []
        self._step = 0
        found = shutil.which("litekeep", path=sysconfig.get_path("scripts"))
        if found is None:
            raise CommandFailed("the litekeep command is not installed beside this Python; run `make demo`")
        self._litekeep = found
        # Whoever runs this may have backups of their own: no setting of theirs may point the demonstration at them.
        self._environment = {k: v for k, v in os.environ.items() if not k.startswith("LITEKEEP_")}  # noqa: TID251
        self._environment["LITEKEEP_STATE_FOLDER"] = str(folder / ".state")  # nor may anything be left in their home

    def step(self, title: str, explanation: str) -> None:
        """Begin the next step."""
        self._step += 1
        print(f"\n{self._step}. {title}\n{'-' * WIDTH}")
        print(textwrap.fill(explanation, WIDTH))

    def litekeep(self, *arguments: str, timed: str = "") -> None:
        """Run one command in the folder of the demonstration; `timed`: the line of the final table for its duration."""
        shown = shlex.join(("litekeep", *arguments))
        print(f"\n    $ {shown}")
        began = CLOCK.monotonic()
        done = subprocess.run(
            [self._litekeep, *arguments],
            cwd=self.folder,  # where the defaults find ./backups
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        seconds = CLOCK.monotonic() - began
        if done.stdout.strip():
            print(textwrap.indent(done.stdout.rstrip(), "      "))
        if done.returncode:
            raise CommandFailed(f"`{shown}` ended with exit code {done.returncode}")
        if timed:
            self.times.append((timed, seconds))

    def check(self, claim: str, *, holds: bool) -> None:
        """State something that must be true here."""
        print(f"    {'[ok]    ' if holds else '[FAILED]'} {claim}")
        if not holds:
            self.failures.append(claim)

    def weigh(self, name: str, size_bytes: int) -> None:
        """Remember a size for the final table."""
        self.sizes.append((name, size_bytes))


def main() -> int:
    """Run the demonstration; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=8.0, help="size of the sample database (default 8)")
    parser.add_argument(
        "--folder", type=Path, default=Path("demo-output"), help="where to work (default ./demo-output)"
    )
    options = parser.parse_args()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace", line_buffering=True)
    try:
        story = Story(fresh_folder(options.folder))
        tell(story, options.megabytes)
    except CommandFailed as failure:
        print(f"\nThe demonstration stopped: {failure}.")
        return 1
    summary(story)
    return 1 if story.failures else 0


def fresh_folder(folder: Path) -> Path:
    """An empty folder at that place. Refuses to empty one that the demonstration did not make."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / OURS).exists():
            raise CommandFailed(f"{folder} holds something else; choose another place with --folder")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / OURS).touch()
    return folder.resolve()


def tell(story: Story, megabytes: float) -> None:
    """All steps in order, while the 'application' below keeps its own connection open, as a real one would."""
    make_the_database(story, megabytes)
    with closing(sqlite3.connect(story.database)) as application:
        first_backup(story)
        expected = second_backup(story)
        look_around(story)
        prove(story)
        damaged = mistake(story, expected)
        restore_to_a_new_file(story, expected)
        restore_in_place(story, expected, application)
        undo(story, damaged)


def make_the_database(story: Story, megabytes: float) -> None:
    """Step: something to protect."""
    story.step("A database", "An application for managing employees keeps all its data in one SQLite file in WAL mode.")
    people = make(story.database, megabytes)
    print(f"\n    employees.db: {people:,} employees, {size(story.database.stat().st_size)}")
    story.weigh("the database", story.database.stat().st_size)
    full_copies(story)


def first_backup(story: Story) -> None:
    """Step: the first backup, with nothing configured."""
    story.step(
        "The first backup",
        "One command, nothing to configure: it copies a consistent image of the database while the application has it "
        "open, stores it compressed, reads everything back and proves that it opens and holds together.",
    )
    story.litekeep("backup", "employees.db", "--label", "first", timed="first backup, fully verified")
    story.weigh("the repository after the first backup", tree_bytes(story.repository))


def second_backup(story: Story) -> Contents:
    """Step: a day passes and only the difference is stored. Returns what the second backup must contain."""
    story.step(
        "A working day, and the second backup",
        "Twenty people's notes were edited and two people were hired. Every backup is complete for whoever restores "
        "it, but only pages that changed take new space.",
    )
    before = tree_bytes(story.repository)
    work_day(story.database, updates=20, hires=2, seed=1)
    expected = contents(story.database)
    story.litekeep("backup", "employees.db", "--label", "after the first day", timed="second backup, fully verified")
    after = tree_bytes(story.repository)
    story.weigh("the repository after the second backup", after)
    print(f"\n    The repository grew by {size(after - before)}.")
    grown_percent = 100 * (after - before) / before
    story.check(
        f"the second backup added {grown_percent:.1f} % to the repository (at most 10 %)", holds=grown_percent <= 10
    )
    return expected


def look_around(story: Story) -> None:
    """Step: what is there."""
    story.step("The list of backups", "Each line is one state of the database that can be restored by itself.")
    story.litekeep("list")


def prove(story: Story) -> None:
    """Step: verification and the rehearsal of a restore."""
    story.step(
        "Verify, and rehearse",
        "Verifying reads every page of every backup from the repository again and compares it with what was read from "
        "the database. A drill goes further: it restores one backup into a scratch place and tests the result.",
    )
    story.litekeep("verify", "--all", timed="verifying both backups")
    story.litekeep("drill", timed="drill")


def mistake(story: Story, expected: Contents) -> Contents:
    """Step: the reason to have backups. Returns what is left."""
    story.step(
        "The mistake",
        "Someone runs a DELETE with the wrong condition: every second employee is gone, and all that belongs to them.",
    )
    gone = delete_every_second(story.database)
    print(f"\n    {gone:,} employees deleted.")
    left = contents(story.database)
    story.check("the live database lost rows", holds=left.rows["employees"] < expected.rows["employees"])
    return left


def restore_to_a_new_file(story: Story, expected: Contents) -> None:
    """Step: the careful way back."""
    restored = story.folder / "restored.db"
    story.step(
        "Restore to a new file",
        "The careful way back: the live database is not touched, and the newest backup becomes a file to look into.",
    )
    story.litekeep("restore", "latest", "--to", restored.name, timed="restore to a new file")
    compare(story, "restored.db", contents(restored), expected)
    with opened(restored) as db:
        (verdict,) = db.execute("PRAGMA integrity_check").fetchone()
    story.check(f"SQLite's own integrity check of it says: {verdict}", holds=verdict == "ok")


def restore_in_place(story: Story, expected: Contents, application: sqlite3.Connection) -> None:
    """Step: the live database goes back while the application has it open."""
    story.step(
        "Restore over the live database",
        "The backup goes back into the live file, through SQLite, so that the application sees the restored rows "
        "without a restart. The state before that is saved first.",
    )
    story.litekeep("restore", "latest", "--replace", "--yes", timed="restore over the live database")
    compare(story, "employees.db", contents(story.database), expected)
    (seen,) = application.execute("SELECT count(*) FROM employees").fetchone()
    story.check(f"the application, still connected, sees {seen:,} employees", holds=seen == expected.rows["employees"])


def undo(story: Story, damaged: Contents) -> None:
    """Step: a restore can be taken back."""
    story.step("Undo", "Restored the wrong backup? The state just before the restore comes back with one word.")
    story.litekeep("undo", "--yes", timed="undo")
    people = count_rows(story.database)["employees"]
    claim = f"the database is, value for value, as it was before the restore ({people:,} employees)"
    story.check(claim, holds=contents(story.database) == damaged)
    print("\n    The whole history is still there:")
    story.litekeep("list")


def compare(story: Story, name: str, found: Contents, expected: Contents) -> None:
    """Show the rows of each table beside what they were when the backup was made."""
    print(f"\n    {'rows in table':16}{'when backed up':>16}{name:>20}")
    for table, count in expected.rows.items():
        print(f"    {table:16}{count:>16,}{found.rows[table]:>20,}")
    story.check("every table has the same number of rows", holds=found.rows == expected.rows)
    story.check("every value of every row is the same", holds=found.digest == expected.digest)


def summary(story: Story) -> None:
    """Sizes, times and the verdict."""
    print(f"\nSizes and times\n{'-' * WIDTH}")
    whole = story.sizes[0][1]
    for name, size_bytes in story.sizes:
        print(f"    {name:50}{size(size_bytes):>12}{size_bytes / whole:>9.1%} of the database")
    print()
    for name, seconds in story.times:
        print(f"    {name:50}{seconds:>10.2f} s")
    print(f"\n    Everything is in {story.folder}")
    if story.failures:
        print(f"\n{len(story.failures)} checks FAILED:")
        for failure in story.failures:
            print(f"    {failure}")
    else:
        print("\nAll checks passed.")


def full_copies(story: Story) -> None:
    """Weigh and time the usual alternative: a compressed full copy."""
    copy = story.folder / "copy.db"
    with closing(sqlite3.connect(story.database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    data = copy.read_bytes()
    copy.unlink()
    packers: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
        ("gzip -6", lambda plain: gzip.compress(plain, 6)),
        ("zstd -3", lambda plain: zstd.compress(plain, 3)),
    )
    for name, pack in packers:
        began = CLOCK.monotonic()
        packed = len(pack(data))
        story.times.append((f"compressing a full copy with {name}", CLOCK.monotonic() - began))
        story.weigh(f"one full copy, {name}", packed)


def contents(path: Path) -> Contents:
    """Count and digest everything, with plain SQLite."""
    digest = hashlib.sha256()
    with opened(path) as db:
        for table in TABLES:
            for row in db.execute(f"SELECT * FROM {table} ORDER BY id"):
                digest.update(repr(row).encode())
    return Contents(count_rows(path), digest.hexdigest())


def tree_bytes(folder: Path) -> int:
    """The length of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def size(size_bytes: int) -> str:
    """A size for people."""
    return f"{size_bytes / 2**20:,.2f} MiB" if size_bytes >= 2**20 else f"{size_bytes / 1024:,.1f} KiB"


if __name__ == "__main__":
    sys.exit(main())
