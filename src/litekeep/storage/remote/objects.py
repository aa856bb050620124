"""S3 and what speaks like it, Azure Blob Storage and Google Cloud Storage, through obstore.

One request each, without retries of the library. Creating is a PUT with "If-None-Match: *" (S3, Azure) or generation 0
(Google). All that the library would else take from the environment (AWS_...) is given explicitly, as far as it can be:
a variable that somebody set for another program must not lead elsewhere. Proxies of the environment do apply.

A body that ends early is an error of the library. It takes a page of HTML, though, for an object, an empty listing or
a deletion that was carried out (measured), as a network with a log-in page sends it where there is no TLS. So objects
must have a tag, and after an empty listing the place is looked for. A deletion that was not carried out is harmless.
"""

from __future__ import annotations

import re
import secrets as random_source
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from litekeep.errors import ObjectMissing, PermissionRefused, StorageError, UsageError
from litekeep.records import dataclass
from litekeep.storage.base import check_length
from litekeep.storage.remote import troubles
from litekeep.storage.remote.address import Address
from litekeep.storage.remote.wire import PROBE_PREFIX, STALL_SECONDS, Found, NotSupported, Occupied, Pace, Secrets

if TYPE_CHECKING:
    from obstore.store import AzureStore, GCSStore, S3Store

    Store = S3Store | AzureStore | GCSStore

_CONNECT_SECONDS = 20
_CHUNK_BYTES = 1 << 20
_PAGE_OBJECTS = 1000
_KEY_CODES = {"NoSuchKey", "BlobNotFound"}
_KINDS = {"s3": "S3", "gs": "Google Cloud Storage", "az": "Azure Blob Storage"}


@dataclass(frozen=True, slots=True)
class _Answer:
    """What an error of the library is about. status: 0 if no server answered. text: without URLs."""

    status: int
    code: str
    text: str


class ObjectWire:
    """Requests to one prefix of one bucket."""

    def __init__(self, address: Address, secrets: Secrets, *, stall_seconds: float = STALL_SECONDS) -> None:
        self.description = address.shown
        self._address = address
        self._prefix = f"{address.path}/" if address.path else ""
        self._secrets = secrets
        self._given = dict(secrets())
        self._stall_seconds = stall_seconds
        self._guard = threading.Lock()
        self._stores: dict[int, Store] = {}
        self._store()  # complains about a wrong setting now

    def require_place(self, *, create: bool) -> None:  # noqa: ARG002 - a bucket is made by its owner, at the provider
        """GET of what cannot exist: a server says so, or that there is no bucket; a log-in page knows everything."""
        import obstore

        try:
            with self._told("open", ""):
                obstore.get(self._store(), f"{self._prefix}{PROBE_PREFIX}{random_source.token_hex(8)}")
        except ObjectMissing:
            return
        raise self._page("open", "")

    def create(self, name: str, data: memoryview, pace: Pace) -> None:
        """PUT, if there is none."""
        self._put(name, data, pace, "create")

    def replace(self, name: str, data: memoryview, pace: Pace) -> None:
        """PUT."""
        self._put(name, data, pace, "overwrite")

    def read(self, name: str, pace: Pace) -> bytes:
        """GET, in pieces as they come."""
        import obstore

        with self._told("read", name):
            answer = obstore.get(self._store(), self._prefix + name)
            self._require_tag(answer.meta, "read", name)
            check_length(name, answer.meta["size"])
            parts = []
            for chunk in answer.stream(min_chunk_size=_CHUNK_BYTES):
                parts.append(bytes(chunk))
                pace.moved(len(parts[-1]))
            data = b"".join(parts)
        if len(data) != answer.meta["size"]:
            raise troubles.unreachable("read", name, self.description, "the transfer ended early")
        return data

    def read_range(self, name: str, offset: int, length: int, pace: Pace) -> bytes:
        """GET of a range."""
        import obstore

        try:
            with self._told("read", name):
                wanted: Any = {"range": (offset, offset + length)}
                answer = obstore.get(self._store(), self._prefix + name, options=wanted)
                self._require_tag(answer.meta, "read", name)
                data = bytes(answer.bytes())
                pace.moved(len(data))
                return data if answer.range[0] == offset else b""
        except _BehindTheEnd:
            return b""
        except _Everything:
            return self.read(name, pace)[offset : offset + length]

    def size(self, name: str) -> int:
        """HEAD, whose answers have no words: if it is refused, a listing tells whether the key is accepted at all."""
        import obstore

        try:
            with self._told("look at", name):
                found = obstore.head(self._store(), self._prefix + name)
        except PermissionRefused:
            self.require_place(create=False)
            raise
        self._require_tag(found, "look at", name)
        return int(found["size"])

    def scan(self, prefix: str, pace: Pace) -> Iterator[Found]:
        """Page after page of a listing.

        The library takes any text for an empty one, a log-in page too. So an empty one is believed when the server was
        seen to be one, and says it again.
        """
        if not (yield from self._pages(prefix, pace)):
            self.require_place(create=False)
            yield from self._pages(prefix, pace)

    def _pages(self, prefix: str, pace: Pace) -> Generator[Found, None, bool]:
        """True if something is there."""
        import obstore

        any_there = False
        with self._told("list", prefix):
            for page in obstore.list(self._store(), (self._prefix + prefix) or None, chunk_size=_PAGE_OBJECTS):
                any_there = any_there or len(page) > 0
                pace.moved(100 * len(page))
                yield from self._found(page)
        return any_there

    def scan_top(self, pace: Pace) -> Iterator[Found]:
        """The same with a delimiter."""
        import obstore

        with self._told("list", ""):
            page = obstore.list_with_delimiter(self._store(), self._prefix or None)["objects"]
            pace.moved(100 * len(page))
        yield from self._found(page)

    def remove(self, name: str) -> None:
        """DELETE; servers are silent about what is missing, or say 404."""
        import obstore

        try:
            with self._told("delete", name):
                obstore.delete(self._store(), self._prefix + name)
        except ObjectMissing:
            return

    def free_bytes(self) -> int | None:
        """They do not tell."""
        return None

    def renew(self) -> bool:
        """Ask for the secrets again."""
        fresh = dict(self._secrets())
        with self._guard:
            changed = fresh != self._given
            self._given = fresh
            if changed:
                self._stores.clear()
        return changed

    def reset(self) -> None:
        """Forget the connections; those in use end by their own limits of time."""
        with self._guard:
            self._stores.clear()

    def _put(self, name: str, data: memoryview, pace: Pace, mode: Any) -> None:
        import obstore

        seconds = pace.expect(data.nbytes)
        try:
            with self._told("write", name, creating=mode == "create"):
                path = self._prefix + name
                obstore.put(self._store(seconds), path, data, mode=mode, use_multipart=False)
        except _Unsupported as error:
            if mode == "create":
                raise NotSupported(str(error)) from error
            raise troubles.unreachable("write", name, self.description, str(error)) from error

    def _found(self, page: Any) -> Iterator[Found]:
        for each in page:
            name = each["path"].removeprefix(self._prefix)
            yield Found(name, each["size"], each["last_modified"].timestamp())

    def _store(self, seconds: float = 0.0) -> Store:
        """A store that waits so long for an answer, in steps of doubled time."""
        limit = self._stall_seconds
        while limit < seconds:
            limit *= 2
        with self._guard:
            if (found := self._stores.get(int(limit))) is None:
                found = self._stores[int(limit)] = make_store(self._address, self._given, limit)
            return found

    @contextmanager
    def _told(self, doing: str, name: str, *, creating: bool = False) -> Iterator[None]:
        """Errors of the library become ours; Occupied where something was to be created that is there."""
        from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError

        try:
            yield
        except (BaseError, OSError) as error:
            if creating and isinstance(error, (AlreadyExistsError, PreconditionError)):
                raise Occupied from error
            translated = self._translated(error, doing, name)
            if self._address.scheme == "az":
                raise translated from None  # the URL in its text can hold the signature
            raise translated from error

    def _translated(self, error: Exception, doing: str, name: str) -> Exception:
        answer = _answer(str(error))
        if answer.status == 416:
            return _BehindTheEnd()
        if "NotPartial" in answer.text:
            return _Everything()
        if answer.status == 501 or answer.code == "NotImplemented":
            return _Unsupported(f"the server answers {answer.status} {answer.code}".strip())
        if not answer.status and isinstance(error, FileNotFoundError):
            return troubles.missing(name, self.description)
        if answer.status == 404 and (doing == "list" or (doing == "open" and answer.code not in _KEY_CODES)):
            return troubles.place_missing(self.description, "the bucket")
        if answer.status or answer.code:
            return troubles.from_status(answer.status or 403, answer.code, doing, name, self.description)
        return self._unanswered(answer.text, doing, name)

    def _unanswered(self, text: str, doing: str, name: str) -> StorageError:
        place = self.description
        if re.search(r"(?i)certificate|UnknownIssuer|InvalidDnsName|NotValidForName|tls|ssl|handshake", text):
            return troubles.wrong_server(doing, name, place, "its certificate is not one that this machine trusts")
        if re.search(r"(?i)MissingEtag|MissingLastModified|MissingContentLength|InvalidListResponse|InvalidPutResponse"
                     r"|got invalid|unable to (?:parse|decode)", text):  # fmt: skip
            return self._page(doing, name)
        if re.search(r"(?i)dns|failed to lookup|resolve", text):
            return troubles.unreachable(doing, name, place, "its name is not known to the network")
        if re.search(r"(?i)connection refused|ConnectionRefused", text):
            return troubles.unreachable(doing, name, place, "nothing listens there")
        if re.search(r"(?i)timed? ?out", text):
            return troubles.unreachable(doing, name, place, "no answer in time")
        return troubles.unreachable(doing, name, place, "the connection broke off")

    def _require_tag(self, meta: Any, doing: str, name: str) -> None:
        """Every such server tags every object; a page of HTML has no tag."""
        if not meta["e_tag"]:
            raise self._page(doing, name)

    def _page(self, doing: str, name: str) -> StorageError:
        why = "the answer is not one of such a server, rather a page of a proxy or of a network with a log-in"
        return troubles.wrong_server(doing, name, self.description, why)


class _BehindTheEnd(Exception):
    """The range begins behind the end of the object."""


class _Everything(Exception):
    """The server sends the whole object in the place of a range."""


class _Unsupported(Exception):
    """The server does not know this kind of request."""


def _answer(text: str) -> _Answer:
    status = re.search(r"status code: (\d{3})", text) or re.search(r"\bstatus: (\d{3}),", text)
    code = re.search(r"<Code>([^<]{1,60})</Code>", text) or re.search(r"\(code: (\w{1,60})\)", text)
    said = re.sub(r"https?://\S+", "", text)  # a bucket may be called "tls", too
    return _Answer(int(status[1]) if status else 0, code[1] if code else "", said)


def make_store(address: Address, secrets: dict[str, str], stall_seconds: float) -> Store:
    """A store of the library; raises UsageError for options that it does not take."""
    try:
        import obstore.store as stores
        from obstore.exceptions import BaseError
    except ImportError:
        kind = _KINDS[address.scheme]
        raise UsageError(f"the package for {kind} is not installed", hint="Install litekeep[cloud].") from None
    client: dict[str, Any] = {
        "timeout": timedelta(days=1),  # in place of the library's 30 seconds for a whole transfer
        "read_timeout": timedelta(seconds=stall_seconds),
        "connect_timeout": timedelta(seconds=min(_CONNECT_SECONDS, stall_seconds)),
        "allow_http": address.options.get("endpoint", "").startswith("http://"),
    }
    if file := address.options.get("ca_file"):
        client["root_certificate"] = _certificates(file)
    common: dict[str, Any] = {"client_options": client, "retry_config": {"max_retries": 0}}
    make: dict[str, Callable[[], Store]] = {
        "s3": lambda: stores.S3Store(address.host, **_s3(address, secrets), **common),
        "gs": lambda: stores.GCSStore(address.host, **_google(secrets), **common),
        "az": lambda: stores.AzureStore(address.host, **_azure(address, secrets), **common),
    }
    try:
        return make[address.scheme]()
    except (BaseError, ValueError, TypeError) as error:
        why = type(error).__name__  # its text may quote a secret
        raise UsageError(f"{address.shown} cannot be used with these options and secrets ({why})") from None


def _certificates(file: str) -> bytes:
    try:
        with open(file, "rb") as stream:
            return stream.read()
    except OSError as error:
        raise UsageError(f"the certificates in {file} cannot be read: {error.strerror}") from error


def _s3(address: Address, secrets: dict[str, str]) -> dict[str, Any]:
    region = address.options.get("region", "us-east-1")
    endpoint = address.options.get("endpoint", f"https://s3.{region}.amazonaws.com").rstrip("/")
    token = secrets.get("session_token")
    # Where objects are locked by default, AWS takes none without a checksum; others do not know the header.
    sum_wanted = address.options.get("checksum", "none" if "endpoint" in address.options else "sha256") == "sha256"
    keys = {"access_key_id": secrets["access_key"], "secret_access_key": secrets["secret_key"], "token": token}
    return {
        "endpoint": endpoint,
        "aws_endpoint_url_s3": endpoint,  # else a variable of the environment of that name would go before
        "region": region,
        "credential_provider": lambda: {**keys, "expires_at": None},  # else AWS_SESSION_TOKEN would be added
        "virtual_hosted_style_request": False,
        "skip_signature": False,
        "unsigned_payload": False,
        "request_payer": False,
        "s3_express": False,
        "conditional_put": "etag",
        "disable_bulk_delete": True,  # one request each, with a status that tells
        **({"checksum_algorithm": "sha256"} if sum_wanted else {}),
    }


def _google(secrets: dict[str, str]) -> dict[str, Any]:
    return {"service_account_key": secrets["service_account"], "skip_signature": False}


def _azure(address: Address, secrets: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {"account_name": address.options["account"], "skip_signature": False}
    if endpoint := address.options.get("endpoint"):
        found["endpoint"] = endpoint
    if "sas" in secrets:
        return {**found, "sas_key": secrets["sas"]}
    return {**found, "account_key": secrets["account_key"]}
