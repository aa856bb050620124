"""What may be told: text for logs, journals and messages without passwords and without control characters. Pure.

A log is read by more people than a settings file, and is attached to reports of mistakes. So whatever leaves Litekeep
as prose goes through `redact`: it hides what looks like a credential (the user part of a URL, values of parameters that
are named like secrets, bearer tokens) and what is known to be one. It errs on the side of hiding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

HIDDEN = "***"
SHORTEST_SECRET = 6
"""Shorter known secrets are not looked for: "on" or "1" would make every text unreadable."""

# Every repetition before the sign that decides (":", "=", "://") is bounded: a long line must not take long.
_USER_PART = r"([A-Za-z][A-Za-z0-9+.-]{0,30}://)[^\s\"'<>]{0,500}@"
_NAMED = (
    r"(?i)((?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|signature|credential)"
    r"[\w.-]{0,40}[\"']?\s{0,9}[=:]\s{0,9})(\"[^\"]*\"|'[^']*'|[^\s&,;)\"']+)"
)
_NAMES = ("pass", "secret", "token", "key", "signature", "credential")
_PARAMETER = r"(?i)([?&](?:sig|key|auth|pass|pwd|sas|code)=)[^\s&#\"']+"
_SCHEME = r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without credentials; `secrets` are values known to be secret, hidden wherever they stand."""
    for secret in sorted({each for each in secrets if len(each) >= SHORTEST_SECRET}, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    lower = text.lower()  # a look for the words first: compiling the patterns takes longer than a backup's last step
    if "://" in text:
        text = re.sub(_USER_PART, rf"\1{HIDDEN}@", text)
    if any(word in lower for word in _NAMES):
        text = re.sub(_NAMED, rf"\1{HIDDEN}", text)
    if "=" in text:
        text = re.sub(_PARAMETER, rf"\1{HIDDEN}", text)
    if "bearer" in lower or "basic" in lower:
        text = re.sub(_SCHEME, rf"\1 {HIDDEN}", text)
    return text


def one_line(text: str) -> str:
    """The text in one line: control characters and line ends as escapes, so that a name cannot forge a line."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode("ascii") for c in text)


def place_of(url: str) -> str:
    """Scheme and host of a URL: user, path and query often are the secret (webhooks, heartbeats)."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "?", parts.port
    except ValueError:
        return "?"
    return f"{parts.scheme}://{host}:{port}" if port else f"{parts.scheme}://{host}"
