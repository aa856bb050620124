"""Where a storage is: a URL that holds everything but secrets, so that it can stand in settings, logs and messages.

    s3://BUCKET/PREFIX        ?endpoint=https://HOST &region=  &ca_file=      access_key, secret_key, session_token
                              &checksum=sha256 or none
    gs://BUCKET/PREFIX                                                        service_account (the JSON of the key)
    az://CONTAINER/PREFIX     ?account= &endpoint=                            account_key, or sas
    sftp://USER@HOST:PORT/PATH ?key_file= &known_hosts= &host_key=SHA256:...  password, passphrase (of the key file)
    webdavs://USER@HOST:PORT/PATH ?ca_file=      (webdav:// without TLS)      password
    file:///PATH              a folder, also of a mounted share or drive

On the left what the URL holds, with its options; on the right the names of the secrets, which are given beside it (in
the settings as references, config/references.py). A PATH of sftp is absolute; /~/PATH is below the user's home.
Reading a URL is pure: nothing is opened.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from litekeep.errors import UsageError
from litekeep.records import dataclass
from litekeep.redaction import redact

OPTIONS = {
    "s3": ("endpoint", "region", "ca_file", "checksum"),
    "gs": ("ca_file",),
    "az": ("account", "endpoint", "ca_file"),
    "sftp": ("key_file", "known_hosts", "host_key"),
    "webdav": (),
    "webdavs": ("ca_file",),
    "file": (),
}
SECRETS = {
    "s3": ("access_key", "secret_key", "session_token"),
    "gs": ("service_account",),
    "az": ("account_key", "sas"),
    "sftp": ("password", "passphrase"),
    "webdav": ("password",),
    "webdavs": ("password",),
    "file": (),
}
_NEEDED_SECRETS = {"s3": ("access_key", "secret_key"), "gs": ("service_account",)}
_USUAL_PORTS = {"sftp": (22,), "webdav": (80,), "webdavs": (443,)}
_WITH_USER = {"sftp", "webdav", "webdavs"}
_LOOPBACK = r"localhost|127(?:\.\d{1,3}){3}|::1"
WITH_BUCKET = {"s3", "gs", "az"}
"""Object storage."""
_BUCKET = r"\$?[A-Za-z0-9][A-Za-z0-9._-]*"
"""$web and $root are containers of Azure; the rest is what any of the three allows, and more."""
_FORMS = "s3://BUCKET/PREFIX, gs://, az://, sftp://USER@HOST/PATH, webdavs://HOST/PATH or file:///PATH"


class SecretsMissing(UsageError):
    """A place needs secrets that were not given."""


@dataclass(frozen=True, slots=True)
class Address:
    """A URL taken apart. path: without "/" at its ends, except that of sftp and file, which is as the system wants it.

    port: 0 if it is the usual one. shown: the URL without options and secrets.
    """

    scheme: str
    user: str
    host: str
    port: int
    path: str
    options: Mapping[str, str]
    shown: str


def parse_address(url: str) -> Address:
    """Take a URL apart; raises UsageError, which never quotes what may be a secret."""
    try:
        parts = urlsplit(url.encode("utf-8").decode("utf-8"))
        host, port = parts.hostname or "", parts.port or 0
    except ValueError:
        raise UsageError("not a usable URL for a storage", hint=f"It looks like {_FORMS}.") from None
    scheme = parts.scheme.lower()
    if scheme not in OPTIONS:
        raise UsageError(f"no kind of storage is called {scheme[:20]!r}", hint=f"A storage is {_FORMS}.")
    if parts.password is not None or (parts.username and scheme not in _WITH_USER):
        place = redact(f"{scheme}://x@{host}")
        raise UsageError(
            f"the URL {place} holds a password or a user where none may stand",
            safe="Nothing was sent.",
            hint=f"Secrets are given beside the URL, as references: {', '.join(SECRETS[scheme]) or 'none here'}.",
        )
    if parts.fragment:
        raise UsageError("the URL of a storage ends with #...", hint="Write %23 for a # in a name.")
    netloc = parts.netloc.rpartition("@")[2]
    if scheme in WITH_BUCKET:
        host = netloc  # names of buckets keep their case
    path = _path(scheme, unquote(parts.path))
    if scheme == "file" and host not in {"", "localhost"}:
        raise UsageError(f"file://{host} names another machine", hint="Three slashes: file:///path/of/the/folder.")
    if scheme != "file" and not host.strip("."):
        raise UsageError(f"the URL names no {'bucket' if scheme in WITH_BUCKET else 'host'}", hint=_FORMS)
    if scheme in WITH_BUCKET and not re.fullmatch(_BUCKET, host):
        raise UsageError(
            "a bucket has only letters, digits and . _ - in its name, and begins with one of the first two"
        )
    options = _options(scheme, parts.query)
    user = unquote(parts.username or "")
    below_home = scheme == "sftp" and not path.startswith("/")
    told = f"/~/{path}".removesuffix("/.") if below_home else f"/{path}" if path and not path.startswith("/") else path
    who = f"{quote(user, safe='')}@" if user else ""
    shown = f"{scheme}://{who}{netloc}{quote(told)}"
    return Address(scheme, user, host, port, path, options, shown)


def check_secrets(address: Address, names: Mapping[str, str]) -> None:
    """Raise UsageError if a secret is missing, or is none of this kind of storage; its value is never told."""
    known = SECRETS[address.scheme]
    for name in names:
        if name not in known:
            allowed = ", ".join(known) or "none"
            raise UsageError(f"{name[:40]!r} is no secret of {address.scheme}://", hint=f"Its secrets: {allowed}.")
    lacking = [name for name in _NEEDED_SECRETS.get(address.scheme, ()) if not names.get(name)]
    if address.scheme == "az" and not (names.get("account_key") or names.get("sas")):
        lacking = ["account_key"]
    if lacking:
        raise SecretsMissing(f"{address.shown} needs {' and '.join(lacking)}", hint="Give them beside the URL.")
    if address.scheme == "webdav" and names.get("password") and not re.fullmatch(_LOOPBACK, address.host):
        raise UsageError(
            f"{address.shown} would send the password for everyone on the way to read",
            safe="Nothing was sent.",
            hint="Use webdavs:// (TLS).",
        )


def place_of(url: str) -> tuple[str, ...]:
    """What two URLs of one place have in common, however they are written; raises UsageError."""
    found = parse_address(url)
    scheme = "webdavs" if found.scheme == "webdav" else found.scheme
    endpoint = urlsplit(found.options.get("endpoint", "")).netloc.lower()
    host = found.host if scheme in WITH_BUCKET else found.host.lower()
    port = "" if found.port in _USUAL_PORTS.get(found.scheme, ()) else str(found.port or "")
    return scheme, found.user, host, port, found.path.rstrip("/"), found.options.get("account", ""), endpoint


def _path(scheme: str, path: str) -> str:
    if "\0" in path or any(part in {".", ".."} for part in path.split("/")):
        raise UsageError("the path of a storage has no . or .. in it", hint="Write the path as it is on the server.")
    if scheme == "file":
        return path[1:] if re.match(r"/[A-Za-z]:", path) else path
    if scheme == "sftp":
        if path.startswith("/~/") or path == "/~":
            return path[3:].rstrip("/") or "."
        return path.rstrip("/") or "/"
    path = path.strip("/")
    if path and scheme in WITH_BUCKET and not re.fullmatch(r"[A-Za-z0-9._=-]+(?:/[A-Za-z0-9._=-]+)*", path):
        raise UsageError("a prefix has only letters, digits and . _ - = between its /")
    return path


def _options(scheme: str, query: str) -> dict[str, str]:
    options: dict[str, str] = {}
    for name, value in parse_qsl(query.replace("+", "%2B"), keep_blank_values=True):  # in base64, no blank
        if name not in OPTIONS[scheme]:
            if name in SECRETS[scheme] or re.search(r"(?i)pass|secret|token|sig|key$", name):
                raise UsageError(
                    f"the URL holds {name[:40]!r}, which is a secret",
                    safe="Nothing was sent.",
                    hint=f"Secrets are given beside the URL: {', '.join(SECRETS[scheme])}.",
                )
            allowed = ", ".join(OPTIONS[scheme]) or "none"
            raise UsageError(f"{name[:40]!r} is no option of {scheme}://", hint=f"Its options: {allowed}.")
        if not value or name in options:
            raise UsageError(f"the option {name} is empty or given twice")
        options[name] = value
    try:
        urlsplit(options.get("endpoint", ""))
    except ValueError:
        raise UsageError("the option endpoint is no URL", hint="It looks like https://HOST:PORT.") from None
    if options.get("checksum", "none") not in {"sha256", "none"}:
        raise UsageError("the option checksum is sha256 or none")
    if scheme == "az" and "account" not in options:
        raise UsageError("az:// needs the name of the account", hint="az://CONTAINER/PREFIX?account=NAME")
    return options
