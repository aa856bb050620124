"""Whoever deletes manifests or puts an older state back is noticed, and who removes on purpose is not."""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litekeep.errors import NoSpace, Refused
from litekeep.model import Reason, Snapshot
from litekeep.monitor import Silent
from litekeep.operations import lookback
from litekeep.operations.copymemory import CopyMemory
from litekeep.operations.curate import from_trash, to_trash
from litekeep.operations.empty_trash import empty_trash
from litekeep.operations.forgotten import KEPT_DAYS, MOST, Forgotten, _bounded, read_forgotten
from litekeep.operations.lookback import Change, compare, judge, look, source_of
from litekeep.operations.prune import PruneOptions, plan_prune
from litekeep.operations.sightings import SourceSeen, Wrong, read, remember_in, sequence_of, token
from litekeep.operations.sync import SyncOptions, sync
from litekeep.repository import layout
from litekeep.repository.catalog import load_catalog
from litekeep.repository.repository import Repository
from litekeep.retention import RetentionPolicy
from litekeep.storage.base import Buffer
from litekeep.storage.local import LocalStorage
from litekeep.testing import MemoryStorage
from operations.home import DAY, Home, warnings_of

NOW = datetime(2026, 9, 24, tzinfo=UTC)
KEEP_ONE = RetentionPolicy(days=0, weeks=0, months=0, keep_last=1)


class Client:
    """One machine, or one user of it, that works with a repository in a folder."""

    def __init__(self, home: Home, name: str, place: Path | None = None) -> None:
        self.home = home
        self.state = home.folder / f"state of {name}"
        self.repository = Repository.open(LocalStorage(place or home.folder / "backups", home.clock))
        remember_in(self.state, self.repository)

    def look(self, *, catalog: bool = True) -> list[str]:
        """What is wrong."""
        listing = load_catalog(self.repository) if catalog else None
        return [change.wrong.value for change in look(self.repository, self.home.clock.now(), catalog=listing)]

    def act(self) -> Home:
        """The home, as this client works with it."""
        self.home.repository = self.repository
        return self.home

    def snapshots(self) -> list[Snapshot]:
        """All."""
        return list(load_catalog(self.repository).snapshots)

    def empty_trash(self) -> None:
        """For good."""
        empty_trash(self.repository, clock=self.home.clock, monitor=self.home.monitor)


@pytest.fixture
def here(local: Home) -> Client:
    """With five backups."""
    local.make()
    client = Client(local, "here")
    for _ in range(5):
        local.change()
        client.act().backup()
    return client


def manifest(home: Home, snapshot: Snapshot) -> Path:
    return home.folder / "backups" / snapshot.key


# Something is gone


def test_a_deleted_manifest_is_noticed_and_nothing_is_pruned_until_a_person_accepts_it(here: Client) -> None:
    home, victim = here.home, here.snapshots()[2]
    manifest(home, victim).unlink()
    assert here.look() == here.look(catalog=False) == ["snapshots_missing"]
    packs = home.keys("packs/")
    home.clock.advance(8 * DAY)
    with pytest.raises(Refused, match="one backup of app is gone that nobody removed") as refused:
        home.prune(KEEP_ONE)
    assert refused.value.safe == "Nothing was deleted."
    assert "litekeep doctor --accept-changes" in refused.value.hint
    with pytest.raises(Refused):
        here.empty_trash()
    assert home.keys("packs/") == packs
    changes = lookback.accept(here.repository, home.clock.now(), home.monitor)
    assert [change.missing for change in changes] == [(victim.id,)]
    assert here.look() == []
    home.prune(KEEP_ONE)


def test_a_backup_warns_and_goes_on(here: Client) -> None:
    manifest(here.home, here.snapshots()[1]).unlink()
    result = here.act().backup()
    assert warnings_of(here.home.monitor) == ["snapshots_missing"]
    assert "nothing is deleted until somebody has looked" in str(here.home.monitor.events)
    assert result.snapshot.sound
    assert here.look() == ["snapshots_missing"]


def test_a_dry_run_warns(here: Client) -> None:
    manifest(here.home, here.snapshots()[1]).unlink()
    plan_prune(here.repository, PruneOptions(), clock=here.home.clock, monitor=here.home.monitor)
    assert warnings_of(here.home.monitor) == ["snapshots_missing"]


def test_an_older_state_of_the_whole_folder_is_noticed(here: Client, tmp_path: Path) -> None:
    home = here.home
    shutil.copytree(home.folder / "backups", tmp_path / "older")
    for _ in range(3):
        home.change()
        home.backup()
    shutil.rmtree(home.folder / "backups")
    (tmp_path / "older").rename(home.folder / "backups")
    assert here.look() == ["rolled_back"]
    (change,) = look(here.repository, home.clock.now())
    assert change.text == (
        "the repository is in an older state: 3 backups of app, the newest that were seen here, are not in it"
    )
    with pytest.raises(Refused):
        home.prune()


def test_what_was_found_keeps_its_name_and_date_while_backups_go_on(here: Client) -> None:
    home = here.home
    for victim in here.snapshots()[-2:]:
        manifest(home, victim).unlink()
    (first,) = look(here.repository, home.clock.now())
    assert first.wrong is Wrong.ROLLED_BACK
    home.change()
    home.backup()  # takes the sequence of one that is gone
    (then,) = look(here.repository, home.clock.now(), catalog=load_catalog(here.repository))
    assert (then.wrong, then.since, then.missing) == (Wrong.ROLLED_BACK, first.since, first.missing)


def test_when_the_right_folder_is_back_all_is_well(here: Client, tmp_path: Path) -> None:
    backups = here.home.folder / "backups"
    shutil.copytree(backups, tmp_path / "right")
    manifest(here.home, here.snapshots()[0]).unlink()
    assert here.look() == ["snapshots_missing"]
    shutil.rmtree(backups)
    (tmp_path / "right").rename(backups)
    assert here.look() == []
    assert read_source(here).wrong is None


def test_all_of_a_source_gone(here: Client) -> None:
    shutil.rmtree(here.home.folder / "backups" / "snapshots" / "app")
    (change,) = look(here.repository, here.home.clock.now(), catalog=load_catalog(here.repository))
    assert change.text == "5 backups of app, all that there were, are gone that nobody removed"


def test_a_cloned_machine_that_used_its_folder_by_itself_is_told_as_a_fork(here: Client, tmp_path: Path) -> None:
    home, backups = here.home, here.home.folder / "backups"
    shutil.copytree(backups, tmp_path / "clone")
    clone = Client(home, "the clone", tmp_path / "clone")
    home.change()
    clone.act().backup()
    home.change()
    here.act().backup()
    assert here.look() == clone.look() == []  # each by itself is in order
    shutil.rmtree(backups)
    (tmp_path / "clone").rename(backups)
    (change,) = look(here.repository, home.clock.now())
    assert change.wrong is Wrong.FORKED
    assert "another history than was seen here: one backup of app is not in it, and others stand in" in change.text


# Nothing is wrong


def test_who_looks_for_the_first_time_knows_nothing_and_remembers(here: Client) -> None:
    manifest(here.home, here.snapshots()[2]).unlink()
    fresh = Client(here.home, "somebody else")
    assert fresh.look() == []
    assert len(read_source(fresh).known) == 4
    manifest(here.home, here.snapshots()[2]).unlink()
    assert fresh.look() == ["snapshots_missing"]


def test_without_a_memory_nothing_is_looked_at(local: Home) -> None:
    local.make()
    local.backup()
    assert look(local.repository, local.clock.now()) == ()
    assert lookback.accept(local.repository, local.clock.now(), local.monitor) == ()


def test_rotation_of_this_machine_is_no_alarm(here: Client) -> None:
    home = here.home
    home.prune(KEEP_ONE, confirmed=True)
    assert here.look() == []
    home.clock.advance(8 * DAY)
    home.change()
    home.backup()
    assert len(home.prune(KEEP_ONE, confirmed=True).forgotten) == 4
    assert here.look() == []
    home.backup()
    assert warnings_of(home.monitor) == []


def test_another_machine_may_prune_while_this_one_is_away(here: Client) -> None:
    """It never saw in the trash what is gone when it comes back."""
    home, other = here.home, Client(here.home, "the other one")
    other.act().prune(KEEP_ONE, confirmed=True)
    home.clock.advance(8 * DAY)
    for _ in range(3):
        home.change()
        home.backup(reason=Reason.SCHEDULED)
        home.prune(KEEP_ONE, confirmed=True)
        home.clock.advance(8 * DAY)
    assert len(read_forgotten(other.repository, "app").ids) == 6
    assert other.look() == []
    assert here.look() == here.look(catalog=False) == []


def test_another_machine_may_empty_the_trash_at_once(here: Client) -> None:
    other = Client(here.home, "the other one")
    for snapshot in other.snapshots()[:2]:
        to_trash(other.repository, snapshot, clock=here.home.clock, monitor=here.home.monitor)
    other.empty_trash()
    assert here.look() == other.look() == []
    manifest(here.home, here.snapshots()[0]).unlink()
    assert here.look() == other.look() == ["snapshots_missing"]


def test_the_newest_may_be_removed_and_its_sequence_used_again(here: Client) -> None:
    home, other = here.home, Client(here.home, "the other one")
    to_trash(other.repository, other.snapshots()[-1], clock=home.clock, monitor=home.monitor)
    other.empty_trash()
    home.change()
    other.act().backup()
    assert [each.sequence for each in here.snapshots()] == [1, 2, 3, 4, 5]
    assert here.look() == other.look() == []


def test_what_was_seen_in_the_trash_may_go_without_a_record(here: Client) -> None:
    """An older version wrote none, or there was no room for it."""
    victim = here.snapshots()[1]
    to_trash(here.repository, victim, clock=here.home.clock, monitor=here.home.monitor)
    assert here.look() == []
    manifest(here.home, victim).unlink()
    assert here.look() == []


def test_what_was_taken_out_of_the_trash_is_missed_again(here: Client) -> None:
    victim = here.snapshots()[1]
    to_trash(here.repository, victim, clock=here.home.clock, monitor=here.home.monitor)
    assert here.look() == []
    (trashed,) = [each for each in here.snapshots() if each.trashed_at]
    from_trash(here.repository, trashed, clock=here.home.clock, monitor=here.home.monitor)
    assert here.look() == []
    manifest(here.home, victim).unlink()
    assert here.look() == ["snapshots_missing"]


def test_a_listing_from_before_another_run_is_no_alarm(here: Client) -> None:
    """The listing lacks a backup that another process made and remembered since."""
    old = load_catalog(here.repository)
    here.home.change()
    here.act().backup()
    assert look(here.repository, here.home.clock.now(), catalog=old) == ()
    assert len(read_source(here).known) == 6


def test_a_damaged_manifest_is_there(here: Client) -> None:
    path = manifest(here.home, here.snapshots()[2])
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    assert here.look() == []


def test_a_copy_of_the_folder_elsewhere_has_a_memory_of_its_own(here: Client, tmp_path: Path) -> None:
    shutil.copytree(here.home.folder / "backups", tmp_path / "usb")
    here.home.change()
    here.act().backup()
    usb = Client(here.home, "here", tmp_path / "usb")
    assert usb.repository.sightings != here.repository.sightings
    assert usb.look() == here.look() == []


def test_a_memory_that_is_older_than_the_repository(here: Client, tmp_path: Path) -> None:
    """The home folder was restored from a backup."""
    shutil.copytree(here.state, tmp_path / "state of long ago")
    home = here.home
    home.prune(KEEP_ONE, confirmed=True)
    home.clock.advance(8 * DAY)
    home.prune(KEEP_ONE, confirmed=True)
    home.change()
    home.backup()
    shutil.rmtree(here.state)
    (tmp_path / "state of long ago").rename(here.state)
    assert here.look() == []


# The memory


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"schema": "litekeep.seen/9"}', b"\xff\xfe", b'{"schema": 1}'])
def test_a_memory_that_cannot_be_read_counts_as_none(here: Client, content: bytes) -> None:
    assert here.repository.sightings is not None
    here.repository.sightings.write_bytes(content)
    assert here.look() == []
    assert len(read_source(here).known) == 5


def test_a_memory_that_cannot_be_written_is_harmless(local: Home) -> None:
    local.make()
    (local.folder / "state of here").write_text("a file where the folder should be")
    client = Client(local, "here")
    client.act().backup()
    local.change()
    assert local.backup().snapshot.sound
    assert client.look() == []
    assert warnings_of(local.monitor) == []


def test_what_cannot_be_remembered_is_not_accepted(here: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest(here.home, here.snapshots()[2]).unlink()
    assert here.look() == ["snapshots_missing"]

    def full(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(Refused, match="cannot be written"):
        lookback.accept(here.repository, here.home.clock.now(), here.home.monitor)
    assert list(here.state.rglob("*.tmp")) == []


def test_an_unchanged_backup_writes_no_memory_more_than_once_a_day(here: Client) -> None:
    path = here.repository.sightings
    assert path is not None
    here.act().backup()
    before = path.stat().st_ino
    here.home.backup(after=60)
    assert path.stat().st_ino == before
    here.home.clock.advance(25 * 3600)
    here.look()
    assert path.stat().st_ino != before
    found = read(path)
    assert found is not None
    assert found.at == here.home.clock.now()


def test_the_memory_is_closed_to_others_and_names_the_place(here: Client) -> None:
    path = here.repository.sightings
    assert path is not None
    content = json.loads(path.read_text("utf-8"))
    assert content["place"] == os.path.realpath(here.home.folder / "backups")
    assert sorted(content["sources"]["app"]) == ["known", "since", "trash", "wrong"]
    if os.name == "posix":
        assert path.stat().st_mode & 0o077 == 0
        assert path.parent.stat().st_mode & 0o077 == 0


def read_source(client: Client) -> SourceSeen:
    """What a client remembers of app."""
    assert client.repository.sightings is not None
    found = read(client.repository.sightings)
    assert found is not None
    return found.sources["app"]


# What was removed on purpose


def test_one_record_for_each_source_and_it_moves_on_with_the_newest(here: Client) -> None:
    home = here.home
    gone: set[str] = set()
    for _ in range(4):
        gone |= {each.id for each in home.prune(KEEP_ONE, confirmed=True).forgotten}
        home.clock.advance(8 * DAY)
        home.change()
        home.backup()
    assert read_forgotten(here.repository, "app").ids == gone
    assert len(gone) > 4
    marks = [home.repository.read_mark(key) for key in home.keys("marks/")]
    assert [each.snapshot for each in marks if "forgotten" in each.changes] == [here.snapshots()[-2].id]


class FullAtFirst(MemoryStorage):
    """No room for marks as long as there is a manifest of the first backup."""

    doomed = ""

    def put(self, key: str, data: Buffer) -> None:
        if self.doomed and key.startswith("marks/") and self.doomed in [entry.key for entry in self.list()]:
            raise NoSpace("full", key=key)
        super().put(key, data)


def test_without_room_the_record_comes_when_there_is_room(tmp_path: Path) -> None:
    storage = FullAtFirst()
    home = Home(tmp_path, storage)
    home.make()
    first = home.backup().snapshot
    home.change()
    home.backup()
    to_trash(home.repository, first, clock=home.clock, monitor=home.monitor)
    storage.doomed = first.key
    empty_trash(home.repository, clock=home.clock, monitor=home.monitor)
    assert read_forgotten(home.repository, "app").ids == {first.id}


def test_the_record_does_not_grow_for_ever() -> None:
    day = timedelta(days=1)
    many = {f"{NOW - number * day:%Y-%m-%d}": tuple(f"{number}-{i}" for i in range(9)) for number in range(900)}
    kept = _bounded(Forgotten(many), NOW)
    assert MOST - 9 <= len(kept.ids) <= MOST
    assert kept.since is not None
    oldest = min(kept.days)
    assert kept.since == datetime.fromisoformat(oldest).replace(tzinfo=UTC)
    few: dict[str, tuple[str, ...]] = {f"{NOW - number * day:%Y-%m-%d}": (str(number),) for number in range(900)}
    kept = _bounded(Forgotten(few), NOW)
    assert len(kept.ids) == KEPT_DAYS + 1
    assert _bounded(Forgotten(dict(list(few.items())[:5])), NOW).since is None


# Pure


def seen(*sequences: int, name: str = "a") -> dict[str, bool]:
    return {token(each, f"{name}{each}"): False for each in sequences}


@pytest.mark.parametrize(
    ("before", "now", "wrong"),
    [
        (seen(1, 2, 3), seen(1, 2), Wrong.ROLLED_BACK),
        (seen(1, 2, 3), seen(1, 3), Wrong.MISSING),
        (seen(1, 2, 3), seen(), Wrong.MISSING),
        (seen(1, 2, 3), seen(1) | seen(2, name="b"), Wrong.FORKED),
        (seen(1, 2, 3), seen(1) | seen(2, 3, 4, name="b"), Wrong.FORKED),
        (seen(1, 2, 3), seen(1, 4), Wrong.MISSING),
        (seen(1, 2, 3), seen(1, 2, 3, 4), None),
        ({}, seen(1), None),
    ],
)
def test_what_it_means(before: dict[str, bool], now: dict[str, bool], wrong: Wrong | None) -> None:
    found = compare(SourceSeen(before), now, (), complete=True, now=NOW)
    assert found.wrong is wrong
    assert found.since == (NOW if wrong else None)
    if missing := [each for each in before if each not in now]:
        assert judge(missing, now, before) is wrong


def test_who_was_away_for_longer_than_the_record_reaches_is_told_of_an_older_state_only() -> None:
    before = SourceSeen(seen(1, 2, 3, 4))
    assert compare(before, seen(1, 9), (), complete=False, now=NOW).wrong is None
    assert compare(before, seen(1, 2), (), complete=False, now=NOW).wrong is Wrong.ROLLED_BACK


@given(
    st.dictionaries(st.integers(1, 12), st.booleans()),
    st.sets(st.integers(1, 12)),
    st.sets(st.integers(1, 12)),
)
def test_an_alarm_is_what_is_neither_there_nor_explained(
    known: dict[int, bool], present: set[int], removed: set[int]
) -> None:
    before = SourceSeen({token(each, f"a{each}"): trashed for each, trashed in known.items()})
    after = compare(before, seen(*present), {f"a{each}" for each in removed}, complete=True, now=NOW)
    missing = {each for each, trashed in known.items() if each not in present and not trashed and each not in removed}
    assert {sequence_of(each) for each in after.known} == present | missing
    assert bool(after.wrong) == bool(missing)
    assert compare(after, seen(*present), {f"a{each}" for each in removed}, complete=True, now=NOW) == after


@pytest.mark.parametrize("name", ["app", "My App", "Ünï_code", "con", "a-b"])
def test_the_name_of_a_source_from_its_folder(name: str) -> None:
    assert source_of(layout.source_dir(name)) == name


def test_sentences() -> None:
    def text(wrong: Wrong, number: int, left: int = 3) -> str:
        return Change("app", wrong, tuple("x" * number), left, NOW).text

    assert text(Wrong.MISSING, 2) == "2 backups of app are gone that nobody removed"
    assert text(Wrong.ROLLED_BACK, 1) == (
        "the repository is in an older state: one backup of app, the newest that was seen here, is not in it"
    )
    assert text(Wrong.FORKED, 2).endswith("2 backups of app are not in it, and others stand in their place")


# Copies


def test_a_copy_has_a_memory_of_its_own_and_gets_none_of_our_records(here: Client, tmp_path: Path) -> None:
    home, clock = here.home, here.home.clock
    storage = LocalStorage(tmp_path / "copy", clock, create=True)
    policy = RetentionPolicy(days=0, weeks=0, months=0, keep_last=6, trash_days=2)

    def send() -> list[str]:
        memory = CopyMemory(tmp_path / "backups", "usb", "file:///usb", home.repository.config.id)
        options = SyncOptions(policy, look=True, unencrypted=True)
        return list(sync(here.repository, storage, memory, options, clock=clock, monitor=Silent()).warnings)

    assert send() == []
    for _ in range(3):
        home.prune(KEEP_ONE, confirmed=True)
        clock.advance(8 * DAY)
        home.change()
        home.backup()
        assert send() == []
    copy = Repository.open(storage)
    remember_in(here.state, copy)
    assert copy.sightings != here.repository.sightings
    records = [copy.read_mark(entry.key) for entry in storage.list("marks/")]
    here_forgotten = read_forgotten(here.repository, "app").ids
    assert here_forgotten
    assert not here_forgotten <= read_forgotten(copy, "app").ids
    assert any("forgotten" in each.changes for each in records) == bool(read_forgotten(copy, "app").ids)
    only_there = next(key for key in copy.snapshot_keys() if key.id in here_forgotten)
    storage.delete(only_there.key)
    (warned,) = send()
    assert "the copy usb is not as it was left: one backup of app is gone that nobody removed; nothing is" in warned
    assert here.look() == []
    lookback.accept(copy, clock.now(), home.monitor)
    assert send() == []
