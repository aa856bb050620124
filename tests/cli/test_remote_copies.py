"""--copy NAME: the copy in the settings file instead of the repository; and places that do not let anything go."""

from __future__ import annotations

import getpass
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from litekeep.clock import SystemClock
from litekeep.storage.base import Storage
from litekeep.storage.local import LocalStorage
from litekeep.storage.opening import open_storage
from storage.remote.servers import SERVERS, Server, free_port, program, running, speaks

from .conftest import Run, execute

_numbers = count(1)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """S3."""
    with SERVERS["seaweedfs"](tmp_path_factory.mktemp("seaweedfs")) as server:
        yield server


@pytest.fixture
def settings(cloud: Server, database: Path, place: Path, monkeypatch: pytest.MonkeyPatch, litekeep: Run) -> Path:
    """A settings file with a copy on S3 and one in a folder, and two backups that both hold."""
    monkeypatch.setenv("LITEKEEP_STATE_FOLDER", str(place / "state"))
    for name, value in cloud.secrets.items():
        monkeypatch.setenv(f"CLOUD_{name.upper()}", value)
    url = cloud.at(f"copy-{next(_numbers)}")
    credentials = {name: {"env": f"CLOUD_{name.upper()}"} for name in cloud.secrets}
    keep = {"retention_days": 0, "retention_weeks": 0, "retention_months": 0, "keep_last": 1}
    copies = [
        {"name": "cloud", "url": url, "credentials": credentials, "unencrypted": True, "upload_limit": 100_000, **keep},
        {"name": "stick", "url": (place / "stick").as_uri()},
    ]
    path = place / "backup.json"
    path.write_text(json.dumps({"database": "app.db", "backup": {"copies": copies}}))
    litekeep("backup", database, "--reason", "shutdown")
    execute(database, "DELETE FROM visits WHERE id % 2")
    litekeep("backup", database, "--reason", "shutdown")
    here, clock = LocalStorage(place / "backups", SystemClock()), SystemClock()
    send(here, open_storage(url, cloud.secrets, clock=clock))
    send(here, LocalStorage(place / "stick", clock, create=True))
    monkeypatch.setenv("LITEKEEP_CONFIG", str(path))
    return path


def send(here: Storage, there: Storage) -> None:
    """All objects, the foundation first."""
    for entry in here.list():
        if "." not in entry.key or entry.key in ("repository.json", "README.txt", "restore.py"):
            there.put(entry.key, here.get(entry.key))


@pytest.mark.parametrize("name", ["cloud", "stick"])
@pytest.mark.usefixtures("settings")
def test_looking_proving_and_restoring(name: str, place: Path, litekeep: Run) -> None:
    at = ("--copy", name)
    listed = litekeep("list", *at, "--json").json
    assert len(listed["snapshots"]) == 2
    assert listed["repository"].startswith("s3://" if name == "cloud" else str(place / "stick"))
    assert "every page is right" in litekeep("verify", *at).out
    assert "Test restore" in litekeep("drill", "latest", *at).out
    shutil.rmtree(place / "backups")
    litekeep("restore", "latest~1", "--to", "new.db", *at)
    assert execute(place / "new.db", "SELECT count(*) FROM visits") == [(100,)]


@pytest.mark.usefixtures("settings")
def test_the_safety_copy_of_a_restore_goes_into_the_repository(place: Path, database: Path, litekeep: Run) -> None:
    litekeep("restore", "latest~1", "--replace", "--yes", "--copy", "cloud")
    assert execute(database, "SELECT count(*) FROM visits") == [(100,)]
    assert len(litekeep("list", "--copy", "cloud", "--json").json["snapshots"]) == 2
    assert len(litekeep("list", "--json").json["snapshots"]) == 3
    litekeep("undo", "--yes")
    assert execute(database, "SELECT count(*) FROM visits") == [(50,)]


@pytest.mark.usefixtures("settings")
def test_without_the_repository_it_goes_into_a_file(place: Path, database: Path, litekeep: Run) -> None:
    shutil.rmtree(place / "backups")
    told = litekeep("restore", "latest~1", "--replace", "--yes", "--copy", "cloud", "--json").json
    assert execute(database, "SELECT count(*) FROM visits") == [(100,)]
    assert told["safety_copy"] is None
    assert execute(Path(told["safety_file"]), "SELECT count(*) FROM visits") == [(50,)]
    assert len(litekeep("list", "--copy", "cloud", "--json").json["snapshots"]) == 2


@pytest.mark.usefixtures("settings")
def test_a_copy_is_pruned_by_its_own_policy(litekeep: Run) -> None:
    assert litekeep("prune", "--json").json["trashed"] == []
    assert len(litekeep("prune", "--copy", "cloud", "--yes", "--json").json["trashed"]) == 1
    assert litekeep("prune", "--copy", "stick", "--json").json["trashed"] == []


def test_the_secrets_of_a_copy_serve_for_its_url(settings: Path, litekeep: Run) -> None:
    document = json.loads(settings.read_text())
    litekeep("list", "-r", document["backup"]["copies"][0]["url"])


@pytest.mark.usefixtures("settings")
def test_what_makes_no_sense_on_a_copy(litekeep: Run) -> None:
    assert "litekeep sync cloud" in litekeep("backup", "--copy", "cloud", expect=2).err
    assert "cloud, stick" in litekeep("list", "--copy", "tape", expect=2).err
    litekeep("init", "--copy", "cloud", "--encrypt", expect=2)
    litekeep("watch", "--copy", "cloud", expect=2)
    litekeep("undo", "--copy", "cloud", expect=2)
    litekeep("restore", "--file", "x.db", "--to", "y.db", "--copy", "cloud", expect=2)
    litekeep("list", "--copy", "cloud", "-r", "backups", expect=2)


def test_copies_are_described_in_a_settings_file(litekeep: Run) -> None:
    assert "--config" in litekeep("list", "--copy", "cloud", expect=2).err


@pytest.fixture
def only_adding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a place on an sshd that refuses to delete, as a server does that keeps what it has."""
    sshd, keygen = program("sshd", sbin=True), program("ssh-keygen")
    folder, port = tmp_path / "sshd", free_port()
    (folder / "root").mkdir(parents=True)
    for name in ("host_key", "user_key"):
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    kind, key = (folder / "host_key.pub").read_text().split()[:2]
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {kind} {key}\n")
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder / 'host_key'}\nStrictModes no\nUsePAM no\n"
        f"AuthorizedKeysFile {folder / 'user_key.pub'}\nPasswordAuthentication no\nPidFile {folder / 'pid'}\n"
        f"Subsystem sftp internal-sftp -P remove,rmdir\nMaxStartups 100\n"
    )
    monkeypatch.setenv("LITEKEEP_STATE_FOLDER", str(tmp_path / "state"))
    with running([sshd, "-D", "-e", "-f", str(folder / "config")], folder / "log", lambda: speaks(port, b"SSH-")):
        options = f"?key_file={folder / 'user_key'}&known_hosts={folder / 'known_hosts'}"
        yield f"sftp://{getpass.getuser()}@127.0.0.1:{port}{folder / 'root'}/b{options}"


@pytest.mark.skipif(sys.platform == "win32", reason="sshd is set up for Linux and macOS here")
def test_where_nothing_may_be_deleted(only_adding: str, database: Path, place: Path, litekeep: Run) -> None:
    """Backups go on, one run does not lock out the next, and prune says what is kept by lock."""
    at = ("-r", only_adding)
    litekeep("init", "--unencrypted", *at)
    ids = []
    for number in range(3):
        execute(database, f"INSERT INTO people VALUES({1000 + number}, 'new')")
        ids.append(litekeep("backup", database, *at, "--json").json["snapshot"]["id"])
    litekeep("delete", ids[0], "--yes", *at)
    emptied = litekeep("trash", "empty", "--yes", *at)
    assert "does not allow it" in emptied.err
    again = litekeep("trash", "empty", "--yes", *at, "--json").json
    assert again["forgotten"] == []
    assert [key.partition("/")[0] for key in again["kept_by_lock"]] == ["snapshots"]
    assert ids[0] in again["kept_by_lock"][0]
    pruned = litekeep("prune", *at, "--json").json
    assert [each["code"] for each in pruned["warnings"]].count("interrupted_prune") == 0
    assert len(litekeep("list", "--all", *at, "--json").json["snapshots"]) == 3
    litekeep("trash", "recover", ids[0], *at)
    litekeep("restore", ids[0], "--to", "old.db", *at)
    assert execute(place / "old.db", "SELECT count(*) FROM people") == [(101,)]
    assert "all are as they were written" in litekeep("verify", "--stored", *at, expect=None).out
