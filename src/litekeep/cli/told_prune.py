"""What prune says: the plan with its reasons, what was done, and what waits for a yes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litekeep.cli import describe, words
from litekeep.cli.session import Session
from litekeep.retention import Code, RetentionPlan, RetentionPolicy

if TYPE_CHECKING:
    from litekeep.operations.prune import PrunePlan, PruneResult

_COUNTED = {
    Code.DAILY: "daily",
    Code.WEEKLY: "weekly",
    Code.MONTHLY: "monthly",
    Code.LAST: "last",
    Code.OLDEST: "oldest",
    Code.MANUAL: "by hand",
    Code.PINNED: "pinned",
    Code.SAFETY_COPY: "safety copies",
    Code.UNSOUND: "not sound",
    Code.MISDATED: "misdated",
    Code.FUTURE: "from the future",
}


def tell_plan(session: Session, plan: PrunePlan) -> None:
    """For every database: how many stay and by which rules, which go; with -v every backup and its reasons."""
    out = session.out
    for source, decided in plan.retention:
        counts = decided.counts()
        rules = ", ".join(f"{counts[code]} {name}" for code, name in _COUNTED.items() if code in counts)
        out.line(source)
        out.line(f"  keep {len(decided.kept)}" + (f"  ({rules}; a backup may count twice)" if rules else ""))
        if decided.trashed:
            out.line(f"  leave {len(decided.trashed)} in the trash")
        for verb, snapshots in (("put into the trash", decided.removed), ("remove for good", decided.expired)):
            if snapshots:
                first, last = words.local_day(snapshots[-1].created_at), words.local_day(snapshots[0].created_at)
                out.line(f"  {verb} {len(snapshots)}, made {first}" + (f" to {last}" if first != last else ""))
        if not decided.changes:
            out.line("  nothing to remove")
        _tell_decisions(session, decided)
        for text in (*decided.brake, *decided.hold) if decided.changes else ():
            out.care(f"waits for a yes: {text}")
    out.line(
        f"Stored: {words.size(plan.stored_bytes)}; about {words.size(plan.reclaimable_bytes)} can be given back now."
    )


def _tell_decisions(session: Session, decided: RetentionPlan) -> None:
    for decision in decided.decisions:
        if session.verbose or not decision.keep:
            sign = "keep  " if decision.keep else "remove"
            when = words.local(decision.snapshot.created_at)
            reasons = "; ".join(decision.reasons)
            session.out.line(f"    {sign}  {decision.snapshot.short_id}  {when}  {reasons}")


def tell_result(session: Session, result: PruneResult) -> None:
    """What went where, and what it gave back."""
    out, days = session.out, RetentionPolicy().trash_days
    if result.trashed:
        out.good(f"Put {words.count(len(result.trashed), 'backup')} into the trash, recoverable for {days} days")
    if result.forgotten:
        out.good(f"Removed {words.count(len(result.forgotten), 'backup')} for good")
    if not (result.trashed or result.forgotten or result.waiting or result.kept_by_lock):
        out.good("Nothing to remove")
    if result.freed_bytes > 0 or session.verbose:
        freed = words.size(max(0, result.freed_bytes))
        out.good(f"Gave back {freed}; the packs take {words.size(result.stored_bytes)} now")


def tell_waiting(session: Session, result: PruneResult) -> None:
    """Which databases were left alone, why, and what to do."""
    for source, reasons in result.waiting:
        session.out.care(f"Nothing of {source} was removed: this waits for a yes")
        for text in reasons:
            session.out.line(f"  {text}")
    if result.waiting:
        session.out.line("  Look at the plan with `litekeep prune --dry-run`; `litekeep prune --yes` carries it out.")


def plan_json(plan: PrunePlan) -> dict[str, Any]:
    """The plan for programs."""
    return {
        "sources": [
            {
                "source": source,
                "needs_confirmation": decided.needs_confirmation,
                "brake": list(decided.brake),
                "hold": list(decided.hold),
                "decisions": [
                    {
                        "id": decision.snapshot.id,
                        "created_at": describe.moment_json(decision.snapshot.created_at),
                        "in_trash": decision.snapshot.trashed_at is not None,
                        "keep": decision.keep,
                        "reasons": [{"code": why.code.value, "text": why.text} for why in decision.whys],
                    }
                    for decision in decided.decisions
                ],
            }
            for source, decided in plan.retention
        ],
        "reclaimable_bytes": plan.reclaimable_bytes,
        "stored_bytes": plan.stored_bytes,
    }
