"""The table of all backups, and of the runs that should have made one: rows, filter, search and order."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache

from litekeep.journal.history import Outcome, Row
from litekeep.model import Snapshot
from litekeep.retention import Decision
from litekeep.ui.language.words import Language, phrase
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import Column, Filter, HistoryRow, Tone
from litekeep.ui.presenter.reasons import MARKS, NONE, kept_text, reason_text, run_reason, run_text, status_text
from litekeep.ui.presenter.runs import BACKUP, is_failed, is_left_out, own_rows

TITLES = {
    Column.DATE: phrase("Date"),
    Column.REASON: phrase("Reason"),
    Column.SIZE: phrase("Size"),
    Column.ADDED: phrase("Added"),
    Column.KEPT: phrase("Kept as"),
    Column.STATUS: phrase("Status"),
}
COLUMNS = tuple(Column)
_PLACES = {column: place for place, column in enumerate(COLUMNS)}
_SHORTEST_ID = 6
"""A word of the search that may be the beginning of an identifier has at least so many characters."""
_LEAST_RANK, _NO_SIZE = 99.0, -1.0


def history(facts: ViewFacts, say: Language) -> tuple[HistoryRow, ...]:
    """All backups outside the trash and the runs that made none, newest first."""
    decisions, waits = _decisions(facts)
    writer = _Writer(facts.now, say, waits=waits)
    rows = [writer.backup(each, decisions.get(each.id)) for each in facts.snapshots]
    rows += [_run_row(key, row, facts.now, say) for key, row in runs_without_backup(facts)]
    rows.sort(key=lambda row: row.keys[0], reverse=True)
    return tuple(rows)


def trash(facts: ViewFacts, say: Language) -> tuple[HistoryRow, ...]:
    """The backups in the trash, the last deleted one first. Their status tells when they are gone for good."""
    days = facts.settings.retention.trash_days
    decisions, _ = _decisions(facts)
    found = [(each.trashed_at, each) for each in facts.trash if each.trashed_at is not None]
    found.sort(key=lambda pair: pair[0].timestamp(), reverse=True)
    writer = _Writer(facts.now, say)
    return tuple(writer.trashed(each, at, days, decisions.get(each.id)) for at, each in found)


def filtered(rows: Iterable[HistoryRow], choice: Filter, search: str = "") -> tuple[HistoryRow, ...]:
    """The rows of a filter that hold every word of the search, in any cell; accents and case do not matter.

    Only Filter.TRASH shows what is in the trash.
    """
    words = _plain(search).split()
    return tuple(row for row in rows if _passes(row, choice) and (not words or _holds(row, words)))


def ordered(rows: Iterable[HistoryRow], column: Column, *, descending: bool) -> tuple[HistoryRow, ...]:
    """By a column; rows that are equal in it keep their order."""
    place = _PLACES[column]
    return tuple(sorted(rows, key=lambda row: row.keys[place], reverse=descending))


def titles(say: Language) -> tuple[str, ...]:
    """The heads of the columns."""
    return tuple(say(TITLES[column]) for column in COLUMNS)


def runs_without_backup(facts: ViewFacts) -> Iterator[tuple[str, Row]]:
    """The runs of this database's journal that should have made a backup and did not, newest first, each with its key.

    Left out are those that found nothing to do, those that a person stopped, and what the scheduler says about a run
    that told its failure itself.
    """
    mine = [row for row in own_rows(facts) if row.verb == BACKUP]
    seen: dict[str, int] = {}
    for place, row in enumerate(mine):
        if not _made_none(row) or _told_twice(row, mine[place + 1 : place + 2]):
            continue
        key = f"run:{row.at.isoformat()}"
        seen[key] = seen.get(key, 0) + 1
        yield (key if seen[key] == 1 else f"{key}:{seen[key]}"), row


def _made_none(row: Row) -> bool:
    return (is_failed(row) or is_left_out(row)) and not row.facts.get("snapshot")


def _told_twice(row: Row, older: Sequence[Row]) -> bool:
    """ "given up until it is due again: disk full" right after "disk full"."""
    if row.outcome is not Outcome.FAILED or not older or older[0].outcome is not Outcome.FAILED:
        return False
    before = older[0].message
    return bool(before) and row.message != before and row.message.endswith(before) and row.code == older[0].code


def _decisions(facts: ViewFacts) -> tuple[dict[str, Decision], bool]:
    if facts.plan is None:
        return {}, False
    return {each.snapshot.id: each for each in facts.plan.decisions}, facts.plan.needs_confirmation


class _Writer:
    """Writes the cells of backups; what thousands of them have in common is worded once."""

    def __init__(self, now: datetime, say: Language, *, waits: bool = False) -> None:
        self._now = now
        self._say = say
        self._waits = waits
        self._reasons: dict[tuple[str, str], tuple[str, str]] = {}
        self._kept: dict[tuple[object, ...], tuple[int, str]] = {}
        self._statuses: dict[tuple[object, ...], tuple[Tone, int, str]] = {}
        self._sizes: dict[int, str] = {}
        self._days: dict[date, str] = {}
        self._times: dict[tuple[int, int], str] = {}

    def backup(self, snapshot: Snapshot, decision: Decision | None) -> HistoryRow:
        """The row of a backup outside the trash."""
        tone, rank, status = self._status(snapshot)
        return self._row(snapshot, self._kept_as(snapshot, decision), tone, (rank, status))

    def trashed(self, snapshot: Snapshot, deleted: datetime, days: int, decision: Decision | None) -> HistoryRow:
        """The row of one in the trash. days: how long it stays there."""
        say = self._say
        kept = (0, say("Pinned")) if snapshot.pinned else (1, say("In the trash"))
        tone = Tone.BAD if snapshot.damage else Tone.CALM
        return self._row(snapshot, kept, tone, _gone_text(deleted, days, decision, self._now, say))

    def _row(self, snapshot: Snapshot, kept: tuple[int, str], tone: Tone, status: tuple[float, str]) -> HistoryRow:
        """kept and status with their sort keys."""
        size, moment = snapshot.database.size_bytes, snapshot.created_at
        reason, reason_key = self._reason(snapshot)
        return HistoryRow(
            key=snapshot.id,
            snapshot_id=snapshot.id,
            tone=tone,
            mark=MARKS[tone],
            cells=(
                self._moment(moment),
                reason,
                self._size(size),
                self._size(snapshot.new_bytes),
                kept[1],
                status[1],
            ),
            keys=(moment.timestamp(), reason_key, size, snapshot.new_bytes, kept[0], status[0]),
            pinned=snapshot.pinned,
            in_trash=snapshot.trashed_at is not None,
        )

    def _moment(self, moment: datetime) -> str:
        """As Language.moment."""
        there = moment.astimezone(self._now.tzinfo)
        day, time = there.date(), (there.hour, there.minute)
        if day not in self._days:
            self._days[day] = self._say.date(day)
        if time not in self._times:
            self._times[time] = self._say.time(moment, self._now)
        return f"{self._days[day]} {self._times[time]}"

    def _reason(self, snapshot: Snapshot) -> tuple[str, str]:
        known = self._reasons.get((snapshot.reason, snapshot.label))
        if known is None:
            text = reason_text(snapshot, self._say)
            known = self._reasons[snapshot.reason, snapshot.label] = text, _plain(text)
        return known

    def _kept_as(self, snapshot: Snapshot, decision: Decision | None) -> tuple[int, str]:
        codes = None if decision is None else decision.codes
        key = (codes, snapshot.pinned, snapshot.reason)
        known = self._kept.get(key)
        if known is None:
            known = self._kept[key] = kept_text(snapshot, decision, self._say, waits=self._waits)
        return known

    def _status(self, snapshot: Snapshot) -> tuple[Tone, int, str]:
        drilled = snapshot.drilled_at is not None
        faults = bool(snapshot.damage), bool(snapshot.problems), bool(snapshot.anomaly)
        key = (snapshot.verified, drilled, faults)
        known = self._statuses.get(key)
        if known is None:
            known = self._statuses[key] = status_text(snapshot, self._say)
        return known

    def _size(self, size_bytes: int) -> str:
        known = self._sizes.get(size_bytes)
        if known is None:
            known = self._sizes[size_bytes] = self._say.size(size_bytes)
        return known


def _run_row(key: str, row: Row, now: datetime, say: Language) -> HistoryRow:
    tone, rank, status = run_text(row, say)
    reason = run_reason(row, say)
    return HistoryRow(
        key=key,
        snapshot_id="",
        tone=tone,
        mark=MARKS[tone],
        cells=(say.moment(row.at, now), reason, NONE, NONE, NONE, status),
        keys=(row.at.timestamp(), _plain(reason), _NO_SIZE, _NO_SIZE, _LEAST_RANK, rank),
    )


def _gone_text(
    deleted: datetime, days: int, decision: Decision | None, now: datetime, say: Language
) -> tuple[float, str]:
    """When it goes for good, with a sort key: "Deleted yesterday, gone for good in 6 days"."""
    when = say.when(deleted, now)
    left = deleted.timestamp() + timedelta(days=days).total_seconds() - now.timestamp()
    if decision is not None and decision.keep and (decision.snapshot.pinned or left <= 0):
        return left, say("Deleted {when}, stays in the trash", when=when)
    if left <= 0:
        return left, say("Deleted {when}, gone for good at the next clean-up", when=when)
    whole = -(-int(left) // 86_400) or 1
    return left, say.plural(
        "Deleted {when}, gone for good in {n} day", "Deleted {when}, gone for good in {n} days", whole, when=when
    )


def _passes(row: HistoryRow, choice: Filter) -> bool:
    if choice is Filter.TRASH or row.in_trash:
        return row.in_trash and choice is Filter.TRASH
    if choice is Filter.PINNED:
        return row.pinned
    return choice is Filter.ALL or row.tone in (Tone.WARN, Tone.BAD)


def _holds(row: HistoryRow, words: Sequence[str]) -> bool:
    text = "\n".join(map(_plain, row.cells))
    return all(
        word in text or (len(word) >= _SHORTEST_ID and bool(row.snapshot_id) and row.snapshot_id.startswith(word))
        for word in words
    )


@lru_cache(maxsize=65_536)
def _plain(text: str) -> str:
    """Without case, accents and special spaces, so that what people type finds what is shown."""
    if text.isascii():
        return text.casefold()
    parts = unicodedata.normalize("NFKD", text)
    return "".join(each for each in parts if not unicodedata.combining(each)).casefold()
