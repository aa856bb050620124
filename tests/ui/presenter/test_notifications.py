"""Who is told: lines without secrets, the switch for the desktop, the result of a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from litekeep.config.edit import create_settings, save_changes
from litekeep.notify.delivery import Delivered, Delivery
from litekeep.ui.presenter.models import Tone
from litekeep.ui.presenter.notifications import desktop_changes, notifications_form, trial_lines, trial_text
from ui.presenter.made import EN, FR, settings

MAIL = {"host": "smtp.example.org", "from": "a@example.org", "to": ["b@example.org", "c@example.org"]}
EVERYTHING: dict[str, Any] = {
    "on_failure": ["desktop", "email"],
    "on_success": ["webhook"],
    "email": MAIL,
    "webhook": {"url": "https://hooks.example.org/secret-path?token=123"},
    "ntfy": {"topic": "secret-topic"},
    "heartbeat_url": "https://hc-ping.com/secret-id",
}


def test_everything_configured_and_no_secret_shown() -> None:
    form = notifications_form(settings(notifications=EVERYTHING), EN)
    assert form.desktop
    assert [(line.name, line.value, line.tone) for line in form.lines] == [
        (
            "E-mail",
            "b@example.org and c@example.org, told of failures, missing backups, unusual changes and recoveries",
            Tone.CALM,
        ),
        ("Webhook", "hooks.example.org, told of successes", Tone.CALM),
        ("ntfy", "ntfy.sh, told of nothing", Tone.WARN),
        ("Heartbeat", "hc-ping.com, called after every good backup", Tone.CALM),
    ]
    assert "secret" not in str(form)
    assert form.note == ""
    assert notifications_form(settings(notifications=EVERYTHING), FR).lines[3].name == "Signal de vie"


def test_a_secret_address() -> None:
    form = notifications_form(settings(notifications={"heartbeat_url": {"env": "PING"}}), EN)
    assert form.lines[0].value == "a secret address, called after every good backup"


def test_nobody_is_told() -> None:
    form = notifications_form(settings(notifications={"on_failure": []}), EN)
    assert (form.desktop, form.lines) == (False, ())
    assert form.note == "Nobody is told when a backup fails."


@pytest.mark.parametrize(
    ("given", "desktop", "expected"),
    [
        ({}, True, {}),
        ({}, False, {"on_failure": []}),
        ({"on_failure": []}, False, {}),
        ({"on_failure": []}, True, {"on_failure": ["desktop"]}),
        ({"on_failure": ["email"], "email": MAIL}, True, {"on_failure": ["desktop", "email"]}),
        (
            {"on_failure": ["desktop", "email"], "on_success": ["desktop"], "on_overdue": ["email"], "email": MAIL},
            False,
            {"on_failure": ["email"], "on_success": []},
        ),
    ],
)
def test_the_switch(given: dict[str, Any], desktop: bool, expected: dict[str, Any], tmp_path: Path) -> None:
    """What it changes can be saved, and is then as the switch says."""
    found = desktop_changes(settings(notifications=given), desktop=desktop)
    assert found == {f"backup.notifications.{key}": value for key, value in expected.items()}
    create_settings(tmp_path / "backup.json", {"backup": {"notifications": given}})
    after = save_changes(tmp_path / "backup.json", found).backup
    assert notifications_form(after, EN).desktop is desktop


def test_results_of_a_test() -> None:
    results = [
        Delivery("desktop", Delivered.UNAVAILABLE, "notify-send is not installed"),
        Delivery("email smtp.example.org", Delivered.FAILED, "the server refused the password"),
        Delivery("webhook hooks.example.org", Delivered.OK),
        Delivery("mine", Delivered.FAILED),
    ]
    assert [(line.name, line.value, line.tone) for line in trial_lines(results, EN)] == [
        ("Desktop", "Not available here: notify-send is not installed", Tone.WARN),
        ("E-mail · smtp.example.org", "Not sent: the server refused the password", Tone.BAD),
        ("Webhook · hooks.example.org", "Sent", Tone.OK),
        ("mine", "Not sent: no reason known", Tone.BAD),
    ]
    assert trial_text(results, EN) == "3 test messages did not arrive."
    assert trial_text(results[2:3], EN) == "The test message was sent."
    assert trial_text(results[2:3] * 2, EN) == "2 test messages were sent."
    assert trial_text([], EN).startswith("There is nobody to tell")
