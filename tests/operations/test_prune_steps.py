"""Prune step by step, on small repositories in memory: what it does in which order, what it says, where it stops."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from litekeep.errors import Cancelled, CorruptObject, Locked, NoSpace, PermissionRefused, Refused, StorageError
from litekeep.formats.receipt import Mark, Receipt
from litekeep.model import Level, Snapshot
from litekeep.operations import prune as module
from litekeep.operations.lookback import Change
from litekeep.operations.prune import (
    Collected,
    PruneOptions,
    PruneResult,
    collect,
    forget_all,
    plan_prune,
    prune,
    require_manifests,
    with_unreadable_marks,
)
from litekeep.operations.removal import Removal
from litekeep.operations.sightings import Wrong
from litekeep.repository import garbage, layout
from litekeep.repository.catalog import Catalog, load_catalog
from litekeep.repository.compact import read_back
from litekeep.repository.repository import Repository
from litekeep.retention import Code, RetentionPlan, RetentionPolicy
from litekeep.retention.plan import Decision, Why
from litekeep.storage.base import Buffer, Storage
from litekeep.testing import ManualClock, MemoryStorage, RecordingMonitor
from operations.home import DAY, cancel_points
from repository.store import NOW, load, new_repository, save

LAST_2 = RetentionPolicy(days=0, weeks=0, months=0, keep_last=2, trash_days=2)
PAGES = 12


class Watched(MemoryStorage):
    """Notes puts and deletes, may refuse a delete or have no room, and says how old left-overs are swept."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[str] = []
        self.keeps: Callable[[str], bool] = lambda _key: False
        self.is_full_for: Callable[[str], bool] = lambda _key: False
        self.after: Callable[[str], None] = lambda _done: None
        self.swept: list[float] = []
        self.sweep_error: StorageError | None = None

    def put(self, key: str, data: Buffer) -> None:
        """Unless there is no room for it."""
        if self.is_full_for(key):
            raise NoSpace("the disk is full", key=key)
        super().put(key, data)
        self.note(f"put {key}")

    def delete(self, key: str) -> None:
        """Unless it is kept."""
        if self.keeps(key):
            raise PermissionRefused("object lock until 2030", key=key)
        super().delete(key)
        self.note(f"delete {key}")

    def note(self, done: str) -> None:
        """For the log."""
        self.log.append(done)
        self.after(done)

    def sweep_temporaries(self, older_than_seconds: float) -> int:
        """Nothing is ever left over."""
        if self.sweep_error:
            raise self.sweep_error
        self.swept.append(older_than_seconds)
        return 0

    @contextmanager
    def lock(self, owner: str, wait_seconds: float = 0.0) -> Iterator[None]:
        """Noted, too."""
        self.log.append(f"lock {owner} {wait_seconds:g}")
        with super().lock(owner, wait_seconds):
            yield


class Place:
    """Snapshots of one source, a day apart, and what each of them holds."""

    def __init__(self, folder: Path, days: int = 5) -> None:
        self.folder = folder
        self.storage = Watched()
        self.repository: Repository = new_repository(self.storage)
        self.clock = ManualClock(NOW)
        self.monitor = RecordingMonitor()
        self.chance = random.Random(3)
        self.pages = [self.chance.randbytes(300) + bytes(3796) for _ in range(PAGES)]
        self.images: dict[str, bytes] = {}
        self.newest: dict[str, str] = {}
        for _ in range(days):
            self.day()
        self.storage.log.clear()

    def day(self, source: str = "app", *, sound: bool = True) -> str:
        """One more backup, sequence 1 a day after NOW; returns its id."""
        number = self.chance.randrange(PAGES)
        self.pages[number] = self.chance.randbytes(300) + bytes(3796)
        image = b"".join(self.pages)
        key = save(self.repository, self.folder, image, 4096, self.newest.get(source), source)
        self.newest[source] = key
        self.images[key] = image
        parsed = layout.parse_snapshot_key(key)
        assert parsed is not None
        self.clock.set(max(self.clock.now(), NOW + timedelta(days=parsed.sequence)))
        if sound:
            self.receipt(parsed.id, source)
        return parsed.id

    def receipt(self, snapshot: str, source: str = "app", **facts: Any) -> str:
        """It was verified, a second after what was before."""
        self.clock.advance(1)
        facts = {"level": Level.FULL, "tables": (), **facts}
        receipt = Receipt(snapshot, "verify", self.clock.now(), **facts)
        return self.repository.write_receipt(layout.source_dir(source), receipt)

    def trash(self, *sequences: int, days_ago: float = 3) -> None:
        """Put snapshots of the first source into the trash."""
        for each in self.snapshots():
            if each.source == "app" and each.sequence in sequences:
                moment = self.clock.now() - timedelta(days=days_ago)
                self.repository.mark("app", each.id, "test", {"trashed_at": moment.isoformat()}, moment)
        self.storage.log.clear()

    def snapshots(self) -> list[Snapshot]:
        return list(load_catalog(self.repository).snapshots)

    def sequences(self) -> dict[int, bool]:
        """Of the first source; True: in the trash."""
        return {each.sequence: each.trashed_at is not None for each in self.snapshots() if each.source == "app"}

    def prune(self, policy: RetentionPolicy = LAST_2, *, confirmed: bool = True, **options: Any) -> PruneResult:
        wanted = PruneOptions(policy, confirmed=confirmed, scratch=self.folder, **options)
        return prune(self.repository, wanted, clock=self.clock, monitor=self.monitor)

    def collect(self, *, compact: bool = True) -> Collected:
        options = PruneOptions(compact=compact, scratch=self.folder)
        self.removal = Removal(self.storage)
        return collect(self.repository, options, self.removal, self.monitor)

    def keys(self, prefix: str) -> list[str]:
        return [entry.key for entry in self.storage.list(prefix)]

    def packs_bytes(self) -> int:
        return sum(entry.size_bytes for entry in self.storage.list("packs/"))

    def deleted(self, prefix: str = "") -> list[str]:
        return [what.removeprefix("delete ") for what in self.storage.log if what.startswith(f"delete {prefix}")]

    def events(self, name: str) -> list[dict[str, Any]]:
        return [facts for found, facts in self.monitor.events if found == name]

    def require_all(self) -> None:
        """Every snapshot that is listed gives what was saved."""
        for each in self.snapshots():
            assert load(self.repository, self.folder, each.key) == self.images[each.key], each.sequence


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


# ------------------------------------------------------------ the whole of it


def test_the_rule_moves_and_the_trash_is_emptied_when_its_time_is_over(place: Place) -> None:
    result = place.prune()
    assert place.sequences() == {1: True, 2: True, 3: True, 4: False, 5: False}
    assert sorted(each.sequence for each in result.trashed) == [1, 2, 3]
    assert (result.forgotten, result.waiting, result.kept_by_lock) == ((), (), ())
    place.clock.advance(2 * DAY)
    stored = place.packs_bytes()
    result = place.prune()
    assert place.sequences() == {4: False, 5: False}
    assert sorted(each.sequence for each in result.forgotten) == [1, 2, 3]
    assert result.trashed == ()
    assert result.stored_bytes == place.packs_bytes()
    assert result.freed_bytes == stored - place.packs_bytes()
    assert {layout.record_snapshot(key) for key in place.keys("receipts/")} == {e.id for e in place.snapshots()}
    place.require_all()


def test_what_it_tells(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.trash(1)
    first, second, third = place.snapshots()[:3]

    def collecting(*arguments: Any) -> Collected:
        place.clock.advance(7)
        return Collected(dropped_packs=3, rewritten_packs=4, freed_bytes=50, stored_bytes=600)

    monkeypatch.setattr(module, "collect", collecting)
    result = place.prune()
    assert place.monitor.names() == ["prune_started", "forgotten", "trashed", "trashed", "prune_finished"]
    assert place.events("prune_started") == [{}]
    (forgotten,) = place.events("forgotten")
    assert (forgotten["snapshot"], forgotten["source"]) == (first.id, "app")
    assert "trash" in forgotten["why"]
    for told, snapshot in zip(place.events("trashed"), (third, second), strict=True):
        assert (told["snapshot"], told["source"]) == (snapshot.id, "app")
        assert told["why"] == "no rule keeps it"
    assert place.events("prune_finished") == [
        {
            "trashed": 2,
            "forgotten": 1,
            "waiting": 0,
            "dropped_packs": 3,
            "rewritten_packs": 4,
            "freed_bytes": 50,
            "stored_bytes": 600,
            "elapsed_seconds": 7.0,
        }
    ]
    assert result == PruneResult(
        trashed=(third, second),
        forgotten=(place_in_trash(place, first),),
        waiting=(),
        dropped_packs=3,
        rewritten_packs=4,
        freed_bytes=50,
        stored_bytes=600,
        elapsed_seconds=7.0,
        kept_by_lock=(),
    )


def place_in_trash(place: Place, snapshot: Snapshot) -> Snapshot:
    """As the catalog had it."""
    return replace(snapshot, trashed_at=place.clock.now() - timedelta(days=3, seconds=7))


def test_several_reasons_are_told_together(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    whys = (Why(Code.NO_RULE, "no rule keeps it"), Why(Code.UNSOUND_OLD, "it is damaged"))

    def planned(snapshots: Sequence[Snapshot], *_: object) -> RetentionPlan:
        return RetentionPlan(tuple(Decision(each, each.sequence > 1, whys[: each.sequence + 1]) for each in snapshots))

    monkeypatch.setattr(module, "plan_retention", planned)
    place.prune()
    (told,) = place.events("trashed")
    assert told["why"] == "no rule keeps it; it is damaged"


def test_everything_happens_under_the_lock(place: Place) -> None:
    place.prune(lock_wait_seconds=2.5)
    assert place.storage.log[0] == "lock prune 2.5"
    place.storage.log.clear()
    with place.repository.lock("somebody else", 0), pytest.raises(Locked, match="somebody else"):
        place.prune(lock_wait_seconds=0.0)
    assert [what for what in place.storage.log if not what.startswith("lock")] == []


def test_options_nobody_gave() -> None:
    options = PruneOptions()
    assert options == PruneOptions(RetentionPolicy(), False, None, True, None, 60.0)


def test_a_second_one_has_nothing_to_do(place: Place) -> None:
    place.prune()
    place.storage.log.clear()
    result = place.prune()
    assert (result.trashed, result.forgotten, result.freed_bytes, result.dropped_packs) == ((), (), 0, 0)
    assert place.storage.log == ["lock prune 60"]
    assert place.events("warning") == []


def test_one_source_only(place: Place) -> None:
    for _ in range(3):
        place.day("other")
    place.prune(source="other")
    assert set(place.sequences().values()) == {False}
    assert sum(each.trashed_at is not None for each in place.snapshots() if each.source == "other") == 1
    place.prune()
    assert sum(place.sequences().values()) == 3


# ------------------------------------------------------------ planning


def test_a_plan_changes_nothing_and_counts(place: Place) -> None:
    place.trash(1, 2)
    plan = plan_prune(place.repository, PruneOptions(LAST_2), clock=place.clock, monitor=place.monitor)
    assert place.storage.log == []
    ((source, retention),) = plan.retention
    assert source == "app"
    assert [each.sequence for each in retention.expired] == [2, 1]
    assert [each.sequence for each in retention.removed] == [3]
    assert plan.stored_bytes == place.packs_bytes()
    sizes = {each.sequence: each.new_bytes for each in place.snapshots()}
    assert plan.reclaimable_bytes == min(sizes[1], sizes[2]) + min(sizes[2], sizes[3])
    assert place.monitor.events == []


def test_planning_can_be_stopped(place: Place) -> None:
    with pytest.raises(Cancelled):
        plan_prune(place.repository, PruneOptions(), clock=place.clock, monitor=RecordingMonitor(cancel_after=0))


def test_a_plan_is_executed_as_it_was_shown_or_not_at_all(place: Place) -> None:
    options = PruneOptions(LAST_2, confirmed=True, scratch=place.folder)
    plan = plan_prune(place.repository, options, clock=place.clock, monitor=place.monitor)
    prune(place.repository, options, plan, clock=place.clock, monitor=place.monitor)
    assert sum(place.sequences().values()) == 3
    plan = plan_prune(place.repository, options, clock=place.clock, monitor=place.monitor)
    place.day()
    place.storage.log.clear()
    with pytest.raises(Refused) as refused:
        prune(place.repository, options, plan, clock=place.clock, monitor=place.monitor)
    assert refused.value.message == "the snapshots are not the same any more as when this was planned"
    assert refused.value.safe == "Nothing was deleted."
    assert refused.value.hint == "Look at the new plan and prune again."
    assert place.storage.log == ["lock prune 60"]


def test_a_changed_decision_is_another_plan(place: Place) -> None:
    options = PruneOptions(LAST_2, confirmed=True)
    plan = plan_prune(place.repository, options, clock=place.clock, monitor=place.monitor)
    place.repository.mark("app", place.snapshots()[0].id, "pin", {"pinned": True}, place.clock.now())
    with pytest.raises(Refused, match="not the same any more"):
        prune(place.repository, options, plan, clock=place.clock, monitor=place.monitor)


def test_planning_warns_of_what_nobody_removed_and_prune_refuses(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    change = Change("app", Wrong.MISSING, ("1" * 16,), 5, place.clock.now())
    monkeypatch.setattr(module, "look", lambda *_args, **_facts: (change,))
    plan_prune(place.repository, PruneOptions(), clock=place.clock, monitor=place.monitor)
    assert len(place.events("warning")) == 1

    def refuse(*_: object) -> None:
        raise Refused("gone")

    monkeypatch.setattr(module, "require_unchanged", refuse)
    with pytest.raises(Refused, match="gone"):
        place.prune()
    assert place.storage.log == ["lock prune 60"]


# ------------------------------------------------------------ what waits for a person


def brakes(place: Place) -> RetentionPolicy:
    """A policy that the plan breaks."""
    return replace(LAST_2, brake_count=1, brake_percent=0)


def test_a_brake_waits_and_is_told_until_somebody_confirms(place: Place) -> None:
    result = place.prune(brakes(place), confirmed=False)
    assert place.storage.log == ["lock prune 60"]
    (held,) = place.events("prune_held")
    ((source, whys),) = result.waiting
    assert (source, held["source"], held["why"]) == ("app", "app", "; ".join(whys))
    assert whys[0].startswith("would remove 3 snapshots")
    assert place.events("prune_finished")[0]["waiting"] == 1
    result = place.prune(brakes(place), confirmed=True)
    assert (len(result.trashed), result.waiting) == (3, ())
    assert len(place.events("prune_held")) == 1


def test_a_brake_stops_its_own_source_only(place: Place) -> None:
    for _ in range(3):
        place.day("other")
    result = place.prune(brakes(place), confirmed=False)
    assert [source for source, _ in result.waiting] == ["app"]
    assert [each.source for each in result.trashed] == ["other"]


def test_nothing_waits_where_nothing_would_be_done(place: Place) -> None:
    place.receipt(place.snapshots()[-1].id, problems=("an index is wrong",))
    everything = RetentionPolicy(days=0, weeks=0, months=0, keep_last=9)
    result = place.prune(everything, confirmed=False)
    assert (result.waiting, place.events("prune_held")) == ((), [])
    held = place.prune(confirmed=False)
    ((_, whys),) = held.waiting
    assert whys[0].endswith("an index is wrong")


def test_a_mark_that_cannot_be_read_waits(place: Place) -> None:
    pinned = place.snapshots()[0]
    place.repository.mark("app", pinned.id, "pin", {"pinned": True}, place.clock.now())
    (key,) = place.keys("marks/")
    damage(place, key)
    result = place.prune(confirmed=False)
    ((source, whys),) = result.waiting
    assert source == "app"
    assert len(whys) == 1
    assert key in whys[0]
    assert place.deleted() == []


def test_a_mark_of_another_source_does_not_matter(place: Place) -> None:
    for _ in range(3):
        place.day("other")
    place.repository.mark("app", place.snapshots()[0].id, "pin", {"pinned": True}, place.clock.now())
    damage(place, place.keys("marks/")[0])
    result = place.prune(confirmed=False)
    assert [source for source, _ in result.waiting] == ["app"]
    assert [each.source for each in result.trashed] == ["other"]


def test_only_marks_are_unclear(place: Place) -> None:
    first, second = place.snapshots()[:2]
    place.repository.write_mark("app", Mark(first.id, 1, place.clock.now(), "pin", {"pinned": True}))
    mark = place.keys("marks/")[0]
    catalog = Catalog(
        (first, second),
        (CorruptObject(mark, "bad"), CorruptObject(place.keys("receipts/")[0], "bad"), CorruptObject("marks/x", "bad")),
    )
    assert with_unreadable_marks(catalog) == {first.id: str(CorruptObject(mark, "bad"))}
    require_manifests(catalog)
    with pytest.raises(CorruptObject, match="worse"):
        require_manifests(Catalog((), (*catalog.damaged, CorruptObject(first.key, "worse"))))


def test_a_manifest_that_cannot_be_read_stops_it(place: Place) -> None:
    damage(place, place.snapshots()[0].key)
    with pytest.raises(CorruptObject):
        place.prune()
    assert place.deleted() == []


def damage(place: Place, key: str) -> None:
    """One byte in the middle."""
    data = bytearray(place.storage.get(key))
    data[len(data) // 2] ^= 1
    place.storage._objects[key] = bytes(data)
    place.storage.log.clear()


# ------------------------------------------------------------ saying what is going to happen


def test_what_is_going_to_happen_is_written_down_first_and_removed_last(place: Place) -> None:
    place.trash(1)
    plans: list[dict[str, Any]] = []

    def read(done: str) -> None:
        if done.startswith("put plans/"):
            plans.append(place.repository.read_plan(done.removeprefix("put ")))

    place.storage.after = read
    place.prune()
    writes = [what for what in place.storage.log if not what.startswith("lock")]
    assert writes[0].startswith("put plans/")
    assert writes[-1] == writes[0].replace("put", "delete")
    ids = {each.sequence: each.id for each in place.snapshots()}
    (plan,) = plans
    assert plan["at"] == place.clock.now().isoformat()
    assert plan["trash"] == [ids[3], ids[2]]
    assert len(plan["forget"]) == 1
    assert plan["forget"][0] not in ids.values()
    assert place.keys("plans/") == []
    assert place.events("warning") == []


@pytest.mark.parametrize(("to_trash", "expired"), [(True, False), (False, True)])
def test_it_is_written_down_for_either_step(place: Place, *, to_trash: bool, expired: bool) -> None:
    if expired:
        place.trash(1)
    place.prune(LAST_2 if to_trash else replace(LAST_2, keep_last=9))
    assert [what.split("/")[0] for what in place.storage.log if "plans/" in what] == ["put plans", "delete plans"]


def test_no_room_to_write_it_down_does_not_stop_what_makes_room(place: Place) -> None:
    place.trash(1)
    place.storage.is_full_for = lambda key: key.startswith("plans/")
    result = place.prune()
    assert (len(result.forgotten), len(result.trashed)) == (1, 2)


def test_an_interrupted_one_is_told_when_its_plan_could_be_removed(place: Place) -> None:
    key = place.repository.write_plan(place.clock.now(), {"at": "", "trash": [], "forget": []})
    foreign = "plans/somebody-elses"
    place.storage.put(foreign, b"x")
    place.prune(replace(LAST_2, keep_last=9))
    assert place.keys("plans/") == [foreign]
    assert place.events("warning") == [
        {"code": "interrupted_prune", "message": "an earlier prune was interrupted; it is finished now"}
    ]
    place.monitor.events.clear()
    key = place.repository.write_plan(place.clock.now(), {"at": "", "trash": [], "forget": []})
    place.storage.keeps = lambda name: name == key
    result = place.prune(replace(LAST_2, keep_last=9))
    assert [told["code"] for told in place.events("warning")] == ["kept_by_lock"]
    assert result.kept_by_lock == (key,)


# ------------------------------------------------------------ to the trash, and out of it


def test_the_mark_of_the_rotation(place: Place) -> None:
    place.prune()
    (key,) = [key for key in place.keys("marks/") if place.snapshots()[0].id in key]
    mark = place.repository.read_mark(key)
    assert (mark.by, mark.at) == ("rotation", place.clock.now())
    assert mark.changes == {"trashed_at": place.clock.now().isoformat()}


def test_no_room_for_the_marks_is_an_error_once_room_was_made(place: Place) -> None:
    place.trash(1, 2)
    place.storage.is_full_for = lambda key: key.startswith("marks/")
    stored = place.packs_bytes()
    with pytest.raises(NoSpace) as full:
        place.prune()
    assert full.value.message == "no room to mark what goes to the trash: the disk is full"
    assert full.value.key.startswith("marks/")
    assert full.value.safe == "What could be collected was removed; the snapshots are all there."
    assert full.value.hint == (
        "Prune again; if that fails too, empty the trash (litekeep trash empty) or free some space."
    )
    assert place.sequences() == {3: False, 4: False, 5: False}
    assert place.packs_bytes() < stored
    assert place.events("trashed") == []
    assert place.events("prune_finished") == []
    assert place.keys("plans/") == []


def test_what_was_forgotten_is_written_down_before_or_when_there_is_room(place: Place) -> None:
    place.trash(1)
    place.prune(replace(LAST_2, keep_last=9))
    order = [what.split("/")[0] for what in place.storage.log if "marks/" in what or "snapshots/" in what]
    assert order[:2] == ["put marks", "delete snapshots"]
    (gone,) = place.events("forgotten")
    (key,) = [key for key in place.keys("marks/") if layout.record_snapshot(key) == place.snapshots()[-1].id]
    assert gone["snapshot"] in str(place.repository.read_mark(key).changes["forgotten"]["ids"])

    place.trash(2)
    full = [True]
    place.storage.is_full_for = lambda key: key.startswith("marks/") and full[0]

    def make_room(done: str) -> None:
        if done.startswith("delete snapshots/"):
            full[0] = False

    place.storage.after = make_room
    place.prune(replace(LAST_2, keep_last=9))
    order = [what.split("/")[0] for what in place.storage.log if "marks/" in what or "snapshots/" in what]
    assert order[0] == "delete snapshots"
    assert "put marks" in order
    said = [place.repository.read_mark(key).changes for key in place.keys("marks/")]
    (said_of,) = [each["forgotten"]["ids"] for each in said if "forgotten" in each]
    assert all(told["snapshot"] in str(said_of) for told in place.events("forgotten"))
    assert len(place.events("forgotten")) == 2


def test_the_manifest_goes_first_and_all_that_was_said_with_it(place: Place) -> None:
    place.trash(1)
    snapshot = place.snapshots()[0]
    removal = Removal(place.storage)
    gone, recorded = forget_all(
        place.repository,
        [snapshot],
        load_catalog(place.repository),
        removal,
        place.clock,
        place.monitor,
        {snapshot.id: "it is time"},
    )
    assert (gone, recorded) == ((snapshot,), True)
    deleted = place.deleted()
    assert deleted[0] == snapshot.key
    assert [key.split("/")[0] for key in deleted[1:]] == ["receipts", "marks"]
    assert all(snapshot.id in key for key in deleted[1:])
    assert place.events("forgotten") == [{"snapshot": snapshot.id, "source": "app", "why": "it is time"}]


def test_what_the_storage_does_not_let_go_stays_whole(place: Place) -> None:
    place.trash(1, 2)
    kept = place.snapshots()[0]
    place.storage.keeps = lambda key: key == kept.key
    result = place.prune(replace(LAST_2, keep_last=9))
    assert place.sequences() == {1: True, 3: False, 4: False, 5: False}
    assert [each.sequence for each in result.forgotten] == [2]
    assert result.kept_by_lock == (kept.key,)
    assert not [key for key in place.deleted() if kept.id in key]
    (warning,) = place.events("warning")
    assert warning["code"] == "kept_by_lock"
    assert "object lock until 2030" in warning["message"]
    place.require_all()


@pytest.mark.usefixtures("eager")
def test_it_can_be_stopped_anywhere_and_the_next_one_finishes(tmp_path: Path) -> None:
    def life(number: int, monitor: RecordingMonitor) -> Place:
        place = Place(tmp_path / str(number))
        place.trash(1, 2)
        place.monitor = monitor
        return place

    (tmp_path / "0").mkdir()
    whole = life(0, RecordingMonitor())
    whole.prune()
    points = cancel_points(whole.monitor.questions, 5)
    assert len(points) == 5
    for number in points:
        (tmp_path / str(number + 1)).mkdir()
        place = life(number + 1, RecordingMonitor(cancel_after=number))
        with pytest.raises(Cancelled):
            place.prune()
        place.require_all()
        place.monitor = RecordingMonitor()
        place.prune()
        assert place.sequences() == whole.sequences()
        place.require_all()


def test_stopping_is_asked_for_before_each_snapshot_and_each_pack(place: Place) -> None:
    place.trash(1, 2)
    place.monitor = RecordingMonitor(cancel_after=1)
    with pytest.raises(Cancelled):
        place.prune()
    assert len(place.events("forgotten")) == 1


# ------------------------------------------------------------ collecting


def forget_some(place: Place, *sequences: int) -> None:
    """Without collecting what only they needed."""
    for each in place.snapshots():
        if each.sequence in sequences:
            place.storage.delete(each.key)
    place.storage.log.clear()


def generations(place: Place) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for key in place.keys("packs/"):
        parsed = layout.parse_pack_key(key)
        assert parsed is not None
        found.setdefault(parsed[0].hex(), []).append(parsed[1])
    return found


def test_packs_that_nothing_needs_go(place: Place) -> None:
    forget_some(place, 5)
    before, stored = place.keys("packs/"), place.packs_bytes()
    result = place.collect()
    gone = [key for key in before if key not in place.keys("packs/")]
    assert len(gone) == 1
    assert place.deleted("packs/") == gone
    assert result == Collected(1, 0, stored - place.packs_bytes(), place.packs_bytes())
    assert place.storage.swept == [86_400.0]
    place.require_all()


@pytest.mark.usefixtures("eager")
def test_packs_with_waste_are_written_anew_and_read_back_before_the_old_ones_go(place: Place) -> None:
    forget_some(place, 1, 3)
    stored = place.packs_bytes()
    place.monitor = RecordingMonitor()
    result = place.collect()
    assert result.rewritten_packs >= 1
    assert result.freed_bytes == stored - place.packs_bytes() > 0
    assert result.stored_bytes == place.packs_bytes()
    writes = [what for what in place.storage.log if "packs/" in what]
    put = [at for at, what in enumerate(writes) if what.startswith("put")]
    old = {what.removeprefix("put ").rsplit("-", 1)[0] for what in writes if what.startswith("put")}
    for at, what in enumerate(writes):
        if what.startswith("delete") and what.removeprefix("delete ").rsplit("-", 1)[0] in old:
            assert at > max(put)
    assert all(len(found) == 1 for found in generations(place).values())
    place.require_all()


@pytest.mark.usefixtures("eager")
def test_nothing_is_written_anew_unless_it_is_wanted(place: Place) -> None:
    forget_some(place, 1, 3)
    result = place.collect(compact=False)
    assert result.rewritten_packs == 0
    assert not [what for what in place.storage.log if what.startswith("put")]
    place.require_all()


@pytest.mark.usefixtures("eager")
def test_where_something_is_kept_nothing_is_written_anew(place: Place) -> None:
    forget_some(place, 1, 3, 5)
    place.storage.keeps = lambda key: key.startswith("packs/")
    stored = place.packs_bytes()
    result = place.collect()
    assert result == Collected(0, 0, 0, stored)
    assert [what for what in place.storage.log if "packs/" in what] == []
    assert place.removal.refused
    place.require_all()


@pytest.mark.usefixtures("eager")
def test_no_room_to_compact_keeps_everything_and_is_told(place: Place) -> None:
    forget_some(place, 1, 3)
    before = set(place.keys("packs/"))
    place.storage.is_full_for = lambda key: key.startswith("packs/")
    result = place.collect()
    assert result.rewritten_packs == 0
    (warning,) = place.events("warning")
    assert warning == {"code": "not_compacted", "message": "no room to compact: the disk is full"}
    gone = before - set(place.keys("packs/"))
    assert len(gone) == result.dropped_packs
    place.require_all()
    place.storage.is_full_for = lambda _key: False
    assert place.collect().rewritten_packs >= 1
    place.require_all()


@pytest.mark.usefixtures("eager")
def test_new_generations_that_are_wrong_are_taken_back_the_last_one_first(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_some(place, 1, 3)
    before = place.keys("packs/")
    needed = place.snapshots()

    def wrong(*_: object) -> None:
        raise CorruptObject("packs/x", "reads back as something else")

    monkeypatch.setattr(module, "read_back", wrong)
    with pytest.raises(CorruptObject, match="something else"):
        place.collect()
    written = [what.removeprefix("put ") for what in place.storage.log if what.startswith("put packs/")]
    assert written
    taken_back = [key for key in place.deleted("packs/") if key in written]
    assert taken_back == written[::-1]
    assert set(place.keys("packs/")) <= set(before)
    assert place.snapshots() == needed
    place.require_all()


@pytest.mark.usefixtures("eager")
def test_old_generations_stay_if_names_or_digests_do_not_fit(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    forget_some(place, 1, 3)
    proofs = ["require_same_names", "read_back", "require_digest"]
    seen: list[str] = []

    def proof(name: str) -> Callable[..., None]:
        original = getattr(module, name)

        def proven(*arguments: Any) -> None:
            assert not [key for key in place.deleted("packs/") if key.endswith("-0") and again(key)]
            seen.append(name)
            original(*arguments)

        return proven

    def again(key: str) -> bool:
        return any(what.startswith(f"put {key.rsplit('-', 1)[0]}") for what in place.storage.log)

    for name in proofs:
        monkeypatch.setattr(module, name, proof(name))
    place.collect()
    assert seen == [*proofs[:2], *["require_digest"] * len(place.snapshots())]


@pytest.mark.usefixtures("eager")
def test_the_list_must_be_the_one_that_was_planned_with(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    forget_some(place, 1, 3)
    before = place.keys("packs/")

    def meanwhile(*arguments: Any, **options: Any) -> garbage.GarbagePlan:
        plan = garbage.plan_garbage(*arguments, **options)
        place.day()
        place.storage.log.clear()
        return plan

    monkeypatch.setattr(module, "plan_garbage", meanwhile)
    with pytest.raises(Refused) as refused:
        place.collect()
    assert refused.value.message == "the list of snapshots changed while garbage was collected"
    assert refused.value.safe == "Nothing was deleted."
    assert place.storage.log == []
    assert set(before) <= set(place.keys("packs/"))


@pytest.mark.usefixtures("eager")
def test_the_list_must_still_be_it_when_old_generations_go(place: Place) -> None:
    forget_some(place, 1, 3)
    before = place.keys("packs/")
    once = [True]

    def meanwhile(done: str) -> None:
        if done.startswith("put packs/") and once.pop():
            once.append(False)
            place.storage.after = lambda _done: None
            place.day()

    place.storage.after = meanwhile
    with pytest.raises(Refused, match="the list of snapshots changed"):
        place.collect()
    written = [what.removeprefix("put ") for what in place.storage.log if what.startswith("put packs/")]
    rewritten = [key for key in before if any(key != new and key[:-1] == new[:-1] for new in written)]
    assert rewritten
    assert set(rewritten) <= set(place.keys("packs/"))
    place.require_all()


@pytest.mark.usefixtures("eager")
def test_after_an_interrupted_one_nothing_goes_before_it_was_read_back(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_some(place, 1, 3, 5)

    def dies(done: str) -> None:
        if done.startswith("put packs/"):
            place.storage.keeps = lambda _key: True

    place.storage.after = dies
    place.collect()
    place.storage.after, place.storage.keeps = lambda _done: None, lambda _key: False
    twice = {pack for pack, found in generations(place).items() if len(found) == 2}
    assert twice
    forget_some(place, 4)
    read: list[list[str]] = []
    original = read_back

    def reads(*arguments: Any) -> None:
        read.append(place.deleted("packs/"))
        assert {pack.hex() for pack in arguments[3]} >= twice
        original(*arguments)

    monkeypatch.setattr(module, "read_back", reads)
    result = place.collect(compact=False)
    assert read == [[]], "nothing was deleted before"
    assert all(len(found) == 1 for found in generations(place).values())
    assert result.stored_bytes == place.packs_bytes()
    place.require_all()


def test_left_over_records_of_what_is_gone_go_too(place: Place) -> None:
    forget_some(place, 2)
    gone = [key for key in place.keys("receipts/") if layout.record_snapshot(key) not in ids(place.snapshots())]
    assert gone
    place.collect()
    assert set(gone) <= set(place.deleted())
    assert {layout.record_snapshot(key) for key in place.keys("receipts/")} == ids(place.snapshots())


def ids(snapshots: Sequence[Snapshot]) -> set[str]:
    return {each.id for each in snapshots}


def test_collecting_can_be_stopped_before_each_object(place: Place) -> None:
    forget_some(place, 4, 5)
    place.monitor = RecordingMonitor(cancel_after=1)
    with pytest.raises(Cancelled):
        place.collect()
    assert len(place.deleted()) == 1


def test_stopping_is_asked_for_once_more_before_old_generations_go(
    place: Place, monkeypatch: pytest.MonkeyPatch, eager: None
) -> None:
    forget_some(place, 1, 3)
    before = set(place.keys("packs/"))

    def then_stop(*_: object) -> None:
        place.monitor.cancel_after = place.monitor.questions

    monkeypatch.setattr(module, "_prove", then_stop)
    with pytest.raises(Cancelled):
        place.collect()
    kept = {key for key in before if key in place.keys("packs/")}
    written = {what.removeprefix("put ").rsplit("-", 1)[0] for what in place.storage.log if what.startswith("put")}
    assert {key for key in before if key.rsplit("-", 1)[0] in written} <= kept


def test_a_storage_that_does_not_allow_sweeping_is_no_error(place: Place) -> None:
    place.storage.sweep_error = PermissionRefused("may only add")
    place.collect()
    place.storage.sweep_error = StorageError("not there")
    with pytest.raises(StorageError, match="not there"):
        place.collect()


def test_storages_without_left_overs(tmp_path: Path) -> None:
    storage: Storage = MemoryStorage()
    repository = new_repository(storage)
    save(repository, tmp_path, bytes(4096 * 4))
    collected = collect(repository, PruneOptions(scratch=tmp_path), Removal(storage), RecordingMonitor())
    assert collected.freed_bytes == 0
