"""A notification on the desktop, by the program that the system has for it.

Texts hold names that people chose. So no shell is started, and no text becomes a part of a script or of markup:
programs get it as an argument after all options (notify-send, gdbus, osascript) or as JSON on their input (PowerShell).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from html import escape

from litekeep.notify.channels import DesktopChannel
from litekeep.notify.delivery import NotDelivered
from litekeep.notify.message import Message, Severity
from litekeep.records import dataclass
from litekeep.redaction import one_line, redact

LONGEST_BODY = 400
Which = Callable[[str], str | None]

_OSASCRIPT = (
    "on run argv",
    "display notification (item 2 of argv) with title (item 1 of argv)",
    "end run",
)
_POWERSHELL = """
$ErrorActionPreference = 'Stop'
$told = [Console]::In.ReadToEnd() | ConvertFrom-Json
$manager = [Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime]
$kind = [Windows.UI.Notifications.ToastTemplateType]::ToastText02
$xml = $manager::GetTemplateContent($kind)
$texts = $xml.GetElementsByTagName('text')
$null = $texts.Item(0).AppendChild($xml.CreateTextNode($told.title))
$null = $texts.Item(1).AppendChild($xml.CreateTextNode($told.body))
$toast = New-Object Windows.UI.Notifications.ToastNotification $xml
$application = '{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\\WindowsPowerShell\\v1.0\\powershell.exe'
$manager::CreateToastNotifier($application).Show($toast)
"""


@dataclass(frozen=True, slots=True)
class Command:
    """What is started: a list of arguments, never a line for a shell. standard_input: ASCII."""

    arguments: tuple[str, ...]
    standard_input: str = ""


def send_desktop(channel: DesktopChannel, message: Message) -> None:
    """Show the message; raises NotDelivered, `available` false where there is no program or no desktop."""
    command = command_for(sys.platform, shutil.which, message)
    try:
        done = subprocess.run(
            command.arguments,
            input=command.standard_input,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=channel.timeout_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotDelivered(f"{_program(command)} did not end in time", transient=True) from None
    except (OSError, ValueError) as error:
        raise NotDelivered(f"{_program(command)} cannot be started: {type(error).__name__}", available=False) from None
    if done.returncode:
        told = redact(one_line(next(iter(done.stderr.strip().splitlines()), "")))[:200]
        text = f"{_program(command)} ended with code {done.returncode}"
        raise NotDelivered(f"{text}: {told}" if told else text, available=not _no_desktop(told))


def command_for(platform: str, which: Which, message: Message) -> Command:
    """What to start on a platform (`sys.platform`); raises NotDelivered if there is no program for it."""
    title = _plain(f"Litekeep: {message.title}")
    body = _plain(" ".join(part for part in (message.what, message.todo) if part))[:LONGEST_BODY]
    if platform == "win32":
        return _powershell(which, title, body)
    if platform == "darwin":
        return _osascript(which, title, body)
    urgent = message.severity >= Severity.FAILURE
    if program := which("notify-send"):
        urgency = f"--urgency={'critical' if urgent else 'normal'}"
        return Command((program, "--app-name=Litekeep", urgency, "--", title, escape(body, quote=False)))
    if program := which("gdbus"):
        return Command((program, *_GDBUS, *_gdbus_arguments(title, escape(body, quote=False), urgent=urgent)))
    raise NotDelivered("neither notify-send nor gdbus is installed", available=False)


_GDBUS = (
    "call",
    "--session",
    "--dest=org.freedesktop.Notifications",
    "--object-path=/org/freedesktop/Notifications",
    "--method=org.freedesktop.Notifications.Notify",
    "--",
)


def _gdbus_arguments(title: str, body: str, *, urgent: bool) -> tuple[str, ...]:
    """Name, replaced id, icon, title, body, actions, hints, time limit: each a value in GVariant's text form."""
    urgency = f"{{'urgency': <byte {2 if urgent else 1}>}}"
    return (_gvariant("Litekeep"), "0", _gvariant(""), _gvariant(title), _gvariant(body), "[]", urgency, "-1")


def _gvariant(text: str) -> str:
    """A string literal: only the quote and the backslash have a meaning in it."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'


def _osascript(which: Which, title: str, body: str) -> Command:
    program = which("osascript")
    if program is None:
        raise NotDelivered("osascript is not installed", available=False)
    script = [part for line in _OSASCRIPT for part in ("-e", line)]
    return Command((program, *script, title, body))


def _powershell(which: Which, title: str, body: str) -> Command:
    program = which("powershell.exe") or which("powershell")  # the newer pwsh cannot show toasts
    if program is None:
        raise NotDelivered("PowerShell is not installed", available=False)
    script = b64encode(_POWERSHELL.encode("utf-16-le")).decode("ascii")
    arguments = (program, "-NoProfile", "-NonInteractive", "-EncodedCommand", script)
    return Command(arguments, json.dumps({"title": title, "body": body}))


def _plain(text: str) -> str:
    """Without control characters and without what is no text (odd file names)."""
    return one_line(text.replace("\n", " ")).encode("utf-8", "replace").decode("utf-8")


def _program(command: Command) -> str:
    return command.arguments[0].replace("\\", "/").rpartition("/")[2]


def _no_desktop(told: str) -> bool:
    """True if the program says that there is nobody to show anything to."""
    signs = ("DISPLAY", "D-Bus", "dbus", "DBus", "connect to", "connection", "ServiceUnknown")
    return any(sign in told for sign in signs)
