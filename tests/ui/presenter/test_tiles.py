"""The tiles: with nothing, one, many; the restore test in all its states."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from litekeep.journal.history import Outcome
from litekeep.operations.status import Protection, Status, Verdict
from litekeep.ui.presenter.models import Tile, Tone
from litekeep.ui.presenter.tiles import tiles
from ui.presenter.made import EN, FR, NOW, at, days, facts, run, settings, snap


def status(**given: Any) -> Status:
    """A verdict with these moments."""
    return Status("app", Verdict.HEALTHY, Protection.PROTECTED, "", **given)


def texts(found: tuple[Tile, ...]) -> list[tuple[str, str, str]]:
    """What is read on the tiles, with plain spaces."""
    return [(each.title, each.value.replace("\u00a0", " "), each.sub.replace("\u00a0", " ")) for each in found]


def test_many_in_both_languages() -> None:
    known = facts(
        days(63), status=status(last_good_at=at("2026-09-24"), drilled_at=at("2026-09-23")), space_bytes=41_800_000
    )
    assert [each.key for each in tiles(known, EN)] == ["kept", "space", "newest", "oldest", "tested", "off_site"]
    assert texts(tiles(known, EN)) == [
        ("Backups kept", "63", "+1 today"),
        ("Space used", "41.8 MB", "3.0 GB of history"),
        ("Newest", "Today, 02:00", "7 h 46 min ago"),
        ("Oldest", "Jul 24, 2026", "2 months of history"),
        ("Restore test", "Passed", "yesterday, 02:00"),
        ("Off-site copy", "None", "all in one place"),
    ]
    assert texts(tiles(known, FR)) == [
        ("Sauvegardes", "63", "+1 aujourd’hui"),
        ("Espace utilisé", "41,8 Mo", "3,0 Go d’historique"),
        ("Plus récente", "Aujourd’hui, 02:00", "il y a 7 h 46"),
        ("Plus ancienne", "24/07/2026", "2 mois d’historique"),
        ("Test de restauration", "Réussi", "hier, 02:00"),
        ("Copie distante", "Aucune", "tout est au même endroit"),
    ]


def test_nothing_yet() -> None:
    known = facts(status=replace(status(), verdict=Verdict.NEVER), space_bytes=0)
    assert texts(tiles(known, EN)) == [
        ("Backups kept", "0", "none today"),
        ("Space used", "0 B", "0 B of history"),
        ("Newest", "—", "no backup yet"),
        ("Oldest", "—", "no backup yet"),
        ("Restore test", "Not yet", "none has been made"),
        ("Off-site copy", "None", "all in one place"),
    ]


def test_while_nobody_has_looked_nothing_is_claimed() -> None:
    assert [each[1:] for each in texts(tiles(facts(), EN))] == [("—", "looking…")] * 6
    assert [each[1:] for each in texts(tiles(facts(), FR))] == [("—", "recherche…")] * 6


def test_a_folder_that_is_not_there_is_not_an_empty_one() -> None:
    gone = replace(status(drilled_at=at("2026-09-23")), verdict=Verdict.REPOSITORY_MISSING)
    told = texts(tiles(facts(status=gone), EN))
    assert [each[1:] for each in told[:5]] == [("—", "the folder is not there")] * 4 + [("Passed", "yesterday, 02:00")]
    assert tiles(facts(days(3), status=gone, space_bytes=1), EN)[0].value == "3", "what is known stays"


def test_one_from_long_ago_and_thousands() -> None:
    one = tiles(facts((snap(1, "2023-01-02"),), space_bytes=0), EN)
    assert texts(one)[:4] == [
        ("Backups kept", "1", "none today"),
        ("Space used", "0 B", "48.3 MB of history"),
        ("Newest", "Jan 2, 2023", "3 years ago"),
        ("Oldest", "Jan 2, 2023", "3 years of history"),
    ]
    assert tiles(facts(days(5000)), FR)[0].value == "5\u202f000"


def test_an_unchanged_database_is_up_to_date_though_the_newest_backup_is_old() -> None:
    known = facts((snap(1, "2026-09-20"),), status=status(last_good_at=NOW - timedelta(hours=2)))
    assert texts(tiles(known, EN))[2] == ("Newest", "Sunday, 02:00", "up to date 2 h ago")
    assert texts(tiles(known, FR))[2] == ("Plus récente", "Dimanche, 02:00", "à jour il y a 2 h")


def test_a_backup_from_the_future() -> None:
    known = facts((snap(1, "2026-12-01"),))
    assert texts(tiles(known, EN))[2:4] == [
        ("Newest", "Dec 1, 2026", "in 2 months"),
        ("Oldest", "Dec 1, 2026", "0 days of history"),
    ]


TEST = replace(run("2026-09-24T05:30", Outcome.OK, ""), verb="drill")


@pytest.mark.parametrize(
    ("drilled", "last", "restore_test", "value", "sub", "tone"),
    [
        ("2026-09-24T05:30", TEST, "weekly", "Passed", "today, 05:30", Tone.OK),
        ("2026-08-20", None, "weekly", "Too long ago", "35 days ago", Tone.WARN),
        (None, None, "never", "Not yet", "automatic tests are off", Tone.CALM),
        (None, replace(TEST, outcome=Outcome.CANCELLED), "weekly", "Not yet", "none has been made", Tone.CALM),
        ("2026-09-20", replace(TEST, outcome=Outcome.FAILED), "weekly", "Failed", "4 h 16 min ago", Tone.BAD),
        ("2026-09-24T05:31", replace(TEST, outcome=Outcome.FAILED), "weekly", "Passed", "today, 05:31", Tone.OK),
    ],
)
def test_the_restore_test(drilled: str | None, last: Any, restore_test: str, value: str, sub: str, tone: Tone) -> None:
    known = facts(
        days(3),
        status=status(drilled_at=at(drilled) if drilled else None),
        rows=(last,) if last else (),
        settings=settings(restore_test=restore_test),
    )
    tile = tiles(known, EN)[4]
    assert (tile.value, tile.sub, tile.tone) == (value, sub, tone)


def test_tests_that_are_due_by_themselves_are_off_with_everything_else() -> None:
    assert tiles(facts(days(1), settings=settings(enabled=False)), EN)[4].sub == "automatic tests are off"
