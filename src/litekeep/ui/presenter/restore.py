"""The restore panel: what a restore would change, in numbers and in one sentence, and the two ways to do it."""

from __future__ import annotations

from litekeep.model import Level, Snapshot
from litekeep.operations.preview import Preview
from litekeep.ui.language.words import Language
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import Difference, RestoreModel, Tone
from litekeep.ui.presenter.reasons import NONE

MOST_NAMED = 3
"""So many tables are named in the sentence, those with the greatest changes."""

_Counts = tuple[str, int | None, int | None]


def restore_panel(chosen: Snapshot | str, preview: Preview | None, facts: ViewFacts, say: Language) -> RestoreModel:
    """The panel for a backup, or for a file (its name, as text). preview None: it is still being counted."""
    known = preview is not None and (preview.now is not None or not preview.exists)
    counts = _sorted(preview) if preview else []
    return RestoreModel(
        title=_title(chosen, facts, say),
        sub=_sub(chosen, preview, facts, say),
        differences=None if preview is None else tuple(_difference(each, say, known=known) for each in counts),
        note=_note(preview, say),
        summary=_summary(preview, counts, say),
        replace_text=say("Replace the current data"),
        replace_sub=_replace_sub(preview, say),
        save_text=say("Save as a separate file…"),
        save_sub=say("Nothing in the application changes."),
        go_replace=say("Restore"),
        go_save=say("Save as…"),
        needs_acceptance=_acceptance(chosen, preview, say),
    )


def _title(chosen: Snapshot | str, facts: ViewFacts, say: Language) -> str:
    if isinstance(chosen, str):
        return say("Restore from the file {name}", name=say.quoted(chosen))
    day = say.date(chosen.created_at.astimezone(facts.now.tzinfo).date())
    time = say.time(chosen.created_at, facts.now)
    return say("Restore the backup of {date} at {time}", date=day, time=time)


def _sub(chosen: Snapshot | str, preview: Preview | None, facts: ViewFacts, say: Language) -> str:
    if isinstance(chosen, str):
        return say.size(preview.size_bytes) if preview else ""
    parts = [_proof(chosen, facts, say), say.size(chosen.database.size_bytes)]
    newest = facts.snapshots[-1].database.user_version if facts.snapshots else 0
    version = chosen.database.user_version
    if version == newest and version:
        parts.append(say("schema version {version}", version=version))
    elif version or newest:
        parts.append(say("schema version {version} (newest backup: {newest})", version=version, newest=newest))
    return " · ".join(parts)


def _proof(snapshot: Snapshot, facts: ViewFacts, say: Language) -> str:
    if snapshot.damage:
        return say("Damaged")
    if snapshot.drilled_at is not None:
        return say("Test restore passed {when}", when=say.when(snapshot.drilled_at, facts.now))
    if snapshot.verified is Level.NONE:
        return say("Not verified")
    if snapshot.verified_at is None:
        return say("Verified")
    return say("Verified {when}", when=say.when(snapshot.verified_at, facts.now))


def _sorted(preview: Preview) -> list[_Counts]:
    """Without SQLite's own tables; the greatest changes first, then by name."""
    rows = [each for each in preview.differences() if not each[0].startswith("sqlite_")]
    if preview.now is None:
        return sorted(rows, key=lambda each: (-(each[2] or 0), each[0]))
    return sorted(rows, key=lambda each: (each[1] == each[2], -abs((each[2] or 0) - (each[1] or 0)), each[0]))


def _difference(counts: _Counts, say: Language, *, known: bool) -> Difference:
    name, now, after = counts
    shown = [NONE if count is None else say.number(count) for count in (now, after)]
    if not known:
        return Difference(name, NONE, shown[1], "", Tone.CALM)
    if now is None:
        return Difference(name, shown[0], shown[1], say("new"), Tone.OK)
    if after is None:
        return Difference(name, shown[0], shown[1], say("goes"), Tone.WARN)
    change = after - now
    if change == 0:
        return Difference(name, shown[0], shown[1], "=", Tone.CALM)
    text = f"+{say.number(change)}" if change > 0 else say.number(change)
    return Difference(name, shown[0], shown[1], text, Tone.OK if change > 0 else Tone.WARN)


def _note(preview: Preview | None, say: Language) -> str:
    if preview is None:
        return say("Counting what would change…")
    if not preview.exists:
        return say("There is no database now; nothing is replaced.")
    if preview.now is None:
        return say("The current data cannot be counted: {why}.", why=preview.why.rstrip("."))
    return ""


def _replace_sub(preview: Preview | None, say: Language) -> str:
    if preview is not None and not preview.exists:
        return say("There is no database now; the backup takes its place.")
    return say("A safety copy of the current data is made first, so you can undo this.")


def _summary(preview: Preview | None, counts: list[_Counts], say: Language) -> str:
    """ "5 rows of employees will come back and 2 rows of audit_log will go."."""
    if preview is None:
        return ""
    if preview.now is None:
        rows = say.plural("{n} row", "{n} rows", sum(after or 0 for _, _, after in counts))
        tables = say.plural("{n} table", "{n} tables", sum(after is not None for _, _, after in counts))
        return say("After the restore: {tables} with {rows}.", tables=tables, rows=rows)
    changed = [each for each in counts if each[1] != each[2]]
    if not changed:
        return say("Every table has as many rows as now; what changed inside the rows comes back.")
    parts = [_change_text(*each, say=say) for each in changed[:MOST_NAMED]]
    more = len(changed) - MOST_NAMED
    if more > 0:
        parts.append(say.plural("{n} more table changes", "{n} more tables change", more))
    return f"{say.begun(say.listed(parts))}."


def _change_text(name: str, now: int | None, after: int | None, *, say: Language) -> str:
    if now is None:
        return say.plural(
            "the table {table} will come back with {n} row",
            "the table {table} will come back with {n} rows",
            after or 0,
            table=name,
        )
    if after is None:
        return say.plural(
            "the table {table} with {n} row will go", "the table {table} with {n} rows will go", now, table=name
        )
    if after > now:
        return say.plural(
            "{n} row of {table} will come back", "{n} rows of {table} will come back", after - now, table=name
        )
    return say.plural("{n} row of {table} will go", "{n} rows of {table} will go", now - after, table=name)


def _acceptance(chosen: Snapshot | str, preview: Preview | None, say: Language) -> str:
    problems = list(preview.problems if preview else ())
    if isinstance(chosen, Snapshot):
        problems = [*chosen.problems, *(each for each in problems if each not in chosen.problems)]
    if not problems:
        return ""
    more = len(problems) - 1
    if more:
        return say.plural(
            "This backup holds a database with problems: {problem}, and {n} more. Restore it all the same",
            "This backup holds a database with problems: {problem}, and {n} more. Restore it all the same",
            more,
            problem=problems[0],
        )
    return say("This backup holds a database with a problem: {problem}. Restore it all the same", problem=problems[0])
