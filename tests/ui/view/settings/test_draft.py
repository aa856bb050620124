"""What is edited and not saved, without a window: changes, problems, and the same edits on other settings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from litekeep.ui.view.settings.draft import Draft, fields_of
from ui.presenter.made import EN, settings


def draft(**backup: Any) -> Draft:
    return Draft.of(settings(**backup), EN)


def test_nothing_is_changed_at_first() -> None:
    for given in ({}, {"schedule": "0 2 * * 1-5"}, {"schedule": "3:30"}, {"enabled": False}, {"keep_last": 0}):
        assert draft(**given).changes() == {}
        assert not draft(**given).changed(EN)


def test_only_what_was_edited_is_written() -> None:
    begun = draft()
    edited = replace(begun, form=replace(begun.form, time="3h", catch_up=False), numbers=(30, 4, 12, 7), desktop=False)
    assert edited.changes() == {
        "backup.backup_time": "03:00",
        "backup.catch_up": False,
        "backup.retention_weeks": 4,
        "backup.notifications.on_failure": [],
    }


def test_what_cannot_be_saved_is_changed_too() -> None:
    begun = draft()
    no_time = replace(begun, form=replace(begun.form, time="25"))
    nothing = replace(begun, numbers=(0, 0, 0, 0))
    assert set(no_time.problems(EN)) == {"schedule"}
    assert set(nothing.problems(EN)) == {"retention"}
    assert nothing.policy is None
    assert no_time.changed(EN)
    assert nothing.changed(EN)


def test_edits_move_onto_settings_that_another_program_wrote() -> None:
    begun = draft()
    edited = replace(begun, form=replace(begun.form, on_shutdown=False), numbers=(7, 12, 12, 7))
    moved = edited.onto(settings(backup_time="05:00", retention_days=60, retention_weeks=5), EN)
    assert (moved.form.time, moved.form.on_shutdown) == ("05:00", False)
    assert moved.numbers == (7, 5, 12, 7)
    assert moved.changes() == {"backup.backup_on_shutdown": False, "backup.retention_days": 7}


def test_what_was_edited_while_it_was_saved_stays() -> None:
    begun = draft()
    submitted = replace(begun, numbers=(31, 12, 12, 7))
    now = replace(submitted, numbers=(32, 12, 12, 7), desktop=False)
    after = now.onto(settings(retention_days=31), EN, since=submitted)
    assert after.numbers == (32, 12, 12, 7)
    assert set(after.changes()) == {"backup.retention_days", "backup.notifications.on_failure"}
    assert submitted.onto(settings(retention_days=31), EN, since=submitted).changes() == {}


def test_lower_and_other_numbers() -> None:
    begun = draft()
    assert not begun.other_numbers
    assert replace(begun, numbers=(29, 13, 12, 7)).lower_numbers
    assert not replace(begun, numbers=(31, 13, 12, 7)).lower_numbers


def test_problems_of_the_file_go_to_their_place() -> None:
    found = fields_of(["backup.backup_time must be x", "backup.keep_last is y", "backup.checks is z", "database is no"])
    assert found == {
        "schedule": "backup.backup_time must be x",
        "retention": "backup.keep_last is y",
        "": "backup.checks is z",
    }
