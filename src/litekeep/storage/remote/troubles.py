"""What can be wrong with a place on a network, in words: one function for each kind, so that all servers say the same.

No text of a server is quoted, except its short codes ("AccessDenied", "507"): it may hold anything, a request's
signature or a page of HTML included.
"""

from __future__ import annotations

import re
import socket

from litekeep.errors import (
    ClockWrong,
    CredentialsRefused,
    NoSpace,
    ObjectMissing,
    PermissionRefused,
    PlaceMissing,
    StorageError,
    WrongServer,
)

UNCHANGED = "Everything that was stored before is unchanged."

_CREDENTIAL_CODES = {
    "AuthenticationFailed", "AuthFailure", "ExpiredToken", "ExpiredTokenException", "InvalidAccessKeyId",
    "InvalidClientTokenId", "InvalidSecurity", "InvalidToken", "SignatureDoesNotMatch", "TokenRefreshRequired",
    "UnauthorizedAccess", "Unauthorized", "InvalidAuthenticationInfo",
}  # fmt: skip
_CLOCK_CODES = {"RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"}
_PLACE_CODES = {"NoSuchBucket", "ContainerNotFound", "ContainerBeingDeleted", "InvalidBucketName", "NoSuchUpload"}
_FULL_CODES = {
    "QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "StorageQuotaExceeded",
    "InsufficientStorage", "AccountStorageCapExceeded", "storage_cap_exceeded", "StorageCapExceeded",
    "EntityTooLarge", "NotEnoughSpace", "NoSpaceLeft",
}  # fmt: skip
_REGION_CODES = {"AuthorizationHeaderMalformed", "PermanentRedirect", "IncorrectEndpoint", "TemporaryRedirect"}
_STATUS_REDIRECT = {301, 302, 303, 307, 308}
_STATUS_WORDS = {
    408: "it took too long", 409: "something else was going on with it", 423: "it is locked by another program",
    429: "too many requests", 500: "an error inside the server", 501: "the server cannot do that",
    502: "a gateway without its server", 503: "the server is busy", 504: "a gateway that waited in vain",
}  # fmt: skip


def told(doing: str, name: str, place: str, why: str) -> str:
    """The message of every trouble."""
    return f"cannot {doing} {name or 'the objects'} in {place}: {why}"


def missing(name: str, place: str) -> ObjectMissing:
    """One object is not there."""
    return ObjectMissing(f"there is no {name} in {place}", key=name)


def unanswered(error: Exception) -> str:
    """Why no answer came, as far as the error of a connection tells."""
    if isinstance(error, socket.gaierror):
        return "its name is not known to the network"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return "the connection broke off"


def unreachable(doing: str, name: str, place: str, why: str) -> StorageError:
    """No answer, or one that may be another the next time."""
    hint = "Look at the network and the server; it is tried again by itself, now and at the next run."
    return StorageError(told(doing, name, place, why), key=name, safe=UNCHANGED, hint=hint)


def credentials_refused(doing: str, name: str, place: str, why: str) -> CredentialsRefused:
    """User, key or password are not accepted."""
    hint = "Check the user, key and password for this place, and whether they have expired or were withdrawn."
    return CredentialsRefused(told(doing, name, place, why), key=name, safe=UNCHANGED, hint=hint)


def permission_refused(doing: str, name: str, place: str, why: str) -> PermissionRefused:
    """Accepted, but not for this."""
    if doing == "delete":
        hint = (
            "This key may not delete, or the server keeps objects for a time (object lock); both are fine for backups."
        )
    else:
        hint = "Give the user or key the right to do that in this place, or use another one."
    return PermissionRefused(told(doing, name, place, why), key=name, safe=UNCHANGED, hint=hint)


def place_missing(place: str, what: str) -> PlaceMissing:
    """The bucket or folder is not there."""
    hint = "Check the spelling; a bucket is made at the provider, and a disk behind a server may not be mounted."
    return PlaceMissing(f"{what} of {place} is not there", safe="Nothing was changed.", hint=hint)


def clock_wrong(doing: str, name: str, place: str) -> ClockWrong:
    """The clocks of both sides differ by too much."""
    hint = "Check the date, the time and the time zone of this machine, and let it set its clock by the network."
    why = "the server says that the clock of this machine is wrong"
    return ClockWrong(told(doing, name, place, why), key=name, safe=UNCHANGED, hint=hint)


def full(doing: str, name: str, place: str, why: str) -> NoSpace:
    """No room, or a quota used up."""
    hint = f"Make room in {place} or raise its quota, or choose a shorter retention and prune."
    return NoSpace(told(doing, name, place, why), key=name, safe=UNCHANGED, hint=hint)


def wrong_server(doing: str, name: str, place: str, why: str) -> WrongServer:
    """Something else answered."""
    hint = "Open the address in a browser: a network with a log-in page, a proxy or an expired certificate shows there."
    return WrongServer(told(doing, name, place, why), key=name, safe="Nothing was sent that matters.", hint=hint)


def from_status(status: int, code: str, doing: str, name: str, place: str) -> StorageError:
    """The trouble behind an answer of an HTTP server. code: the short word of an S3 server, or empty."""
    code = code if re.fullmatch(r"[A-Za-z0-9_.-]{1,60}", code) else ""
    why = f"the server answers {status}{f' {code}' if code else ''}"
    if code in _CLOCK_CODES:
        return clock_wrong(doing, name, place)
    if code in _PLACE_CODES:
        return place_missing(place, "the bucket")
    if code in _FULL_CODES or status in {413, 507}:
        return full(doing, name, place, why)
    if code in _REGION_CODES:
        error = wrong_server(doing, name, place, f"{why}: the bucket is in another region or at another address")
        error.hint = "Set the region and the endpoint that the provider shows for this bucket in the URL of the place."
        return error
    if code in _CREDENTIAL_CODES or status in {401, 407}:
        return credentials_refused(doing, name, place, why)
    if status in {403, 405}:
        return permission_refused(doing, name, place, why)
    if status in _STATUS_REDIRECT or status == 511:
        return wrong_server(doing, name, place, f"{why}: it sends us elsewhere, as a network with a log-in page does")
    if status == 404:
        return missing(name, place)
    words = _STATUS_WORDS.get(status)
    return unreachable(doing, name, place, f"{why} ({words})" if words else why)
