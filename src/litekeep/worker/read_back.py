"""After a scheduled backup: read a part of what is stored, so that within 30 days every byte was read (coverage)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from litekeep.clock import SystemClock
from litekeep.errors import VerificationFailed
from litekeep.journal.history import Outcome, Row
from litekeep.monitor import Monitor
from litekeep.operations.coverage import shares_due
from litekeep.operations.scrub import ScrubReport, scrub
from litekeep.worker.jobs import Place, recorded

VERB = "scrub"


def last_read(rows: Iterable[Row]) -> dict[int, datetime]:
    """When each share was last read without damage, from the journal."""
    found: dict[int, datetime] = {}
    for row in sorted(rows, key=lambda row: row.at):
        if row.verb == VERB and row.outcome is Outcome.OK:
            for word in str(row.facts.get("shares", "")).split():
                if word.isdecimal():
                    found[int(word)] = row.at
    return found


def read_back(place: Place, monitor: Monitor) -> ScrubReport | None:
    """Read the shares that are due; None if none are. Damage is in the report and in the journal.

    Raises Locked never: reading needs no lock. StorageError, Cancelled.
    """
    clock = SystemClock()
    shares = shares_due(last_read(place.journal().rows()), clock.now())
    if not shares:
        return None
    with recorded(place, VERB, clock, monitor) as (row, told):
        row.facts["shares"] = " ".join(map(str, shares))
        report = scrub(place.open(clock), shares=shares, clock=clock, monitor=told)
        row.facts["objects"] = report.objects
        if report.damaged:
            row.outcome, row.exit_code = Outcome.FAILED, VerificationFailed.exit_code
            row.code = VerificationFailed.code
            row.message = "; ".join(f"{each.key}: {each.problem}" for each in report.damaged[:3])
            told.event("warning", code="damaged", message=row.message)
    return report
