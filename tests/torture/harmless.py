"""Applications beside continuous backups: no acknowledged commit is lost, nobody is refused, no file is harmed.

Storms: an application without patience commits, notes every commit that SQLite acknowledged, and must find exactly
these at the end, while backups are made without a pause by another process, or by a manager inside the application
itself; backups and application are killed now and then. Traces: no command but a restore opens the database for
writing, writes to it or its log, cuts, renames or removes them. Owners: whoever backs up, owner, group and rights of
the database and its sidecars stay, and the owner's programs can write afterwards.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from litekeep.clock import SystemClock
from litekeep.errors import LitekeepError
from litekeep.monitor import Silent
from litekeep.operations.backup import BackupOptions, backup
from litekeep.repository.repository import Repository
from litekeep.storage.local import LocalStorage
from sqlite.databases import connect, fill, leave_wal, make
from torture import application
from torture.campaign import Campaign, Shard, Size, Tally

CASES = {Size.CI: 8_000, Size.NIGHTLY: 1_000_000, Size.RELEASE: 20_000_000}
EACH = {Size.CI: 2_000, Size.NIGHTLY: 12_500, Size.RELEASE: 50_000}
STORMS = ("wal", "wal, application killed", "delete", "wal, embedded", "wal", "wal, application killed", "truncate")
BESIDE, BACKUP_KILLED, KILLED, EMBEDDED = "backups beside it", "a backup killed", "the application killed", "embedded"
STATES = ("delete", "wal open", "wal closed", "wal of a dead program")
STRACE = shutil.which("strace") is not None
ROOT = sys.platform != "win32" and os.geteuid() == 0
USER, GROUP, STRANGER = 4321, 4322, 4323
WHO = ("root", "the owner", "a stranger")
RIGHTS = (0o600, 0o640, 0o660, 0o666)
COMMANDS = """
import sys
from litekeep.cli.main import main
source, repository, new = sys.argv[1:]
common = ["--repository", repository, "--quiet"]
for command in (
    ["backup", source], ["backup", source], ["backup", source, "--if-changed"], ["list"], ["status"],
    ["show", "latest"], ["verify"], ["drill"], ["prune"], ["doctor", source], ["restore", "--replace", "--dry-run"],
    ["restore", "latest", "--to", new + ".db"], ["export", "latest", new + ".plain.db"], ["label", "latest", "kept"],
    ["delete", "latest", "--yes"],
):
    code = main([*common, *command])
    print("ended", code, *command, flush=True)
"""
ADVICE = 3
"""The exit code of a doctor that has something to say."""
ENDLESS = 1 << 40
"""Commits of an application that shall be killed, however late that is."""
CALLS = (
    "open,openat,openat2,creat,write,pwrite64,writev,pwritev,pwritev2,truncate,ftruncate,fallocate,unlink,unlinkat,"
    "rename,renameat,renameat2,link,linkat,chmod,fchmod,fchmodat,chown,fchown,fchownat,lchown,utime,utimes,utimensat,"
    "copy_file_range,sendfile"
)


def shards(size: Size, seed: int) -> Sequence[Shard]:
    """Storms, then the rest; at the size of CI one trace and three of the owners."""
    found: list[Shard] = [(seed, "storm", number, EACH[size]) for number in range(CASES[size] // EACH[size])]
    found.append((seed, "latency", 0, EACH[size] // 2))
    if STRACE:
        found += [(seed, "trace", number, 0) for number in range(len(STATES)) if size is not Size.CI or number == 1]
    if ROOT:
        times = {Size.CI: 1, Size.NIGHTLY: 4, Size.RELEASE: 40}[size]
        found += [(seed, "owner", number, 0) for number in range(times * len(WHO) * len(STATES))][
            :: 5 - 4 * (times > 1)
        ]
    return found


def run(shard: Shard, tally: Tally, folder: Path) -> None:
    """One of them."""
    seed, kind, number, commits = shard
    case = f"{kind}-{seed}-{number}"
    if not tally.wants(case):
        return
    with tally.case(case, count=0):
        if kind == "storm":
            Storm(case, STORMS[int(number) % len(STORMS)], int(commits), tally, folder).run()
        elif kind == "latency":
            latency(int(commits), tally, folder)
        elif kind == "trace":
            trace(STATES[int(number)], tally, folder)
        else:
            owners(int(number), random.Random(case), tally)


class Storm:
    """An application that shall make so many commits, and backups meanwhile."""

    def __init__(self, case: str, name: str, commits: int, tally: Tally, folder: Path) -> None:
        self.mode, _, self.more = name.partition(", ")
        self.source, self.acknowledged = folder / "a.db", folder / "acknowledged"
        self.commits, self.tally, self.chance = commits, tally, random.Random(case)
        self.repository = new_repository(folder / "backups")
        application.prepare(self.source, self.mode)
        self.acknowledged.write_bytes(bytes(application.COUNTER.size))

    def run(self) -> None:
        """To the last commit."""
        self.tally.struck[self.mode] += 1
        left = self.commits
        while left > 0:
            self._live(left)
            noted = self.noted()
            found = application.commits_in(self.source)
            assert noted <= found <= noted + (self.more == "application killed"), f"{noted} acknowledged, {found} there"
            left = self.commits - found
        self.tally.cases += self.commits

    def noted(self) -> int:
        """How many commits were acknowledged."""
        (number,) = application.COUNTER.unpack(self.acknowledged.read_bytes())
        return int(number)

    def _live(self, commits: int) -> None:
        """The application from its start to its end, or until it is killed."""
        dies_at = self.noted() + self.chance.randrange(1, commits) if self.more == "application killed" else 0
        commits = commits if not dies_at else ENDLESS
        with started(
            self.source, self.acknowledged, commits, "embedded" if self.more == "embedded" else "alone"
        ) as app:
            while app.poll() is None:
                if self.more == "embedded":
                    app.wait()
                else:
                    self._back_up()
                if dies_at and self.noted() >= dies_at and app.poll() is None:
                    app.kill()
                    self.tally.struck[KILLED] += 1
                    return
            self._judge(app)

    def _back_up(self) -> None:
        if self.chance.random() < 0.25:
            killed_backup(self.repository, self.source, self.chance.uniform(0, 0.05))
            self.tally.struck[BACKUP_KILLED] += 1
        else:
            options = BackupOptions(scratch=self.source.parent)
            result = backup(self.repository, self.source, options=options, clock=SystemClock(), monitor=Silent())
            assert not result.damage, result.damage
            self.tally.struck[BESIDE] += 1

    def _judge(self, app: subprocess.Popen[str]) -> None:
        figures = figures_of(app)
        self.tally.figures[f"refused in {self.mode} mode"] += int(figures["busy"])
        assert self.mode != "wal" or not figures["busy"], f"{figures['busy']} refused"
        self.tally.struck[EMBEDDED] += int(figures.get("backups", 0))


@contextmanager
def started(source: Path, acknowledged: Path, commits: int, how: str) -> Iterator[subprocess.Popen[str]]:
    """An application that has begun."""
    command = [sys.executable, application.__file__, str(source), str(acknowledged), str(commits), how]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as app:
        try:
            assert app.stdout is not None
            assert app.stdout.readline() == "ready\n"
            yield app
        finally:
            app.kill()


def figures_of(app: subprocess.Popen[str]) -> dict[str, float]:
    """What an application that has ended said."""
    assert app.stdout is not None
    assert app.wait() == 0, f"the application ended with {app.returncode}"
    found: dict[str, float] = json.loads(app.stdout.read())
    return found


def new_repository(folder: Path) -> Repository:
    """In a new folder."""
    return Repository.create(LocalStorage(folder, SystemClock(), create=True), SystemClock().now())


def killed_backup(repository: Repository, source: Path, seconds: float) -> None:
    """One in a process that is killed so much later."""
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            backup(repository, source, options=BackupOptions(), clock=SystemClock(), monitor=Silent())
        os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def latency(commits: int, tally: Tally, folder: Path) -> None:
    """How long the slowest hundredth of an application's commits takes, without backups and beside them."""
    for words in ("without backups", "beside backups"):
        place = folder / words
        place.mkdir()
        storm = Storm("latency", "wal", commits, tally, place)
        with started(storm.source, storm.acknowledged, commits, "alone") as app:
            while app.poll() is None and words == "beside backups":
                backup(storm.repository, storm.source, options=None, clock=SystemClock(), monitor=Silent())
            tally.figures[f"microseconds, 99th percentile of a commit {words}"] = int(figures_of(app)["p99_us"])


def trace(state: str, tally: Tally, folder: Path) -> None:
    """The system calls of a whole row of commands."""
    (folder / "data").mkdir()
    source, log = folder / "data" / "a.db", folder / "trace"
    with in_state(source, state):
        for path in source.parent.iterdir() if ROOT else ():
            os.chown(path, USER, GROUP)
        before = files_of(source)
        command = ["strace", "-f", "--seccomp-bpf", "-y", "-qq", "-o", str(log), "-e", f"trace={CALLS}", sys.executable]
        command += ["-c", COMMANDS, str(source), str(folder / "backups"), str(folder / "data" / "new")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        ended = [line.split()[1:3] for line in done.stdout.splitlines() if line.startswith("ended ")]
        assert len(ended) == COMMANDS.count('["') - 1, done.stdout
        failed = [verb for code, verb in ended if int(code) not in ((0, ADVICE) if verb == "doctor" else (0,))]
        assert failed == [], done.stdout + done.stderr
        after = files_of(source)
    assert {name: after[name] for name in before} == before, "bytes, rights or owners of the files changed"
    harm = [line for line in log.read_text("utf-8", "replace").splitlines() if harmful(line, source)]
    assert harm == [], harm[:5]
    tally.struck[f"traced: {state}"] += len(ended)


def harmful(line: str, source: Path) -> bool:
    """True for a call that could change the database or its log; SQLite's own shared memory is not data.

    SQLite opens the log for writing also when it only reads (wal.c, sqlite3WalOpen); it must never write there. As
    root it gives the log to the owner of the database (os_unix.c, robustFchown), whose it is.
    """
    call = line.split(None, 1)[1].split("(", 1)[0].lstrip("<. ")
    named = {
        suffix for suffix in ("", "-wal", "-journal") if f'{source}{suffix}"' in line or f"{source}{suffix}>" in line
    }
    if not named or "resumed" in line:
        return False
    if call.startswith("open"):
        return "" in named and not ("O_RDONLY" in line and "O_CREAT" not in line and "O_TRUNC" not in line)
    owner = source.stat()
    return not (call == "fchown" and named == {"-wal"} and f">, {owner.st_uid}, {owner.st_gid})" in line)


def files_of(source: Path) -> dict[str, tuple[bytes, int, int, int]]:
    """Bytes, rights, owner and group of the database, its log and its journal."""
    found = {}
    for suffix in ("", "-wal", "-journal"):
        path = source.with_name(source.name + suffix)
        if path.exists():
            status = path.stat()
            found[suffix] = (path.read_bytes(), stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)
    return found


@contextmanager
def in_state(source: Path, state: str) -> Iterator[None]:
    """A database as a program leaves it, or has it open."""
    make(source, mode=state.split(maxsplit=1)[0])
    with ExitStack() as stack:
        if state == "wal open":
            fill(stack.enter_context(closing(connect(source))), 50)
        elif state == "wal of a dead program":
            leave_wal(source)
        yield


@dataclass(frozen=True, slots=True)
class Rights:
    """Of a file."""

    owner: int
    group: int
    mode: int

    @classmethod
    def of(cls, path: Path) -> Rights:
        """As they are."""
        status = path.stat()
        return cls(status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode))


def owners(number: int, chance: random.Random, tally: Tally) -> None:
    """A backup by root, by the database's owner or by a stranger; then the owner's programs go on."""
    who, state = WHO[number % len(WHO)], STATES[number // len(WHO) % len(STATES)]
    with tempfile.TemporaryDirectory(prefix="litekeep-owner-") as made:
        folder = Path(made)
        folder.chmod(0o777)
        source, mode = folder / "a.db", chance.choice(RIGHTS)
        as_user(USER, lambda: as_left(source, state, mode))
        before = {path.name: Rights.of(path) for path in folder.iterdir()}
        tried = folder / "backups"
        as_user({"root": 0, "the owner": USER, "a stranger": STRANGER}[who], lambda: try_backup(source, tried, chance))
        after = {path.name: Rights.of(path) for path in folder.iterdir() if path.name.startswith("a.db")}
        assert {name: after.get(name) for name in before} == before, f"{before} became {after}"
        assert set(after.values()) == {before["a.db"]}, after
        as_user(USER, lambda: write_on(source))
    tally.struck[f"backed up by {who}"] += 1


def as_left(source: Path, state: str, mode: int) -> None:
    """The owner's program, which has ended or died; nobody has the database open."""
    make(source, mode=state.split(maxsplit=1)[0])
    source.chmod(mode)
    if state == "wal of a dead program":
        leave_wal(source)


def try_backup(source: Path, repository: Path, chance: random.Random) -> None:
    """A stranger may be refused."""
    os.umask(chance.choice((0o022, 0o077, 0o000)))
    with suppress(LitekeepError):
        options = BackupOptions(scratch=source.parent)
        backup(new_repository(repository), source, options=options, clock=SystemClock(), monitor=Silent())


def write_on(source: Path) -> None:
    """The owner's program again."""
    with closing(sqlite3.connect(source, isolation_level=None, timeout=5)) as db:
        fill(db, 5)
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def as_user(user: int, action: object) -> None:
    """In a child that is this user."""
    assert callable(action)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgroups([])
            if user:
                os.setgid(GROUP if user == USER else user)
                os.setuid(user)
            action()
            status = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
            sys.stderr.flush()
        os._exit(status)
    assert os.waitpid(child, 0)[1] == 0, "see standard error"


FAULTS = {"wal", "delete", BESIDE, BACKUP_KILLED, KILLED, EMBEDDED}
FAULTS |= {"traced: wal open"} if STRACE else set()
FAULTS |= {f"backed up by {who}" for who in WHO} if ROOT else set()
HARMLESS = Campaign(
    "harmless",
    "G8",
    "Beside continuous backups no acknowledged commit is lost, nobody is refused in WAL mode, and no file is changed.",
    "acknowledged commits",
    CASES,
    shards,
    run,
    frozenset(FAULTS),
    alone=True,
)
