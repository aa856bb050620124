"""The backups of a copy in words; the verdict that leads there; how it ended."""

from __future__ import annotations

from dataclasses import replace

from litekeep.errors import Refused, SecretUnavailable, UnknownSnapshot
from litekeep.journal.history import Outcome as Ended
from litekeep.operations.status import Protection, Status, Verdict
from litekeep.ui.bridge import endings
from litekeep.ui.presenter.cards import card
from litekeep.ui.presenter.events import last_events
from litekeep.ui.presenter.facts import End, Outcome, Work
from litekeep.ui.presenter.fromcopy import best_of, copy_panel, replace_sub
from litekeep.ui.presenter.hero import hero
from litekeep.ui.presenter.models import Action, Tone
from ui.presenter.made import EN, FR, NOW, days, facts, run, settings, snap

MISSING = facts(
    status=Status("app", Verdict.REPOSITORY_MISSING, Protection.NOT_PROTECTED, "Not shown."),
    settings=settings(copies=[{"name": "cloud", "url": "file:///mnt/cloud"}]),
)
HERE = facts(days(3), status=Status("app", Verdict.HEALTHY, Protection.PROTECTED, "Not shown."))


def test_the_hero_leads_to_a_copy_where_there_is_one() -> None:
    assert [each.action for each in hero(MISSING, EN).buttons] == [Action.LOCATE, Action.BACK_UP, Action.FROM_COPY]
    assert hero(MISSING, EN).buttons[2].enabled
    without = replace(MISSING, settings=settings())
    assert [each.action for each in hero(without, EN).buttons][2] is Action.RESTORE


def test_on_a_new_computer_and_where_nothing_good_is_left() -> None:
    never = replace(MISSING, status=Status("app", Verdict.NEVER, Protection.NOT_PROTECTED, "Not shown."))
    assert [each.action for each in hero(never, EN).buttons] == [Action.BACK_UP, Action.RESTORE, Action.FROM_COPY]
    assert copy_panel(days(3), None, never, EN).rebuild
    assert "as a backup or as a file" in replace_sub(never, EN)
    damaged = replace(
        MISSING,
        status=Status("app", Verdict.DAMAGED, Protection.NOT_PROTECTED, "Not shown."),
        snapshots=(snap(1, damage=("block 3",)),),
    )
    assert hero(damaged, EN).buttons[2].action is Action.FROM_COPY


def test_the_hero_leads_to_the_recovery_key() -> None:
    unconfirmed = Status("app", Verdict.KEY_UNCONFIRMED, Protection.AT_RISK, "Not shown.")
    first = hero(facts(days(3), status=unconfirmed), FR).buttons[0]
    assert (first.action, first.text, first.enabled) == (Action.RECOVERY_KEY, "Clé de secours…", True)


def test_what_a_copy_has() -> None:
    found = copy_panel(days(3), None, MISSING, EN)
    assert found.sentence == "3 backups, the newest of them made today at 02:00."
    assert (found.tone, found.restore, found.rebuild) == (Tone.OK, True, True)
    assert copy_panel(days(3), None, HERE, EN).rebuild is False
    busy = replace(MISSING, work=Work("rebuild", NOW))
    assert not copy_panel(days(3), None, busy, EN).restore
    assert copy_panel(None, None, MISSING, EN).tone is Tone.BUSY
    assert copy_panel((), None, MISSING, EN).tone is Tone.WARN


def test_a_copy_that_cannot_be_looked_at() -> None:
    problem = endings.failed("copy-backups", SecretUnavailable("no"), NOW)
    found = copy_panel(None, problem, MISSING, EN)
    assert found.sentence == "This copy cannot be looked at: its password cannot be found."
    assert (found.tone, found.restore) == (Tone.BAD, False)


def test_the_best_one_is_chosen_first() -> None:
    first, second, third = snap(1), snap(2), snap(3, problems=("row 7",))
    assert best_of((first, second, third)) is second
    assert best_of((third,)) is third


def test_what_becomes_of_the_present_data_is_said_before() -> None:
    assert "as a file beside the database" in replace_sub(MISSING, EN)
    assert "undo" in replace_sub(HERE, EN)


def test_how_it_ended() -> None:
    kept = Outcome("restore", End.DONE, NOW, about=snap(1), kept="/data/app-before-restore.db")
    assert "/data/app-before-restore.db" in card(kept, EN).safe
    done = Outcome("rebuild", End.DONE, NOW, checked=63)
    assert card(done, FR).what == "63 sauvegardes sont de retour ici."
    damaged = card(replace(done, problems=("packs/1 is damaged",)), EN)
    assert (damaged.tone, damaged.details) == (Tone.WARN, "packs/1 is damaged")
    refused = card(endings.failed("rebuild", Refused("no"), NOW), EN)
    assert "their folder holds something" in refused.what
    unknown = card(endings.failed("rebuild", UnknownSnapshot("no"), NOW), EN)
    assert unknown.what == "This copy has no backup of this database."


def test_the_journal_tells_where_it_came_from() -> None:
    """Other rows about a copy are told by what was sent there."""
    rows = (
        run("2026-09-24", Ended.OK, verb="restore", code="", exit_code=0, message="", facts={"copy": "cloud"}),
        run("2026-09-24", Ended.OK, verb="copy", code="", exit_code=0, message="", facts={"copy": "cloud"}),
        run("2026-09-24", Ended.OK, verb="key", code="", exit_code=0, message="confirmed recovery key 1234"),
        run("2026-09-24", Ended.FAILED, verb="restore", facts={"copy": "cloud"}),
    )
    texts = [event.text for event in last_events(facts(rows=rows), EN)]
    assert texts[:3] == [
        "Backup restored: from the copy cloud",
        "All backups copied: from the copy cloud",
        "Keys of the backups changed or confirmed",
    ]
    assert texts[3].startswith("Restore failed: ")


def test_while_it_goes_on() -> None:
    shown = hero(replace(MISSING, work=Work("rebuild", NOW, "sync", 5_000_000, 10_000_000, "bytes")), EN)
    assert (shown.state, shown.headline) == ("rebuilding", "Getting the backups back…")
    assert shown.progress is not None
    assert shown.progress.fraction == 0.5
