"""The channels that the settings describe. No secret is read here: each channel gets what reads it when it sends."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from litekeep.config.notifications import EmailSettings, NotificationSettings
from litekeep.config.notifications import Occasion as Word
from litekeep.config.secrets import Secret, resolve
from litekeep.notify.channels import (
    AppriseChannel,
    Channel,
    DesktopChannel,
    EmailChannel,
    HeartbeatChannel,
    NtfyChannel,
    WebhookChannel,
)
from litekeep.notify.message import Occasion
from litekeep.notify.notifier import Recipients, Route

_WORDS: tuple[Word, ...] = ("failure", "success", "recovery", "overdue", "anomaly")
Read = str | Callable[[], str]


def recipients(given: NotificationSettings, environ: Mapping[str, str] | None = None) -> Recipients:
    """Who is told what. environ: instead of the environment of this process, when secrets are read.

    A channel that is described and named for no occasion is told nothing, but is there for a test.
    """
    described = _described(given, environ)
    occasions = {
        name: frozenset(Occasion(word) for word in _WORDS if name in given.channels(word)) for name in described
    }
    routes = tuple(Route(channel, occasions[name]) for name, channel in described.items())
    url = given.heartbeat_url
    heartbeats = () if url is None else (HeartbeatChannel(_reading(url, environ)),)
    return Recipients(routes, heartbeats)


def _described(given: NotificationSettings, environ: Mapping[str, str] | None) -> dict[str, Channel]:
    """Every channel by its word in the settings; the desktop only if it is named, because it needs no description."""
    found: dict[str, Channel] = {}
    if any("desktop" in given.channels(word) for word in _WORDS):
        found["desktop"] = DesktopChannel()
    if given.email is not None:
        found["email"] = _email(given.email, environ)
    if given.webhook is not None:
        headers = {name: _reading(value, environ) for name, value in given.webhook.headers}
        found["webhook"] = WebhookChannel(_reading(given.webhook.url, environ), headers=headers)
    if given.ntfy is not None:
        token = None if given.ntfy.token is None else _reading(given.ntfy.token, environ)
        found["ntfy"] = NtfyChannel(_reading(given.ntfy.topic, environ), given.ntfy.url, token)
    if given.apprise is not None:
        found["apprise"] = AppriseChannel(tuple(_reading(each, environ) for each in given.apprise.urls))
    return found


def _email(given: EmailSettings, environ: Mapping[str, str] | None) -> EmailChannel:
    return EmailChannel(
        given.host,
        given.sender,
        given.recipients,
        port=given.effective_port,
        security=given.security,
        user=given.user or "",
        password="" if given.password is None else _reading(given.password, environ),
    )


def _reading(value: str | Secret, environ: Mapping[str, str] | None) -> Read:
    """A text as it is; of a reference, what reads it."""
    return value if isinstance(value, str) else lambda: resolve(value, environ=environ)
