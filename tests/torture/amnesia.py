"""Nothing but the repository and its passphrase: every command works without a memory of it, or with a wrong one.

Each command that is about a repository is run four times on the same one: by a machine that remembers, by one that
knows nothing (another home, no state, no settings), by one whose memory is garbage in every file, and by one whose
memory is from an earlier time. It must succeed, and leave what it leaves for the first. A long history is read through
a storage that counts: how many requests a list and a restore take without any memory.
"""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from crash.worlds import Builder
from litekeep.cli.main import main
from litekeep.formats import keyslot
from litekeep.formats.keyslot import Cost
from litekeep.monitor import Silent
from litekeep.operations.restore import restore_new
from litekeep.repository.catalog import load_catalog
from litekeep.repository.repository import Repository
from litekeep.storage.counting import CountingStorage
from torture.campaign import Campaign, Shard, Size, Tally

CASES = {Size.CI: 20, Size.NIGHTLY: 150, Size.RELEASE: 150}
SNAPSHOTS = {Size.CI: 30, Size.NIGHTLY: 1_000, Size.RELEASE: 3_000}
ONE_OF = {Size.CI: 7, Size.NIGHTLY: 1, Size.RELEASE: 1}
"""Of so many pairs of a command and a memory one is tried."""
KINDS = ("plain", "encrypted")
NOTHING, GARBAGE, OLDER = "no memory", "a memory of garbage", "a memory of an earlier time"
MEMORIES = (NOTHING, GARBAGE, OLDER)
PHRASE = "correct horse battery staple"
ADVICE, AT_RISK = 3, 20
"""Exit codes of a doctor, and of a status, that have something to say."""
COMMANDS = (
    "backup app.db", "backup app.db --if-changed", "list", "list --all", "show latest", "status", "verify",
    "verify --all", "verify --stored", "drill latest", "restore latest --to new.db",
    "restore latest --replace --dry-run",
    "restore latest --replace --yes", "restore latest~1 --replace --yes", "undo --yes", "export latest new.db",
    "prune --yes", "prune --dry-run", "prune --keep-days 0 --keep-weeks 0 --keep-months 0 --keep-last 1 --yes",
    "pin latest", "unpin {first}", "label latest renamed", "delete latest --yes", "trash list", "trash recover {gone}",
    "trash empty --yes", "doctor app.db", "copy backups elsewhere",
)  # fmt: skip
OF_KIND = {
    "plain": ("encrypt encrypted --passphrase-file phrase",),
    "encrypted": ("key show", "key test", "key add --recovery", "key add --new-key-file another.key"),
}
ELSEWHERE = {
    "init": "makes what is then remembered", "gui": "a window: tests/ui", "completion": "of the shell",
    "config": "about the settings file", "schedule": "about the timers of the system", "watch": "begins with settings",
    "notify": "tells what settings name", "sync": "to copies that settings name", "selftest": "in a scratch place",
}  # fmt: skip
"""Commands that are not tried here, and why."""
DATABASES = 10
"""Whose snapshots the long history is."""
LISTED, RESTORED = "a long history listed", "a long history restored from"
MOST_FOR_ALL, MOST_FOR_EACH = 5, 2
"""Requests for a list: so many, and so many for each snapshot. For a restore: the same for each pack that it needs."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command did."""

    code: int
    told: str


class Machine:
    """A folder with a database and a repository, brought back before each command; home and state beside it."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.live, self._kept = folder / "live", folder / "kept"
        self._ids: dict[str, str] = {}
        self._environment = {"LITEKEEP_PASSPHRASE": PHRASE} if kind == "encrypted" else {}
        self.live.mkdir()
        with mock.patch.object(keyslot, "DEFAULT_COST", Cost(64, 1, 1)):
            self._live_through(kind)
        shutil.copytree(self.live, self._kept)

    def _live_through(self, kind: str) -> None:
        (self.live / "phrase").write_text(PHRASE + "\n", "ascii")
        (self.live / "phrase").chmod(0o600)
        self._alter("CREATE TABLE item(id INTEGER PRIMARY KEY, body BLOB)")
        self.run("init app.db" + " --encrypt --passphrase-file phrase" * (kind == "encrypted"))
        self._day("first", "--pin")
        shutil.copytree(self.live / "state", self.live / "older")
        for label in ("second", "gone", "third"):
            self._day(label)
        self.run("delete {gone} --yes")
        self.run("restore {second} --replace --yes")
        self._day("fourth")

    def _day(self, label: str, *options: str) -> None:
        self._alter("INSERT INTO item(body) VALUES (randomblob(900))")
        self.run(" ".join(["backup app.db --label", label, *options]))
        newest = json.loads(self.ended("list --limit 1 --json").told)["snapshots"][0]
        self._ids[newest["label"]] = newest["id"]

    def _alter(self, statement: str) -> None:
        with closing(sqlite3.connect(self.live / "app.db", isolation_level=None)) as db:
            db.execute(statement)

    def run(self, command: str) -> None:
        """One that succeeds."""
        ended = self.ended(command)
        assert ended.code == 0, f"{command}: {ended}"

    def ended(self, command: str) -> Ended:
        """One command, in the folder."""
        told, arguments = io.StringIO(), ["--repository", "backups", *command.format(**self._ids).split()]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("LITEKEEP", "XDG"))}
        environment |= {"LITEKEEP_STATE_FOLDER": str(self.live / "state"), "HOME": str(self.live / "home")}
        with (
            mock.patch.dict(os.environ, environment | self._environment, clear=True),
            working_in(self.live),
            redirect_stdout(told),
            redirect_stderr(told),
        ):
            return Ended(main(arguments), told.getvalue())

    def after(self, command: str, memory: str, chance: random.Random) -> tuple[Ended, list[tuple[object, ...]]]:
        """The end of a command by a machine with such a memory, and what lists show then to one that remembers."""
        shutil.rmtree(self.live)
        shutil.copytree(self._kept, self.live)
        state, remembered = self.live / "state", self.live / "remembered"
        shutil.copytree(state, remembered)
        if memory in (NOTHING, OLDER):
            shutil.rmtree(state)
        if memory == OLDER:
            shutil.copytree(self.live / "older", state)
        if memory == GARBAGE:
            for path in [path for path in state.rglob("*") if path.is_file()]:
                path.write_bytes(chance.choice((b"", b"{}", b"[]", b"null", chance.randbytes(300))))
        return self.ended(command), self.shown()

    def shown(self) -> list[tuple[object, ...]]:
        """All that is in the repository, without what is different in every run."""
        ended = self.ended("list --all --json")
        assert ended.code == 0, ended
        snapshots: list[dict[str, Any]] = json.loads(ended.told)["snapshots"]
        names = ("label", "pinned", "reason", "page_count", "verified")
        return sorted((*(str(each[name]) for name in names), bool(each["trashed_at"])) for each in snapshots)


@contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """And back."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def shards(size: Size, seed: int) -> Sequence[Shard]:
    """The kinds of repositories, and the long history."""
    return [*((seed, kind, ONE_OF[size]) for kind in KINDS), (seed, "long", SNAPSHOTS[size])]


def run(shard: Shard, tally: Tally, folder: Path) -> None:
    """One of them."""
    seed, kind, number = shard
    if kind == "long":
        long_history(f"long-{seed}", int(number), tally, folder)
        return
    machine, turn = Machine(folder, str(kind)), 0
    for command in (*COMMANDS, *OF_KIND[str(kind)]):
        control: tuple[Ended, list[tuple[object, ...]]] | None = None
        for memory in MEMORIES:
            case, turn = f"{kind}-{seed}-{command}-{memory}", turn + 1
            if turn % int(number) == 0 and tally.wants(case):
                with tally.case(case, str(kind), memory):
                    control = control or machine.after(command, "", random.Random(case))
                    judge(control, machine.after(command, memory, random.Random(case)))


def judge(wanted: tuple[Ended, list[tuple[object, ...]]], found: tuple[Ended, list[tuple[object, ...]]]) -> None:
    """The same end, and the same left behind."""
    assert wanted[0].code in (0, ADVICE, AT_RISK), wanted[0]
    assert found[0].code in (0, wanted[0].code), found[0]
    assert found[1] == wanted[1], f"{found[1]} instead of {wanted[1]}"


def long_history(case: str, length: int, tally: Tally, folder: Path) -> None:
    """So many snapshots of several databases, and then somebody who knows nothing of them."""
    if not tally.wants(case):
        return
    builder = Builder(folder / "world")
    builder.create()
    databases = [builder.folder / "data" / f"{number}.db" for number in range(min(DATABASES, length))]
    for database in databases:
        builder.make(database)
    for number in range(length):
        builder.change(databases[number % len(databases)])
        builder.back_up(database=databases[number % len(databases)])
    log: list[tuple[str, str]] = []
    storage = CountingStorage(builder.storage, log)
    with tally.case(case, LISTED):
        snapshots = load_catalog(Repository.open(storage)).snapshots
        assert len(snapshots) == length
        assert len(log) <= MOST_FOR_ALL + MOST_FOR_EACH * length, f"{len(log)} requests"
        tally.figures[f"requests to list {length:,} snapshots"] = len(log)
    for words, snapshot in (("newest", snapshots[-1]), ("oldest", snapshots[0]), ("middle", snapshots[length // 2])):
        with tally.case(case, RESTORED):
            log.clear()
            target = folder / f"{words}.db"
            restore_new(Repository.open(storage), snapshot, target, clock=builder.clock, monitor=Silent())
            packs = {key for method, key in log if method == "get_range"}
            assert len(log) <= MOST_FOR_ALL + MOST_FOR_EACH * len(packs), f"{len(log)} requests for {len(packs)} packs"
            tally.figures[f"requests to restore the {words} of {length:,}"] = len(log)


AMNESIA = Campaign(
    "amnesia",
    "G14",
    "The repository and its passphrase are enough for every command; a wrong memory of it does no harm.",
    "commands without a memory of the repository, or with a wrong one",
    CASES,
    shards,
    run,
    frozenset({*KINDS, *MEMORIES, LISTED, RESTORED}),
)
