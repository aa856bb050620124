"""The settings of each channel. Values only: building one reads no secret and opens nothing.

A secret is a callable without arguments that returns it (`Secret`), so that a password is read from the keyring or the
environment when a message is sent and not before; a plain text is taken too. Whole URLs may be secrets: whoever knows
the address of a webhook or a heartbeat can use it. So `name` shows the host only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Literal

from litekeep.records import dataclass
from litekeep.redaction import place_of

Secret = str | Callable[[], str]
Security = Literal["starttls", "ssl", "plain"]
TIMEOUT_SECONDS = 15.0


def reveal(secret: Secret) -> str:
    """The secret itself; raises what its callable raises (SecretUnavailable)."""
    return secret if isinstance(secret, str) else secret()


@dataclass(frozen=True, slots=True)
class EmailChannel:
    """Mail through an SMTP server.

    security: "starttls" (port 587), "ssl" (465), or "plain" (25; never with a password except to this machine).
    ca_file: certificates of authorities to trust instead of the system's, for a server of one's own.
    """

    host: str
    sender: str
    recipients: tuple[str, ...]
    port: int = 587
    security: Security = "starttls"
    user: str = ""
    password: Secret = field(default="", repr=False)
    ca_file: Path | None = None
    timeout_seconds: float = TIMEOUT_SECONDS

    @property
    def name(self) -> str:
        """For journal and notices."""
        return f"email {self.host}"


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """A JSON object by POST. token: sent as `Authorization: Bearer`. headers: others; values may be secrets."""

    url: Secret = field(repr=False)
    token: Secret | None = field(default=None, repr=False)
    headers: Mapping[str, Secret] = field(default_factory=dict, repr=False)
    ca_file: Path | None = None
    timeout_seconds: float = TIMEOUT_SECONDS
    label: str = ""

    @property
    def name(self) -> str:
        """For journal and notices."""
        return self.label or _named("webhook", self.url)


@dataclass(frozen=True, slots=True)
class NtfyChannel:
    """A topic of ntfy.sh or of a server of one's own. Whoever knows the topic can read it."""

    topic: Secret = field(repr=False)
    server: str = "https://ntfy.sh"
    token: Secret | None = field(default=None, repr=False)
    ca_file: Path | None = None
    timeout_seconds: float = TIMEOUT_SECONDS

    @property
    def name(self) -> str:
        """For journal and notices."""
        return _named("ntfy", self.server)


@dataclass(frozen=True, slots=True)
class DesktopChannel:
    """A notification on the desktop of the user who runs Litekeep."""

    timeout_seconds: float = TIMEOUT_SECONDS

    @property
    def name(self) -> str:
        """For journal and notices."""
        return "desktop"


@dataclass(frozen=True, slots=True)
class HeartbeatChannel:
    """A monitor elsewhere (healthchecks.io and others) that raises the alarm when it hears nothing any more."""

    url: Secret = field(repr=False)
    ca_file: Path | None = None
    timeout_seconds: float = TIMEOUT_SECONDS

    @property
    def name(self) -> str:
        """For journal and notices."""
        return _named("heartbeat", self.url)


@dataclass(frozen=True, slots=True)
class AppriseChannel:
    """Everything that Apprise knows (`pip install litekeep[apprise]`); URLs in its notation, which hold the secrets."""

    urls: tuple[Secret, ...] = field(repr=False)
    timeout_seconds: float = TIMEOUT_SECONDS
    label: str = "apprise"

    @property
    def name(self) -> str:
        """For journal and notices."""
        return self.label


Channel = EmailChannel | WebhookChannel | NtfyChannel | DesktopChannel | HeartbeatChannel | AppriseChannel


def _named(kind: str, url: Secret) -> str:
    """With the host, if naming it reads no secret."""
    return f"{kind} {place_of(url).partition('://')[2]}" if isinstance(url, str) else kind
