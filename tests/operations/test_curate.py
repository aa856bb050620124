"""Decisions about single snapshots rest on what is there, not on the list that somebody looked at before."""

from __future__ import annotations

import pytest

from litekeep.errors import Refused, UnknownSnapshot
from litekeep.model import Snapshot
from litekeep.monitor import Silent
from litekeep.operations import curate
from litekeep.operations.empty_trash import empty_trash
from litekeep.repository import layout
from operations.home import Home


@pytest.fixture
def both(home: Home) -> list[Snapshot]:
    """Two backups."""
    home.make()
    home.backup()
    home.change()
    home.backup()
    return home.snapshots()


def test_two_people_cannot_delete_all_there_is(home: Home, both: list[Snapshot]) -> None:
    curate.to_trash(home.repository, both[0], clock=home.clock, monitor=Silent())
    with pytest.raises(Refused, match="is the only verified one of app that is left"):
        curate.to_trash(home.repository, both[1], clock=home.clock, monitor=Silent())


def test_what_was_pinned_since_is_not_deleted(home: Home, both: list[Snapshot]) -> None:
    curate.pin(home.repository, both[0], clock=home.clock, monitor=Silent())
    assert not both[0].pinned
    with pytest.raises(Refused, match="is pinned"):
        curate.to_trash(home.repository, both[0], clock=home.clock, monitor=Silent())


def test_nothing_is_said_to_be_recovered_or_changed_that_is_gone(home: Home, both: list[Snapshot]) -> None:
    curate.to_trash(home.repository, both[0], clock=home.clock, monitor=Silent())
    seen = home.snapshots()[0]
    empty_trash(home.repository, clock=home.clock, monitor=Silent())
    before = home.keys(layout.MARKS)
    with pytest.raises(UnknownSnapshot, match="is not there any more: another run removed it"):
        curate.from_trash(home.repository, seen, clock=home.clock, monitor=Silent())
    with pytest.raises(UnknownSnapshot):
        curate.to_trash(home.repository, seen, clock=home.clock, monitor=Silent())
    with pytest.raises(UnknownSnapshot):
        curate.pin(home.repository, seen, clock=home.clock, monitor=Silent())
    assert home.keys(layout.MARKS) == before
