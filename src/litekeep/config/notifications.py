"""The section backup.notifications: who is told of what, and how each channel is reached."""

from __future__ import annotations

from typing import Literal

from litekeep.config.compound import NEEDED, ListOf, Nullable, Section, setting
from litekeep.config.kinds import Choice, Text, Url, Whole
from litekeep.config.references import Headers, OrReference, Reference
from litekeep.config.secrets import Secret
from litekeep.records import dataclass

Channel = Literal["desktop", "email", "webhook", "ntfy", "apprise"]
Security = Literal["starttls", "ssl", "plain"]
Occasion = Literal["failure", "success", "recovery", "overdue", "anomaly"]
CHANNELS: tuple[Channel, ...] = ("desktop", "email", "webhook", "ntfy", "apprise")
SEPARATE: tuple[Channel, ...] = ("email", "webhook", "ntfy", "apprise")
"""Channels that must be described before they can be used."""

_WEB = Url(("https", "http"))
_ADDRESS = Text('an e-mail address such as "you@example.org"', r"^[^@]+@[^@\s]+$")
_CHANNELS = ListOf(Choice({name: name for name in CHANNELS}), distinct=True)
_PORTS: dict[Security, int] = {"starttls": 587, "ssl": 465, "plain": 25}
_AS_FAILURE = Nullable(_CHANNELS, "the same as on_failure")


@dataclass(frozen=True, slots=True)
class EmailSettings:
    """E-mail through an SMTP server."""

    host: str = setting(Text("the name of an SMTP server"), NEEDED, "The SMTP server.")
    sender: str = setting(_ADDRESS, NEEDED, "The address that messages come from.", key="from")
    recipients: tuple[str, ...] = setting(ListOf(_ADDRESS, distinct=True, least=1), NEEDED, "Who gets them.", key="to")
    port: int | None = setting(
        Nullable(Whole(1, 65535), "587 for starttls, 465 for ssl, 25 for plain"), None, "The port of the server."
    )
    security: Security = setting(
        Choice({word: word for word in _PORTS}),
        "starttls",
        "How the connection is encrypted: from the beginning (ssl), after a greeting (starttls), or not (plain).",
    )
    user: str | None = setting(Nullable(Text()), None, "The name to log in with; null: no login.")
    password: Secret | None = setting(Nullable(Reference()), None, "Where the password is.")

    @property
    def effective_port(self) -> int:
        """The port that is used."""
        return self.port or _PORTS[self.security]


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """A JSON message to a web address."""

    url: str | Secret = setting(
        OrReference(_WEB), NEEDED, "Where messages are sent. A reference if the address is secret."
    )
    headers: tuple[tuple[str, str | Secret], ...] = setting(Headers(), {}, "Headers of the request.")


@dataclass(frozen=True, slots=True)
class NtfySettings:
    """A message through ntfy."""

    topic: str | Secret = setting(
        OrReference(Text('the name of a topic, of letters, digits, "_" and "-"', r"^[A-Za-z0-9_-]{1,64}$")),
        NEEDED,
        "The topic. A reference if who knows it can read along.",
    )
    url: str = setting(_WEB, "https://ntfy.sh", "The server.")
    token: Secret | None = setting(Nullable(Reference()), None, "Where the access token is.")


@dataclass(frozen=True, slots=True)
class AppriseSettings:
    """Messages through Apprise."""

    urls: tuple[Secret, ...] = setting(
        ListOf(Reference(), least=1, hidden=True),
        NEEDED,
        "Apprise addresses, all as references, because nearly all of them hold a password or a token.",
    )


@dataclass(frozen=True, slots=True)
class NotificationSettings:
    """Which channels are used on which occasion, and what the channels need."""

    on_failure: tuple[Channel, ...] = setting(
        _CHANNELS, ["desktop"], "A backup, a verification or a restore test failed: the first time, then daily."
    )
    on_success: tuple[Channel, ...] = setting(_CHANNELS, [], "A scheduled backup was made and verified.")
    on_recovery: tuple[Channel, ...] | None = setting(_AS_FAILURE, None, "It works again after a failure.")
    on_overdue: tuple[Channel, ...] | None = setting(_AS_FAILURE, None, "No good backup was made for too long.")
    on_anomaly: tuple[Channel, ...] | None = setting(
        _AS_FAILURE, None, "A backup shrank so much that rotation waits until someone has looked."
    )
    heartbeat_url: str | Secret | None = setting(
        Nullable(OrReference(_WEB), "none"),
        None,
        "Called after every good backup; the service behind it alarms when the calls stop.",
    )
    email: EmailSettings | None = setting(Nullable(Section(EmailSettings, hidden=True)), None, "The channel email.")
    webhook: WebhookSettings | None = setting(
        Nullable(Section(WebhookSettings, hidden=True)), None, "The channel webhook."
    )
    ntfy: NtfySettings | None = setting(Nullable(Section(NtfySettings, hidden=True)), None, "The channel ntfy.")
    apprise: AppriseSettings | None = setting(
        Nullable(Section(AppriseSettings, hidden=True)), None, "The channel apprise."
    )

    def channels(self, occasion: Occasion) -> tuple[Channel, ...]:
        """Who is told on that occasion."""
        found = {
            "failure": self.on_failure,
            "success": self.on_success,
            "recovery": self.on_recovery,
            "overdue": self.on_overdue,
            "anomaly": self.on_anomaly,
        }[occasion]
        return self.on_failure if found is None else found
