"""The pane beside the table: everything about one backup, or about a run that made none."""

from __future__ import annotations

from datetime import timedelta

from litekeep.journal.history import Outcome, Row
from litekeep.model import Level, Snapshot
from litekeep.retention import Decision
from litekeep.ui.language.words import Language
from litekeep.ui.presenter.causes import explain
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.history import runs_without_backup
from litekeep.ui.presenter.losses import losses_text
from litekeep.ui.presenter.models import Detail, DetailLine, TableCount, Tone
from litekeep.ui.presenter.reasons import reason_text, run_reason, run_text, status_text
from litekeep.ui.presenter.whys import waiting_reasons, whys_of

MOST_PROBLEMS = 5
LATE = timedelta(minutes=10)
"""A scheduled backup that was made so long after its time says when it was planned."""


def detail(key: str, facts: ViewFacts, say: Language) -> Detail | None:
    """Of the row with that key (HistoryRow.key; for a backup its identifier); None if it is not there any more."""
    snapshot = next((each for each in (*facts.snapshots, *facts.trash) if each.id == key), None)
    if snapshot is not None:
        return _of_backup(snapshot, facts, say)
    row = next((row for known, row in runs_without_backup(facts) if known == key), None)
    return None if row is None else _of_run(row, facts, say)


def _of_backup(snapshot: Snapshot, facts: ViewFacts, say: Language) -> Detail:
    in_trash = snapshot.trashed_at is not None
    decision = _decision(snapshot, facts)
    whys: tuple[str, ...] = ()
    if decision is not None and facts.plan is not None:
        whys = whys_of(decision, facts.now, say)
        if not decision.keep:
            waits = waiting_reasons(facts.plan, facts.settings.retention, facts.now, say)
            whys += (say("The clean-up asks you first."), *waits) if waits else ()
    return Detail(
        title=say.begun(say.when(snapshot.created_at, facts.now)),
        lines=tuple(_lines(snapshot, facts, say)),
        whys_title=_whys_title(decision, in_trash=in_trash, say=say),
        whys=whys,
        tables_title=say("Tables"),
        tables=_tables(snapshot, say),
        tables_note=_tables_note(snapshot, say),
        in_trash=in_trash,
    )


def _decision(snapshot: Snapshot, facts: ViewFacts) -> Decision | None:
    if facts.plan is None:
        return None
    return next((each for each in facts.plan.decisions if each.snapshot.id == snapshot.id), None)


def _whys_title(decision: Decision | None, *, in_trash: bool, say: Language) -> str:
    if decision is not None and not decision.keep:
        return say("Why it goes")
    return say("Why it is in the trash") if in_trash else say("Why it is kept")


def _lines(snapshot: Snapshot, facts: ViewFacts, say: Language) -> list[DetailLine]:
    now, made = facts.now, snapshot.created_at
    tone, _, status = status_text(snapshot, say)
    lines = [
        DetailLine(say("Status"), status, tone),
        DetailLine(say("Made"), f"{say.moment(made, now)} ({say.ago(made, now)})"),
    ]
    if snapshot.slot is not None and made.timestamp() - snapshot.slot.timestamp() > LATE.total_seconds():
        lines.append(DetailLine(say("Planned for"), say.moment(snapshot.slot, now)))
    lines.append(DetailLine(say("Reason"), reason_text(snapshot, say)))
    if snapshot.trashed_at is not None:
        lines.append(DetailLine(say("Deleted"), say.begun(say.when(snapshot.trashed_at, now))))
    lines += _amounts(snapshot, say)
    lines += _proofs(snapshot, facts, say)
    lines += _faults(snapshot, say)
    lines.append(DetailLine(say("Identifier"), snapshot.short_id))
    return lines


def _amounts(snapshot: Snapshot, say: Language) -> list[DetailLine]:
    lines = [
        DetailLine(say("Size"), say.size(snapshot.database.size_bytes)),
        DetailLine(say("Added"), say.size(snapshot.new_bytes)),
        DetailLine(say("Changed since the one before"), _changed(snapshot, say)),
    ]
    if snapshot.database.user_version:
        lines.append(DetailLine(say("Schema version"), str(snapshot.database.user_version)))
    return lines


def _changed(snapshot: Snapshot, say: Language) -> str:
    """The share of pages that the one before does not have; the first one has no one before."""
    if snapshot.sequence == 1 and snapshot.parent is None:
        return say("first backup")
    pages, changed = snapshot.database.page_count, snapshot.changed_pages
    if not changed or not pages:
        return say("nothing")
    percent = 100 * min(changed, pages) / pages
    if percent < 0.1:
        return say("less than {n} % of its pages", n=say.number(0.1, 1))
    return say("{n} % of its pages", n=say.number(percent, 1 if percent < 10 else 0))


def _proofs(snapshot: Snapshot, facts: ViewFacts, say: Language) -> list[DetailLine]:
    now = facts.now
    if snapshot.verified is Level.NONE:
        verified = DetailLine(say("Verified"), say("not yet"), Tone.WARN)
    else:
        when = say.when(snapshot.verified_at, now) if snapshot.verified_at else ""
        partly = snapshot.verified is Level.WRITTEN
        how = say("what it wrote, read back") if partly else say("every page, read back")
        verified = DetailLine(say("Verified"), f"{say.begun(when)} · {how}" if when else say.begun(how), Tone.OK)
    if snapshot.drilled_at is None:
        tested = DetailLine(say("Test restore"), say("not yet"))
    else:
        tested = DetailLine(say("Test restore"), say("passed {when}", when=say.when(snapshot.drilled_at, now)), Tone.OK)
    return [verified, tested]


def _faults(snapshot: Snapshot, say: Language) -> list[DetailLine]:
    lines = [DetailLine(say("Damage"), text, Tone.BAD) for text in _first(snapshot.damage, say)]
    lines += [DetailLine(say("Problem in the database"), text, Tone.WARN) for text in _first(snapshot.problems, say)]
    if snapshot.anomaly:
        lines.append(
            DetailLine(say("Unusual change after it"), "; ".join(losses_text(snapshot.anomaly, say)), Tone.WARN)
        )
    return lines


def _first(texts: tuple[str, ...], say: Language) -> list[str]:
    """A damaged database can have a hundred problems."""
    more = len(texts) - MOST_PROBLEMS
    return [*texts[:MOST_PROBLEMS], *([say.plural("and {n} more", "and {n} more", more)] if more > 0 else [])]


def _tables(snapshot: Snapshot, say: Language) -> tuple[TableCount, ...]:
    """The largest first, without those of SQLite itself."""
    counts = [(name, rows) for name, rows in snapshot.tables or () if not name.startswith("sqlite_")]
    counts.sort(key=lambda each: (-each[1], each[0]))
    return tuple(TableCount(name, say.number(rows)) for name, rows in counts)


def _tables_note(snapshot: Snapshot, say: Language) -> str:
    if snapshot.tables is None:
        return say("Counted at the next full verification.")
    counts = [rows for name, rows in snapshot.tables if not name.startswith("sqlite_")]
    if not counts:
        return say("This database has no tables.")
    rows = say.plural("{n} row", "{n} rows", sum(counts))
    return say.plural("{n} table, {rows}", "{n} tables, {rows}", len(counts), rows=rows)


def _of_run(row: Row, facts: ViewFacts, say: Language) -> Detail:
    tone, _, status = run_text(row, say)
    lines = [
        DetailLine(say("Status"), status, tone),
        DetailLine(say("When"), f"{say.moment(row.at, facts.now)} ({say.ago(row.at, facts.now)})"),
        DetailLine(say("Reason"), run_reason(row, say)),
    ]
    if row.elapsed_seconds >= 1:
        lines.append(DetailLine(say("Took"), say.span(timedelta(seconds=row.elapsed_seconds))))
    if row.outcome in (Outcome.FAILED, Outcome.REFUSED):
        cause = explain(row.code, row.verb, say)
        told = ((say("What happened"), cause.what), (say("What is safe"), cause.safe), (say("What to do"), cause.hint))
        lines += [DetailLine(name, text) for name, text in told if text]
    if row.message:
        lines.append(DetailLine(say("In detail"), row.message))
    return Detail(
        title=say.begun(say.when(row.at, facts.now)),
        lines=tuple(lines),
        whys_title="",
        whys=(),
        tables_title="",
        tables=(),
        tables_note=say("No backup was made by this run."),
        in_trash=False,
    )
