"""The schedule's form: settings to form and back, times as people type them, what comes next."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litekeep.config.edit import create_settings, save_changes
from litekeep.config.settings import BackupSettings
from litekeep.scheduling.task import NextRun, Phase
from litekeep.ui.presenter.schedule import (
    Mode,
    ScheduleForm,
    changes,
    form_of,
    mode_names,
    next_runs,
    next_runs_text,
    parse_time,
    problem,
)
from ui.presenter.made import EN, FR, NOW, at, facts, settings


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("02:00", time(2)),
        ("2:00", time(2)),
        ("2", time(2)),
        ("0", time(0)),
        (" 23 ", time(23)),
        ("2.30", time(2, 30)),
        ("0230", time(2, 30)),
        ("230", time(2, 30)),
        ("14h30", time(14, 30)),
        ("14 h 30", time(14, 30)),
        ("14\u202fh\u202f30", time(14, 30)),
        ("14H", time(14)),
        ("14 heures", time(14)),
        ("1 heure", time(1)),
        ("14 h 05 min", time(14, 5)),
        ("2 pm", time(14)),
        ("2:15PM", time(14, 15)),
        ("12 am", time(0)),
        ("12 p.m.", time(12)),
        ("23:59", time(23, 59)),
        ("", None),
        ("24:00", None),
        ("12:60", None),
        ("2:5", None),
        ("13 pm", None),
        ("0 am", None),
        ("noon", None),
        ("02:00:00", None),
        ("-2", None),
        ("2026", time(20, 26)),
        ("9999", None),
        ("١٢:٠٠", time(12)),
        ("2²", None),
    ],
)
def test_times_as_people_type_them(typed: str, expected: time | None) -> None:
    assert parse_time(typed) == expected


@given(st.times())
def test_times_that_the_form_shows_are_understood(moment: time) -> None:
    assert parse_time(moment.strftime("%H:%M")) == time(moment.hour, moment.minute)
    assert parse_time(f"{moment.hour}h{moment.minute:02}") == time(moment.hour, moment.minute)


@given(st.text(max_size=12))
def test_nothing_typed_breaks_it(typed: str) -> None:
    form = replace(form_of(settings()), time=typed)
    assert bool(problem(form, EN)) == (parse_time(typed) is None)
    assert next_runs_text(facts(), EN, form) == "" or parse_time(typed) is not None


@pytest.mark.parametrize(
    ("backup", "expected"),
    [
        ({}, ScheduleForm(True, Mode.DAILY, "02:00", "", True, True, True, True)),
        ({"enabled": False}, ScheduleForm(False, Mode.DAILY, "02:00", "", True, True, True, True)),
        ({"automatic_daily": False}, ScheduleForm(True, Mode.NONE, "02:00", "", True, True, True, True)),
        ({"backup_time": "3:05"}, ScheduleForm(True, Mode.DAILY, "03:05", "", True, True, True, True)),
        ({"schedule": "4:30"}, ScheduleForm(True, Mode.DAILY, "04:30", "", True, True, True, True)),
        ({"schedule": " 4:30 "}, ScheduleForm(True, Mode.DAILY, "04:30", "", True, True, True, True)),
        ({"schedule": " 0 2 * * 1 "}, ScheduleForm(True, Mode.CUSTOM, "02:00", "0 2 * * 1", True, True, True, True)),
        ({"schedule": "0 2 * * 1-5"}, ScheduleForm(True, Mode.CUSTOM, "02:00", "0 2 * * 1-5", True, True, True, True)),
        (
            {"backup_before_operations": [], "catch_up": False, "backup_on_shutdown": False},
            ScheduleForm(True, Mode.DAILY, "02:00", "", True, False, False, False),
        ),
        (
            {"backup_before_operations": ["import", "bulk delete"], "backup_before_migration": False},
            ScheduleForm(True, Mode.DAILY, "02:00", "", False, True, True, True, ("import", "bulk delete")),
        ),
    ],
)
def test_form_of_settings(backup: dict[str, Any], expected: ScheduleForm) -> None:
    assert form_of(settings(**backup)) == expected
    assert changes(expected, settings(**backup)) == {}


@pytest.mark.parametrize(
    ("backup", "edit", "expected"),
    [
        ({}, {"time": "14h30"}, {"backup.backup_time": "14:30"}),
        ({}, {"time": " 2 "}, {}),
        ({}, {"enabled": False}, {"backup.enabled": False}),
        ({}, {"mode": Mode.NONE}, {"backup.automatic_daily": False}),
        ({}, {"mode": Mode.NONE, "time": "never"}, {"backup.automatic_daily": False}),
        ({"automatic_daily": False}, {"mode": Mode.DAILY}, {"backup.automatic_daily": True}),
        ({}, {"mode": Mode.CUSTOM, "custom": " 0 2 * * 1 "}, {"backup.schedule": "0 2 * * 1"}),
        (
            {"schedule": "0 2 * * 1", "backup_time": "03:00"},
            {"mode": Mode.DAILY},
            {"backup.schedule": None, "backup.backup_time": "03:00"},
        ),
        (
            {"schedule": "04:30"},
            {"time": "5"},
            {"backup.schedule": None, "backup.backup_time": "05:00"},
        ),
        ({}, {"before_operations": False}, {"backup.backup_before_operations": []}),
        ({"backup_before_operations": []}, {"before_operations": True}, {"backup.backup_before_operations": ["*"]}),
        (
            {},
            {"catch_up": False, "on_shutdown": False, "before_migration": False},
            {"backup.catch_up": False, "backup.backup_on_shutdown": False, "backup.backup_before_migration": False},
        ),
    ],
)
def test_changes(backup: dict[str, Any], edit: dict[str, Any], expected: dict[str, Any], tmp_path: Path) -> None:
    """And the file that they make says what the form says."""
    before = settings(**backup)
    form = replace(form_of(before), **edit)
    assert problem(form, EN) == ""
    assert changes(form, before) == expected
    create_settings(tmp_path / "backup.json", {"backup": backup})
    after = save_changes(tmp_path / "backup.json", expected).backup
    assert changes(form, after) == {}
    assert form_of(after).enabled == form.enabled
    assert form_of(after).mode is form.mode


@given(
    st.booleans(),
    st.sampled_from(list(Mode)),
    st.times(),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, "03:15", "0 4 * * *"]),
)
def test_keys_are_settings(
    enabled: bool, mode: Mode, moment: time, operations: bool, catch_up: bool, schedule: str | None
) -> None:
    form = ScheduleForm(enabled, mode, moment.strftime("%H:%M"), "0 4 * * *", True, operations, catch_up, catch_up)
    for key in changes(form, settings(schedule=schedule)):
        assert key.removeprefix("backup.") in BackupSettings.__dataclass_fields__


@pytest.mark.parametrize(
    ("edit", "english", "french"),
    [
        ({"time": ""}, "Write a time of the day, such as 02:00.", "Écrivez une heure"),
        (
            {"time": "25:00"},
            "“25:00” is not a time of the day. Write it as 02:00.",
            "«\u00a025:00\u00a0» n’est pas une heure",
        ),
        (
            {"mode": Mode.CUSTOM, "custom": "0 2 * *"},
            "This is not a schedule. Write five fields",
            "Ce n’est pas une planification",
        ),
        (
            {"mode": Mode.CUSTOM, "custom": "0 0 30 2 *"},
            "This is not a schedule. Write five fields",
            "Ce n’est pas une planification",
        ),
        (
            {"mode": Mode.CUSTOM, "custom": "x" * 900},
            "This is not a schedule. Write five fields",
            "Ce n’est pas une planification",
        ),
    ],
)
def test_problems(edit: dict[str, Any], english: str, french: str) -> None:
    form = replace(form_of(settings()), **edit)
    assert problem(form, EN).startswith(english)
    assert problem(form, FR).startswith(french)
    assert next_runs_text(facts(), EN, form) == ""
    assert next_runs(form, facts()) == ()


def test_every_mode_can_be_chosen() -> None:
    assert [mode for mode, _ in mode_names(EN)] == list(Mode)


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({}, "Next: tomorrow at 02:00, Sep 26, 2026 at 02:00 and Sep 27, 2026 at 02:00."),
        ({"time": "12:15"}, "Next: today at 12:15, tomorrow at 12:15 and Sep 26, 2026 at 12:15."),
        (
            {"mode": Mode.CUSTOM, "custom": "0 8,18 * * *"},
            "Next: today at 18:00, tomorrow at 08:00 and tomorrow at 18:00.",
        ),
        ({"mode": Mode.NONE}, "No backup is planned."),
        ({"enabled": False}, "No backup is planned."),
    ],
)
def test_next_runs_of_a_form(edit: dict[str, Any], expected: str) -> None:
    form = replace(form_of(settings()), **edit)
    assert next_runs_text(facts(), EN, form) == expected


def test_next_runs_in_french() -> None:
    assert (
        next_runs_text(facts(), FR)
        == "Prochaines\u00a0: demain à 02:00, le 26/09/2026 à 02:00 et le 27/09/2026 à 02:00."
    )


def test_next_runs_are_what_the_scheduler_says() -> None:
    late = NextRun("backup", Phase.RETRYING, at("2026-09-24"), at("2026-09-24T10:15"), 2, "disk full")
    other = NextRun("drill", Phase.PLANNED, at("2026-09-27"), at("2026-09-27"))
    told = next_runs_text(facts(next_runs=(other, late)), EN)
    assert told == "Next: today at 10:15, tomorrow at 02:00 and Sep 26, 2026 at 02:00."
    due = replace(late, at=NOW)
    assert next_runs_text(facts(next_runs=(due,)), EN).startswith("Next: now, tomorrow at 02:00")


def test_next_runs_while_paused() -> None:
    assert next_runs_text(facts(paused=True), EN) == "Paused: no backup is made until you resume."


def test_the_zone_of_the_settings_counts() -> None:
    known = facts(settings=settings(timezone="America/New_York"))
    assert next_runs_text(known, EN).startswith("Next: tomorrow at 08:00,")


def test_the_clock_going_back_does_not_repeat_a_run() -> None:
    known = facts(now=at("2026-10-24T12:00"))
    runs = next_runs(replace(form_of(settings()), time="02:30"), known)
    assert [run.isoformat() for run in runs] == [
        "2026-10-25T02:30:00+02:00",
        "2026-10-26T02:30:00+01:00",
        "2026-10-27T02:30:00+01:00",
    ]
