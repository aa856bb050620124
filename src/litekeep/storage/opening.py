"""From the URL of a place to a storage; what may stand in a URL is in remote/address.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from litekeep.clock import Clock
from litekeep.storage.base import Storage
from litekeep.storage.local import LocalStorage
from litekeep.storage.remote.address import Address, check_secrets, parse_address
from litekeep.storage.remote.storage import RemoteStorage
from litekeep.storage.remote.wire import STALL_SECONDS, Secrets, Wire
from litekeep.storage.retrying import RetryingStorage, RetryPolicy

GivenSecrets = Mapping[str, str] | Secrets


def open_storage(
    url: str,
    secrets: GivenSecrets | None = None,
    *,
    clock: Clock,
    create: bool = False,
    exclusive: bool | None = None,
    visited: bool = False,
    cancelled: Callable[[], bool] | None = None,
    retry: RetryPolicy | None = None,
) -> Storage:
    """A storage that tries again what may pass. Nothing is connected before its first call.

    secrets: by the names that address.SECRETS has for this kind of URL; or a function that gets them, which is asked
        again when the server does not accept them any more.
    create: make the folder if it is missing (never a bucket).
    exclusive: what `RemoteStorage.probe` found before, to spare the probe before the first put.
    visited: as for RemoteStorage.
    cancelled: asked while waiting; True ends it with Cancelled.

    Raises UsageError for a URL, option or secret that makes no sense, or a package that is not installed.
    """
    address = parse_address(url)
    if address.scheme == "file":
        _checked(address, secrets)
        return LocalStorage(Path(address.path), clock, create=create)
    remote = open_remote(
        url, secrets, clock=clock, create=create, exclusive=exclusive, visited=visited, cancelled=cancelled
    )
    return RetryingStorage(remote, clock, retry, cancelled=cancelled)


def open_remote(
    url: str,
    secrets: GivenSecrets | None = None,
    *,
    clock: Clock,
    create: bool = False,
    exclusive: bool | None = None,
    visited: bool = False,
    cancelled: Callable[[], bool] | None = None,
    stall_seconds: float = STALL_SECONDS,
) -> RemoteStorage:
    """The same without repetitions, and with what only remote storages have: `probe`, `sweep_temporaries`, `close`."""
    address = parse_address(url)
    wire = _wire(address, lambda: _checked(address, secrets), stall_seconds)
    return RemoteStorage(
        wire,
        clock,
        cancelled=cancelled,
        create=create,
        exclusive=exclusive,
        visited=visited,
        stall_seconds=stall_seconds,
    )


def _checked(address: Address, secrets: GivenSecrets | None) -> Mapping[str, str]:
    """What is given now; a wire asks for it once when it is made. Raises UsageError if it does not fit the address."""
    found = secrets() if callable(secrets) else secrets or {}
    check_secrets(address, found)
    return found


def _wire(address: Address, secrets: Secrets, stall_seconds: float) -> Wire:
    if address.scheme == "sftp":
        from litekeep.storage.remote.sftp import SftpWire

        return SftpWire(address, secrets, stall_seconds=stall_seconds)
    if address.scheme in {"webdav", "webdavs"}:
        from litekeep.storage.remote.webdav import WebdavWire

        return WebdavWire(address, secrets, stall_seconds=stall_seconds)
    from litekeep.storage.remote.objects import ObjectWire

    return ObjectWire(address, secrets, stall_seconds=stall_seconds)


def find_remote(storage: Storage) -> RemoteStorage | None:
    """The storage on a server that the wrappers of `open_storage` and others hold inside; None for a folder."""
    inner: object = storage
    while inner is not None and not isinstance(inner, RemoteStorage):
        inner = getattr(inner, "_inner", None)
    return inner
