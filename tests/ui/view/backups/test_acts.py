"""What can be done with which backups, what is asked before, and how files are called. Without a window."""

from __future__ import annotations

from dataclasses import replace

import pytest

from litekeep.model import Level
from litekeep.ui.presenter.facts import Work
from litekeep.ui.view.backups.acts import Act, deletable, delete_words, file_name, pin_or_unpin, possible, shown_acts
from litekeep.ui.view.backups.columns import fitting
from litekeep.ui.view.backups.rooms import Room, room_for
from ui.presenter.made import EN, FR, NOW, days, facts, snap

THREE = days(3)
FACTS = facts(THREE)
NATURAL = dict(zip(("date", "reason", "size", "added", "kept", "status"), (130, 180, 70, 70, 180, 90), strict=True))


def test_one_healthy_backup_can_have_everything_done() -> None:
    wanted = {Act.RESTORE, Act.VERIFY, Act.PIN, Act.LABEL, Act.EXPORT, Act.DELETE}
    assert possible(THREE[:1], FACTS) == wanted
    assert set(shown_acts(THREE[:1], in_trash=False)) == wanted
    assert possible((), FACTS) == frozenset()


def test_several_can_be_verified_pinned_and_deleted() -> None:
    assert possible(THREE[:2], FACTS) == {Act.VERIFY, Act.PIN, Act.DELETE}


def test_while_a_job_goes_on_no_other_one_begins() -> None:
    busy = replace(FACTS, work=Work("backup", NOW))
    assert possible(THREE[:1], busy) == {Act.PIN, Act.LABEL, Act.DELETE}


def test_a_damaged_one_is_not_restored() -> None:
    bad = replace(THREE[0], damage=("block 3",))
    assert possible((bad,), FACTS) == {Act.VERIFY, Act.PIN, Act.LABEL, Act.DELETE}


def test_pinned_ones_and_the_last_good_one_stay() -> None:
    pinned = replace(THREE[0], pinned=True)
    assert pin_or_unpin((pinned,)) is Act.UNPIN
    assert pin_or_unpin((pinned, THREE[1])) is Act.PIN
    assert deletable((pinned, *THREE[1:]), facts((pinned, *THREE[1:]))) == THREE[1:]
    assert deletable(THREE, FACTS) == THREE[:2], "the newest good one stays"
    lone = facts((THREE[2],))
    assert deletable(THREE[2:], lone) == ()
    assert Act.DELETE not in possible(THREE[2:], lone)
    unproven = replace(THREE[2], verified=Level.NONE)
    assert deletable((unproven,), facts((unproven,))) == (unproven,)


@pytest.mark.parametrize(
    ("given", "others", "restore", "delete"),
    [
        ({}, True, True, True),
        ({}, False, True, False),
        ({"pinned": True}, True, True, False),
        ({"damage": ("x",)}, True, False, True),
        ({"damage": ("x",)}, False, False, False),
        ({"verified": Level.NONE}, False, True, True),
        ({"trashed_at": NOW}, True, False, False),
    ],
)
def test_what_may_be_done(given: dict[str, object], others: bool, restore: bool, delete: bool) -> None:
    """As operations.curate.to_trash refuses it."""
    one, rest = snap(1, "2026-09-20", **given), (snap(2),) if others else ()
    known = facts(rest, trash=(one,)) if one.trashed_at else facts((one, *rest))
    found = possible((one,), known)
    assert (Act.RESTORE in found, Act.DELETE in found) == (restore, delete)


def test_in_the_trash_they_can_be_recovered_only() -> None:
    gone = replace(THREE[0], trashed_at=NOW)
    assert possible((gone,), FACTS) == {Act.RECOVER}
    assert possible((gone, THREE[1]), FACTS) == frozenset()
    assert shown_acts((), in_trash=True) == (Act.RECOVER,)


def test_the_question_has_the_numbers() -> None:
    title, lines, verb = delete_words(THREE, FACTS, EN)
    assert (title, verb) == ("Delete 2 backups?", "Delete 2 backups")
    assert lines[0].startswith("From Sep 22, 2026 02:00 to Sep 23, 2026")
    assert lines[1].startswith("1 of the selected ones stays")
    assert "7 days" in lines[2]
    assert lines[3] == "1 backup is left, of today at 02:00."
    title, lines, verb = delete_words(THREE[:1], FACTS, FR)
    assert title.startswith("Supprimer la sauvegarde")
    assert len(lines) == 2


def test_file_names() -> None:
    assert file_name(THREE[-1], FACTS) == "app 2026-09-24 02.00.db"
    odd = replace(FACTS, name='a/b:"c" ', database="C:\\data\\x.SQLite")
    assert file_name(THREE[-1], odd) == "a-b--c- 2026-09-24 02.00.sqlite"
    assert file_name(THREE[-1], replace(FACTS, name="...")).startswith("database ")


def test_columns_that_do_not_fit_are_left_out_and_the_room_is_used() -> None:
    from litekeep.ui.presenter.models import Column

    natural = {Column(key): width for key, width in NATURAL.items()}
    for room in (380, 480, 560, 640, 900):
        for scale in (1.0, 1.5):
            natural_scaled = {key: round(width * scale) for key, width in natural.items()}
            widths = fitting(natural_scaled, round(room * scale), in_trash=False, scale=scale)
            assert sum(widths.values()) == round(room * scale)
            assert min(widths.values()) >= 70 * scale
    assert set(fitting(natural, 900, in_trash=False)) == set(natural)
    assert Column.ADDED not in fitting(natural, 560, in_trash=False)
    assert set(fitting(natural, 900, in_trash=True)) == {Column.DATE, Column.REASON, Column.SIZE, Column.STATUS}


def test_where_the_pane_goes() -> None:
    assert room_for(1040, 500, Room.OVER) is Room.BESIDE
    assert room_for(870, 500, Room.BESIDE) is Room.BESIDE
    assert room_for(870, 500, Room.OVER) is Room.OVER
    assert room_for(800, 390, Room.BESIDE) is Room.OVER
    assert room_for(800, 700, Room.BESIDE) is Room.BELOW
