"""Channels out of the settings: complete, and with secrets that nobody has read yet."""

from __future__ import annotations

from pathlib import Path

from litekeep.config import parse_settings
from litekeep.config.recipients import recipients
from litekeep.notify.channels import (
    AppriseChannel,
    DesktopChannel,
    EmailChannel,
    NtfyChannel,
    WebhookChannel,
    reveal,
)
from litekeep.notify.message import Occasion
from litekeep.notify.notifier import Recipients

ALL: dict[str, object] = {
    "on_failure": ["email", "desktop"],
    "on_success": ["ntfy"],
    "on_recovery": ["webhook"],
    "on_anomaly": [],
    "heartbeat_url": {"env": "BEAT"},
    "email": {
        "host": "mail.example.org",
        "from": "b@example.org",
        "to": ["a@example.org"],
        "user": "me",
        "password": {"env": "MAIL"},
        "security": "ssl",
    },
    "webhook": {"url": {"env": "HOOK"}, "headers": {"X-Key": {"env": "KEY"}}},
    "ntfy": {"topic": "t", "token": {"env": "NTFY"}},
    "apprise": {"urls": [{"env": "CHAT"}]},
}
SECRETS = {name: f"https://{name.lower()}.example.org/" for name in ("BEAT", "MAIL", "HOOK", "KEY", "NTFY", "CHAT")}


def made(notifications: dict[str, object], environ: dict[str, str]) -> Recipients:
    """Out of a settings file with these notifications."""
    settings = parse_settings({"backup": {"notifications": notifications}}, Path.cwd(), {})
    return recipients(settings.backup.notifications, environ)


def test_every_channel_with_its_occasions() -> None:
    found = made(ALL, SECRETS)
    occasions = {type(route.channel): route.occasions for route in found.routes}
    assert occasions == {
        EmailChannel: {Occasion.FAILURE, Occasion.OVERDUE},
        DesktopChannel: {Occasion.FAILURE, Occasion.OVERDUE},
        NtfyChannel: {Occasion.SUCCESS},
        WebhookChannel: {Occasion.RECOVERY},
        AppriseChannel: set(),
    }
    channels = {type(each): each for each in found.channels()}
    mail, hook = channels[EmailChannel], channels[WebhookChannel]
    assert isinstance(mail, EmailChannel)
    assert (mail.port, mail.security, reveal(mail.password)) == (465, "ssl", SECRETS["MAIL"])
    assert isinstance(hook, WebhookChannel)
    assert reveal(hook.url) == SECRETS["HOOK"]
    assert reveal(hook.headers["X-Key"]) == SECRETS["KEY"]
    assert reveal(found.heartbeats[0].url) == SECRETS["BEAT"]


def test_no_secret_is_read_before_it_is_needed() -> None:
    found = made(ALL, {})
    assert len(found.channels()) == 6
    assert "example.org/" not in repr(found)


def test_by_default_the_desktop() -> None:
    (route,) = made({}, {}).routes
    assert isinstance(route.channel, DesktopChannel)
    assert route.occasions == {Occasion.FAILURE, Occasion.OVERDUE, Occasion.ANOMALY, Occasion.RECOVERY}
    assert made({"on_failure": []}, {}).routes == ()
