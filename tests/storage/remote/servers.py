"""Real servers for the tests, each in a folder of its own on free ports, and surely ended with the tests.

A machine that lacks one skips its tests with one line, unless LITEKEEP_REQUIRE_SERVERS is set.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from litekeep.clock import SystemClock
from litekeep.errors import StorageError
from litekeep.storage.opening import open_remote

START_SECONDS = 60.0
_END_WITH_PARENT = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 9); os.execv(sys.argv[1], sys.argv[1:])"


@dataclass(frozen=True)
class Server:
    """A running server. url: of an existing place, with {port} where a proxy can come in between; secrets: for it."""

    port: int
    url: str
    secrets: dict[str, str]
    folder: Path
    more: dict[str, str] = field(default_factory=dict)

    def at(self, path: str = "", port: int | None = None) -> str:
        """The URL of another folder or prefix, also through a proxy."""
        return self.url.format(port=port or self.port, path=path)


def program(name: str, *, sbin: bool = False) -> str:
    """The path of a program of this environment or of the system; skips the test, or fails where it must be there."""
    places = [sysconfig.get_path("scripts"), os.environ.get("PATH", "")] + (["/usr/sbin"] if sbin else [])
    found = shutil.which(name, path=os.pathsep.join(places))
    if found:
        return found
    text = f"{name} is not installed"
    if os.environ.get("LITEKEEP_REQUIRE_SERVERS"):
        pytest.fail(text)
    pytest.skip(text)


def free_port(*, also: int = 0) -> int:
    """A port on which nothing listens, and neither on the one `also` above it."""
    while True:
        with ExitStack() as stack:
            one = stack.enter_context(socket.socket())
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            if not also:
                return port
            if port + also < 65536:
                with suppress(OSError):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", port + also))
                    return port
        port = 20000 + int.from_bytes(os.urandom(2), "big") % 30000
        with suppress(OSError), ExitStack() as stack:
            for number in (port, port + also):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", number))
            return port


@contextmanager
def running(
    arguments: list[str], log: Path, ready: Callable[[], bool], environ: dict[str, str] | None = None
) -> Iterator[int]:
    """Run a server until the block ends; gives its process id. It also ends when this process dies."""
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", _END_WITH_PARENT, *arguments] if sys.platform == "linux" else arguments,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **(environ or {})},
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{Path(arguments[0]).name} did not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.kill()  # a polite request takes more than ten seconds with some of them
        process.wait()


def answers(port: int, path: str = "/", statuses: frozenset[int] = frozenset()) -> bool:
    """Whether an HTTP server answers; with one of the statuses, if some are given."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return not statuses or status in statuses


def speaks(port: int, beginning: bytes) -> bool:
    """Whether a server greets with these bytes."""
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as line:
            return line.recv(len(beginning)) == beginning
    except OSError:
        return False


S3_KEYS = {"access_key": "testkey", "secret_key": "testsecret"}
S3_READER_KEYS = {"access_key": "rokey", "secret_key": "rosecret"}
_ENDPOINT = "?endpoint=http://127.0.0.1:{port}&region=us-east-1"


@contextmanager
def seaweedfs(folder: Path) -> Iterator[Server]:
    """S3 as it should be: refuses what exists, checks signatures."""
    weed = program("weed")
    (folder / "data").mkdir()
    rights = [("rw", S3_KEYS, ["Admin", "Read", "Write", "List"]), ("ro", S3_READER_KEYS, ["Read", "List"])]
    identities = [
        {
            "name": name,
            "credentials": [{"accessKey": keys["access_key"], "secretKey": keys["secret_key"]}],
            "actions": actions,
        }
        for name, keys, actions in rights
    ]
    (folder / "s3.json").write_text(json.dumps({"identities": identities}))
    s3, master, volume, filer, admin = (free_port(also=10000) for _ in range(5))
    arguments = [
        weed, "-logtostderr=true", "mini", f"-dir={folder / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
        f"-s3.config={folder / 's3.json'}", "-bucket=bucket", f"-s3.port={s3}", f"-master.port={master}",
        f"-volume.port={volume}", f"-filer.port={filer}", f"-admin.port={admin}", "-master.telemetry=false",
        "-s3.port.iceberg=0", "-s3.port.lance=0", "-webdav=false", "-admin.ui=false",
    ]  # fmt: skip
    with running(
        arguments, folder / "log", lambda: answers(s3, "/healthz", frozenset({200})), {"GOMEMLIMIT": "800MiB"}
    ):
        server = Server(s3, "s3://bucket/{path}" + _ENDPOINT, S3_KEYS, folder)
        _wait_for_the_first_put(server)
        yield server


def _wait_for_the_first_put(server: Server) -> None:
    """Its bucket and its volumes come a moment later than its door."""
    storage = open_remote(server.at("first"), server.secrets, clock=SystemClock(), exclusive=True)
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            storage.put("first", b"x")
        except StorageError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


@contextmanager
def rclone_s3(folder: Path) -> Iterator[Server]:
    """S3 as it should not be: replaces what exists, though it was asked not to."""
    rclone = program("rclone")
    port = free_port()
    (folder / "data" / "bucket").mkdir(parents=True)
    arguments = [
        rclone, "--config=", "serve", "s3", "--auth-key", "testkey,testsecret", "--addr", f"127.0.0.1:{port}",
        str(folder / "data"),
    ]  # fmt: skip
    with running(arguments, folder / "log", lambda: answers(port)):
        yield Server(port, "s3://bucket/{path}" + _ENDPOINT, S3_KEYS, folder / "data" / "bucket")


@contextmanager
def openssh(folder: Path) -> Iterator[Server]:
    """sshd, run as this user."""
    if sys.platform == "win32":
        pytest.skip("sshd is set up for Linux and macOS here")
    sshd, keygen = program("sshd", sbin=True), program("ssh-keygen")
    folder.chmod(0o700)
    for name in ("host_key", "user_key", "other_key"):
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    shutil.copy(folder / "user_key.pub", folder / "authorized_keys")
    root = folder / "root"
    root.mkdir()
    port = free_port()
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder / 'host_key'}\n"
        f"AuthorizedKeysFile {folder / 'authorized_keys'}\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
        f"KbdInteractiveAuthentication no\nPidFile {folder / 'pid'}\nSubsystem sftp internal-sftp -d {root}\n"
        "MaxStartups 100\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd insists on it, for root
    arguments = [sshd, "-D", "-e", "-f", str(folder / "config")]
    with running(arguments, folder / "log", lambda: speaks(port, b"SSH-")):
        yield _sftp_server(folder, root, port)


def _sftp_server(folder: Path, root: Path, port: int) -> Server:
    import getpass

    kind, key = (folder / "host_key.pub").read_text().split()[:2]
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {kind} {key}\n")
    options = f"?key_file={folder / 'user_key'}&known_hosts={folder / 'known_hosts'}"
    url = f"sftp://{getpass.getuser()}@127.0.0.1:{{port}}{root}/{{path}}{options}"
    return Server(port, url, {}, root, {"keys": str(folder), "user": getpass.getuser()})


@contextmanager
def rclone_sftp(folder: Path) -> Iterator[Server]:
    """SFTP as it should not be: its rename replaces."""
    rclone, keygen = program("rclone"), program("ssh-keygen")
    for name in ("host_key", "user_key"):
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    root, port = folder / "root", free_port()
    root.mkdir()
    arguments = [
        rclone, "--config=", "serve", "sftp", "--authorized-keys", str(folder / "user_key.pub"), "--key",
        str(folder / "host_key"), "--addr", f"127.0.0.1:{port}", str(root),
    ]  # fmt: skip
    with running(arguments, folder / "log", lambda: speaks(port, b"SSH-")):
        server = _sftp_server(folder, Path("/"), port)
        yield Server(port, server.url.replace("//{path}", "/{path}"), {}, root, server.more)


_WSGIDAV = """
import sys
from cheroot import wsgi
from wsgidav.wsgidav_app import WsgiDAVApp
port, folder = int(sys.argv[1]), sys.argv[2]
app = WsgiDAVApp({
    "provider_mapping": {"/": folder},
    "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
    "simple_dc": {"user_mapping": {"*": {"u": {"password": "secret-p"}}}},
    "lock_storage": True, "verbose": 1,
})
wsgi.Server(("127.0.0.1", port), app, numthreads=16).start()
"""


@contextmanager
def wsgidav(folder: Path) -> Iterator[Server]:
    """WebDAV on Python's own kind of server."""
    pytest.importorskip("wsgidav") if not os.environ.get("LITEKEEP_REQUIRE_SERVERS") else None
    root, port = folder / "root", free_port()
    root.mkdir()
    with running(
        [sys.executable, "-W", "ignore", "-c", _WSGIDAV, str(port), str(root)], folder / "log", lambda: answers(port)
    ):
        yield Server(port, "webdav://u@127.0.0.1:{port}/{path}", {"password": "secret-p"}, root)


@contextmanager
def rclone_webdav(folder: Path) -> Iterator[Server]:
    """Another WebDAV server."""
    rclone = program("rclone")
    root, port = folder / "root", free_port()
    root.mkdir()
    arguments = [
        rclone, "--config=", "serve", "webdav", "--user", "u", "--pass", "secret-p", "--addr", f"127.0.0.1:{port}",
        str(root),
    ]  # fmt: skip
    with running(arguments, folder / "log", lambda: answers(port)):
        yield Server(port, "webdav://u@127.0.0.1:{port}/{path}", {"password": "secret-p"}, root)


SERVERS = {
    "seaweedfs": seaweedfs,
    "openssh": openssh,
    "wsgidav": wsgidav,
    "rclone-s3": rclone_s3,
    "rclone-sftp": rclone_sftp,
    "rclone-webdav": rclone_webdav,
}
TRUE_SERVERS = ("seaweedfs", "openssh", "wsgidav")
