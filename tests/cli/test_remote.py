"""A repository that lives on a server: every command, end to end, on real servers."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from storage.remote.servers import S3_READER_KEYS, SERVERS, Server, free_port

from .conftest import Run, execute, process

PASSPHRASE = "correct horse battery"
_numbers = count(1)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Server]]:
    """A running server by its name."""
    started: dict[str, Server] = {}
    with ExitStack() as stack:

        def get(name: str) -> Server:
            if name not in started:
                started[name] = stack.enter_context(SERVERS[name](tmp_path_factory.mktemp(name)))
            return started[name]

        yield get


@dataclass(frozen=True)
class There:
    """A fresh place on a server. state: where this user's files are."""

    server: Server
    url: str
    state: Path

    @property
    def diaries(self) -> Path:
        """The one folder of journal and log."""
        (found,) = (self.state / "repositories").iterdir()
        return found


@pytest.fixture(params=["seaweedfs", "openssh", "wsgidav"])
def there(
    request: pytest.FixtureRequest,
    servers: Callable[[str], Server],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> There:
    return place_on(servers(request.param), tmp_path, monkeypatch)


@pytest.fixture
def cloud(servers: Callable[[str], Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> There:
    """On S3."""
    return place_on(servers("seaweedfs"), tmp_path, monkeypatch)


def place_on(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> There:
    for variable in list(os.environ):
        if variable.startswith(("LITEKEEP_SECRET_", "AWS_", "LITEKEEP_PASSPHRASE")):
            monkeypatch.delenv(variable)
    for name, value in server.secrets.items():
        monkeypatch.setenv(f"LITEKEEP_SECRET_{name.upper()}", value)
    monkeypatch.setenv("LITEKEEP_STATE_FOLDER", str(folder / "state"))
    return There(server, server.at(f"cli-{next(_numbers)}"), folder / "state")


two_kinds = pytest.mark.parametrize("there", ["seaweedfs", "openssh"], indirect=True)


def rows(path: Path) -> int:
    """Of people."""
    return int(execute(path, "SELECT count(*) FROM people")[0][0])


def test_from_the_first_backup_to_another_machine(
    there: There, database: Path, place: Path, litekeep: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With only the recovery key on paper."""
    made = litekeep("init", database, "--encrypt", "--new-key-file", "app.key", "-r", there.url, "--json").json
    at = ("-r", there.url, "--key-file", "app.key")
    assert made["repository"].startswith(there.url.partition("://")[0] + "://")
    assert "?" not in made["repository"]
    (place / "paper").write_text(made["recovery_key"])
    first = litekeep("backup", database, *at)
    assert "Verified: every page read back" in first.out
    execute(database, "INSERT INTO people VALUES(1000, 'new')")
    second = litekeep("backup", database, *at, "--json").json
    assert second["new_bytes"] < 20_000
    assert litekeep("backup", database, *at, "--if-changed", "--json").json["unchanged"]
    assert len(litekeep("list", *at, "--json").json["snapshots"]) == 2
    assert "every page is right" in litekeep("verify", *at).out
    assert "all are as they were written" in litekeep("verify", "--stored", *at).out
    assert "Test restore" in litekeep("drill", *at).out
    assert "recovery key" in litekeep("status", *at, expect=20).out
    litekeep("key", "confirm", "--recovery-key-file", place / "paper", *at)
    assert "PROTECTED" in litekeep("status", *at).out
    assert "Nothing to remove" in litekeep("prune", *at).out
    (place / "app.key").unlink()
    monkeypatch.setenv("LITEKEEP_STATE_FOLDER", str(place / "another"))
    assert litekeep("list", "-r", there.url, expect=12).out == ""
    litekeep("restore", "latest", "--to", "new.db", "-r", there.url, "--key-file", place / "paper")
    assert rows(place / "new.db") == 101
    litekeep("restore", "latest~1", "--to", "old.db", "-r", there.url, "--key-file", place / "paper")
    assert rows(place / "old.db") == 100


@two_kinds
def test_over_the_live_database_and_back(
    there: There, database: Path, place: Path, litekeep: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITEKEEP_REPOSITORY", there.url)
    litekeep("init", "--unencrypted")
    litekeep("backup", database)
    with closing(sqlite3.connect(database)) as application:
        application.execute("DELETE FROM visits")
        application.commit()
        assert "visits" in litekeep("restore", "--replace", "--dry-run").out
        litekeep("restore", "--replace", "--yes")
        assert application.execute("SELECT count(*) FROM visits").fetchone() == (100,)
    litekeep("undo", "--yes")
    assert execute(database, "SELECT count(*) FROM visits") == [(0,)]
    litekeep("export", "latest", "plain.db")
    assert execute(place / "plain.db", "SELECT count(*) FROM visits") == [(100,)]


@two_kinds
def test_putting_backups_in_order(there: There, database: Path, litekeep: Run) -> None:
    at = ("-r", there.url)
    litekeep("init", "--unencrypted", *at)
    first = litekeep("backup", database, *at, "--json").json["snapshot"]["id"]
    execute(database, "DELETE FROM visits")
    litekeep("backup", database, *at)
    assert "is pinned" in litekeep("pin", first, *at).out
    litekeep("unpin", first, *at)
    assert "is now called 'mine'" in litekeep("label", first, "mine", *at).out
    assert "verified (full)" in litekeep("show", first, *at).out
    litekeep("delete", first, "--yes", *at)
    assert first[:8] in litekeep("trash", "list", *at).out
    litekeep("trash", "recover", first, *at)
    litekeep("delete", first, "--yes", *at)
    assert litekeep("trash", "empty", "--yes", *at, "--json").json["forgotten"] == [first]
    assert len(litekeep("list", *at, "--json").json["snapshots"]) == 1
    assert "never_tested" in str(litekeep("doctor", *at, "--json", expect=3).json["findings"])
    assert "every page is right" in litekeep("verify", *at).out


def test_keys(cloud: There, database: Path, place: Path, litekeep: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    at = ("-r", cloud.url)
    monkeypatch.setenv("LITEKEEP_PASSPHRASE", PASSPHRASE)
    litekeep("init", "--encrypt", *at)
    litekeep("key", "add", "--new-key-file", "app.key", *at)
    monkeypatch.delenv("LITEKEEP_PASSPHRASE")
    found = litekeep("key", "show", "--key-file", "app.key", *at, "--json").json
    assert sorted(each["kind"] for each in found["keys"]) == ["key", "passphrase", "recovery"]
    litekeep("key", "test", "--key-file", "app.key", *at)
    litekeep("key", "recovery-sheet", "sheet.html", "--key-file", "app.key", *at)
    assert "s3://bucket/" in (place / "sheet.html").read_text("utf-8")
    findings = litekeep("doctor", database, "--key-file", "app.key", *at, "--json", expect=None).json["findings"]
    assert "foreign_files" not in [each["code"] for each in findings]


def test_an_encrypted_repository_there_out_of_one_here(cloud: There, database: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    execute(database, "DELETE FROM visits")
    litekeep("backup", database)
    made = litekeep("encrypt", cloud.url, "--new-key-file", "app.key", "--json").json
    assert len(made["copied"]) == 2
    assert made["repository"].startswith("s3://bucket/")
    again = litekeep("encrypt", cloud.url, "--key-file", "app.key", "--json").json
    assert "recovery_key" not in again
    listed = litekeep("list", "-r", cloud.url, "--key-file", "app.key", "--json").json["snapshots"]
    assert [each["id"] for each in listed] == made["copied"]


def test_what_was_listed_is_remembered_if_it_is_not_encrypted(cloud: There, database: Path, litekeep: Run) -> None:
    litekeep("init", "--unencrypted", "-r", cloud.url)
    for number in range(3):
        execute(database, f"DELETE FROM visits WHERE id = {number}")
        litekeep("backup", database, "-r", cloud.url)
    first = litekeep("list", "-r", cloud.url, "--json").json
    assert (cloud.diaries / "catalog").exists()
    assert litekeep("list", "-r", cloud.url, "--json").json["snapshots"] == first["snapshots"]
    assert len(first["snapshots"]) == 3


@two_kinds
def test_journal_and_log_are_in_a_folder_of_the_user(there: There, database: Path, litekeep: Run) -> None:
    litekeep("init", "--unencrypted", "-r", there.url)
    litekeep("backup", database, "-r", there.url)
    litekeep("verify", "-r", there.url)
    nobody = f"http://127.0.0.1:{free_port()}/ping"
    litekeep("notify", "send", "--heartbeat", nobody, "-r", there.url, expect=3)
    log = (there.diaries / "backup.log").read_text("utf-8")
    journal = (there.diaries / "journal.jsonl").read_text("utf-8")
    assert "backup" in log
    assert [line.split('"verb":"')[1].split('"')[0] for line in journal.splitlines()] == ["backup", "verify", "notify"]
    for secret in there.server.secrets.values():
        assert secret not in log + journal
    if sys.platform != "win32":
        assert stat.S_IMODE(there.diaries.stat().st_mode) == 0o700
    assert not [path for path in Path.cwd().iterdir() if path.name not in ("app.db", "state")]


def test_nothing_unencrypted_goes_to_a_server_without_a_yes(cloud: There, database: Path, litekeep: Run) -> None:
    refused = litekeep("init", database, "-r", cloud.url, expect=6)
    assert "--encrypt" in refused.err
    assert "--unencrypted" in refused.err
    first = litekeep("backup", database, "-r", cloud.url, expect=10)
    assert "litekeep init" in first.err
    litekeep("init", "-r", cloud.url, "--encrypt", "--unencrypted", expect=2)
    assert "There is no Litekeep repository in s3://" in litekeep("list", "-r", cloud.url, expect=10).err
    assert not cloud.state.exists() or not (cloud.state / "repositories").exists()


def test_there_is_one_already(cloud: There, litekeep: Run) -> None:
    litekeep("init", "-r", cloud.url, "--unencrypted")
    assert "already" in litekeep("init", "-r", cloud.url, "--unencrypted", expect=6).err


def test_wrong_credentials(cloud: There, database: Path, litekeep: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    litekeep("init", "-r", cloud.url, "--unencrypted")
    litekeep("backup", database, "-r", cloud.url)
    monkeypatch.setenv("LITEKEEP_SECRET_SECRET_KEY", "another-secret-that-is-wrong")
    for command in (
        ("backup", database),
        ("list",),
        ("restore", "--to", "x.db"),
        ("verify",),
        ("prune",),
        ("key", "show"),
    ):
        told = litekeep(*command, "-r", cloud.url, "--json", expect=13)
        assert told.error["code"] == "credentials", command
        assert "another-secret" not in told.err
    assert (
        litekeep("status", "-r", cloud.url, "--json", expect=21).json["sources"][0]["verdict"] == "repository_missing"
    )
    rows = (cloud.diaries / "journal.jsonl").read_text("utf-8")
    assert rows.count('"code":"credentials"') == 4, "backup, restore, verify and prune, which could not begin"


def test_a_key_that_may_only_read(
    cloud: There, database: Path, place: Path, litekeep: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    litekeep("init", "-r", cloud.url, "--unencrypted")
    litekeep("backup", database, "-r", cloud.url)
    for name, value in S3_READER_KEYS.items():
        monkeypatch.setenv(f"LITEKEEP_SECRET_{name.upper()}", value)
    assert len(litekeep("list", "-r", cloud.url, "--json").json["snapshots"]) == 1
    litekeep("restore", "--to", "new.db", "-r", cloud.url)
    assert rows(place / "new.db") == 100
    verified = litekeep("verify", "-r", cloud.url, "--json", expect=None).json
    assert [each["code"] for each in verified["warnings"]] == ["read_only"]
    for command in (("backup", database), ("prune",), ("pin", "latest")):
        assert litekeep(*command, "-r", cloud.url, "--json", expect=13).error["code"] == "permission"


def test_a_wrong_key_of_sftp(servers: Callable[[str], Server], tmp_path: Path, litekeep: Run) -> None:
    server = servers("openssh")
    url = server.at("wrong").replace("/user_key", "/other_key")
    assert litekeep("list", "-r", url, "--json", expect=13).error["code"] == "credentials"


def test_no_secrets(cloud: There, litekeep: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LITEKEEP_SECRET_SECRET_KEY")
    told = litekeep("list", "-r", cloud.url, expect=2)
    assert "needs secret_key" in told.err
    assert "LITEKEEP_SECRET_SECRET_KEY" in told.err
    assert "AWS_SECRET_ACCESS_KEY" in told.err


def test_the_variables_of_aws(cloud: There, litekeep: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, variable in (("ACCESS_KEY", "AWS_ACCESS_KEY_ID"), ("SECRET_KEY", "AWS_SECRET_ACCESS_KEY")):
        monkeypatch.setenv(variable, os.environ[f"LITEKEEP_SECRET_{name}"])
        monkeypatch.delenv(f"LITEKEEP_SECRET_{name}")
    litekeep("init", "-r", cloud.url, "--unencrypted")


@pytest.mark.parametrize("kind", ["s3", "sftp", "webdav"])
def test_a_server_that_is_down(
    kind: str, database: Path, tmp_path: Path, litekeep: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("litekeep.cli.place.FIRST_CONTACT_SECONDS", 1.0)
    monkeypatch.setenv("LITEKEEP_STATE_FOLDER", str(tmp_path / "state"))
    monkeypatch.setenv("LITEKEEP_SECRET_ACCESS_KEY", "key-that-nobody-sees")
    monkeypatch.setenv("LITEKEEP_SECRET_SECRET_KEY", "secret-that-nobody-sees")
    port = free_port()
    url = {
        "s3": f"s3://bucket/x?endpoint=http://127.0.0.1:{port}&region=us-east-1",
        "sftp": f"sftp://u@127.0.0.1:{port}/x",
        "webdav": f"webdav://127.0.0.1:{port}/x",
    }[kind]
    began = time.monotonic()
    for command in (("backup", database), ("list",), ("restore", "--to", "x.db")):
        told = litekeep(*command, "-r", url, expect=13)
        assert "nobody-sees" not in told.err
        assert f"{kind}://" in told.err
    assert litekeep("status", "-r", url, "--json", expect=21).json["repository"].startswith(f"{kind}://")
    assert time.monotonic() - began < 30
    assert not (tmp_path / "x.db").exists()


def test_a_first_look_at_a_server_that_is_down_takes_seconds(tmp_path: Path) -> None:
    url = f"webdav://127.0.0.1:{free_port()}/x"
    began = time.monotonic()
    done = process("list", "-r", url, env={"LITEKEEP_STATE_FOLDER": str(tmp_path / "state")})
    assert done.returncode == 13, done.stderr
    assert "Traceback" not in done.stderr
    assert time.monotonic() - began < 25


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_ctrl_c_reaches_a_wait_for_a_server(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        taken = threading.Event()
        held: list[socket.socket] = []

        def take() -> None:
            held.append(silent.accept()[0])
            held[0].recv(1)
            taken.set()

        threading.Thread(target=take, daemon=True).start()
        url = f"webdav://127.0.0.1:{silent.getsockname()[1]}/x"
        running = subprocess.Popen(
            [sys.executable, "-m", "litekeep", "list", "-r", url],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "LITEKEEP_STATE_FOLDER": str(tmp_path / "state")},
        )
        assert taken.wait(20)
        began = time.monotonic()
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=20)
        assert running.returncode == 130
        assert "Traceback" not in err
        assert time.monotonic() - began < 5
        for each in held:
            each.close()


@pytest.mark.parametrize(
    "command",
    [("watch", "app.db"), ("schedule", "install", "app.db"), ("gui", "app.db"), ("config", "init", "app.db")],
)
def test_what_works_with_folders_only_says_so(command: tuple[str, ...], database: Path, litekeep: Run) -> None:
    told = litekeep(*command, "-r", "s3://bucket/prefix", expect=2)
    assert "s3://bucket/prefix is on a server" in told.err
    assert "backup.copies" in told.err


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("gopher://x/y", "is called 'gopher'"),
        ("s3://key:hunter2hunter2@bucket", "holds a password"),
        ("s3://bucket?secret_key=hunter2hunter2", "which is a secret"),
        ("sftp:///path", "names no host"),
    ],
)
def test_urls_that_cannot_be_used(url: str, text: str, litekeep: Run) -> None:
    told = litekeep("list", "-r", url, expect=2)
    assert text in told.err
    assert "hunter2hunter2" not in told.err


def test_a_file_url_is_a_folder(database: Path, place: Path, litekeep: Run) -> None:
    litekeep("backup", database, "-r", (place / "stick").as_uri())
    assert (place / "stick" / "repository.json").exists()
    assert len(litekeep("list", "-r", place / "stick", "--json").json["snapshots"]) == 1
