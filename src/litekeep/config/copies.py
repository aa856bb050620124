"""Copies in other places: what the settings say of each, and how to open its storage at the moment it is needed.

A URL holds everything but secrets (storage/remote/address.py); these are references beside it, looked up when the
storage is opened, and again when the server does not accept them any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from litekeep.config.compound import NEEDED, Nullable, setting
from litekeep.config.kinds import Flag, Invalid, Kind, Schema, Text, Url, Whole
from litekeep.config.place import INVALID, Place
from litekeep.config.references import Reference
from litekeep.config.secrets import Secret
from litekeep.errors import UsageError
from litekeep.monitor import Monitor
from litekeep.records import dataclass
from litekeep.retention import RetentionPolicy
from litekeep.storage.remote.address import SECRETS, WITH_BUCKET, parse_address, place_of

if TYPE_CHECKING:
    from litekeep.clock import Clock
    from litekeep.config.settings import BackupSettings
    from litekeep.storage.base import Storage

MOST_KEPT = 999_999
"""What the retention policy takes at most."""
COPY_SCHEMES = ("s3", "sftp", "webdavs", "webdav", "az", "gs", "file")
OF_THE_BACKUPS = "as the backups themselves"
FIRST_ANSWER_SECONDS = 10.0
"""A server that has not answered at all after this is given up until the next run."""
_KEPT: Kind = Nullable(Whole(0, MOST_KEPT), OF_THE_BACKUPS)
_SECRETS = tuple(dict.fromkeys(name for names in SECRETS.values() for name in names))


@dataclass(frozen=True, slots=True)
class PlaceUrl:
    """The URL of a storage -> the same text. What is wrong with it is told without quoting it: it may be a secret."""

    @property
    def allowed(self) -> str:
        return Url(COPY_SCHEMES).allowed

    def read(self, value: object, place: Place) -> str | Invalid:
        found = Url(COPY_SCHEMES).read(value, place)
        if found is INVALID:
            return INVALID
        try:
            parse_address(found)
        except UsageError as error:
            return place.complain_hidden(f"cannot be used: {error.message}", error.hint.rstrip(".") or self.allowed)
        return found

    def write(self, value: str) -> str:
        return value

    def schema(self) -> Schema:
        return Url(COPY_SCHEMES).schema()


@dataclass(frozen=True, slots=True)
class Credentials:
    """An object of secret names -> a tuple of (name, Secret), in their order. Which fit is told in agreement."""

    @property
    def allowed(self) -> str:
        return f"an object with keys among {', '.join(_SECRETS)}, each {Reference().allowed}"

    def read(self, value: object, place: Place) -> tuple[tuple[str, Secret], ...] | Invalid:
        if not isinstance(value, dict):
            return place.complain_hidden("is no object", self.allowed)
        found: list[tuple[str, Secret]] = []
        for name, given in value.items():
            if name not in _SECRETS:
                place.inside(name).complain_unknown(_SECRETS)
                continue
            secret = Reference().read(given, place.inside(name))
            if secret is INVALID:
                return INVALID
            found.append((name, secret))
        return tuple(found)

    def write(self, value: tuple[tuple[str, Secret], ...]) -> dict[str, object]:
        return {name: Reference().write(given) for name, given in value}

    def schema(self) -> Schema:
        properties = {name: Reference().schema() for name in _SECRETS}
        return {"type": "object", "properties": properties, "additionalProperties": False}


@dataclass(frozen=True, slots=True)
class CopySettings:
    """Another place that holds the same backups."""

    name: str = setting(
        Text('a name of letters, digits, ".", "_" and "-"', r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"),
        NEEDED,
        "How it is called: in messages, and with `--copy`.",
    )
    url: str = setting(
        PlaceUrl(), NEEDED, "Where it is: a folder or prefix of its own. Passwords and keys do not stand in it."
    )
    enabled: bool = setting(Flag(), True, "false: nothing is sent there. What is there can still be restored.")
    credentials: tuple[tuple[str, Secret], ...] = setting(
        Credentials(),
        {},
        "Where the secrets of this place are: for s3 access_key, secret_key and session_token, for gs service_account, "
        "for az account_key or sas, for sftp password or passphrase (of the key file), for webdavs password. Empty: "
        "from the environment, as on the command line.",
    )
    retention_days: int | None = setting(_KEPT, None, "As the key of this name of the backups, for this copy.")
    retention_weeks: int | None = setting(_KEPT, None, "As the key of this name of the backups, for this copy.")
    retention_months: int | None = setting(_KEPT, None, "As the key of this name of the backups, for this copy.")
    keep_last: int | None = setting(_KEPT, None, "As the key of this name of the backups, for this copy.")
    unencrypted: bool = setting(
        Flag(), False, "true: backups that are not encrypted may go there, where others may be able to read them."
    )
    upload_limit: int | None = setting(
        Nullable(Whole(1, 10_000_000), "no limit"), None, "How much is sent at most, in KiB per second, on average."
    )
    off_site: bool | None = setting(
        Nullable(Flag(), "every place but file:// is"), None, "Whether a fire or thief at home cannot reach it."
    )

    @property
    def is_off_site(self) -> bool:
        """Whether it counts as being in another location."""
        return not self.url.startswith("file:") if self.off_site is None else self.off_site

    @property
    def is_remote(self) -> bool:
        """Whether it is reached over a network."""
        return not self.url.startswith("file:")

    @property
    def is_paid_by_request(self) -> bool:
        """Whether it is object storage, whose providers count requests."""
        return parse_address(self.url).scheme in WITH_BUCKET

    @property
    def shown(self) -> str:
        """The place without options."""
        return parse_address(self.url).shown

    def policy(self, backup: BackupSettings) -> RetentionPolicy:
        """What the copy keeps; `backup` says what is not given here. Raises UsageError if that is nothing."""
        return RetentionPolicy(
            days=_first(self.retention_days, backup.retention_days),
            weeks=_first(self.retention_weeks, backup.retention_weeks),
            months=_first(self.retention_months, backup.retention_months),
            keep_last=_first(self.keep_last, backup.keep_last),
        )

    def secrets(self, *, monitor: Monitor | None = None, environ: Mapping[str, str] | None = None) -> dict[str, str]:
        """The secrets themselves, looked up now; do not keep, show or log them. Raises SecretUnavailable."""
        from litekeep.config.credentials import environment_secrets
        from litekeep.config.secrets import resolve

        if not self.credentials:
            return environment_secrets(self.url, environ)
        return {name: resolve(given, environ=environ, monitor=monitor) for name, given in self.credentials}


def _first(own: int | None, common: int) -> int:
    return common if own is None else own


def open_copy(
    copy: CopySettings,
    *,
    clock: Clock,
    monitor: Monitor | None = None,
    cancelled: Callable[[], bool] | None = None,
    create: bool = False,
    exclusive: bool | None = None,
    visited: bool = False,
) -> Storage:
    """The storage of a copy, no faster than its upload limit. Nothing is connected before its first call.

    create: make the folder if it is missing (never a bucket). cancelled: asked while waiting; True ends it with
    Cancelled. exclusive, visited: as for open_storage.

    Raises UsageError, SecretUnavailable, and for a folder StorageError.
    """
    from litekeep.storage.opening import open_storage
    from litekeep.storage.retrying import RetryPolicy

    storage = open_storage(
        copy.url,
        lambda: copy.secrets(monitor=monitor),
        clock=clock,
        create=create,
        exclusive=exclusive,
        visited=visited,
        cancelled=cancelled,
        retry=RetryPolicy(first_budget_seconds=FIRST_ANSWER_SECONDS),
    )
    if copy.upload_limit is None:
        return storage
    from litekeep.storage.throttled import ThrottledStorage

    return ThrottledStorage(storage, clock, copy.upload_limit << 10, cancelled)


def copy_named(copies: Sequence[CopySettings], name: str) -> CopySettings:
    """The copy of that name; raises UsageError, naming those that there are."""
    for each in copies:
        if each.name == name:
            return each
    known = ", ".join(each.name for each in copies)
    hint = f"The copies are: {known}." if known else "`backup.copies` in the settings file describes them."
    raise UsageError(f"no copy in the settings is called {name!r}", hint=hint)


def copy_at(copies: Sequence[CopySettings], url: str) -> CopySettings | None:
    """The copy in that place, if there is one."""
    wanted = place_of(url)
    return next((each for each in copies if place_of(each.url) == wanted), None)
