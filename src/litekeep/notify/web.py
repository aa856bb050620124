"""HTTP for notifications: one request, a time limit, verified certificates, and no secret to a host that was not named.

Only http and https are spoken, so a setting can name no file. A redirect is followed at most three times, never from
https to http. A POST is sent again only to the same host, because it carries the message; a GET goes to another host
without its authorization. What the server answers is not read, except its status.
"""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Mapping
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO, Any
from urllib.parse import SplitResult, unquote, urljoin, urlsplit, urlunsplit

from litekeep import __version__
from litekeep.notify.delivery import NotDelivered
from litekeep.redaction import place_of
from litekeep.storage.tls import verifying_context

MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_AGAIN = frozenset({408, 425, 429})
_PRIVATE = frozenset({"authorization", "cookie"})


def request(
    url: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout_seconds: float,
    ca_file: Path | None = None,
) -> None:
    """GET, or POST a body; raises NotDelivered unless the server says that it took it."""
    url, own = _without_user(checked(url))
    sent = {"User-Agent": f"litekeep/{__version__}", **(headers or {}), **own}
    opener = _opener(ca_file)
    for _ in range(MOST_REDIRECTS + 1):
        status, location = _once(opener, url, body, sent, timeout_seconds)
        if status < 300:
            return
        if status not in _REDIRECTS or not location:
            transient = status >= 500 or status in _AGAIN
            raise NotDelivered(f"{place_of(url)} answered with status {status}", transient=transient)
        url, sent = _follow(url, urljoin(url, location), status, body, sent)
    raise NotDelivered(f"{place_of(url)} redirects more than {MOST_REDIRECTS} times")


def _follow(old: str, new: str, status: int, body: bytes | None, sent: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Where to go on, and with which headers; raises NotDelivered if it would not be right."""
    checked(new)
    before, after = urlsplit(old), urlsplit(new)
    if before.scheme == "https" and after.scheme != "https":
        raise NotDelivered(f"{place_of(old)} redirects to a place without encryption, {place_of(new)}")
    same = _host(before) == _host(after)
    if body is not None and (status not in (307, 308) or not same):
        raise NotDelivered(f"{place_of(old)} redirects to {place_of(new)}; put the final address into the settings")
    new, _ = _without_user(new)
    if same:
        return new, sent
    return new, {name: value for name, value in sent.items() if name.lower() not in _PRIVATE}


def _once(
    opener: urllib.request.OpenerDirector, url: str, body: bytes | None, headers: dict[str, str], timeout_seconds: float
) -> tuple[int, str]:
    asked = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310 - the scheme was checked
    try:
        with opener.open(asked, timeout=timeout_seconds) as answer:
            return int(answer.status), ""
    except urllib.error.HTTPError as error:
        with error:
            return error.code, str(error.headers.get("Location") or "")
    except urllib.error.URLError as error:
        raise _unreachable(url, error.reason) from None
    except (OSError, HTTPException) as error:
        raise _unreachable(url, error) from None
    except (ValueError, UnicodeError) as error:
        raise NotDelivered(f"{place_of(url)}: the address or a header is not valid ({type(error).__name__})") from None


def _unreachable(url: str, reason: object) -> NotDelivered:
    """What happened, in words that hold neither path nor query of the address."""
    if isinstance(reason, ssl.SSLCertVerificationError):
        return NotDelivered(f"{place_of(url)}: its certificate is not trusted ({reason.verify_message})")
    if isinstance(reason, TimeoutError):
        return NotDelivered(f"{place_of(url)} did not answer in time", transient=True)
    text = reason.strerror if isinstance(reason, OSError) and reason.strerror else type(reason).__name__
    return NotDelivered(f"{place_of(url)} cannot be reached: {text}", transient=True)


def checked(url: str) -> str:
    """The same address; raises NotDelivered if it is none of the web."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise NotDelivered("the address is not valid") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NotDelivered("the address must begin with https:// or http://")
    return url


def _without_user(url: str) -> tuple[str, dict[str, str]]:
    """The address without user and password, and the header that carries them instead."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url, {}
    pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return bare, {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def _host(parts: SplitResult) -> tuple[str, int]:
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Redirects are followed by `request`, which knows what may be sent where."""

    def redirect_request(
        self,
        req: urllib.request.Request,  # noqa: ARG002 - urllib's signature
        fp: IO[bytes],  # noqa: ARG002
        code: int,  # noqa: ARG002
        msg: str,  # noqa: ARG002
        headers: HTTPMessage,  # noqa: ARG002
        newurl: str,  # noqa: ARG002
    ) -> None:
        """Never."""
        return


def _opener(ca_file: Path | None) -> urllib.request.OpenerDirector:
    """Only http and https, with the proxy of the environment and certificates that are verified."""
    try:
        context = verifying_context(ca_file)
    except OSError as error:
        raise NotDelivered(f"the certificates in {ca_file} cannot be read: {error.strerror or error}") from None
    opener = urllib.request.OpenerDirector()
    handlers: list[Any] = [
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(context=context),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _NoRedirects(),
    ]
    for handler in handlers:
        opener.add_handler(handler)
    return opener
