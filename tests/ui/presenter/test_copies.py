"""What is said of copies in other places: each of them, the 3-2-1 rule, the tile, the verdict, events and cards."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from litekeep.journal.history import Outcome as Ended
from litekeep.journal.history import Row
from litekeep.operations.copymemory import CopyState
from litekeep.operations.spread import Holder, Location, measure
from litekeep.operations.status import MAX_AGE, Protection, Verdict
from litekeep.ui.presenter.cards import card
from litekeep.ui.presenter.copies import copies_sentence, copy_lines
from litekeep.ui.presenter.events import last_events
from litekeep.ui.presenter.facts import End, Outcome, Sending, ViewFacts
from litekeep.ui.presenter.hero import hero
from litekeep.ui.presenter.meter import meter
from litekeep.ui.presenter.models import Action, Tone
from litekeep.ui.presenter.tiles import tiles
from ui.presenter.made import EN, FR, NOW, at
from ui.view.copystates import AWAY, CLOUD, DRIVE, GOOD, NAS, NEW, NONE, SENDING, behind, places, state
from ui.view.states import HEALTHY, ROWS, of, status

MISSING = of(status(Verdict.REPOSITORY_MISSING, protection=Protection.NOT_PROTECTED), ())


def plain(text: str) -> str:
    """With plain spaces."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def line(facts: ViewFacts, name: str = "cloud") -> Any:
    return next(each for each in copy_lines(facts, EN) if each.name == name)


def with_cloud(**given: Any) -> ViewFacts:
    return places(HEALTHY, (CLOUD, state(CLOUD, **given)))


def failing(code: str, **given: Any) -> ViewFacts:
    return with_cloud(failing_since=at("2026-09-23"), problem_code=code, problem="ENGINE WORDS", **given)


# Each copy


def test_all_is_there() -> None:
    found = line(GOOD)
    assert (found.tone, plain(found.state)) == (Tone.OK, "Up to date: everything was there 2 h ago.")
    assert plain(found.facts) == (
        "Newest backup there today at 02:00 · restore tested from it 31 h ago · 41.8 MB · 212 requests and 6.0 MB sent "
        "in 30 days"
    )
    assert found.place == "webdavs://ana@cloud.example.org/remote.php/dav/files/ana/backups"
    assert found.can_send
    assert found.can_test


def test_nothing_arrives() -> None:
    found = line(AWAY)
    assert found.tone is Tone.WARN
    assert plain(found.state) == (
        "Nothing has arrived since Sunday at 02:00: the place does not answer. 12 files wait to be sent (3.0 MB)."
    )
    french = next(each for each in copy_lines(AWAY, FR) if each.name == "cloud")
    assert plain(french.state) == (
        "Rien n’est arrivé depuis dimanche à 02:00 : l’emplacement ne répond pas. 12 fichiers attendent d’être envoyés "
        "(3,0 Mo)."
    )


def test_nothing_was_ever_sent() -> None:
    found = line(NEW, "drive")
    assert (found.tone, found.state, found.facts) == (Tone.CALM, "Nothing has been sent there yet.", "")
    assert not found.can_test
    known = failing("credentials", synced_at=None, newest_at=None)
    assert line(known).state == (
        "Nothing could be sent since yesterday at 02:00: the user, key or password is not accepted."
    )


@pytest.mark.parametrize(
    ("code", "tone", "text", "own_words"),
    [
        ("verification", Tone.BAD, "A restore test from this copy failed.", False),
        ("corrupt", Tone.WARN, "it is damaged here. Verify all backups.", False),
        ("refused", Tone.WARN, "it was refused, to be on the safe side.", True),
        ("no_space", Tone.WARN, "there is no room left there.", False),
        ("never_heard_of", Tone.WARN, "ENGINE WORDS.", True),
    ],
)
def test_why(code: str, tone: Tone, text: str, own_words: bool) -> None:
    found = line(failing(code))
    assert found.tone is tone
    assert found.state.endswith(text)
    assert ("ENGINE WORDS" in found.warnings) is own_words


def test_what_is_not_as_it_should_be_there_is_told() -> None:
    assert line(with_cloud(warnings=("another machine writes to it",))).warnings == ("another machine writes to it",)


def test_switched_off_interrupted_and_far_behind() -> None:
    off = places(HEALTHY, ({**CLOUD, "enabled": False}, state(CLOUD)))
    assert line(off).state == "Switched off in the settings file: nothing is sent there."
    assert not line(off).can_send
    half = with_cloud(waiting_objects=1, waiting_bytes=5000)
    assert (line(half).tone, plain(line(half).state)) == (Tone.CALM, "1 file waits to be sent (5.0 kB).")
    late = with_cloud(newest_at=at("2026-09-10"))
    assert (line(late).tone, "far behind" in line(late).state) == (Tone.WARN, True)


def test_what_goes_on_is_shown_at_its_copy_only() -> None:
    found = line(SENDING, "drive")
    assert (found.tone, found.state) == (Tone.BUSY, "Sending to this copy…")
    assert found.progress is not None
    assert plain(found.progress.text) == "Sending · 12.0 of 41.0 MB · about 20 s left"
    assert found.can_cancel
    assert not found.can_send
    assert line(SENDING).progress is None
    assert line(SENDING).can_send


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, "Looking what is missing there"),
        ({"waiting": True}, "Waiting for its turn"),
        ({"cancelling": True}, "Stopping at the next safe point"),
    ],
)
def test_before_anything_is_known_of_it(given: dict[str, Any], text: str) -> None:
    known = replace(GOOD, sending=replace(Sending("sync", "cloud", NOW), **given))
    found = line(known)
    assert found.progress is not None
    assert (found.progress.text, found.progress.fraction) == (text, None)
    assert found.can_cancel is not bool(given)


def test_the_folder_that_knows_of_the_copies_is_away() -> None:
    known = places(MISSING, (CLOUD, CopyState("cloud", "")))
    assert line(known).state == "Not known while the backup folder cannot be found."
    tile = next(each for each in tiles(known, EN) if each.key == "off_site")
    assert (tile.value, tile.sub) == ("—", "the folder is not there")


def test_why_there_should_be_copies() -> None:
    assert "survives a dead drive" in copies_sentence(NONE, EN)
    assert not copies_sentence(GOOD, EN)
    assert copy_lines(NONE, EN) == ()


# The 3-2-1 rule


def lights(facts: ViewFacts) -> list[tuple[str, str]]:
    found = meter(facts, EN)
    assert found is not None
    return [(str(light.tone), light.text) for light in found.lights]


def test_it_holds() -> None:
    found = meter(GOOD, EN)
    assert found is not None
    assert lights(GOOD) == [("ok", "3 places"), ("ok", "2 drives or servers"), ("ok", "1 elsewhere")]
    assert found.sentence == "Your data survives a dead drive, and a fire or theft here."
    assert found.button is None


def test_everything_is_on_one_drive() -> None:
    found = meter(NONE, EN)
    assert found is not None
    assert lights(NONE) == [("warn", "2 places"), ("warn", "1 drive or server"), ("warn", "none elsewhere")]
    assert found.sentence == ("A drive that fails, a fire or a thief takes everything. Add a copy in another place.")
    assert found.button is not None
    assert (found.button.action, found.button.enabled) == (Action.ADD_COPY, True)


def test_a_copy_that_is_behind_would_do() -> None:
    found = meter(AWAY, EN)
    assert found is not None
    assert found.sentence == "cloud is not up to date. Till then, a fire or a thief takes everything."
    assert found.button is not None
    assert found.button.action is Action.SYNC
    busy = meter(replace(AWAY, sending=Sending("sync", "cloud", NOW)), EN)
    assert busy is not None
    assert busy.button is not None
    assert not busy.button.enabled


@pytest.mark.parametrize(
    ("device", "off_site", "text"),
    [
        ("2", False, "A fire or a thief takes everything. Add a copy in another place."),
        ("1", True, "A drive that fails takes everything. Add a copy on another drive."),
    ],
)
def test_half_of_it(device: str, off_site: bool, text: str) -> None:
    known = [
        Location("database", Holder.DATABASE, "/a", "1"),
        Location("repository", Holder.REPOSITORY, "/b", "1", newest_at=NOW),
        Location("nas", Holder.COPY, "/c", device, off_site, newest_at=NOW),
    ]
    found = meter(replace(HEALTHY, spread=measure(known, MAX_AGE)), EN)
    assert found is not None
    assert found.sentence == text


def test_nothing_is_said_before_there_is_a_backup() -> None:
    assert meter(HEALTHY, EN) is None  # nobody has measured
    assert meter(replace(NONE, snapshots=()), EN) is None


# Tile and verdict


@pytest.mark.parametrize(
    ("facts", "value", "sub", "tone"),
    [
        (NONE, "None", "all in one place", Tone.CALM),
        (GOOD, "Up to date", "cloud, 2 h ago", Tone.OK),
        (AWAY, "Waiting", "cloud is behind", Tone.WARN),
        (places(HEALTHY, (NAS, state(NAS))), "None", "all in one place", Tone.CALM),
        (places(HEALTHY, (CLOUD, CopyState("cloud", ""))), "Not yet", "nothing has been sent", Tone.CALM),
    ],
)
def test_the_tile(facts: ViewFacts, value: str, sub: str, tone: Tone) -> None:
    found = tiles(facts, EN)[-1]
    assert (found.key, found.value, plain(found.sub), found.tone) == ("off_site", value, sub, tone)


def test_a_failed_test_from_a_copy_says_nothing_of_the_backups_here() -> None:
    row = Row(NOW, "drill", "app", Ended.FAILED, 13, code="unreachable", facts={"copy": "cloud"})
    tile = next(each for each in tiles(replace(GOOD, rows=(row, *ROWS)), EN) if each.key == "tested")
    assert tile.value == "Passed"


def test_the_verdict_names_the_copy_and_offers_to_send() -> None:
    found = hero(AWAY, EN)
    assert (found.state, found.tone, found.headline) == (
        "copy_unreachable",
        Tone.WARN,
        "Protected here, off-site copy waiting",
    )
    assert plain(found.sub) == (
        "Nothing has reached cloud for 4 days: the place does not answer · Last backup today at 02:00"
    )
    assert [each.action for each in found.buttons] == [Action.SYNC, Action.BACK_UP, Action.RESTORE]
    assert found.buttons[0].primary
    assert hero(AWAY, FR).headline == "Protégé ici, copie distante en attente"


def test_a_copy_in_the_same_building_is_not_called_off_site() -> None:
    known = places(of(status(Verdict.COPY_UNREACHABLE)), (NAS, behind(NAS)), (DRIVE, behind(DRIVE)))
    found = hero(known, EN)
    assert found.headline == "Protected here, a copy is waiting"
    assert "nas" in found.sub
    assert "drive" in found.sub


def test_while_it_is_sent_the_verdict_says_so_and_does_not_say_that_a_backup_runs() -> None:
    found = hero(replace(AWAY, sending=Sending("sync", "cloud", NOW)), EN)
    assert found.state == "copy_unreachable"
    assert found.sub.startswith("Sending to cloud…")
    assert not found.buttons[0].enabled
    well = hero(replace(GOOD, sending=Sending("sync", "cloud", NOW)), EN)
    assert well.state == "healthy"
    assert well.progress is None


# Events and cards


def sync_row(minutes: int, outcome: Ended = Ended.OK, copy: str = "cloud", **given: Any) -> Row:
    facts = {"copy": copy, **given.pop("facts", {})}
    return Row(NOW - timedelta(minutes=minutes), "sync", "app", outcome, 0, facts=facts, **given)


def told(*rows: Row) -> list[tuple[Tone, str]]:
    return [(each.tone, plain(each.text)) for each in last_events(replace(GOOD, rows=rows), EN)]


def test_what_was_sent_is_told_and_what_was_there_already_is_not() -> None:
    sent = sync_row(5, facts={"bytes": 194_500})
    assert told(sent, sync_row(9, Ended.SKIPPED), sync_row(10)) == [
        (Tone.OK, "Sent to the copy cloud: 194.5 kB"),
        (Tone.OK, "Sent to the copy cloud"),
    ]


def test_of_failures_in_a_row_only_the_newest_is_told() -> None:
    away: dict[str, Any] = {"outcome": Ended.FAILED, "code": "unreachable"}
    rows = [sync_row(minutes, **away) for minutes in (5, 20, 35)]
    other = sync_row(21, copy="nas", **away)
    assert told(*rows[:2], other, rows[2], sync_row(60), sync_row(75, **away)) == [
        (Tone.WARN, "Nothing could be sent to the copy cloud: the place does not answer"),
        (Tone.WARN, "Nothing could be sent to the copy nas: the place does not answer"),
        (Tone.OK, "Sent to the copy cloud"),
        (Tone.WARN, "Nothing could be sent to the copy cloud: the place does not answer"),
    ]


def test_restore_tests_from_a_copy_and_what_could_not_be_sent() -> None:
    passed = Row(NOW, "drill", "app", Ended.OK, 0, facts={"copy": "cloud"})
    failed = Row(NOW, "drill", "app", Ended.FAILED, 13, code="credentials", facts={"copy": "cloud"})
    assert told(passed, failed, sync_row(5, Ended.WARNINGS)) == [
        (Tone.OK, "Restore test from the copy cloud passed"),
        (Tone.WARN, "Restore test from the copy cloud failed: the user, key or password is not accepted"),
        (Tone.WARN, "Not all could be sent to the copy cloud: some is damaged here"),
    ]


def test_cards_of_sending() -> None:
    done = card(Outcome("sync", End.DONE, NOW, copy="cloud", sent_bytes=194_500), EN)
    assert (done.what, plain(done.safe)) == ("Everything is in cloud now.", "194.5 kB sent.")
    same = card(Outcome("sync", End.DONE, NOW, copy="cloud, nas", unchanged=True), EN)
    assert same.what == "Everything was in cloud and nas already."
    left = card(Outcome("sync", End.DONE, NOW, copy="cloud", problems=("packs/a: damaged",)), EN)
    assert (left.tone, left.buttons[0].action, left.details) == (Tone.WARN, Action.VERIFY, "packs/a: damaged")
    failed = card(Outcome("sync", End.FAILED, NOW, "no answer", code="unreachable", copy="cloud"), EN)
    assert failed.what == "Nothing could be sent to the copy cloud: the place does not answer."
    assert failed.safe == "Your data and the backups here are not affected."
    assert failed.hint == "It is tried again by itself."
    test = card(Outcome("drill", End.FAILED, NOW, "no", code="credentials", copy="cloud"), EN)
    assert test.what.startswith("No restore could be tested from the copy cloud")


def test_a_copy_that_was_removed_can_be_put_back() -> None:
    found = card(Outcome("copy_removed", End.DONE, NOW, copy="cloud", entry={"name": "cloud"}), EN)
    assert found.what == "Nothing is sent to cloud any more."
    assert found.safe == "Nothing was deleted there: its backups can still be restored."
    assert found.buttons[0].action is Action.UNDO
