"""The channels that a command line names, beside those of the settings file."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import SplitResult, unquote, urlsplit

import click

from litekeep.cli.parameters import PATH
from litekeep.errors import UsageError
from litekeep.records import dataclass

if TYPE_CHECKING:
    from litekeep.config import Settings
    from litekeep.notify.channels import EmailChannel, NtfyChannel, Security
    from litekeep.notify.notifier import Recipients

F = TypeVar("F", bound=Callable[..., Any])
PASSWORD_VARIABLE = "LITEKEEP_SMTP_PASSWORD"  # noqa: S105 - the name of a variable
SMTP: dict[str, tuple[Security, int]] = {
    "smtp": ("starttls", 587),
    "smtps": ("ssl", 465),
    "smtp+plain": ("plain", 25),
}


@dataclass(frozen=True, slots=True)
class Named:
    """What the options say."""

    desktop: bool = False
    email: tuple[str, ...] = ()
    smtp: str | None = None
    sender: str | None = None
    webhook: tuple[str, ...] = field(default=(), repr=False)
    ntfy: tuple[str, ...] = field(default=(), repr=False)
    heartbeat: tuple[str, ...] = field(default=(), repr=False)
    apprise: tuple[str, ...] = field(default=(), repr=False)
    ca_file: Path | None = None


def channel_options(function: F) -> F:
    """The options that name channels, beside those of the settings file."""
    several: dict[str, Any] = {"multiple": True, "metavar": "URL"}
    options = (
        click.option("--desktop", is_flag=True, help="On the desktop of this user."),
        click.option("--email", multiple=True, metavar="ADDRESS", help="By e-mail, with --smtp; may be repeated."),
        click.option("--smtp", metavar="URL", help=_SMTP_HELP),
        click.option("--from", "sender", metavar="ADDRESS", help="Sender of e-mails [default: the first --email]."),
        click.option("--webhook", help="By POST of a JSON object; may be repeated.", **several),
        click.option("--ntfy", help="Through ntfy, for example https://ntfy.sh/TOPIC.", **several),
        click.option("--heartbeat", help="Ping of a monitor such as healthchecks.io.", **several),
        click.option("--apprise", help="Through Apprise (pip install 'litekeep[apprise]').", **several),
        click.option("--ca-file", type=PATH, metavar="FILE", help="Certificates to trust instead of the system's."),
    )
    for option in reversed(options):
        function = option(function)
    return function


_SMTP_HELP = (
    "Mail server: smtp://USER@HOST (STARTTLS), smtps:// (TLS) or smtp+plain://. The password is read from "
    f"{PASSWORD_VARIABLE}."
)


def recipients_of(named: Named, settings: Settings | None) -> Recipients:
    """All channels; raises UsageError if there is none, or if an option makes no sense."""
    from litekeep.notify.channels import AppriseChannel, Channel, DesktopChannel, HeartbeatChannel, WebhookChannel
    from litekeep.notify.notifier import Recipients, Route

    channels: list[Channel] = [DesktopChannel()] if named.desktop else []
    channels += _mail(named)
    channels += [WebhookChannel(_web(url, "--webhook"), ca_file=named.ca_file) for url in named.webhook]
    channels += [_ntfy(url, named.ca_file) for url in named.ntfy]
    channels += [AppriseChannel((url,)) for url in named.apprise]
    beats = tuple(HeartbeatChannel(_web(url, "--heartbeat"), named.ca_file) for url in named.heartbeat)
    found = Recipients(tuple(Route(each) for each in channels), beats)
    if settings is not None:
        from litekeep.config.recipients import recipients

        more = recipients(settings.backup.notifications)
        found = Recipients((*found.routes, *more.routes), (*found.heartbeats, *more.heartbeats))
    if not found.channels():
        hint = "Name one, for example --desktop, or describe it in the settings file (backup.notifications)."
        raise UsageError("there is no channel for notifications", hint=hint)
    return found


def _mail(named: Named) -> Sequence[EmailChannel]:
    from litekeep.notify.channels import EmailChannel

    if not named.email:
        return []
    if named.smtp is None:
        raise UsageError("--email needs --smtp", hint="For example --smtp smtp://you@mail.example.org.")
    parts = _split(named.smtp, "--smtp")
    if parts.scheme not in SMTP:
        raise UsageError(f"--smtp begins with {parts.scheme}://", hint=f"Allowed: {', '.join(SMTP)}.")
    security, port = SMTP[parts.scheme]
    user = unquote(parts.username or "")
    secret = unquote(parts.password or "") or os.environ.get(PASSWORD_VARIABLE, "")
    return [
        EmailChannel(
            parts.hostname or "",
            named.sender or named.email[0],
            named.email,
            port=parts.port or port,
            security=security,
            user=user,
            password=secret,
            ca_file=named.ca_file,
        )
    ]


def _ntfy(url: str, ca_file: Path | None) -> NtfyChannel:
    from litekeep.notify.channels import NtfyChannel

    parts = _split(_web(url, "--ntfy"), "--ntfy")
    folder, _, topic = parts.path.rstrip("/").rpartition("/")
    if not topic:
        raise UsageError("--ntfy names no topic", hint="For example --ntfy https://ntfy.sh/TOPIC.")
    server = parts._replace(path=f"{folder}/", query="", fragment="").geturl()
    return NtfyChannel(topic, server, ca_file=ca_file)


def _web(url: str, option: str) -> str:
    if _split(url, option).scheme not in ("http", "https"):
        raise UsageError(f"{option} needs an address that begins with https:// or http://")
    return url


def _split(url: str, option: str) -> SplitResult:
    """The parts; the address itself is not repeated in an error, because it may be secret."""
    try:
        parts = urlsplit(url)
        if parts.hostname and (parts.port is None or parts.port):
            return parts
    except ValueError:
        pass
    raise UsageError(f"the address after {option} is none", hint="It needs a scheme and a host: https://example.org/.")
