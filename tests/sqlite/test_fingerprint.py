"""The unchanged rule: each of its conditions alone, then random programs against it."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import struct
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from litekeep.clock import SystemClock
from litekeep.sqlite.capture import CaptureOptions, pin
from litekeep.sqlite.fingerprint import Fingerprint, WalState, parse_wal_index, unchanged
from litekeep.testing import RecordingMonitor

from .databases import connect, leave_wal, make

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OLD_NS = int((START - timedelta(hours=1)).timestamp() * 1e9)
EARLIER = Fingerprint(
    device=1,
    inode=2,
    size_bytes=8192,
    mtime_ns=OLD_NS,
    ctime_ns=OLD_NS,
    header="53" * 100,
    wal=WalState(5, 2, "00" * 8, "11" * 8, 20632, OLD_NS),
    taken=START.isoformat(),
    boot_id="one",
    boot_seconds=5000.0,
    local=True,
)
HOUR_LATER = START + timedelta(hours=1)
LATER = replace(EARLIER, taken=HOUR_LATER.isoformat(), boot_seconds=8600.0)
OPTIONS = CaptureOptions()


def judge(earlier: Fingerprint = EARLIER, now: Fingerprint = LATER, **times: datetime) -> tuple[bool, str]:
    return unchanged(
        earlier, times.get("started", START), now, times.get("read", START), times.get("now_time", HOUR_LATER)
    )


def test_equal_facts_are_unchanged() -> None:
    assert judge() == (True, "")
    assert judge(replace(EARLIER, wal=None), replace(LATER, wal=None)) == (True, "")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"device": 9}, "another device"),
        ({"inode": 9}, "replaced"),
        ({"size_bytes": 12288}, "size"),
        ({"mtime_ns": OLD_NS + 1}, "written"),
        ({"ctime_ns": OLD_NS + 1}, "changed"),
        ({"header": "54" * 100}, "header"),
        ({"wal": None}, "write-ahead"),
        ({"wal": WalState(6, 2, "00" * 8, "11" * 8, 20632, OLD_NS)}, "write-ahead"),
        ({"wal": WalState(5, 2, "00" * 8, "12" * 8, 20632, OLD_NS)}, "write-ahead"),
        ({"wal": WalState(5, 2, "01" * 8, "11" * 8, 20632, OLD_NS)}, "write-ahead"),
        ({"wal": WalState(5, 2, "00" * 8, "11" * 8, 20632, OLD_NS + 1)}, "write-ahead"),
        ({"local": False}, "file system"),
        ({"local": None}, "file system"),
        ({"boot_id": "two"}, "restarted"),
        ({"boot_id": ""}, "does not tell"),
        ({"boot_seconds": 8610.0}, "clock was set"),
        ({"boot_seconds": 4999.0}, "clock was set"),
        ({"taken": (START - timedelta(seconds=1)).isoformat(), "boot_seconds": 5000.0}, "clock was set"),
    ],
)
def test_each_difference_counts(changes: dict[str, object], words: str) -> None:
    same, reason = judge(now=replace(LATER, **changes))  # type: ignore[arg-type]
    assert not same
    assert words in reason


@pytest.mark.parametrize("late_seconds", [-1.9, 0.0, 5.0])
@pytest.mark.parametrize("field", ["ctime_ns", "mtime_ns", "wal"])
def test_a_change_near_the_earlier_start_is_racy(field: str, late_seconds: float) -> None:
    moment = int((START.timestamp() + late_seconds) * 1e9)
    value = replace(EARLIER.wal, mtime_ns=moment) if field == "wal" and EARLIER.wal else moment
    earlier, now = replace(EARLIER, **{field: value}), replace(LATER, **{field: value})  # type: ignore[arg-type]
    assert "two seconds" in judge(earlier, now)[1]
    assert judge(earlier, now, started=START + timedelta(hours=1))[0] is False


def test_the_last_full_read_must_be_recent() -> None:
    day = timedelta(hours=24)
    assert judge(read=HOUR_LATER - day + timedelta(seconds=1))[0]
    assert "24 hours" in judge(read=HOUR_LATER - day)[1]
    assert "future" in judge(read=HOUR_LATER + timedelta(seconds=1))[1]


def test_a_zone_change_is_no_clock_change() -> None:
    from zoneinfo import ZoneInfo

    now = replace(LATER, taken=HOUR_LATER.astimezone(ZoneInfo("Asia/Tokyo")).isoformat())
    assert judge(now=now) == (True, "")


def test_json_there_and_back() -> None:
    for each in (EARLIER, replace(EARLIER, wal=None, local=None)):
        assert Fingerprint.from_json(json.loads(json.dumps(each.to_json()))) == each
    good = EARLIER.to_json()
    for bad in (
        {},
        {**good, "device": "1"},
        {**good, "device": True},
        {**good, "wal": 5},
        {**good, "wal": {"max_frame": 1}},
        {**good, "local": "yes"},
        {**good, "taken": "yesterday"},
        {**good, "taken": "2026-01-01T00:00:00"},
        {**good, "boot_seconds": None},
        {**good, "boot_seconds": 10**400},
    ):
        with pytest.raises(ValueError, match=r"."):
            Fingerprint.from_json(bad)


def test_wal_index_is_understood(tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor) -> None:
    source = make(tmp_path / "a.db")
    leave_wal(source)
    with closing(connect(source)) as app:
        app.execute("SELECT count(*) FROM item").fetchall()
        with pin(source, clock=clock, monitor=monitor, options=OPTIONS) as pinned:
            state = pinned.fingerprint.wal
        assert state is not None
        log = (tmp_path / "a.db-wal").read_bytes()
        assert state.salts == "".join(f"{n:08x}" for n in struct.unpack("=II", log[16:24]))
        assert (len(log) - 32) // (4096 + 24) == state.max_frame
        assert state.size_bytes == len(log)
        assert state.pages == app.execute("PRAGMA page_count").fetchone()[0]


def test_damaged_wal_index_is_not_trusted() -> None:
    header = struct.pack("=IIIBBHIIIIIIII", 3007000, 0, 1, 1, 0, 4096, 3, 2, 0, 0, 0, 0, 0, 0)
    assert parse_wal_index(header * 2, 1, 1) == WalState(3, 2, "0" * 16, "0" * 16, 1, 1)
    assert parse_wal_index(header + header[:-1] + b"x", 1, 1) is None
    assert parse_wal_index(header[:50], 1, 1) is None
    with pytest.raises(ValueError, match="initialised"):
        parse_wal_index(bytes(96), 1, 1)


class Program:
    """A program doing random things to a database; `state` counts what it changed."""

    def __init__(self, path: Path, chance: random.Random) -> None:
        self.path = path
        self.chance = chance
        self.changes = 0
        self.app: sqlite3.Connection | None = None

    def open(self) -> sqlite3.Connection:
        if self.app is None:
            self.app = connect(self.path)
            self.app.execute("PRAGMA synchronous=OFF")
        return self.app

    def close(self) -> None:
        if self.app is not None:
            self.app.close()
            self.app = None

    def step(self) -> None:
        action = self.chance.choices(
            [
                self.write,
                self.same_size,
                self.nothing,
                self.close,
                self.vacuum,
                self.switch,
                self.checkpoint,
                self.hide,
            ],
            [30, 20, 25, 12, 3, 5, 5, 5],
        )[0]
        action()

    def write(self) -> None:
        self.open().execute("INSERT INTO item(name, body) VALUES ('w', randomblob(?))", (self.chance.randrange(3000),))
        self.changes += 1

    def same_size(self) -> None:
        self.open().execute("UPDATE item SET name = ? WHERE id = 1", (f"{self.changes:08d}",))
        self.changes += 1

    def nothing(self) -> None:
        if self.chance.random() < 0.5:
            self.open().execute("SELECT count(*) FROM item").fetchall()

    def vacuum(self) -> None:
        self.open().execute("VACUUM")

    def switch(self) -> None:
        self.open().execute(f"PRAGMA journal_mode={self.chance.choice(['wal', 'delete', 'truncate'])}").fetchall()

    def checkpoint(self) -> None:
        self.open().execute(
            f"PRAGMA wal_checkpoint({self.chance.choice(['PASSIVE', 'RESTART', 'TRUNCATE'])})"
        ).fetchall()

    def hide(self) -> None:
        """Change something, then put the file's time back, or another file of the same age in its place."""
        before = os.stat(self.path)
        self.same_size()
        self.close()
        if self.chance.random() < 0.5:
            shutil.copy2(self.path, self.path.with_suffix(".new"))
            os.rename(self.path.with_suffix(".new"), self.path)
        os.utime(self.path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("mode", ["delete", "wal", "persist", "wal, often closed"])
def test_no_change_is_ever_missed(tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor, mode: str) -> None:
    chance = random.Random(mode)
    source = make(tmp_path / "a.db", mode=mode.split(",", maxsplit=1)[0], rows=20)
    program = Program(source, chance)
    program.same_size()
    earlier, seen, missed, proven, still = None, 0, 0, 0, 0
    for _ in range(400):
        program.step()
        if "closed" in mode and chance.random() < 0.5:
            program.close()
        with pin(source, clock=clock, monitor=monitor, options=OPTIONS) as pinned:
            now = pinned.fingerprint
        if earlier is not None:
            # Age it, so that the two seconds of the racy rule do not decide everything here.
            moment = datetime.fromisoformat(earlier.taken) + timedelta(seconds=60)
            aged = replace(earlier, taken=moment.isoformat(), boot_seconds=earlier.boot_seconds + 60)
            ahead = datetime.fromisoformat(now.taken) + timedelta(seconds=60)
            late = replace(now, taken=ahead.isoformat(), boot_seconds=now.boot_seconds + 60)
            same, _reason = unchanged(aged, moment, late, moment, ahead)
            changed = program.changes != seen
            missed += same and changed
            still += not changed
            proven += same and not changed
        earlier, seen = now, program.changes
    program.close()
    assert missed == 0
    if earlier is not None and earlier.local:
        assert proven > still * 0.5, f"{proven} of {still} unchanged looks were proven"


def test_two_looks_at_a_quiet_database_prove_it_unchanged(
    tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor
) -> None:
    """Nothing is aged here. The WAL database is closed: the empty -wal that the first look leaves must not matter."""
    names = [tmp_path / "delete.db", tmp_path / "wal.db"]
    for path in names:
        make(path, mode=path.stem)
    clock.sleep(2.1)
    for path in names:
        looks = []
        for _ in range(2):
            with pin(path, clock=clock, monitor=monitor, options=OPTIONS) as pinned:
                looks.append(pinned.fingerprint)
        now = clock.now()
        if looks[0].local is not True or not looks[0].boot_id:
            pytest.skip("this system does not tell enough")
        assert unchanged(looks[0], datetime.fromisoformat(looks[0].taken), looks[1], now, now) == (True, "")
