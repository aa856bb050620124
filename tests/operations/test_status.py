"""The verdict is a pure function of facts: a table of them, and what must be said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from litekeep.model import DatabaseFacts, Level, Reason, Snapshot
from litekeep.operations.status import CopyFacts, Facts, Protection, Run, Verdict, assess, gather_facts
from litekeep.repository.catalog import load_catalog
from operations.home import DAY, HOUR, Home

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def made(hours_ago: float, **changes: object) -> Snapshot:
    snapshot = Snapshot(
        id=f"{int(hours_ago * 10):016x}",
        source="app",
        created_at=NOW - timedelta(hours=hours_ago),
        zone="UTC",
        reason=Reason.SCHEDULED,
        sequence=int(10_000 - hours_ago),
        parent=None,
        label="",
        database=DatabaseFacts(4096, 10),
        source_path="/srv/app.db",
        changed_pages=1,
        new_bytes=1,
        key="",
        verified=Level.FULL,
    )
    return replace(snapshot, **changes)  # type: ignore[arg-type]


def drilled(hours_ago: float, days: float) -> Snapshot:
    return made(hours_ago, verified=Level.DRILL, drilled_at=NOW - timedelta(days=days))


def run(hours_ago: float, ok: bool) -> Run:
    return Run("app", NOW - timedelta(hours=hours_ago), ok, "" if ok else "the disk is full")


def failing(days: float, *, synced: bool = True) -> CopyFacts:
    since = NOW - timedelta(days=days)
    return CopyFacts("nas", since - timedelta(days=1) if synced else None, since, "no route to nas")


BAD = {"problems": ("12 rows refer to missing rows",)}
LOST = {"anomaly": "all 120 rows of item have gone", "pinned": True}
HURT = {"damage": ("packs/ab: is missing",), "verified": Level.NONE}

P, R, N = Protection.PROTECTED, Protection.AT_RISK, Protection.NOT_PROTECTED
TABLE = [
    ("nothing", Facts("app"), Verdict.NEVER, N, "No backup has been made yet."),
    ("a failed first run", Facts("app", runs=(run(1, False),)), Verdict.NEVER, N, "the disk is full"),
    ("missing", Facts("app", (made(1),), missing="not mounted"), Verdict.REPOSITORY_MISSING, N, "not mounted"),
    ("good", Facts("app", (drilled(200, 5), made(2))), Verdict.HEALTHY, P, "2 h ago"),
    ("young, no drill", Facts("app", (made(2),)), Verdict.UNPROVEN, P, "no restore has been tested yet"),
    ("old, no drill", Facts("app", (made(24 * 40), made(2))), Verdict.UNPROVEN, R, "no restore has been tested"),
    ("an old drill", Facts("app", (drilled(24 * 90, 31), made(2))), Verdict.UNPROVEN, R, "31 days ago"),
    ("written only", Facts("app", (made(2, verified=Level.WRITTEN),)), Verdict.UNPROVEN, R, "verified"),
    ("overdue", Facts("app", (drilled(27, 1),)), Verdict.OVERDUE, R, "27 h"),
    ("not quite overdue", Facts("app", (drilled(26, 1),)), Verdict.HEALTHY, P, "26 h ago"),
    ("unchanged since", Facts("app", (drilled(200, 5),), seen_at=NOW), Verdict.HEALTHY, P, "just now"),
    ("from the future", Facts("app", (drilled(-48, 1),)), Verdict.OVERDUE, R, "the clock"),
    ("the last run failed", Facts("app", (drilled(9, 1),), runs=(run(1, False),)), Verdict.FAILING, R, "the disk"),
    ("recovered", Facts("app", (drilled(9, 1),), runs=(run(10, False), run(9, True))), Verdict.HEALTHY, P, "9 h"),
    ("a failure before it", Facts("app", (drilled(9, 1),), runs=(run(10, False),)), Verdict.HEALTHY, P, "9 h"),
    ("problems", Facts("app", (drilled(30, 1), made(2, **BAD))), Verdict.FAILING, R, "12 rows"),
    ("only problems", Facts("app", (made(2, **BAD),)), Verdict.FAILING, N, "there is no good backup"),
    ("unverified", Facts("app", (drilled(30, 1), made(2, verified=Level.NONE))), Verdict.UNPROVEN, R, "not been"),
    ("damaged", Facts("app", (drilled(30, 1), made(2, **HURT))), Verdict.DAMAGED, R, "1 of 2 backups is damaged"),
    ("all damaged", Facts("app", (made(2, **HURT),)), Verdict.DAMAGED, N, "no verified backup is left"),
    ("unreadable", Facts("app", (drilled(2, 1),), unreadable=1), Verdict.DAMAGED, R, "One stored object"),
    ("only unreadable", Facts("app", unreadable=3), Verdict.DAMAGED, N, "3 stored objects"),
    ("a loss", Facts("app", (made(20, **LOST), drilled(2, 1))), Verdict.SUSPICIOUS, R, "in the newest backup: all 120"),
    ("an old loss", Facts("app", (made(50, **LOST), made(9), drilled(2, 1))), Verdict.SUSPICIOUS, R, "made 50 h ago"),
    ("a loss and late", Facts("app", (made(90, **LOST), drilled(80, 1))), Verdict.SUSPICIOUS, R, "all 120 rows"),
    ("a loss and failing", Facts("app", (made(9, **LOST), made(8)), runs=(run(1, False),)), Verdict.FAILING, R, "disk"),
    ("altered", Facts("app", (drilled(2, 1),), altered="2 are gone"), Verdict.ALTERED, R, "2 are gone. The newest"),
    ("altered, none left", Facts("app", altered="all are gone"), Verdict.ALTERED, N, "All are gone; no verified"),
    ("altered and damaged", Facts("app", (made(2, **HURT),), altered="it is"), Verdict.ALTERED, N, "It is; no"),
    ("copies", Facts("app", (drilled(2, 1),), copies=(CopyFacts("nas", NOW),)), Verdict.HEALTHY, P, "2 h ago"),
    ("a weekend", Facts("app", (drilled(2, 1),), copies=(failing(3),)), Verdict.HEALTHY, P, "2 h ago"),
    ("away", Facts("app", (drilled(2, 1),), copies=(failing(5),)), Verdict.COPY_UNREACHABLE, R,
     "Copy nas: nothing arrived for 6 days: no route to nas. Last backup 2 h ago."),
    ("never there", Facts("app", (drilled(2, 1),), copies=(failing(5, synced=False),)), Verdict.COPY_UNREACHABLE, R,
     "Copy nas: nothing could be sent for 5 days: no route to nas."),
    ("behind", Facts("app", (drilled(2, 1),), copies=(CopyFacts("nas", behind=timedelta(days=9)),)),
     Verdict.COPY_UNREACHABLE, R, "Copy nas: its newest backup is 9 days older than the newest one here."),
    ("away and overdue", Facts("app", (drilled(99, 1),), copies=(failing(5),)), Verdict.OVERDUE, R, "No backup for"),
    ("away, not proven", Facts("app", (made(2),), copies=(failing(5),)), Verdict.COPY_UNREACHABLE, R, "Copy nas"),
    ("busy", Facts("app", (drilled(2, 1),), busy="backup of app.db"), Verdict.RUNNING, P, "backup of app.db"),
    ("busy and overdue", Facts("app", (drilled(99, 1),), busy="prune"), Verdict.RUNNING, R, "no backup for"),
    ("busy and missing", Facts("app", missing="gone", busy="x"), Verdict.REPOSITORY_MISSING, N, "gone"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "verdict", "protection", "text"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE]
)
def test_verdicts(facts: Facts, verdict: Verdict, protection: Protection, text: str) -> None:
    status = assess(facts, NOW)
    assert (status.verdict, status.protection) == (verdict, protection), status
    assert text in status.sentence
    assert status.sentence.endswith(".")
    assert ".." not in status.sentence


def test_facts_of_a_life(home: Home) -> None:
    def verdict() -> Verdict:
        catalog = load_catalog(home.repository)
        [facts] = gather_facts(home.repository, catalog, [], home.clock.now())
        return assess(facts, home.clock.now()).verdict

    assert verdict() is Verdict.NEVER
    home.make()
    home.backup()
    assert verdict() is Verdict.UNPROVEN
    home.drill(home.find("latest"))
    assert verdict() is Verdict.HEALTHY
    home.clock.advance(2 * DAY)
    assert verdict() is Verdict.OVERDUE
    assert home.backup().unchanged
    assert verdict() is Verdict.HEALTHY
    with home.repository.lock("prune", 0.0):
        assert verdict() is Verdict.RUNNING
    for pack in home.keys("packs/"):
        home.flip(pack, 60)
    home.clock.advance(HOUR)
    home.verify(home.find("latest"))
    assert verdict() is Verdict.DAMAGED
