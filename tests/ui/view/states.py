"""Facts for every state of the window, around one fixed moment. The same on every run."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from litekeep.journal.history import Outcome as Ended
from litekeep.journal.history import Row
from litekeep.model import Level, Reason, Snapshot
from litekeep.operations.anomaly import anomalies
from litekeep.operations.status import Protection, Status, Verdict
from litekeep.scheduling.task import NextRun, Phase
from litekeep.ui.presenter.facts import End, Outcome, ViewFacts, Work
from ui.presenter.made import NOW, at, facts, run, settings, snap

MB = 1_000_000
LAST, TESTED = at("2026-09-24"), at("2026-09-23")
TABLES = (("audit_log", 98_412), ("employees", 214), ("medical_visits", 1482), ("training", 611))


def status(verdict: Verdict = Verdict.HEALTHY, **given: Any) -> Status:
    """With a backup of last night and a test of yesterday."""
    values: dict[str, Any] = {"protection": Protection.AT_RISK, "sentence": "Not shown."}
    return Status("employees", verdict, **{**values, "last_good_at": LAST, "drilled_at": TESTED, **given})


def history() -> tuple[tuple[Snapshot, ...], tuple[Row, ...]]:
    """Nine months: what the rules left of a backup a day, and the journal of all runs; some missed, some failed."""
    kept: list[Snapshot] = []
    rows: list[Row] = []
    for ago in range(280, -1, -1):
        moment = LAST - timedelta(days=ago)
        size = (48_300_032 - ago * 61_000) // 4096 * 4096
        if ago in (51, 52):
            continue
        if ago in (30, 102):
            rows.append(run(moment.isoformat()[:16]))
            continue
        new = 57_300 + ago * 7919 % 800_000
        sizes: dict[str, Any] = {"size_bytes": size, "new_bytes": new}
        rows.append(Row(moment, "backup", "app", Ended.OK, 0, elapsed_seconds=1.4, facts=sizes))
        daily, weekly, monthly = ago < 30, ago < 90 and moment.weekday() == 6, moment.day == 1
        if daily or weekly or monthly or ago == 280:
            kept.append(_kept(len(kept) + 1, ago, size=size, new_bytes=new))
    rows.append(Row(TESTED + timedelta(minutes=9), "drill", "app", Ended.OK, 0))
    rows.append(Row(at("2026-09-20T03:00"), "prune", "app", Ended.OK, 0, facts={"trashed": 4}))
    return tuple(kept), tuple(sorted(rows, key=lambda row: row.at, reverse=True))


def _kept(sequence: int, ago: int, **given: Any) -> Snapshot:
    if ago == 2:
        given |= {"reason": Reason.PRE_OPERATION, "label": "import"}
    if ago == 4:
        given |= {"reason": Reason.MANUAL, "label": "before payroll", "pinned": True}
    if ago == 8:
        given |= {"reason": Reason.PRE_MIGRATION, "label": "migration"}
    return snap(sequence, LAST - timedelta(days=ago), tables=TABLES, user_version=42, **given)


KEPT, ROWS = history()


def of(state: Status | None, snapshots: tuple[Snapshot, ...] = KEPT, **given: Any) -> ViewFacts:
    """Facts with the history, the space and the next runs of a healthy database."""
    ahead = NOW + timedelta(hours=6, minutes=14)
    planned = (NextRun("drill", Phase.PLANNED, NOW, NOW), NextRun("backup", Phase.PLANNED, ahead, ahead))
    values: dict[str, Any] = {
        "rows": ROWS,
        "next_runs": planned,
        "space_bytes": 41_800_000,
        "free_bytes": 210_000 * MB,
        "database_bytes": 48_300_032,
        "plan_frees_bytes": 6_100_000,
        "editable": True,
        **given,
    }
    return replace(facts(snapshots, status=state, **values), name="employees")


def since(days: int) -> tuple[Snapshot, ...]:
    """Those that were there so many days ago."""
    return tuple(each for each in KEPT if each.created_at <= LAST - timedelta(days=days))


def rows_since(days: int) -> tuple[Row, ...]:
    """The journal up to so many days ago."""
    return tuple(row for row in ROWS if row.at <= LAST - timedelta(days=days))


SAFE = status(protection=Protection.PROTECTED)
HEALTHY = of(SAFE)
_DAMAGED = tuple(replace(each, damage=("block 3",)) if each is KEPT[-4] else each for each in KEPT)
_LOST = "; ".join(anomalies([("employees", 214), ("audit_log", 98_412)], [("employees", 0), ("audit_log", 200)]))
_ODD = (*KEPT[:-1], replace(KEPT[-1], anomaly=_LOST, pinned=True))
_STOPPED = Row(at("2026-09-24T03:00"), "prune", "app", Ended.REFUSED, 6, message="would remove 22 of 63")

STATES: dict[str, ViewFacts] = {
    "loading": facts(),
    "never": of(
        status(Verdict.NEVER, last_good_at=None, drilled_at=None), (), rows=(), space_bytes=0, plan_frees_bytes=None
    ),
    "healthy": HEALTHY,
    "unproven": of(status(Verdict.UNPROVEN, protection=Protection.PROTECTED, drilled_at=None)),
    "unverified": of(
        status(Verdict.UNPROVEN, last_good_at=TESTED), (*KEPT[:-1], replace(KEPT[-1], verified=Level.NONE))
    ),
    "overdue": of(status(Verdict.OVERDUE, last_good_at=at("2026-09-21")), since(3), rows=rows_since(3)),
    "failing": of(status(Verdict.FAILING, last_good_at=TESTED), since(1), rows=(run("2026-09-24"), *rows_since(1))),
    "damaged": of(status(Verdict.DAMAGED), _DAMAGED),
    "unsound": of(status(Verdict.FAILING, last_good_at=TESTED), (*KEPT[:-1], replace(KEPT[-1], problems=("row 7",)))),
    "missing": of(status(Verdict.REPOSITORY_MISSING), (), space_bytes=None, free_bytes=None, plan_frees_bytes=None),
    "busy": of(status(Verdict.RUNNING, protection=Protection.PROTECTED)),
    "paused": of(SAFE, paused=True),
    "suspicious": of(SAFE, _ODD),
    "review": of(
        SAFE, rows=(_STOPPED, *ROWS), settings=settings(retention_days=7, retention_weeks=2, retention_months=3)
    ),
    "running": replace(HEALTHY, work=Work("backup", NOW - timedelta(seconds=5), "capture", 29, 100, "pages")),
    "verifying": replace(
        HEALTHY, work=Work("verify", NOW - timedelta(seconds=20), "check", 1, 2, at=12, of=len(KEPT), about=KEPT[-12])
    ),
    "testing": replace(HEALTHY, work=Work("drill", NOW - timedelta(seconds=5), "rebuild", 60, 100, "pages")),
    "restoring": replace(HEALTHY, work=Work("restore", NOW, "restore", 40, 100, "pages", about=KEPT[-2])),
    "undoing": replace(HEALTHY, work=Work("undo", NOW, "restore", 1, 3, "pages")),
    "exporting": replace(HEALTHY, work=Work("export", NOW, "rebuild", 30, 100, "pages", about=KEPT[-2])),
    "cleaning": replace(HEALTHY, work=Work("prune", NOW, "plan")),
    "waiting": replace(HEALTHY, work=Work("backup", NOW, waiting=True)),
    "cancelling": replace(HEALTHY, work=Work("backup", NOW, "store", 2, 5, cancelling=True)),
}
"""Each state of the hero, by a name."""

OUTCOMES: dict[str, ViewFacts] = {
    "made": replace(HEALTHY, outcome=Outcome("backup", End.DONE, NOW, about=KEPT[-1], checked=1)),
    "restored": replace(HEALTHY, outcome=Outcome("restore", End.DONE, NOW, about=KEPT[-2], undoable=True, checked=1)),
    "saved": replace(
        HEALTHY, outcome=Outcome("restore", End.DONE, NOW, about=KEPT[-2], target="/home/ana/Documents/monday.db")
    ),
    "stopped": replace(HEALTHY, outcome=Outcome("backup", End.CANCELLED, NOW)),
    "full": replace(
        STATES["failing"],
        outcome=Outcome(
            "backup",
            End.FAILED,
            NOW,
            "no room left on the drive: 12 MB free, 48 MB needed",
            "Nothing was changed in your data.",
            "Free some space.",
            "no_space",
            'Traceback (most recent call last):\n  File "write.py", line 88, in write\nOSError: [Errno 28]',
        ),
    ),
    "checked": replace(
        STATES["damaged"],
        outcome=Outcome("verify", End.DONE, NOW, checked=62, problems=("0000002f: block 3 is damaged",)),
    ),
}
"""Each kind of card."""
