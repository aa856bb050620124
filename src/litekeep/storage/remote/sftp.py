"""SFTP: files on an SSH server, through paramiko. The session is in sftpsession.py.

*Create*: the bytes go into ".tmp-..." in the place itself, are flushed where the server can (fsync@openssh.com), the
length is looked at, and the plain rename of SFTP version 3 gives the name, which refuses an existing one. Servers that
let it replace exist; the probe of RemoteStorage finds them. A server says no more than "failure" for a name that
exists, a full disk and much else, so a look at the name and at the free space tells them apart.

Writes are sent without waiting for each other's answers, and every answer is read in the end: the library's own
pipelining throws errors away.
"""

from __future__ import annotations

import errno
import secrets as random_source
import stat
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from litekeep.errors import StorageError
from litekeep.storage.base import check_length
from litekeep.storage.remote import troubles
from litekeep.storage.remote.address import Address
from litekeep.storage.remote.folders import Folders
from litekeep.storage.remote.sftpsession import SESSION_ERRORS, Sessions, is_status
from litekeep.storage.remote.wire import STALL_SECONDS, TEMPORARY_PREFIX, Found, Occupied, Pace, Secrets

if TYPE_CHECKING:
    from paramiko import SFTPClient, SFTPFile

_PIECE_BYTES = 1 << 18
_EXTENDED = 200
_FILE_MODE = 0o600
_FOLDER_MODE = 0o700


class SftpWire:
    """Requests to one folder on one SSH server."""

    def __init__(self, address: Address, secrets: Secrets, *, stall_seconds: float = STALL_SECONDS) -> None:
        self.description = address.shown
        self._root = address.path
        self._base = "" if address.path == "." else f"{address.path.rstrip('/')}/"
        self._sessions = Sessions(address, secrets, stall_seconds)
        self._folders = Folders()

    def require_place(self, *, create: bool) -> None:
        """The folder is a folder; with `create` it is made, with those above it."""
        with self._told("open", "") as sftp:
            if create:
                self._make_root(sftp)
            try:
                mode = sftp.stat(self._root).st_mode or 0
            except FileNotFoundError:
                raise troubles.place_missing(self.description, "the folder") from None
        if not stat.S_ISDIR(mode):
            raise troubles.place_missing(self.description, "the folder")

    def create(self, name: str, data: memoryview, pace: Pace) -> None:
        """Temporary, then rename without replacing."""
        with self._told("write", name) as sftp, self._temporary(sftp, name, data, pace) as temporary:
            try:
                self._place(sftp, name, lambda: sftp.rename(temporary, self._base + name))
            except FileNotFoundError:
                raise
            except OSError as error:
                if is_status(error) and _exists(sftp, self._base + name):
                    raise Occupied from error
                raise

    def replace(self, name: str, data: memoryview, pace: Pace) -> None:
        """Temporary, then rename in the place of what is there."""
        with self._told("write", name) as sftp, self._temporary(sftp, name, data, pace) as temporary:
            self._place(sftp, name, lambda: _rename_over(sftp, temporary, self._base + name))

    def read(self, name: str, pace: Pace) -> bytes:
        """All of the file."""
        with self._told("read", name) as sftp, sftp.open(self._base + name, "rb") as file:
            size = file.stat().st_size or 0
            check_length(name, size)
            return _read(file, 0, size, pace)

    def read_range(self, name: str, offset: int, length: int, pace: Pace) -> bytes:
        """A part of the file."""
        with self._told("read", name) as sftp, sftp.open(self._base + name, "rb") as file:
            size = file.stat().st_size or 0
            return _read(file, offset, max(0, min(length, size - offset)), pace)

    def size(self, name: str) -> int:
        """Length of the file."""
        with self._told("look at", name) as sftp:
            found = sftp.stat(self._base + name)
            if stat.S_ISDIR(found.st_mode or 0):
                raise troubles.missing(name, self.description)
            return found.st_size or 0

    def scan(self, prefix: str, pace: Pace) -> Iterator[Found]:
        """Folder by folder."""
        with self._told("list", prefix) as sftp:
            folders = [prefix]
            while folders:
                inside, found = self._look(sftp, folders.pop(), pace)
                folders += inside
                yield from found

    def scan_top(self, pace: Pace) -> Iterator[Found]:
        """The one folder."""
        with self._told("list", "") as sftp:
            yield from self._look(sftp, "", pace)[1]

    def remove(self, name: str) -> None:
        """Delete the file."""
        with self._told("delete", name) as sftp:
            with suppress(FileNotFoundError):
                sftp.remove(self._base + name)

    def free_bytes(self) -> int | None:
        """By statvfs@openssh.com, where the server has it."""
        with self._told("measure", "") as sftp:
            return _free_bytes(sftp, self._root)

    def renew(self) -> bool:
        """Ask for the secrets again."""
        return self._sessions.renew()

    def reset(self) -> None:
        """Cut the connection."""
        self._sessions.reset()

    def _look(self, sftp: SFTPClient, prefix: str, pace: Pace) -> tuple[list[str], list[Found]]:
        folders, found = [], []
        try:
            for each in sftp.listdir_iter(self._base + prefix.rstrip("/") or "."):
                pace.moved(100)
                mode = each.st_mode or 0
                if stat.S_ISDIR(mode):
                    folders.append(f"{prefix}{each.filename}/")
                elif stat.S_ISREG(mode):
                    found.append(Found(prefix + each.filename, each.st_size or 0, float(each.st_mtime or 0)))
        except FileNotFoundError:
            return [], []  # nothing was put there yet; RemoteStorage looks for the whole place if nothing is found
        return folders, found

    @contextmanager
    def _temporary(self, sftp: SFTPClient, name: str, data: memoryview, pace: Pace) -> Iterator[str]:
        path = f"{self._base}{TEMPORARY_PREFIX}{random_source.token_hex(8)}"
        self._make_folders(sftp, name)
        try:
            try:
                _write(sftp, path, data, pace)
            except OSError as error:
                self._complain_if_full(sftp, error, name, data.nbytes)
                raise
            yield path
        except BaseException:
            with suppress(*SESSION_ERRORS):
                sftp.remove(path)
            raise

    def _complain_if_full(self, sftp: SFTPClient, error: OSError, name: str, needed: int) -> None:
        """SFTP has no word for a full disk."""
        if not is_status(error) or error.errno is not None:
            return
        free = _free_bytes(sftp, self._root)
        if free is not None and free < needed + (1 << 16):
            raise troubles.full("write", name, self.description, "the disk of the server is full") from error

    def _place(self, sftp: SFTPClient, name: str, rename: Callable[[], None]) -> None:
        """Give the name; once more where somebody removed its folder."""
        try:
            rename()
        except FileNotFoundError:
            if "/" not in name:
                raise
            self._folders.forget()
            self._make_folders(sftp, name)
            rename()

    def _make_folders(self, sftp: SFTPClient, name: str) -> None:
        self._folders.make_those_of(name, lambda folder: _make_folder(sftp, self._base + folder))

    def _make_root(self, sftp: SFTPClient) -> None:
        parts = self._root.strip("/").split("/")
        lead = "/" if self._root.startswith("/") else ""
        for count in range(1, len(parts) + 1):
            path = lead + "/".join(parts[:count])
            if path and not _exists(sftp, path):
                _make_folder(sftp, path)

    @contextmanager
    def _told(self, doing: str, name: str) -> Iterator[SFTPClient]:
        try:
            with self._sessions.client(doing, name) as sftp:
                yield sftp
        except (StorageError, Occupied):
            raise
        except FileNotFoundError as error:
            raise troubles.missing(name, self.description) from error
        except SESSION_ERRORS as error:
            raise self._translated(error, doing, name) from error

    def _translated(self, error: Exception, doing: str, name: str) -> StorageError:
        place = self.description
        if isinstance(error, OSError) and is_status(error):
            if error.errno in {errno.EACCES, errno.EPERM}:
                return troubles.permission_refused(doing, name, place, "the server does not permit it")
            return troubles.unreachable(doing, name, place, "the server says no more than that it failed")
        return troubles.unreachable(doing, name, place, troubles.unanswered(error))


def _write(sftp: SFTPClient, path: str, data: memoryview, pace: Pace) -> None:
    """A new file with these bytes, flushed and of the right length; every answer of the server was read."""
    with sftp.open(path, "wx") as file:
        file.chmod(_FILE_MODE)
        file.set_pipelined(True)
        for start in range(0, data.nbytes, _PIECE_BYTES):
            piece = bytes(data[start : start + _PIECE_BYTES])
            file.write(piece)
            pace.moved(len(piece))
        requests = file._reqs  # type: ignore[attr-defined]  # noqa: SLF001 - see the module's text
        while requests:
            sftp._read_response(requests.popleft())  # type: ignore[attr-defined]  # noqa: SLF001
        file.set_pipelined(False)
        try:
            sftp._request(_EXTENDED, "fsync@openssh.com", file.handle)  # type: ignore[attr-defined]  # noqa: SLF001
        except OSError as error:
            if not is_status(error) or "unsupported" not in str(error).lower():
                raise
    if sftp.stat(path).st_size != data.nbytes:
        raise OSError("the file on the server has another length")


def _rename_over(sftp: SFTPClient, temporary: str, path: str) -> None:
    try:
        sftp.posix_rename(temporary, path)
    except FileNotFoundError:
        raise
    except OSError as error:
        if not is_status(error):
            raise
        with suppress(FileNotFoundError):
            sftp.remove(path)  # a server without that extension
        sftp.rename(temporary, path)


def _read(file: SFTPFile, offset: int, length: int, pace: Pace) -> bytes:
    file.seek(offset)
    if length > _PIECE_BYTES:
        file.prefetch(offset + length)  # from `offset` on: without it each 32 KiB wait for those before
    parts: list[bytes] = []
    while length > 0:
        part = file.read(min(length, _PIECE_BYTES))
        if not part:
            break
        pace.moved(len(part))
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _exists(sftp: SFTPClient, path: str) -> bool:
    try:
        sftp.lstat(path)
    except FileNotFoundError:
        return False
    return True


def _make_folder(sftp: SFTPClient, path: str) -> None:
    try:
        sftp.mkdir(path, _FOLDER_MODE)
    except OSError as error:
        if not is_status(error):
            raise  # else it exists, or what is put into it tells


def _free_bytes(sftp: SFTPClient, path: str) -> int | None:
    try:
        _, answer = sftp._request(_EXTENDED, "statvfs@openssh.com", path)  # type: ignore[attr-defined]  # noqa: SLF001
    except OSError as error:
        if is_status(error):
            return None
        raise
    numbers = struct.unpack(">5Q", answer.get_bytes(40))
    return int(numbers[1] * numbers[4])
