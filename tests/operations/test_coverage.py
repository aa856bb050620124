"""Within 30 days every stored byte is read again, also after a month away."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from litekeep.operations.coverage import AT_ONCE, READ_WITHIN, SHARES, share_of, shares_due
from litekeep.repository.layout import pack_key

START = datetime(2026, 1, 1, 2, tzinfo=UTC)


def live(read_at: dict[int, datetime], days: list[int]) -> list[int]:
    """Read what is due on these days; returns how many shares were read on each."""
    counts = []
    for day in days:
        now = START + timedelta(days=day)
        due = shares_due(read_at, now)
        read_at.update(dict.fromkeys(due, now))
        counts.append(len(due))
    return counts


def test_every_share_is_read_within_thirty_days() -> None:
    read_at: dict[int, datetime] = {}
    live(read_at, list(range(SHARES)))
    assert set(read_at) == set(range(SHARES))
    for day in range(SHARES, 400):
        live(read_at, [day])
        now = START + timedelta(days=day)
        assert all(now - at < READ_WITHIN for at in read_at.values()), day


@pytest.mark.parametrize("away", [10, 45, 200])
def test_after_some_time_away_the_backlog_takes_days_and_not_one_run(away: int) -> None:
    read_at: dict[int, datetime] = {}
    live(read_at, list(range(60)))
    back = list(range(60 + away, 60 + away + SHARES // AT_ONCE))
    assert max(live(read_at, back)) <= AT_ONCE
    now = START + timedelta(days=back[-1])
    assert all(now - at <= READ_WITHIN for at in read_at.values())


def test_a_clock_that_was_ahead_does_not_put_a_share_to_rest() -> None:
    read_at = dict.fromkeys(range(SHARES), START + timedelta(days=4000))
    assert len(shares_due(read_at, START)) == AT_ONCE


def test_packs_fall_evenly_and_generations_together() -> None:
    chance, counts = random.Random(4), dict.fromkeys(range(SHARES), 0)
    for number in range(6000):
        pack = number.to_bytes(4, "big") + chance.randbytes(4)
        assert share_of(pack_key(pack, 0)) == share_of(pack_key(pack, 7))
        counts[share_of(pack_key(pack, 0))] += 1
    assert min(counts.values()) > 120
    assert max(counts.values()) < 290
