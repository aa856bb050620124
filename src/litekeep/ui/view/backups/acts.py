"""What can be done with the selected backups, and how it is called. Pure: facts in, values out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from litekeep.model import Level, Snapshot
from litekeep.ui.language.words import Language, phrase
from litekeep.ui.presenter.facts import ViewFacts

PLAIN_ENDINGS = (".db", ".sqlite", ".sqlite3", ".db3")


class Act(StrEnum):
    """Of the bar above the table, the menu and the keys."""

    RESTORE = "restore"
    VERIFY = "verify"
    PIN = "pin"
    UNPIN = "unpin"
    LABEL = "label"
    EXPORT = "export"
    DELETE = "delete"
    RECOVER = "recover"


TEXTS = {
    Act.RESTORE: phrase("Restore…"),
    Act.VERIFY: phrase("Verify"),
    Act.PIN: phrase("Pin"),
    Act.UNPIN: phrase("Unpin"),
    Act.LABEL: phrase("Label…"),
    Act.EXPORT: phrase("Export…"),
    Act.DELETE: phrase("Delete…"),
    Act.RECOVER: phrase("Recover"),
}
_JOBS = frozenset({Act.RESTORE, Act.VERIFY, Act.EXPORT})
"""Of these only one goes on at a time."""


def pin_or_unpin(chosen: Sequence[Snapshot]) -> Act:
    """What Space does: unpin where all are pinned."""
    return Act.UNPIN if chosen and all(each.pinned for each in chosen) else Act.PIN


def shown_acts(chosen: Sequence[Snapshot], *, in_trash: bool) -> tuple[Act, ...]:
    """What the bar offers, whether it can be used now or not."""
    if in_trash:
        return (Act.RECOVER,)
    return (Act.RESTORE, Act.VERIFY, pin_or_unpin(chosen), Act.LABEL, Act.EXPORT, Act.DELETE)


def possible(chosen: Sequence[Snapshot], facts: ViewFacts) -> frozenset[Act]:
    """What can be done with them now."""
    if not chosen:
        return frozenset()
    if any(each.trashed_at is not None for each in chosen):
        whole = all(each.trashed_at is not None for each in chosen)
        return frozenset({Act.RECOVER}) if whole else frozenset()
    acts = {Act.VERIFY, pin_or_unpin(chosen)}
    if len(chosen) == 1:
        acts.add(Act.LABEL)
        if not chosen[0].damage:
            acts |= {Act.RESTORE, Act.EXPORT}
    if deletable(chosen, facts):
        acts.add(Act.DELETE)
    return frozenset(acts - _JOBS if facts.work is not None else acts)


def deletable(chosen: Iterable[Snapshot], facts: ViewFacts) -> tuple[Snapshot, ...]:
    """Those that may go into the trash: not the pinned ones, and never all that are verified and good."""
    wanted = [each for each in chosen if each.trashed_at is None and not each.pinned]
    ids = {each.id for each in wanted}
    if not any(each.sound and each.id not in ids for each in facts.snapshots):
        proven = [each for each in wanted if each.verified >= Level.WRITTEN]
        good = [each for each in proven if each.sound] or proven
        stays = max(good, key=lambda each: each.created_at, default=None)
        wanted = [each for each in wanted if each is not stays]
    return tuple(wanted)


def file_name(snapshot: Snapshot, facts: ViewFacts) -> str:
    """Proposed for an exported file: "employees 2026-09-24 02.00.db"; no sign that a file system may refuse."""
    there: datetime = snapshot.created_at.astimezone(facts.now.tzinfo)
    name = "".join(each if each.isalnum() or each in " -_." else "-" for each in facts.name).strip(" .") or "database"
    ending = next((each for each in PLAIN_ENDINGS if facts.database.lower().endswith(each)), ".db")
    return f"{name} {there:%Y-%m-%d %H.%M}{ending}"


def delete_words(chosen: Sequence[Snapshot], facts: ViewFacts, say: Language) -> tuple[str, tuple[str, ...], str]:
    """The question before something goes into the trash: title, what to know, the verb of the button."""
    going = deletable(chosen, facts)
    days, left = facts.settings.retention.trash_days, len(facts.snapshots) - len(going)
    if len(going) == 1:
        title = say("Delete the backup of {when}?", when=say.when(going[0].created_at, facts.now))
    else:
        title = say.plural("Delete {n} backup?", "Delete {n} backups?", len(going))
    told = []
    if len(going) > 1:
        ages = sorted(each.created_at for each in going)
        first, last = (say.moment(each, facts.now) for each in (ages[0], ages[-1]))
        told.append(say("From {first} to {last}.", first=first, last=last))
    if spared := len(chosen) - len(going):
        told.append(
            say.plural(
                "{n} of the selected ones stays: it is pinned, or the last good one.",
                "{n} of the selected ones stay: they are pinned, or the last good one.",
                spared,
            )
        )
    told.append(
        say.plural(
            "In the trash for {n} day: until then it can be brought back.",
            "In the trash for {n} days: until then it can be brought back.",
            days,
        )
    )
    newest = max(
        (each for each in facts.snapshots if each not in going), key=lambda each: each.created_at, default=None
    )
    if newest is not None:
        when = say.when(newest.created_at, facts.now)
        told.append(
            say.plural("{n} backup is left, of {when}.", "{n} backups are left, the newest of {when}.", left, when=when)
        )
    return title, tuple(told), say.plural("Delete it", "Delete {n} backups", len(going))
