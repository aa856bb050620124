"""One SSH connection to one server, and an SFTP session on it for every request that is under way.

A paramiko SFTPClient hangs or breaks when two threads use it, so each is lent to one request at a time. The socket is
ours, with TCP_NODELAY: without it small requests wait for each other (15 instead of 300 a second, measured).

The server must prove who it is: by an entry in known_hosts, or by the fingerprint in the URL (`host_key=SHA256:...`).
"""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from litekeep.errors import StorageError, UsageError
from litekeep.storage.remote import troubles
from litekeep.storage.remote.address import Address
from litekeep.storage.remote.wire import Occupied, Secrets

if TYPE_CHECKING:
    from paramiko import PKey, SFTPClient, SSHClient

SESSION_ERRORS: tuple[type[Exception], ...] = (OSError, EOFError)
"""What requests raise; paramiko's own SSHException is turned into one of them, so that it need not be imported."""
_CONNECT_SECONDS = 20.0
_KEEPALIVE_SECONDS = 30
_NEEDS_PACKAGE = "the package for SFTP is not installed"


class BrokenOff(OSError):
    """The connection, not the request, failed."""


class _Session:
    def __init__(self, client: SSHClient, line: socket.socket) -> None:
        self.client = client
        self.idle: list[SFTPClient] = []
        self._line = line

    def close(self) -> None:
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)  # wakes the threads that wait for it
        with suppress(Exception):
            self.client.close()
        self._line.close()


class Sessions:
    """Lends sessions, and makes a new connection when the last one broke."""

    def __init__(self, address: Address, secrets: Secrets, stall_seconds: float) -> None:
        try:
            import paramiko  # noqa: F401 - to complain now
        except ImportError:
            raise UsageError(_NEEDS_PACKAGE, hint="Install litekeep[sftp].") from None
        self._address = address
        self._secrets = secrets
        self._given = dict(secrets())
        self._stall_seconds = stall_seconds
        self._guard = threading.Lock()
        self._connecting = threading.Lock()
        self._session: _Session | None = None

    @contextmanager
    def client(self, doing: str, name: str) -> Iterator[SFTPClient]:
        """A session for one request; given back if the server answered, closed with all others if it did not."""
        from paramiko import SSHException

        session, sftp = self._lend(doing, name)
        try:
            yield sftp
        except SSHException as error:
            self._drop(session)
            raise BrokenOff(str(error)) from error
        except SESSION_ERRORS as error:
            if isinstance(error, OSError) and is_status(error):
                session.idle.append(sftp)
            else:
                self._drop(session)
            raise
        except (StorageError, Occupied):
            session.idle.append(sftp)
            raise
        except BaseException:
            self._drop(session)  # it is not known where in a request it stopped
            raise
        else:
            session.idle.append(sftp)

    def renew(self) -> bool:
        """Ask for the secrets again; False if they are what they were."""
        fresh = dict(self._secrets())
        changed = fresh != self._given
        self._given = fresh
        return changed

    def reset(self) -> None:
        """Cut the connection."""
        with self._guard:
            session, self._session = self._session, None
        if session is not None:
            session.close()

    def _drop(self, session: _Session) -> None:
        with self._guard:
            if self._session is session:
                self._session = None
        session.close()

    def _lend(self, doing: str, name: str) -> tuple[_Session, SFTPClient]:
        from paramiko import SSHException

        session = self._connected(doing, name)
        with suppress(IndexError):
            return session, session.idle.pop()
        try:
            sftp = session.client.open_sftp()
            channel = sftp.get_channel()
            if channel is not None:
                channel.settimeout(self._stall_seconds)
        except (SSHException, OSError, EOFError) as error:
            self._drop(session)
            raise BrokenOff(str(error)) from error
        return session, sftp

    def _connected(self, doing: str, name: str) -> _Session:
        with self._connecting:
            with self._guard:
                if self._session is not None:
                    return self._session
            session = self._connect(doing, name)
            with self._guard:
                self._session = session
            return session

    def _connect(self, doing: str, name: str) -> _Session:
        import paramiko

        place, seconds = self._address.shown, min(_CONNECT_SECONDS, self._stall_seconds)
        client = paramiko.SSHClient()
        try:
            self._trust(client)
            line = socket.create_connection((self._address.host, self._address.port or 22), seconds)
        except OSError as error:
            raise troubles.unreachable(doing, name, place, troubles.unanswered(error)) from error
        try:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.connect(
                self._address.host,
                port=self._address.port or 22,
                sock=line,
                timeout=seconds,
                banner_timeout=seconds,
                auth_timeout=seconds,
                channel_timeout=seconds,
                **self._login(doing, name),
            )
            transport = client.get_transport()
            if transport is not None:
                transport.set_keepalive(_KEEPALIVE_SECONDS)
        except BaseException as error:
            _Session(client, line).close()
            if isinstance(error, Exception):
                raise self._refused(error, doing, name) from error
            raise
        return _Session(client, line)

    def _refused(self, error: Exception, doing: str, name: str) -> Exception:
        import paramiko

        place = self._address.shown
        if isinstance(error, _OtherHostKey):
            return troubles.wrong_server(doing, name, place, str(error))
        if isinstance(error, paramiko.BadHostKeyException):
            why = f"the server shows another host key than before, {fingerprint(error.key)}"
            return troubles.wrong_server(doing, name, place, why)
        if isinstance(error, paramiko.PasswordRequiredException):
            return troubles.credentials_refused(doing, name, place, "the key file needs its passphrase")
        if isinstance(error, paramiko.AuthenticationException):
            return troubles.credentials_refused(doing, name, place, "the server does not accept the key or password")
        if isinstance(error, (paramiko.SSHException, *SESSION_ERRORS)):
            text = str(error)
            if "banner" in text:
                why = "what answers there does not speak SSH, or is overloaded"
                return troubles.unreachable(doing, name, place, why)
            if "uthentication methods available" in text:
                return troubles.credentials_refused(doing, name, place, "there is neither a key nor a password")
            return troubles.unreachable(doing, name, place, troubles.unanswered(error))
        if isinstance(error, (ValueError, TypeError)):
            return troubles.credentials_refused(doing, name, place, "the key file, or its passphrase, is of no use")
        return error

    def _login(self, doing: str, name: str) -> dict[str, Any]:
        """Key file, or password, or else what this user uses for SSH."""
        password, passphrase = self._given.get("password"), self._given.get("passphrase")
        login: dict[str, Any] = {"username": self._address.user or None, "password": password, "passphrase": passphrase}
        key_file = self._address.options.get("key_file")
        if key_file:
            path = os.path.expanduser(key_file)
            if not os.access(path, os.R_OK):
                why = f"the key file {path} cannot be read"
                raise troubles.credentials_refused(doing, name, self._address.shown, why)
            login["key_filename"] = path
        own = not key_file and password is None
        return {**login, "allow_agent": own, "look_for_keys": own}

    def _trust(self, client: SSHClient) -> None:
        import paramiko

        wanted = self._address.options.get("host_key", "")
        if not wanted:
            known = self._address.options.get("known_hosts")
            if known:
                client.load_host_keys(os.path.expanduser(known))
            else:
                client.load_system_host_keys()

        class Policy(paramiko.MissingHostKeyPolicy):
            """For a host that no file knows."""

            def missing_host_key(self, _client: SSHClient, _hostname: str, key: PKey) -> None:
                shown = fingerprint(key)
                if not wanted:
                    raise _OtherHostKey(f"this machine does not know the server, which shows the host key {shown}")
                if shown.rstrip("=") != wanted.rstrip("="):
                    raise _OtherHostKey(f"the server shows the host key {shown} instead of the one in the URL")

        client.set_missing_host_key_policy(Policy())


class _OtherHostKey(Exception):
    """The server is not known to be the right one."""


def fingerprint(key: PKey) -> str:
    """As ssh-keygen -l shows it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")


def is_status(error: OSError) -> bool:
    """True for an answer of the server to one request; False for trouble with the connection."""
    if isinstance(error, (BrokenOff, TimeoutError, ConnectionError)) or "ocket is closed" in str(error):
        return False
    return type(error) in {OSError, FileNotFoundError, PermissionError}
