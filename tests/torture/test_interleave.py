"""The campaign notices what it is there to notice: a lock that is not held, a process that does as it likes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from litekeep.repository.repository import Repository
from torture.campaign import Size, Tally
from torture.interleave import Kind, run
from torture.places import Folders, Seat
from torture.schedules import Ask, NotDeterministic, Outcome, Pair


@contextmanager
def no_lock(_repository: Repository, _owner: str, _wait_seconds: float) -> Iterator[None]:
    yield


def test_without_the_lock_two_people_delete_all_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Repository, "lock", no_lock)
    tally = Tally()
    run(("delete one of two", "delete the other", Kind.FOLDER.value, 1, Size.CI.value), tally, tmp_path)
    assert tally.deviated
    assert "second has none left" in tally.deviations[0].what


def counting(times: int) -> Callable[[Ask], Outcome]:
    def process(ask: Ask) -> Outcome:
        seat = Seat(ask, "here")
        with seat.lock("counting"):
            for _ in range(times):
                number = len(seat.list())
                seat.put(f"k{number}", b"")
        return ("ok", str(len(seat.list())))

    return process


def test_a_schedule_stops_each_process_where_it_says() -> None:
    pair = Pair((counting(2), counting(3)))
    for stretches, ran in (((), (7, 9)), ((1,), (1, 0, 6, 9)), ((6, 3), (6, 3, 1, 6)), ((6, 3), (6, 3, 1, 6))):
        folders = Folders({"here": {}}, patient=True)
        walk = pair.walk(folders, 0, stretches)
        assert walk.ran == ran
        assert walk.outcomes[0] == ("ok", "2" if stretches != (6, 3) else "3")
        assert walk.outcomes[1] == ("ok", "5")


def test_a_process_that_does_as_it_likes_is_found_out() -> None:
    runs: list[int] = []

    def process(ask: Ask) -> Outcome:
        runs.append(1)
        Seat(ask, "here").put(f"k{len(runs)}", b"")
        Seat(ask, "here").list()
        return ("ok",)

    pair = Pair((process, counting(1)))
    pair.walk(Folders({"here": {}}, patient=True), 0, ())
    with pytest.raises(NotDeterministic):
        pair.walk(Folders({"here": {"other": b""}}, patient=True), 0, ())
