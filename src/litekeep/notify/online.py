"""The channels that speak HTTP: webhook, ntfy, heartbeat."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from litekeep.notify.channels import HeartbeatChannel, NtfyChannel, Secret, WebhookChannel, reveal
from litekeep.notify.message import Message, Severity
from litekeep.notify.web import checked, request

_PRIORITY = {Severity.SUCCESS: 2, Severity.RECOVERED: 3, Severity.WARNING: 4, Severity.FAILURE: 5}
_TAGS = {
    Severity.SUCCESS: "white_check_mark",
    Severity.RECOVERED: "white_check_mark",
    Severity.WARNING: "warning",
    Severity.FAILURE: "rotating_light",
}


class Beat(StrEnum):
    """What a heartbeat says, in the notation of healthchecks.io: the end of the path."""

    START = "/start"
    SUCCESS = ""
    FAIL = "/fail"


def send_webhook(channel: WebhookChannel, message: Message) -> None:
    """POST the message as JSON; raises NotDelivered."""
    headers = {name: reveal(value) for name, value in channel.headers.items()}
    request(
        reveal(channel.url),
        body=_encode(webhook_body(message)),
        headers={"Content-Type": "application/json", **headers, **_bearer(channel.token)},
        timeout_seconds=channel.timeout_seconds,
        ca_file=channel.ca_file,
    )


def webhook_body(message: Message) -> dict[str, Any]:
    """The object that is posted; `text` is what Slack, Mattermost and their like show."""
    return {
        "schema": "litekeep.notification/1",
        "severity": message.severity.name.lower(),
        "title": message.title,
        "what": message.what,
        "safe": message.safe,
        "todo": message.todo,
        "text": f"{message.title}\n\n{message.text}",
        "host": message.host,
        "at": message.at.isoformat(timespec="seconds"),
        "about": [{"source": source, "topic": topic} for source, topic in message.about],
    }


def send_ntfy(channel: NtfyChannel, message: Message) -> None:
    """Publish to the topic; raises NotDelivered."""
    body = {
        "topic": reveal(channel.topic),
        "title": message.title,
        "message": message.text,
        "priority": _PRIORITY[message.severity],
        "tags": [_TAGS[message.severity]],
    }
    request(
        channel.server,
        body=_encode(body),
        headers={"Content-Type": "application/json", **_bearer(channel.token)},
        timeout_seconds=channel.timeout_seconds,
        ca_file=channel.ca_file,
    )


def send_beat(channel: HeartbeatChannel, beat: Beat) -> None:
    """One ping; raises NotDelivered. Nothing of the state is told but that it is good, bad or begun."""
    parts = urlsplit(checked(reveal(channel.url)))
    url = urlunsplit(parts._replace(path=parts.path.rstrip("/") + beat.value)) if beat.value else urlunsplit(parts)
    request(url, timeout_seconds=channel.timeout_seconds, ca_file=channel.ca_file)


def _bearer(token: Secret | None) -> dict[str, str]:
    return {} if token is None else {"Authorization": f"Bearer {reveal(token)}"}


def _encode(facts: dict[str, Any]) -> bytes:
    return json.dumps(facts).encode("ascii")
