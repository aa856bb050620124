"""Slots in the repository: recorded, found again, satisfied once - also by two processes at the same time."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from litekeep.model import Level, Reason
from litekeep.operations.slots import last_slot
from litekeep.repository import layout
from litekeep.repository.catalog import load_catalog
from litekeep.repository.memo import CatalogMemo
from litekeep.repository.repository import Repository
from litekeep.storage.counting import CountingStorage
from litekeep.storage.local import LocalStorage
from litekeep.testing import ManualClock, MemoryStorage
from operations.home import HOUR, Home, connect

DAY = timedelta(days=1)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """With its repository in memory."""
    made = Home(tmp_path)
    made.make()
    return made


def slot_of(home: Home) -> datetime:
    """A slot of this hour."""
    return home.clock.now().replace(minute=0, second=0, microsecond=0)


def test_a_slot_is_a_fact_of_the_snapshot_apart_from_the_time_it_was_made(home: Home) -> None:
    slot = slot_of(home).astimezone(ZoneInfo("Asia/Kathmandu"))
    result = home.backup(slot=slot, after=3 * HOUR)
    assert result.snapshot.slot == slot
    assert result.snapshot.created_at - slot >= timedelta(hours=3)
    assert home.find("latest").slot == slot
    assert last_slot(home.repository, "app") == slot
    assert not result.satisfied


def test_without_a_slot_nothing_is_written_about_one(home: Home) -> None:
    home.backup()
    os_facts = home.repository.read_facts(home.find("latest").key)
    assert not {"slot", "slot_level"} & set(os_facts)
    home.backup()
    [key] = home.repository.snapshot_keys()
    unchanged = [each for each in home.repository.receipts_of(key) if each.kind == "unchanged"]
    assert unchanged
    assert not any("slot" in each.facts for each in unchanged)
    assert last_slot(home.repository, "app") is None
    assert home.find("latest").slot is None


def test_an_unchanged_database_satisfies_its_slot_with_a_receipt(home: Home) -> None:
    first = slot_of(home)
    home.backup(slot=first)
    for days in (1, 2):
        assert home.backup(slot=first + days * DAY, after=86400).unchanged
        assert last_slot(home.repository, "app") == first + days * DAY
    assert len(home.snapshots()) == 1


def test_a_satisfied_slot_is_not_run_again(home: Home) -> None:
    slot = slot_of(home)
    first = home.backup(slot=slot)
    home.change()
    for again in (slot, slot - DAY, slot.astimezone(ZoneInfo("America/New_York"))):
        result = home.backup(slot=again)
        assert (result.satisfied, result.satisfied_slot, result.unchanged) == (True, slot, False)
        assert (result.snapshot.id, result.new_bytes) == (first.snapshot.id, 0)
    assert home.monitor.events[-1][1]["satisfied"] is True
    assert len(home.snapshots()) == 1
    assert not home.backup(slot=slot + DAY, after=86400).satisfied


def test_a_backup_by_hand_in_between_hides_no_slot(home: Home) -> None:
    slot = slot_of(home)
    home.backup(slot=slot)
    home.change()
    home.backup(Reason.MANUAL)
    assert last_slot(home.repository, "app") == slot
    assert home.backup(slot=slot).satisfied


def test_other_databases_have_other_slots(home: Home) -> None:
    slot = slot_of(home)
    home.backup(slot=slot)
    assert last_slot(home.repository, "other") is None
    assert not home.backup(slot=slot, source_name="other").satisfied


def test_a_backup_that_could_not_be_proven_does_not_satisfy(home: Home) -> None:
    """The manifest was committed, and then the machine went down: no receipt."""
    slot = slot_of(home)
    home.backup(slot=slot)
    for entry in home.storage.list(layout.RECEIPTS):
        home.storage.delete(entry.key)
    assert last_slot(home.repository, "app") is None
    assert not home.backup(slot=slot).satisfied
    assert last_slot(home.repository, "app") == slot


def test_a_backup_that_nobody_wanted_proven_does(home: Home) -> None:
    slot = slot_of(home)
    home.backup(slot=slot, level=Level.NONE)
    assert last_slot(home.repository, "app") == slot
    assert home.backup(slot=slot, level=Level.NONE).satisfied


def test_a_damaged_backup_does_not_satisfy(home: Home) -> None:
    slot = slot_of(home)
    result = home.backup(slot=slot)
    home.flip(home.keys("packs/")[0])
    assert home.verify(result.snapshot).damage
    assert last_slot(home.repository, "app") is None
    assert not home.backup(slot=slot).satisfied


def test_a_slot_from_a_wrong_clock_silences_nothing(home: Home) -> None:
    slot, right = slot_of(home), home.clock.now()
    home.backup(slot=slot)
    home.clock.set(datetime(2099, 1, 1, 3, tzinfo=UTC))
    home.change()
    home.backup(slot=datetime(2099, 1, 1, 2, tzinfo=UTC))
    home.clock.set(right + 2 * DAY)
    assert last_slot(home.repository, "app", until=right + 3 * DAY) is None
    home.change()
    assert not home.backup(slot=slot + 2 * DAY).satisfied
    assert last_slot(home.repository, "app", until=right + 3 * DAY) == slot + 2 * DAY
    assert home.backup(slot=slot + 2 * DAY).satisfied


def test_a_clock_put_back_into_its_own_history_silences_nothing(home: Home) -> None:
    slot, began = slot_of(home), home.clock.now()
    for days in range(1, 6):
        home.change()
        home.clock.set(began + days * DAY)
        home.backup(slot=slot + days * DAY)
    home.clock.set(began + 2 * DAY)
    home.change()
    assert not home.backup(slot=slot + 2 * DAY).satisfied
    home.clock.set(began + 3 * DAY)
    home.change()
    assert not home.backup(slot=slot + 3 * DAY).satisfied
    assert home.backup(slot=slot + 3 * DAY).satisfied


def test_the_memory_of_the_catalog_keeps_slots(tmp_path: Path) -> None:
    local = Home(tmp_path, LocalStorage(tmp_path / "backups", ManualClock(), create=True))
    local.make()
    slot = slot_of(local)
    local.backup(slot=slot)
    remembered = load_catalog(local.repository).snapshots
    memo = CatalogMemo(tmp_path / "none", local.repository.config.id)
    assert remembered == load_catalog(local.repository, memo=memo).snapshots
    assert remembered[0].slot == slot


def test_a_run_without_a_slot_asks_the_storage_nothing_more(tmp_path: Path) -> None:
    """What a slot costs is paid only by runs that have one."""
    log: list[tuple[str, str]] = []
    home = Home(tmp_path, CountingStorage(MemoryStorage(), log))
    home.make()
    slot = slot_of(home)
    home.backup(slot=slot)
    for hours in range(1, 4):
        home.backup(slot=slot + timedelta(hours=hours))
    log.clear()
    assert home.backup().unchanged
    assert [key for method, key in log if method == "list"].count("receipts/app/") == 1
    assert len([key for method, key in log if method == "get" and key.startswith("receipts/")]) == 1


def test_a_damaged_receipt_stops_no_backup(home: Home) -> None:
    slot = slot_of(home)
    home.backup(slot=slot)
    home.backup(slot=slot + timedelta(hours=1))
    for key in home.keys(layout.RECEIPTS):
        if layout.is_seen(key):
            home.flip(key, offset=20)
    assert last_slot(home.repository, "app") == slot
    assert home.backup(slot=slot + timedelta(hours=2)).unchanged


# ------------------------------------------------------------ two processes

RACE = """
import json, sys
from datetime import datetime, timedelta
from pathlib import Path
from litekeep.model import Reason
from litekeep.monitor import Silent
from litekeep.operations.backup import BackupOptions, backup
from litekeep.operations.slots import last_slot
from litekeep.repository.repository import Repository
from litekeep.scheduling.rule import parse_rule
from litekeep.scheduling.scheduler import BackupScheduler
from litekeep.scheduling.task import Ended, RunOutcome, Task
from litekeep.storage.local import LocalStorage
from litekeep.testing import ManualClock

folder, database, start = Path(sys.argv[1]), Path(sys.argv[2]), datetime.fromisoformat(sys.argv[3])
clock = ManualClock(start)
opened = Repository.open(LocalStorage(folder, ManualClock()))
ended = []

def run(slot):
    options = BackupOptions(reason=Reason.SCHEDULED, slot=slot, skip_unchanged=False, lock_wait_seconds=1e6)
    result = backup(opened, database, options=options, clock=clock, monitor=Silent())
    ended.append("satisfied" if result.satisfied else "made")
    return RunOutcome(Ended.SATISFIED if result.satisfied else Ended.DONE)

def never_asked(limit):  # as if both had asked before either had run: the worst moment, each time
    return None

task = Task("app", parse_rule("0 * * * *"), never_asked if sys.argv[4] == "blind" else
            lambda limit: last_slot(opened, "app", until=limit), run)
scheduler = BackupScheduler([task], clock=clock)
for line in sys.stdin:
    clock.set(start + timedelta(hours=int(line)))
    scheduler.run_due()
    print(json.dumps(ended), flush=True)
"""


@pytest.mark.parametrize("sight", ["blind", "asking"])
def test_two_processes_satisfy_a_slot_once(tmp_path: Path, sight: str) -> None:
    folder = tmp_path / "backups"
    home = Home(tmp_path, LocalStorage(folder, ManualClock(), create=True))
    home.make()
    start = home.clock.now().replace(minute=30) + timedelta(hours=1)
    command = [sys.executable, "-c", RACE, str(folder), str(home.database), start.isoformat(), sight]
    children = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    rounds = 5
    ended: list[list[str]] = []
    for hour in range(rounds):
        for child in children:
            assert child.stdin
            child.stdin.write(f"{hour}\n")
            child.stdin.flush()
        ended = [json.loads(child.stdout.readline()) for child in children if child.stdout]
        with connect(home.database) as db:
            db.execute("UPDATE item SET name = ? WHERE id = 1", (f"{hour}",))
        db.close()
    for child in children:
        child.communicate(timeout=30)
        assert child.returncode == 0
    slots = [each.slot for each in load_catalog(Repository.open(LocalStorage(folder, ManualClock()))).snapshots]
    expected = [(start + timedelta(hours=hour)).replace(minute=0, second=0) for hour in range(rounds)]
    assert slots == expected
    made = [each for child in ended for each in child]
    assert made.count("made") == rounds
    if sight == "blind":
        assert made.count("satisfied") == rounds
