"""Makes snapshots: one by one, from a line of text, or whole random histories for Hypothesis."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from litekeep.model import DatabaseFacts, Level, Reason, Snapshot
from litekeep.retention import RetentionPolicy

FACTS = DatabaseFacts(page_size=4096, page_count=1)


def made(
    created_at: datetime,
    sequence: int,
    reason: Reason = Reason.SCHEDULED,
    *,
    level: Level = Level.WRITTEN,
    pinned: bool = False,
    trashed_at: datetime | None = None,
    problems: tuple[str, ...] = (),
    damage: tuple[str, ...] = (),
    source: str = "shop",
) -> Snapshot:
    """One snapshot; its id is its number read backwards, so that the two sort differently."""
    return Snapshot(
        id=f"{sequence:08d}"[::-1],
        source=source,
        created_at=created_at,
        zone=str(created_at.tzinfo),
        reason=reason,
        sequence=sequence,
        parent=None,
        label="",
        database=FACTS,
        source_path="/data/shop.db",
        changed_pages=1,
        new_bytes=4096,
        key=f"snapshots/{sequence:08d}",
        pinned=pinned,
        trashed_at=trashed_at,
        verified=level,
        problems=problems,
        damage=damage,
    )


def moment(text: str) -> datetime:
    """'2026-11-22' is 02:00 UTC of that day; everything else is ISO 8601 with an offset, UTC if it has none."""
    found = datetime.fromisoformat(f"{text}T02:00" if len(text) == 10 else text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def daily(first: datetime, count: int, **every: object) -> list[Snapshot]:
    """One scheduled snapshot a day at the same time of day."""
    return [made(first + timedelta(days=day), day + 1, **every) for day in range(count)]  # type: ignore[arg-type]


# Starts chosen so that histories cross week 53 into week 1, a leap day, both DST changes and a year's end.
STARTS = [datetime(*day, 2, 0) for day in ((2020, 12, 1), (2024, 2, 10), (2026, 3, 1), (2026, 10, 1), (2026, 12, 15))]
ZONES = ["UTC", "Europe/Paris", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati", "Pacific/Pago_Pago"]
OFFSETS = [timezone(timedelta(hours=hours)) for hours in (-12, -5, 0, 1, 14)]
GAPS_SECONDS = [0, 1, 600, 3_600, 36_000, 86_400, 86_400, 86_400, 7 * 86_400, 31 * 86_400, 95 * 86_400]
REASONS = [Reason.SCHEDULED] * 5 + list(Reason)


class _Maker:
    """Makes one random history; `mess` is the share of snapshots that something is wrong or special with."""

    def __init__(self, seed: int, size: int, mess: float) -> None:
        self.random = random.Random(seed)
        self.mess = mess
        self.zone = ZoneInfo(self.random.choice(ZONES))
        self.travels = self.random.random() < 0.3
        self.time = self.random.choice(STARTS).replace(tzinfo=UTC)
        self.pace = self.random.sample(GAPS_SECONDS, self.random.randint(1, 4))
        self.made = [self.one(number) for number in range(1, size + 1)]
        self.random.shuffle(self.made)

    def odd(self) -> bool:
        return self.random.random() < self.mess

    def one(self, number: int) -> Snapshot:
        self.time += timedelta(seconds=self.random.choice(self.pace))
        zone = self.random.choice(OFFSETS) if self.travels and self.odd() else self.zone
        created_at = self.time.astimezone(zone)
        if self.odd() and self.odd():
            created_at = self.random.choice(
                [moment("1970-01-01"), moment("2099-01-01"), created_at - timedelta(days=9)]
            )
        return made(
            created_at,
            number if not (self.odd() and self.odd()) else number + self.random.randint(0, 2) * 1000,
            self.random.choice(REASONS) if self.odd() else Reason.SCHEDULED,
            level=self.random.choice(list(Level)) if self.odd() else Level.FULL,
            pinned=self.odd() and self.odd(),
            trashed_at=self.time + timedelta(days=self.random.randint(0, 20)) if self.odd() and self.odd() else None,
            problems=("row 7 of orders has no customer",) if self.odd() and self.odd() else (),
            damage=("pack 12: frame 3 is damaged",) if self.odd() and self.odd() else (),
        )


def _history(seed: int, size: int, mess: float, delay_days: float) -> tuple[list[Snapshot], datetime]:
    """A history and a `now` that lies some days after (or before) its last snapshot."""
    maker = _Maker(seed, size, mess)
    unique = {snapshot.id: snapshot for snapshot in maker.made}
    return list(unique.values()), maker.time + timedelta(days=delay_days)


MESSES = [0.0, 0.1, 0.3, 0.6]
DELAYS_DAYS = [0.0, 0.0, 0.1, 1.0, 20.0, 39.9, 41.0, 800.0, 40_000.0, -0.5, -20.0, -5_000.0]


def random_history(chance: random.Random, largest: int) -> tuple[list[Snapshot], datetime]:
    """As `histories`, without hypothesis: a hundred times as many in the same time."""
    return _history(
        chance.getrandbits(32), chance.randint(0, largest), chance.choice(MESSES), chance.choice(DELAYS_DAYS)
    )


def random_policy(chance: random.Random) -> RetentionPolicy:
    """As `policies`, without hypothesis."""
    if chance.random() < 0.2:
        return RetentionPolicy()
    without_last = chance.random() < 0.3
    return RetentionPolicy(
        days=0 if without_last else chance.choice([0, 1, 7, 30, 999_999]),
        weeks=chance.randint(0, 5),
        months=chance.randint(1, 3) if without_last else chance.randint(0, 5),
        keep_last=0 if without_last else chance.randint(1, 4),
        pre_restore_days=chance.choice([0, 1, 30, 400]),
        trash_days=chance.choice([0, 1, 7]),
    )


def histories(largest: int = 50) -> st.SearchStrategy[tuple[list[Snapshot], datetime]]:
    """Random histories in any order, with a `now`. Seeds are drawn rather than snapshots: many times faster."""
    return st.builds(
        _history,
        seed=st.integers(0, 2**32 - 1),
        size=st.integers(0, largest),
        mess=st.sampled_from(MESSES),
        delay_days=st.sampled_from(DELAYS_DAYS),
    )


def policies() -> st.SearchStrategy[RetentionPolicy]:
    """Valid policies, mostly small so that something is removed, and the default one."""
    few = st.integers(0, 5)
    random_policy = st.builds(
        RetentionPolicy,
        days=st.sampled_from([0, 1, 7, 30, 999_999]),
        weeks=few,
        months=few,
        keep_last=st.integers(1, 4),
        pre_restore_days=st.sampled_from([0, 1, 30, 400]),
        trash_days=st.sampled_from([0, 7]),
    )
    without_last = st.builds(
        RetentionPolicy, days=st.just(0), weeks=few, months=st.integers(1, 3), keep_last=st.just(0)
    )
    return st.one_of(st.just(RetentionPolicy()), random_policy, without_last)
