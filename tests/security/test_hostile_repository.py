"""A repository whose seals are right and whose content is not: who may write to one not encrypted can make it.

Formats alone are tested in tests/formats, damage of every byte in tests/damage; here whole commands meet it.
"""

from __future__ import annotations

import dataclasses
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Run, execute
from litekeep.clock import SystemClock
from litekeep.errors import LitekeepError
from litekeep.monitor import Silent
from litekeep.operations.restore import restore_new
from litekeep.operations.verify import verify
from litekeep.repository.catalog import load_catalog
from litekeep.repository.repository import Repository
from litekeep.storage.local import LocalStorage
from litekeep.testing import MemoryStorage
from operations.home import Home

HOSTILE: dict[str, list[Any]] = {
    "zone": ["../../../etc/passwd", "\0", "x" * 100_000, 5, None],
    "label": ["x" * (1 << 20), 5, None, ["a"]],
    "source_path": ["", "\0", "/dev/stdin", "/" + "x" * 5000, "relative.db", "//host/share", "..", 5, None],
    "created_at": ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "yesterday", 5],
    "sequence": [0, -1, 2**70, "1"],
    "new_bytes": [-1, 2**80, "x"],
    "parent": ["../../x", 5],
    "host": [5, ["a"]],
    "members": [[], [{}], 5, [{"page_size": 4096}]],
}
COMMANDS = [
    ("list", "--json"), ("show", "latest"), ("status", "--json"), ("doctor",), ("verify", "--all"), ("prune", "--yes"),
    ("restore", "latest", "--to", "out.db"), ("restore", "latest", "--replace", "--dry-run"), ("backup", "app.db"),
]  # fmt: skip


def forged(top: Path, name: str, value: object) -> None:
    """The newest manifest with another fact, sealed as it should be."""
    storage = LocalStorage(top, SystemClock())
    repository = Repository.open(storage)
    key = repository.snapshot_keys()[-1]
    manifest = repository.read_manifest(key.key)
    storage.delete(key.key)
    shutil.rmtree(top / ".cache", ignore_errors=True)
    repository.write_manifest(key.key, dataclasses.replace(manifest, facts={**manifest.facts, name: value}))


@pytest.mark.parametrize("name", HOSTILE)
def test_facts_that_make_no_sense(database: Path, litekeep: Run, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    litekeep("backup", database)
    litekeep("backup", database)
    Path("backups").rename("original")
    for number, value in enumerate(HOSTILE[name]):
        for arguments in COMMANDS[number % 3 :: 3]:
            monkeypatch.setenv("LITEKEEP_STATE_FOLDER", str(Path(f"state{number}").absolute()))
            shutil.copytree("original", "backups")
            try:
                forged(Path("backups"), name, value)
            except LitekeepError:  # what is written is read back at once
                shutil.rmtree("backups")
                break
            Path("out.db").unlink(missing_ok=True)
            began = time.monotonic()
            assert litekeep(*arguments, expect=None).code != 1, (name, value, arguments)
            assert time.monotonic() - began < 20
            shutil.rmtree("backups")
    assert execute(database, "SELECT count(*) FROM people") == [(100,)]


class Turncoat(MemoryStorage):
    """Answers a question about one kind of object rightly once, then with one byte changed, or cut off."""

    def __init__(self, kind: str, *, cut: bool) -> None:
        super().__init__()
        self.turning = False
        self.turned = 0
        self._kind, self._cut = kind, cut
        self._asked: set[tuple[object, ...]] = set()

    def get(self, key: str) -> bytes:
        return self._turned(super().get(key), key)

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        return self._turned(super().get_range(key, offset, length), key, offset, length)

    def _turned(self, data: bytes, *question: object) -> bytes:
        if not self.turning or question not in self._asked or not str(question[0]).startswith(self._kind):
            self._asked.add(question)
            return data
        self.turned += 1
        return data[:-1] if self._cut else data[:-1] + bytes([data[-1] ^ 1])


@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize("kind", ["packs/", "snapshots/"])
def test_objects_that_change_between_two_reads(tmp_path: Path, kind: str, *, cut: bool) -> None:
    """Whatever is read twice is checked twice: the result is right, or there is none."""
    storage = Turncoat(kind, cut=cut)
    home = Home(tmp_path / "home", storage)
    home.make(400)
    home.backup()
    home.change()
    home.backup()
    right = tmp_path / "right.db"
    (snapshot,) = load_catalog(home.repository).snapshots[-1:]
    options: dict[str, Any] = {"clock": home.clock, "monitor": Silent()}
    restore_new(home.repository, snapshot, right, **options)
    storage.turning = True
    for number in range(3):
        target = tmp_path / f"{number}.db"
        try:
            restore_new(home.repository, snapshot, target, **options)
        except LitekeepError:
            assert not target.exists()
        else:
            assert target.read_bytes() == right.read_bytes()
    assert storage.turned
    with suppress(LitekeepError):
        assert verify(home.repository, snapshot, **options).damage
