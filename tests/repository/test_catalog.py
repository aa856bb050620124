"""The list of snapshots: what receipts and marks make of it, and that nothing damaged hides the rest."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from litekeep.errors import CorruptObject, StorageError, UnknownSnapshot, UnsupportedFormat
from litekeep.formats.envelope import VERSIONS, Kind
from litekeep.formats.manifest import Manifest
from litekeep.formats.receipt import Mark, Receipt
from litekeep.model import Level, Reason, Snapshot
from litekeep.repository import layout
from litekeep.repository.catalog import Catalog, load_catalog, snapshot_from_facts
from litekeep.repository.repository import Repository
from litekeep.testing import MemoryStorage
from repository.store import NOW, new_repository, save

PAGE = b"x" * 4096


def at(hours: float) -> datetime:
    return NOW + timedelta(days=100, hours=hours)


@pytest.fixture
def repository() -> Repository:
    return new_repository()


@pytest.fixture
def snapshot(repository: Repository, tmp_path: Path) -> Snapshot:
    save(repository, tmp_path, PAGE)
    (found,) = load_catalog(repository).snapshots
    return found


def only(repository: Repository) -> Snapshot:
    catalog = load_catalog(repository)
    assert catalog.damaged == ()
    (snapshot,) = catalog.snapshots
    return snapshot


def test_an_empty_repository(repository: Repository) -> None:
    assert load_catalog(repository) == Catalog((), ())
    assert load_catalog(repository).sources() == []
    with pytest.raises(UnknownSnapshot):
        load_catalog(repository).find("latest")


def test_what_a_manifest_tells(repository: Repository, snapshot: Snapshot) -> None:
    assert (snapshot.source, snapshot.sequence, snapshot.reason) == ("app", 1, Reason.SCHEDULED)
    assert (snapshot.database.page_size, snapshot.database.page_count) == (4096, 1)
    assert snapshot.created_at == NOW + timedelta(days=1)
    assert (snapshot.verified, snapshot.damage, snapshot.pinned, snapshot.tables) == (Level.NONE, (), False, None)
    assert snapshot.key.endswith(snapshot.id)


def test_snapshots_are_in_order_of_their_sequence(repository: Repository, tmp_path: Path) -> None:
    for source in ("b", "a", "b", "a", "a"):
        save(repository, tmp_path, PAGE, source=source)
    catalog = load_catalog(repository)
    assert [(s.source, s.sequence) for s in catalog.snapshots] == [("a", 1), ("a", 2), ("a", 3), ("b", 1), ("b", 2)]
    assert catalog.sources() == ["a", "b"]
    assert [snapshot.sequence for snapshot in catalog.of("b")] == [1, 2]
    assert load_catalog(repository, "b").snapshots == tuple(catalog.of("b"))


VERIFIED = Receipt("", "verify", at(1), Level.FULL, tables=(("t", 1),))
DAMAGED = Receipt("", "verify", at(1), damage=("packs/x: damaged",))


@pytest.mark.parametrize(
    ("receipts", "expected"),
    [
        ([VERIFIED], {"verified": Level.FULL, "verified_at": at(1), "tables": (("t", 1),), "drilled_at": None}),
        ([replace(VERIFIED, level=Level.WRITTEN)], {"verified": Level.WRITTEN, "tables": None}),
        # the highest level stays, the newest time counts
        ([VERIFIED, replace(VERIFIED, level=Level.WRITTEN, at=at(2))], {"verified": Level.FULL, "verified_at": at(2)}),
        ([VERIFIED, replace(VERIFIED, kind="drill", level=Level.DRILL, at=at(2))], {"drilled_at": at(2)}),
        # damage takes everything back, until a full verification finds none
        (
            [VERIFIED, replace(DAMAGED, at=at(2))],
            {"verified": Level.NONE, "verified_at": None, "damage": DAMAGED.damage},
        ),
        ([DAMAGED, replace(VERIFIED, at=at(2))], {"verified": Level.FULL, "damage": ()}),
        ([DAMAGED, replace(VERIFIED, level=Level.WRITTEN, at=at(2))], {"damage": DAMAGED.damage}),
        # at the same time, whichever is listed first: the worse one
        ([VERIFIED, DAMAGED], {"verified": Level.NONE, "damage": DAMAGED.damage}),
        ([DAMAGED, VERIFIED], {"verified": Level.NONE, "damage": DAMAGED.damage}),
        # written later but older
        ([replace(VERIFIED, at=at(2)), DAMAGED], {"verified": Level.FULL, "damage": ()}),
        ([replace(VERIFIED, problems=("p",))], {"problems": ("p",), "verified": Level.FULL, "sound": False}),
        ([replace(VERIFIED, problems=("p",)), replace(VERIFIED, at=at(2))], {"problems": (), "sound": True}),
        # other kinds prove nothing, a level of none neither
        (
            [Receipt("", "unchanged", at(1), Level.FULL), Receipt("", "restore", at(1), Level.FULL)],
            {"verified": Level.NONE},
        ),
        ([Receipt("", "verify", at(1))], {"verified": Level.NONE, "verified_at": None}),
        ([Receipt("", "of a later version", at(1), Level.DRILL)], {"verified": Level.NONE}),
    ],
)
def test_receipts(
    repository: Repository, snapshot: Snapshot, receipts: list[Receipt], expected: dict[str, Any]
) -> None:
    for receipt in receipts:
        repository.write_receipt("app", replace(receipt, snapshot=snapshot.id))
    found = only(repository)
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([{"pinned": True}], {"pinned": True, "label": "", "trashed_at": None}),
        ([{"pinned": True}, {"label": "x"}], {"pinned": True, "label": "x"}),
        ([{"pinned": True, "label": "x"}, {"pinned": False}], {"pinned": False, "label": "x"}),
        ([{"trashed_at": at(1).isoformat()}], {"trashed_at": at(1)}),
        ([{"trashed_at": at(1).isoformat()}, {"trashed_at": None}], {"trashed_at": None}),
        ([{"a key of a later version": 1}], {"pinned": False}),
        ([{}], {"pinned": False}),
    ],
)
def test_marks(
    repository: Repository, snapshot: Snapshot, changes: list[dict[str, Any]], expected: dict[str, Any]
) -> None:
    for sequence, change in enumerate(changes, 1):
        # the sequence decides, not the clock
        repository.write_mark("app", Mark(snapshot.id, sequence, at(-sequence), "test", change))
    found = only(repository)
    assert {name: getattr(found, name) for name in expected} == expected


def test_a_record_about_another_snapshot_than_its_name_says(repository: Repository, snapshot: Snapshot) -> None:
    for prefix, kind, write in (
        (layout.receipt_key("app", snapshot.id), "receipt", repository.write_receipt),
        (layout.mark_key("app", snapshot.id, 1), "mark", repository.write_mark),
    ):
        assert callable(write)
        from litekeep.formats.receipt import encode_mark, encode_receipt

        data = (
            encode_receipt(prefix, replace(VERIFIED, snapshot="0" * 16), repository.seal)
            if kind == "receipt"
            else encode_mark(prefix, Mark("0" * 16, 1, at(0), "test", {"pinned": True}), repository.seal)
        )
        repository.storage.put(prefix, data)
    catalog = load_catalog(repository)
    assert [error.problem for error in catalog.damaged] == ["is about another snapshot than its name says"] * 2
    assert (catalog.snapshots[0].verified, catalog.snapshots[0].pinned) == (Level.NONE, False)


@pytest.fixture
def several(repository: Repository, tmp_path: Path) -> list[Snapshot]:
    for _ in range(4):
        save(repository, tmp_path, PAGE)
    return list(load_catalog(repository).snapshots)


def test_find_by_id_and_by_its_beginning(repository: Repository, several: list[Snapshot]) -> None:
    catalog = load_catalog(repository)
    for snapshot in several:
        for name in (snapshot.id, snapshot.id[:12], snapshot.short_id, snapshot.id.upper()):
            assert catalog.find(name) == snapshot
    same = [replace(several[0], id="abcd0000"), replace(several[1], id="abcd1111")]
    for name in ("abcd", "abc", "", "x", "0123456789abcdef0", "../..", "la", "late", "latest2", "Latest"):
        with pytest.raises(UnknownSnapshot):
            Catalog(tuple(same), ()).find(name)
    assert Catalog(tuple(same), ()).find("abcd0").id == "abcd0000"


def test_find_the_latest(repository: Repository, several: list[Snapshot], tmp_path: Path) -> None:
    catalog = load_catalog(repository)
    assert [catalog.find(name).sequence for name in ("latest", "latest~", "latest~0", "latest~1", "latest~3")] == [
        4,
        4,
        4,
        3,
        1,
    ]
    for name in ("latest~4", "latest~-1", "latest~x", "latest~~1", "latest~1.5", "latest~²", "latest~" + "9" * 5000):
        with pytest.raises(UnknownSnapshot):
            catalog.find(name)
    save(repository, tmp_path, PAGE, source="other")
    catalog = load_catalog(repository)
    with pytest.raises(UnknownSnapshot, match="more than one database"):
        catalog.find("latest")
    assert catalog.find("latest", "other").sequence == 1
    assert catalog.find("latest~1", "app").sequence == 3
    with pytest.raises(UnknownSnapshot):
        catalog.find(several[0].id, "other")


def test_trash_answers_to_its_id_only(repository: Repository, several: list[Snapshot]) -> None:
    newest = several[-1]
    repository.write_mark("app", Mark(newest.id, 1, at(0), "delete", {"trashed_at": at(0).isoformat()}))
    catalog = load_catalog(repository)
    assert catalog.find("latest").sequence == 3
    assert catalog.find(newest.short_id).trashed_at == at(0)


def test_damaged_objects_do_not_hide_others(repository: Repository, several: list[Snapshot]) -> None:
    storage = repository.storage
    for snapshot in several:
        repository.write_receipt("app", replace(VERIFIED, snapshot=snapshot.id))
        repository.write_mark("app", Mark(snapshot.id, 1, at(0), "pin", {"pinned": True}))
    victim, marked, verified = several[1].key, several[2].id, several[3].id
    keys = [victim]
    keys += [e.key for e in storage.list("marks/") if layout.record_snapshot(e.key) == marked]
    keys += [e.key for e in storage.list("receipts/") if layout.record_snapshot(e.key) == verified]
    good = {key: storage.get(key) for key in keys}
    for damage in (lambda data: b"", lambda data: data[:-1], lambda data: data[:5] + b"\x81" + data[6:]):
        for key, data in good.items():
            storage.delete(key)
            storage.put(key, damage(data))
        catalog = load_catalog(repository)
        assert sorted(error.key for error in catalog.damaged) == sorted(keys)
        assert [snapshot.sequence for snapshot in catalog.snapshots] == [1, 3, 4]
        assert [snapshot.pinned for snapshot in catalog.snapshots] == [True, False, True]
        assert [snapshot.verified for snapshot in catalog.snapshots] == [Level.FULL, Level.FULL, Level.NONE]


def test_objects_of_a_newer_version_do_not_hide_others(
    repository: Repository, several: list[Snapshot], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as newer:
        for kind in (Kind.MANIFEST, Kind.RECEIPT, Kind.MARK):
            newer.setitem(VERSIONS, kind, 2)
        theirs = save(repository, tmp_path, PAGE)
        receipt = repository.write_receipt("app", replace(VERIFIED, snapshot=several[0].id))
        mark = repository.write_mark("app", Mark(several[0].id, 1, at(0), "pin", {"pinned": True}))
    catalog = load_catalog(repository)
    assert [snapshot.sequence for snapshot in catalog.snapshots] == [1, 2, 3, 4]
    assert sorted(error.key for error in catalog.damaged) == sorted([theirs, receipt, mark])
    assert all("newer Litekeep" in error.problem for error in catalog.damaged)
    with pytest.raises(UnsupportedFormat):
        repository.read_manifest(theirs)


ODD: list[object] = [None, [], {}, "", "x", -1, 1.5, float("inf"), float("nan"), 10**400, "\ud800", "../../etc", True]


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_sealed_but_hostile_facts(repository: Repository, snapshot: Snapshot, value: object) -> None:
    """Facts that are not what they should be make a damaged snapshot, never an error of another kind."""
    facts = repository.read_facts(snapshot.key)
    key = layout.parse_snapshot_key(snapshot.key)
    assert key
    assert snapshot_from_facts(key, facts) == snapshot
    member: dict[str, Any] = facts["members"][0]  # type: ignore[index]
    forged = [{**facts, name: value} for name in facts]
    forged += [{**facts, "members": [{**member, name: value}]} for name in member]
    forged += [{name: other for name, other in facts.items() if name != left} for left in facts]
    for each in forged:
        try:
            found = snapshot_from_facts(key, each)
        except CorruptObject:
            continue
        assert found.source == "app"
        assert found.created_at == snapshot.created_at
        assert found.sequence == 1


@pytest.mark.parametrize(
    "change",
    [
        {"source": "other"},
        {"source": "APP"},
        {"source": "../app"},
        {"sequence": 2},
        {"created_at": "2026-01-03T00:00:00+00:00"},
        {"created_at": "2026-01-02T00:00:00"},
        {"created_at": "0001-01-01T00:00:00+14:00"},
        {"created_at": "9999-12-31T23:59:59-14:00"},
        {"reason": "because"},
    ],
    ids=repr,
)
def test_facts_that_do_not_fit_the_name(repository: Repository, snapshot: Snapshot, change: dict[str, object]) -> None:
    key = layout.parse_snapshot_key(snapshot.key)
    assert key
    with pytest.raises(CorruptObject, match="makes no sense"):
        snapshot_from_facts(key, {**repository.read_facts(snapshot.key), **change})


def test_foreign_files_are_passed_over(repository: Repository, snapshot: Snapshot) -> None:
    for key in (
        "snapshots/app/notes-txt",
        "receipts/app/readme",
        "marks/x",
        "snapshots/copy",
        "packs/README",
        "photo.jpg",
    ):
        repository.storage.put(key, b"mine")
    assert only(repository) == snapshot


def test_ten_thousand_objects_in_a_second_or_so(repository: Repository, snapshot: Snapshot) -> None:
    """2,000 snapshots with four records each; the goal is 10,000 snapshots in a second."""
    manifest = repository.read_manifest(snapshot.key)
    for sequence in range(2, 2001):
        moment = NOW + timedelta(hours=sequence)
        key = layout.snapshot_key("app", moment, sequence, layout.new_id())
        facts = {**manifest.facts, "sequence": sequence, "created_at": moment.isoformat()}
        repository.write_manifest(key, Manifest(facts, manifest.page_map, b""))
        for level in (Level.WRITTEN, Level.FULL, Level.DRILL):
            repository.write_receipt("app", Receipt(key[-16:], "verify", moment + timedelta(minutes=level), level))
        repository.write_mark("app", Mark(key[-16:], 1, moment, "pin", {"pinned": True}))
    started = time.process_time()
    catalog = load_catalog(repository)
    elapsed = time.process_time() - started
    assert len(catalog.snapshots) == 2000
    assert catalog.damaged == ()
    assert all(found.pinned and found.verified is Level.DRILL for found in catalog.snapshots[1:])
    assert elapsed < 4
    print(f"{elapsed:.2f} seconds")


class Cut(MemoryStorage):
    """Its answers are shorter than what it has, as those of something on the way may be."""

    def get(self, key: str) -> bytes:
        data = super().get(key)
        return data if key == "repository.json" else b""

    def size(self, key: str) -> int:
        return len(super().get(key))


def test_what_comes_shorter_than_it_is_stored_is_no_damage(tmp_path: Path) -> None:
    """Else a hotel's network would look like a repository in which everything is broken."""
    storage = Cut()
    repository = new_repository(storage)
    key = save(repository, tmp_path, bytes(4 * 4096))
    with pytest.raises(StorageError, match=f"^{key} in memory has [0-9]+ bytes, and 0 came$") as told:
        load_catalog(repository)
    assert told.value.key == key
    with pytest.raises(StorageError, match="and 0 came"):
        repository.read_manifest(key)
