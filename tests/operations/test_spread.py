"""Three copies, two devices, one off-site: what holds, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from litekeep.model import Snapshot
from litekeep.operations.copymemory import CopyMemory
from litekeep.operations.doctor import examine_spread
from litekeep.operations.spread import Holder, Lack, Location, Spread, measure
from litekeep.operations.status import CopyFacts
from litekeep.operations.whereabouts import copy_facts, device_of, spread_of
from operations.home import Home

NOW = datetime(2026, 9, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
AGE = timedelta(hours=26)
BASE = Location("database", Holder.DATABASE, "/srv/app.db", "1")
HERE = Location("repository", Holder.REPOSITORY, "/srv/backups", "1", newest_at=NOW)
ELSEWHERE = replace(HERE, device="2")
USB = Location("usb", Holder.COPY, "file:///media/usb", "3", newest_at=NOW)
CLOUD = Location("cloud", Holder.COPY, "s3://bucket", "s3:", off_site=True, newest_at=NOW)


@dataclass(frozen=True)
class Copy:
    """As in the settings."""

    name: str
    url: str
    is_off_site: bool = True
    enabled: bool = True

    @property
    def shown(self) -> str:
        return self.url


def lacks(spread: Spread) -> list[str]:
    return [gap.code.value for gap in spread.missing]


@pytest.mark.parametrize(
    ("places", "found", "missing"),
    [
        ([], (0, 0, 0), ["copies", "devices", "off_site"]),
        ([BASE], (1, 1, 0), ["copies", "devices", "off_site"]),
        ([BASE, HERE], (2, 1, 0), ["copies", "devices", "off_site"]),
        ([BASE, ELSEWHERE], (2, 2, 0), ["copies", "off_site"]),
        ([BASE, ELSEWHERE, USB], (3, 3, 0), ["off_site"]),
        ([BASE, HERE, CLOUD], (3, 2, 1), []),
        ([BASE, HERE, replace(CLOUD, off_site=False)], (3, 2, 0), ["off_site"]),
        ([BASE, HERE, replace(USB, device="1", off_site=True)], (3, 1, 1), ["devices"]),  # two folders on one disk
        ([BASE, HERE, replace(USB, device="", off_site=True)], (3, 1, 1), ["devices"]),
        ([BASE, HERE, replace(CLOUD, newest_at=None)], (2, 1, 0), ["copies", "devices", "off_site"]),
        ([BASE, HERE, replace(CLOUD, newest_at=NOW - DAY - AGE)], (3, 2, 1), []),
        ([BASE, HERE, replace(CLOUD, newest_at=NOW - 3 * DAY)], (2, 1, 0), ["copies", "devices", "off_site"]),
        ([replace(BASE, device=""), HERE, CLOUD], (2, 2, 1), ["copies"]),  # the database is gone
        ([BASE, replace(HERE, newest_at=None), CLOUD], (2, 2, 1), ["copies"]),
        ([BASE, HERE, CLOUD, USB], (4, 3, 1), []),
    ],
)
def test_what_holds(places: list[Location], found: tuple[int, int, int], missing: list[str]) -> None:
    spread = measure(places, AGE)
    assert (spread.copies, spread.devices, spread.off_site) == found
    assert lacks(spread) == missing
    assert spread.holds is (not missing)


def test_sentences_say_what_to_add() -> None:
    spread = measure([BASE, HERE], AGE)
    assert spread.sentence == "2 copies on 1 device, none off-site"
    assert [gap.text for gap in spread.missing] == [
        "Add a place: only 2 places have the data, the database included, and three should.",
        "Add a place on another device: a disk that fails takes everything.",
        "Add a place outside the building: a fire or a thief takes everything that is here.",
    ]
    assert measure([BASE, HERE, CLOUD], AGE).sentence == "3 copies on 2 devices, 1 off-site"
    assert measure([BASE], AGE).missing[0].text.startswith("Add a place: only one place has the data")


def test_a_copy_that_is_behind_is_to_be_brought_up_to_date_before_another_is_added() -> None:
    late = replace(CLOUD, newest_at=NOW - 9 * DAY)
    spread = measure([BASE, HERE, late], AGE)
    assert [(gap.code, gap.places) for gap in spread.missing] == [
        (Lack.COPIES, ("cloud",)),
        (Lack.DEVICES, ("cloud",)),
        (Lack.OFF_SITE, ("cloud",)),
    ]
    assert spread.missing[2].text == (
        "Bring the copy cloud up to date: till then, a fire or a thief takes everything that is here."
    )
    assert [place.stale for place in spread.places] == [False, False, True]
    both = measure([BASE, HERE, late, replace(USB, newest_at=None)], AGE)
    assert both.missing[0].text.startswith("Bring the copies cloud and usb up to date: only 2 places")
    assert both.missing[2].places == ("cloud",)


def test_the_doctor_speaks_of_it_only_to_who_keeps_copies() -> None:
    assert examine_spread(measure([BASE, HERE], AGE)) == []
    assert examine_spread(measure([BASE, HERE, CLOUD], AGE)) == []
    (one,) = examine_spread(measure([BASE, HERE, replace(CLOUD, newest_at=None)], AGE))
    assert (one.code, one.what) == ("one_place", "only one place holds the backups")
    (two,) = examine_spread(measure([BASE, HERE, replace(USB, device="1")], AGE))
    assert two.code == "not_spread"
    assert two.fix.startswith("Add a place on another device")
    assert not two.fix.endswith(".")


# Facts


def remember(home: Home, copy: Copy, **changes: object) -> None:
    memory = CopyMemory(home.folder / "backups", copy.name, copy.shown, home.repository.config.id)
    memory.change(**changes)
    memory.save()


def test_facts_from_folders_settings_and_what_is_remembered(local: Home, tmp_path: Path) -> None:
    local.make()
    snapshot = local.backup().snapshot
    local.drill(snapshot)
    usb, nas = Copy("usb", (tmp_path / "out").as_uri(), is_off_site=False), Copy("nas", "sftp://Me@NAS.local/b")
    s3 = Copy("s3", "s3://bucket/x?endpoint=https://nas.local:9000&region=r")
    aws = Copy("aws", "s3://bucket/x")
    for copy in (usb, nas):
        remember(local, copy, newest_at=snapshot.created_at, synced_at=NOW, proven_at=NOW, snapshots=1)
    spread = spread_of(local.database, tmp_path / "backups", local.snapshots(), [usb, nas, s3, aws], AGE)
    base, here, *copies = spread.places
    assert base.device == here.device == copies[0].device == device_of(tmp_path) != ""
    assert here.newest_at == here.synced_at == snapshot.created_at
    assert here.proven_at is not None
    assert [each.device for each in copies[1:]] == ["host:nas.local", "host:nas.local", "s3:"]
    assert [each.proven_at for each in copies] == [NOW, NOW, None, None]
    assert (spread.copies, spread.devices, spread.off_site) == (4, 2, 1)
    assert spread.holds
    assert "Me@" in copies[1].place


def test_what_was_remembered_of_another_place_counts_for_nothing(local: Home, tmp_path: Path) -> None:
    local.make()
    snapshot = local.backup().snapshot
    remember(local, Copy("nas", "sftp://old/b"), newest_at=snapshot.created_at, problem="x", failing_since=NOW)
    moved = [Copy("nas", "sftp://new/b")]
    assert spread_of(local.database, tmp_path / "backups", local.snapshots(), moved, AGE).copies == 2
    assert copy_facts(tmp_path / "backups", local.snapshots(), moved, AGE) == ()


def test_facts_for_status(local: Home, tmp_path: Path) -> None:
    local.make()
    snapshot = local.backup().snapshot
    nas, off = Copy("nas", "sftp://nas/b"), Copy("off", "sftp://off/b", enabled=False)
    never = Copy("never", "sftp://never/b")
    late = snapshot.created_at - 5 * DAY
    for copy in (nas, off):
        remember(local, copy, newest_at=late, synced_at=late, failing_since=late, problem="no route")
    (found,) = copy_facts(tmp_path / "backups", local.snapshots(), [nas, off, never], AGE)
    assert found == CopyFacts("nas", late, late, "no route", 5 * DAY)
    assert copy_facts(tmp_path / "backups", local.snapshots(), [], AGE) == ()


def test_a_repository_that_is_away(tmp_path: Path) -> None:
    database = tmp_path / "app.db"
    database.touch()
    nothing: list[Snapshot] = []
    spread = spread_of(database, tmp_path / "away", nothing, [Copy("nas", "sftp://nas/b")], AGE)
    assert (spread.copies, spread.devices, spread.off_site) == (1, 1, 0)
    assert lacks(spread) == ["copies", "devices", "off_site"]
