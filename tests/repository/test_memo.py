"""What a process keeps of the catalog's memory: less work, and the same list as without it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from blake3 import blake3

from litekeep.clock import SystemClock
from litekeep.formats.manifest import Manifest
from litekeep.model import Snapshot
from litekeep.repository import layout, memo
from litekeep.repository.catalog import load_catalog
from litekeep.repository.repository import Repository
from litekeep.storage.base import Entry
from litekeep.storage.local import LocalStorage
from repository.store import NOW, save

LIST = "import sys; from pathlib import Path; from repository.test_memo import listed; listed(Path(sys.argv[1]))"


def listed(folder: Path) -> list[Snapshot]:
    return list(load_catalog(Repository.open(LocalStorage(folder, SystemClock()))).snapshots)


def listed_elsewhere(folder: Path) -> None:
    """By another process, which writes what it learned into the file."""
    tests = str(Path(__file__).parents[1])
    path = os.pathsep.join([tests, *filter(None, [os.environ.get("PYTHONPATH")])])
    subprocess.run([sys.executable, "-c", LIST, str(folder)], check=True, env={**os.environ, "PYTHONPATH": path})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a repository with 20 snapshots."""
    repository = Repository.create(LocalStorage(tmp_path / "repository", SystemClock(), create=True), NOW)
    key = save(repository, tmp_path, b"x" * 4096)
    for number in range(2, 21):
        add(repository, key, number)
    return tmp_path / "repository"


def add(repository: Repository, key: str, number: int) -> None:
    manifest = repository.read_manifest(key)
    moment = NOW + timedelta(days=number)
    facts = {**manifest.facts, "sequence": number, "created_at": moment.isoformat()}
    name = layout.snapshot_key("app", moment, number, layout.new_id())
    repository.write_manifest(name, Manifest(facts, manifest.page_map, b""))


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is made of lines and what is read from objects meanwhile."""
    work: list[str] = []
    made, read = memo._from_row, Repository.read_facts

    def make(key: str, row: list[object]) -> Snapshot:
        work.append("made")
        return made(key, row)

    def read_facts(self: Repository, key: str, size: int | None = None) -> dict[str, object]:
        work.append("read")
        return read(self, key, size)

    with monkeypatch.context() as patched:
        patched.setattr(memo, "_from_row", make)
        patched.setattr(Repository, "read_facts", read_facts)
        yield work


def test_a_second_look_makes_nothing_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = listed(folder)  # from the objects
    with counted(monkeypatch) as work:
        assert listed(folder) == first  # from the file
    assert work == ["made"] * 20
    with counted(monkeypatch) as work:
        assert listed(folder) == first
    assert work == []


def test_what_another_process_appended_is_read_and_nothing_else(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = listed(folder)
    listed(folder)
    add(Repository.open(LocalStorage(folder, SystemClock())), before[0].key, 21)
    listed_elsewhere(folder)
    with counted(monkeypatch) as work:
        assert [each.sequence for each in listed(folder)] == list(range(1, 22))
    assert work == ["made"]


def test_a_changed_snapshot_is_told_as_it_is_now(folder: Path) -> None:
    before = listed(folder)
    listed(folder)
    repository = Repository.open(LocalStorage(folder, SystemClock()))
    repository.mark("app", before[3].id, "pin", {"pinned": True}, NOW)
    assert listed(folder) == [replace(each, pinned=each.id == before[3].id) for each in before]
    assert listed(folder) == listed(folder)
    key = layout.parse_snapshot_key(before[5].key)
    assert key
    (folder / before[5].key).unlink()
    assert len(listed(folder)) == 19


@pytest.mark.parametrize("harm", ["removed", "cut", "emptied", "replaced"])
def test_a_file_that_is_another_one_is_not_relied_on(folder: Path, harm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = listed(folder)
    listed(folder)
    file = folder / ".cache" / "catalog"
    data = file.read_bytes()
    if harm == "removed":
        file.unlink()
    elif harm == "replaced":
        other = file.with_name("other")
        other.write_bytes(b"nonsense\n" * 500)
        os.replace(other, file)
    else:
        os.truncate(file, 0 if harm == "emptied" else len(data) // 2)
    with counted(monkeypatch) as work:
        assert listed(folder) == before
    assert "read" in work


def test_a_line_that_is_being_appended_is_read_when_it_is_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = listed(folder)
    file = folder / ".cache" / "catalog"
    data = file.read_bytes()
    os.truncate(file, len(data) - 10)  # the last line is not whole yet
    memo._parsed.clear()
    found = memo._parsed_of(file, [])
    assert found.seen == 0
    catalog_memo = memo.CatalogMemo.beside(
        LocalStorage(folder, SystemClock()), Repository.open(LocalStorage(folder, SystemClock())).config.id
    )
    assert catalog_memo is not None
    parsed = memo._parsed_of(file, catalog_memo._identity)
    catalog_memo._load(parsed)
    assert len(parsed.rows) == 19
    with file.open("ab") as appending:
        appending.write(data[-10:])
    catalog_memo._load(parsed)
    assert len(parsed.rows) == 20
    assert listed(folder) == before


@pytest.mark.parametrize(
    "planted", [{}, [], 5, "x", ["snapshots/app"], [{}, {}], [[], []], [1, [2, 3]], "deep"], ids=repr
)
def test_lines_that_nobody_wrote_count_as_none(folder: Path, planted: object) -> None:
    before = listed(folder)
    listed(folder)
    with (folder / ".cache" / "catalog").open("ab") as file:
        if planted == "deep":
            body = b"[" * 100_000
            file.write(blake3(body).hexdigest(8).encode() + body + b"\n")
        file.write(memo._line(planted))
        for each in before:
            file.write(memo._line([each.key, planted]))
            manifest = Entry(each.key, (folder / each.key).stat().st_size)
            file.write(memo._line([each.key, [memo._signature(manifest, []), planted]]))
    listed_elsewhere(folder)
    assert listed(folder) == before
