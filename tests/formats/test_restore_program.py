"""restore.py: the right bytes, or one line and no file; whatever the repository is like."""

from __future__ import annotations

import itertools
import json
import os
import random
import shutil
import sqlite3
import struct
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from blake3 import blake3

from formats.bare import SCRIPT, Outcome, run_alone, run_inside
from formats.hostile import bounds
from litekeep.blocks.compress import compress, decompress_within
from litekeep.formats.columns import decode_column, encode_column
from litekeep.formats.envelope import Kind, decode_record, encode_record
from litekeep.formats.pack import INDEX_PART
from litekeep.monitor import Silent
from litekeep.operations import curate
from litekeep.operations.backup import BackupOptions, backup
from litekeep.repository.catalog import load_catalog
from litekeep.repository.packs import PackTable
from litekeep.repository.rebuild import rebuild
from litekeep.repository.repository import Repository
from litekeep.storage.local import LocalStorage
from litekeep.testing import ManualClock

SAFE = "nothing was changed and no database was written"


@dataclass(frozen=True)
class Made:
    """A repository in a folder, and the bytes of each snapshot's database by the snapshot's id."""

    folder: Path
    clock: ManualClock
    images: dict[str, bytes]

    def open(self) -> Repository:
        return Repository.open(LocalStorage(self.folder, self.clock))

    def objects(self, kind: str = "") -> list[Path]:
        """All files of one kind, or all but the helper files."""
        found = (path for path in (self.folder / kind).rglob("*") if path.is_file() and ".cache" not in path.parts)
        return sorted(path for path in found if path.name not in ("README.txt", "restore.py", "lock"))

    def copy(self, to: Path) -> Made:
        """The same in another folder."""
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.folder, to)
        return replace(self, folder=to)

    def keep_images(self, scratch: Path) -> None:
        """Let the engine rebuild all snapshots."""
        repository = self.open()
        for key in repository.snapshot_keys():
            image = scratch / "image"
            image.write_bytes(b"")
            rebuild(repository, PackTable(repository), key.key, repository.read_manifest(key.key), image, Silent())
            self.images[key.id] = image.read_bytes()


def new_repository(folder: Path) -> tuple[Made, Repository]:
    clock = ManualClock()
    repository = Repository.create(LocalStorage(folder, clock, create=True), clock.now())
    return Made(folder, clock, {}), repository


def back_up_days(made: Made, repository: Repository, database: Path, page_bytes: int, rows: int, days: int) -> None:
    """A first backup, then one a day after some changes: deltas upon deltas."""
    connection = sqlite3.connect(database)
    connection.execute(f"PRAGMA page_size = {page_bytes}")
    connection.execute("CREATE TABLE entries (id INTEGER PRIMARY KEY, text TEXT)")
    connection.executemany("INSERT INTO entries (text) VALUES (?)", ((f"{n * n} " * 9,) for n in range(rows)))
    for day in range(days):
        connection.execute("UPDATE entries SET text = text || ? WHERE id % 97 = ?", (f"day {day}", day))
        connection.executemany("INSERT INTO entries (text) VALUES (?)", ((f"new {day}",) for _ in range(8)))
        connection.commit()
        made.clock.advance(86400.0)
        result = backup(
            repository, database, options=BackupOptions(label=f"day {day}"), clock=made.clock, monitor=Silent()
        )
        assert not result.damage
    connection.close()


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Databases of three page sizes, of one page, and of no page, some days each."""
    folder = tmp_path_factory.mktemp("large")
    made, repository = new_repository(folder / "repository")
    for page_bytes, rows in ((512, 6000), (4096, 20000), (65536, 20000)):
        back_up_days(made, repository, folder / f"pages of {page_bytes}.db", page_bytes, rows, days=4)
    back_up_days(made, repository, folder / "Ünique_1.db", 512, 1, days=2)
    (folder / "empty.db").touch()
    backup(repository, folder / "empty.db", clock=made.clock, monitor=Silent())
    made.keep_images(folder)
    return made


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A few pages, three days: few enough bytes to damage each kind of place."""
    folder = tmp_path_factory.mktemp("small")
    made, repository = new_repository(folder / "repository")
    back_up_days(made, repository, folder / "app.db", 4096, 300, days=3)
    made.keep_images(folder)
    return made


@pytest.fixture
def hurt(small: Made, tmp_path: Path) -> Made:
    """A copy of the small repository, to be damaged."""
    return small.copy(tmp_path / "repository")


def require_refusal(outcome: Outcome | subprocess.CompletedProcess[str], out: Path, *, code: int = 1) -> None:
    """One line that says what is safe, and no file left over."""
    found, err = (outcome.code, outcome.err) if isinstance(outcome, Outcome) else (outcome.returncode, outcome.stderr)
    assert found == code, err
    assert err.startswith("restore.py: ")
    assert SAFE in err
    assert err.count("\n") == 1
    assert not out.exists()
    assert not [path for path in out.parent.iterdir() if path.name.startswith(".litekeep")]


def test_each_snapshot_alone(python: Path, large: Made, tmp_path: Path) -> None:
    """Without Litekeep and without the package blake3, by the script that lies in the repository."""
    script = large.folder / "restore.py"
    assert script.read_bytes() == SCRIPT.read_bytes()
    for snapshot, image in large.images.items():
        out = tmp_path / f"{snapshot}.db"
        done = run_alone(python, script, snapshot[:6], out)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        assert out.read_bytes() == image


def test_bare_means_bare(python: Path) -> None:
    for package in ("litekeep", "blake3"):
        command = [str(python), "-I", "-c", f"import {package}"]
        assert subprocess.run(command, capture_output=True, check=False).returncode != 0


def test_without_zstd(python: Path, small: Made) -> None:
    """-S: no site packages at all."""
    command = [str(python), "-I", "-S", str(SCRIPT), "--repository", str(small.folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:  # Python 3.14 has zstd
        assert done.returncode == 1
        assert "python -m pip install backports.zstd" in done.stderr
        assert done.stderr.count("\n") == 1


def test_each_snapshot_with_the_package(program: ModuleType, large: Made, tmp_path: Path) -> None:
    assert program.native is not None
    for snapshot, image in large.images.items():
        out = tmp_path / f"{snapshot}.db"
        assert run_inside(program, snapshot, out, "--repository", large.folder).code == 0
        assert out.read_bytes() == image
        if os.name != "nt":
            assert out.stat().st_mode & 0o777 == 0o600


def test_list(python: Path, large: Made) -> None:
    done = run_alone(python, large.folder / "restore.py")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    snapshots = load_catalog(large.open()).snapshots
    assert len(lines) == len(snapshots)
    for line, snapshot in zip(lines, snapshots, strict=True):
        shown = (snapshot.id, snapshot.created_at.isoformat(), str(snapshot.database.size_bytes), snapshot.label)
        assert all(text in line for text in shown)


def test_labels_trash_and_latest(program: ModuleType, hurt: Made, tmp_path: Path) -> None:
    repository, clock = hurt.open(), hurt.clock
    first, second, third = load_catalog(repository).snapshots
    curate.label(repository, first, "old name", clock=clock, monitor=Silent())
    curate.label(repository, replace(first, label="old name"), "for \x1b[31m Zoë", clock=clock, monitor=Silent())
    curate.to_trash(repository, third, clock=clock, monitor=Silent())
    listed = run_inside(program, "--repository", hurt.folder).out.splitlines()
    assert listed[0].endswith("for ?[31m Zoë")
    assert [line.endswith("(in the trash)") for line in listed] == [False, False, True]
    out = tmp_path / "out.db"
    assert run_inside(program, "latest", out, "--repository", hurt.folder).code == 0
    assert out.read_bytes() == hurt.images[second.id]
    damaged = next(path for path in hurt.objects("marks"))
    damaged.write_bytes(b"")
    assert run_inside(program, "--repository", hurt.folder).code == 0


def test_choosing(program: ModuleType, large: Made, tmp_path: Path) -> None:
    newest = {snapshot.source: snapshot.id for snapshot in load_catalog(large.open()).snapshots}
    for source in ("pages of 512", "Ünique_1", "empty"):
        out = tmp_path / f"{source}.db"
        assert run_inside(program, "latest", out, "--source", source, "--repository", large.folder).code == 0
        assert out.read_bytes() == large.images[newest[source]]
    out = tmp_path / "out.db"
    for words in (["latest"], ["latest", "--source", "none"], ["abc"], ["zzzz"], [""], ["0" * 16]):
        name, *rest = words
        require_refusal(run_inside(program, name, out, *rest, "--repository", large.folder), out, code=2)


def test_wrong_words(program: ModuleType, small: Made) -> None:
    for words in (["latest"], ["--what"], ["a", "b", "c"]):
        with pytest.raises(SystemExit) as stopped:
            run_inside(program, *words, "--repository", small.folder)
        assert stopped.value.code == 2


@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal"])
def test_never_replaces(program: ModuleType, small: Made, tmp_path: Path, ending: str) -> None:
    out, taken = tmp_path / "out.db", tmp_path / f"out.db{ending}"
    taken.write_bytes(b"precious")
    outcome = run_inside(program, "latest", out, "--repository", small.folder)
    assert (outcome.code, SAFE in outcome.err) == (2, True)
    assert taken.read_bytes() == b"precious"
    assert [path.name for path in tmp_path.iterdir()] == [taken.name]


@pytest.mark.parametrize("ending", ["", "-wal"])
def test_never_replaces_what_appears_meanwhile(
    program: ModuleType, small: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    out, taken, rebuilt = tmp_path / "out.db", tmp_path / f"out.db{ending}", program.rebuild

    def rebuild_slowly(*arguments: Any) -> Any:
        taken.write_bytes(b"precious")
        return rebuilt(*arguments)

    monkeypatch.setattr(program, "rebuild", rebuild_slowly)
    assert run_inside(program, "latest", out, "--repository", small.folder).code == 2
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {taken.name: b"precious"}


def test_file_system_without_links(
    program: ModuleType, small: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("no links here")

    out = tmp_path / "out.db"
    monkeypatch.setattr(os, "link", refuse)
    assert run_inside(program, "latest", out, "--repository", small.folder).code == 0
    assert out.read_bytes() in small.images.values()
    assert [path.name for path in tmp_path.iterdir()] == ["out.db"]


def test_missing_folders(program: ModuleType, small: Made, tmp_path: Path) -> None:
    out = tmp_path / "out.db"
    require_refusal(run_inside(program, "latest", out, "--repository", tmp_path / "none"), out)
    outcome = run_inside(program, "latest", tmp_path / "none" / "out.db", "--repository", small.folder)
    assert (outcome.code, SAFE in outcome.err, outcome.err.count("\n")) == (1, True, 1)


def test_the_higher_generation_counts(program: ModuleType, hurt: Made, tmp_path: Path) -> None:
    out = tmp_path / "out.db"
    for pack in hurt.objects("packs"):
        pack.with_name(pack.name.replace("-0", "-1")).write_bytes(b"a higher generation")
    require_refusal(run_inside(program, "latest", out, "--repository", hurt.folder), out)
    for pack in hurt.objects("packs"):
        if pack.name.endswith("-1"):
            pack.rename(pack.with_name(pack.name.replace("-1", "-01")))  # not a name that Litekeep gives
    assert run_inside(program, "latest", out, "--repository", hurt.folder).code == 0


# damage


def require_right_or_refused(program: ModuleType, made: Made, folder: Path) -> int:
    """Try to restore every snapshot, and to list; returns how many could not be restored."""
    refused, listed = 0, run_inside(program, "--repository", made.folder)
    assert listed.code in (0, 1)
    for snapshot, image in made.images.items():
        out = folder / "out.db"
        outcome = run_inside(program, snapshot, out, "--repository", made.folder)
        if outcome.code == 0:
            assert out.read_bytes() == image
            out.unlink()
        else:
            require_refusal(outcome, out, code=outcome.code)
            refused += 1
    return refused


def places(length: int, chance: random.Random) -> set[int]:
    """The beginning and the end, where every byte has a meaning of its own, and some of what is between."""
    middle = chance.sample(range(length), min(8, length))
    return {*range(min(16, length)), *range(max(0, length - 16), length), *middle}


def test_flipped_bytes(program: ModuleType, small: Made, tmp_path: Path) -> None:
    chance, hurt, out = random.Random(1), small.copy(tmp_path / "repository"), tmp_path / "out"
    out.mkdir()
    for path in hurt.objects():
        data = path.read_bytes()
        for place in sorted(places(len(data), chance)):
            path.write_bytes(data[:place] + bytes([data[place] ^ chance.choice([1, 0x80, 0xFF])]) + data[place + 1 :])
            refused = require_right_or_refused(program, hurt, out)
            assert refused or path.parts[-3] in ("receipts", "marks"), f"byte {place} of {path.name} is never read"
        path.write_bytes(data)
    assert require_right_or_refused(program, hurt, out) == 0


def test_truncated_swapped_and_missing(program: ModuleType, small: Made, tmp_path: Path) -> None:
    hurt, out = small.copy(tmp_path / "repository"), tmp_path / "out"
    out.mkdir()
    read = [path for path in hurt.objects() if path.parts[-3] not in ("receipts", "marks")]
    for path in read:
        data = path.read_bytes()
        for length in {0, 1, 7, 8, 9, 15, 16, 17, len(data) // 2, len(data) - 8, len(data) - 1}:
            path.write_bytes(data[:length])
            assert require_right_or_refused(program, hurt, out)
        path.write_bytes(data + b"\0")
        assert require_right_or_refused(program, hurt, out)
        path.unlink()
        assert require_right_or_refused(program, hurt, out)
        path.mkdir()
        assert require_right_or_refused(program, hurt, out)
        path.rmdir()
        path.write_bytes(data)
    for one, other in itertools.permutations(read, 2):
        data = one.read_bytes()
        one.write_bytes(other.read_bytes())
        assert require_right_or_refused(program, hurt, out)
        one.write_bytes(data)


def test_a_damaged_newest_one_is_not_passed_over(program: ModuleType, hurt: Made, tmp_path: Path) -> None:
    """Who asks for the newest must not get an older one without a word."""
    newest, out = hurt.objects("snapshots")[-1], tmp_path / "out.db"
    newest.write_bytes(newest.read_bytes()[:-1])
    require_refusal(run_inside(program, "latest", out, "--repository", hurt.folder), out)
    listed = run_inside(program, "--repository", hurt.folder)
    assert (listed.code, listed.out.count("\n"), listed.out.count("cannot be restored")) == (1, 3, 1)


def test_damage_alone(python: Path, hurt: Made, tmp_path: Path) -> None:
    """The same verdicts with BLAKE3 in plain Python, in a process of its own."""
    pack, out = hurt.objects("packs")[0], tmp_path / "out.db"
    data = pack.read_bytes()
    for place in (0, 5, len(data) // 2, len(data) - 40, len(data) - 1):
        pack.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        require_refusal(run_alone(python, SCRIPT, "latest", out, "--repository", hurt.folder), out)


def test_foreign_objects(program: ModuleType, small: Made, tmp_path: Path) -> None:
    """Objects of another repository with the same names are not believed."""
    made, repository = new_repository(tmp_path / "other")
    back_up_days(made, repository, tmp_path / "app.db", 4096, 300, days=3)
    hurt, out = small.copy(tmp_path / "repository"), tmp_path / "out"
    out.mkdir()
    for ours, theirs in zip(hurt.objects("snapshots"), made.objects("snapshots"), strict=True):
        ours.write_bytes(theirs.read_bytes())
    assert require_right_or_refused(program, hurt, out) == 3


# repositories made by someone who means harm: every seal fits


def reseal_manifest(made: Made, change: Callable[[dict[str, Any]], object], page_map: bytes | None = None) -> None:
    """Rewrite the newest manifest."""
    repository, path = made.open(), made.objects("snapshots")[-1]
    key = path.relative_to(made.folder).as_posix()
    manifest = repository.read_manifest(key)
    facts, stored_map, scan = decode_record(Kind.MANIFEST, key, path.read_bytes(), repository.seal)
    change(manifest.facts)
    del facts
    parts = [compress(json.dumps(manifest.facts).encode()), page_map or bytes(stored_map), bytes(scan)]
    path.write_bytes(encode_record(Kind.MANIFEST, key, parts, repository.seal))


def member(**values: object) -> Callable[[dict[str, Any]], object]:
    return lambda facts: facts["members"][0].update(values)


HOSTILE_FACTS: list[Callable[[dict[str, Any]], object]] = [
    member(image_bytes=1 << 60, page_count=1 << 48),
    member(image_bytes=4096, page_count=1),
    member(image_bytes=0, page_count=0),
    member(image_bytes=-4096, page_count=-1),
    member(page_size=0),
    member(page_size=3, page_count=3, image_bytes=9),
    member(page_size=1.5),
    member(page_size="4096"),
    member(page_size=None),
    member(page_size=[]),
    member(block_bytes=0),
    member(block_bytes=1 << 40),
    member(digest="00" * 32),
    member(digest=7),
    lambda facts: facts.update(members=[]),
    lambda facts: facts.update(members=facts["members"] * 2),
    lambda facts: facts.pop("members"),
    lambda facts: facts.pop("source"),
    lambda facts: facts.pop("created_at"),
    lambda facts: facts.clear(),
]


@pytest.mark.parametrize("change", HOSTILE_FACTS)
def test_hostile_facts(
    program: ModuleType, hurt: Made, tmp_path: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    reseal_manifest(hurt, change)
    out = tmp_path / "out.db"
    with bounds(16 << 20):
        require_refusal(run_inside(program, "latest", out, "--repository", hurt.folder), out)


def hostile_maps() -> Iterator[bytes]:
    yield compress(bytes(64 << 20))
    yield compress(struct.pack("<2I", 0xFFFFFFFF, 0xFFFFFFFF))
    yield compress(struct.pack("<2I", 0, 1) + encode_column([0]) + encode_column([0]) + encode_column([11]))
    pack = encode_column([1]) + bytes(4)
    yield compress(struct.pack("<2I", 1, 1) + pack + encode_column([0]) + encode_column([0]) + encode_column([0]))
    yield compress(struct.pack("<2I", 1, 1) + pack + encode_column([9]) + encode_column([0]) + encode_column([11]))
    yield compress(struct.pack("<2I", 1, 2) + pack + encode_column([0, 0] * 3))
    yield b"not zstd"
    yield compress(b"")


@pytest.mark.parametrize("page_map", list(hostile_maps()))
def test_hostile_page_maps(program: ModuleType, hurt: Made, tmp_path: Path, page_map: bytes) -> None:
    reseal_manifest(hurt, lambda facts: facts, page_map)
    out = tmp_path / "out.db"
    with bounds(16 << 20):
        require_refusal(run_inside(program, "latest", out, "--repository", hurt.folder), out)


def reseal_index(made: Made, pack: Path, change: Callable[[bytes], bytes], names: bytes | None = None) -> None:
    """Rewrite the index of a pack; `change` gets it unpacked, without the names."""
    repository, data = made.open(), pack.read_bytes()
    parts = repository.seal.bind(pack.relative_to(made.folder).as_posix(), data[:8])
    (length,) = struct.unpack_from("<I", data, len(data) - 8)
    plain = bytes(parts.open(INDEX_PART, data[-8 - length : -8]))
    (packed_bytes,) = struct.unpack_from("<I", plain)
    packed = compress(change(decompress_within(plain[4 : 4 + packed_bytes], 1 << 23)))
    names = plain[4 + packed_bytes :] if names is None else names
    index = parts.seal(INDEX_PART, struct.pack("<I", len(packed)) + packed + names)
    pack.write_bytes(data[: -8 - length] + index + struct.pack("<I", len(index)) + b"LTKE")


def with_head(place: int, value: int) -> Callable[[bytes], bytes]:
    return lambda plain: plain[: 4 * place] + struct.pack("<I", value) + plain[4 * place + 4 :]


def with_column(which: int, change: Callable[[list[int]], list[int]]) -> Callable[[bytes], bytes]:
    """Another column of the index; 0 is the stored lengths."""

    def rewrite(plain: bytes) -> bytes:
        _, frames, blocks, packs, bases = struct.unpack_from("<5I", plain)
        counts = (frames, frames, frames, blocks, blocks, blocks, bases, bases)
        start = 20 + 8 * packs + 4 * sum(counts[:which])
        values = list(decode_column(plain[start : start + 4 * counts[which]]))
        return plain[:start] + encode_column(change(values)) + plain[start + 4 * counts[which] :]

    return rewrite


HOSTILE_INDEXES: list[Callable[[bytes], bytes]] = [
    lambda _: bytes(9 << 20),
    lambda _: b"",
    lambda plain: plain + b"\0",
    *(with_head(place, value) for place in range(5) for value in (0, 1, 4097, 1 << 16, (1 << 32) - 1)),
    with_column(0, lambda stored: [1 << 31] * len(stored)),
    with_column(0, lambda stored: [0] * len(stored)),
    with_column(1, lambda blocks: [0] * len(blocks)),
    with_column(2, lambda bases: [n + 1 for n in bases]),
    with_column(3, lambda steps: [1 << 31] * len(steps)),
    with_column(4, lambda short: [5000] * len(short)),
    with_column(4, lambda short: [1] * len(short)),
    with_column(6, lambda places: [7] * len(places)),
    with_column(7, lambda steps: [1 << 31] * len(steps)),
]


@pytest.mark.parametrize("which", [0, -1])
@pytest.mark.parametrize("change", HOSTILE_INDEXES)
def test_hostile_indexes(
    program: ModuleType, hurt: Made, tmp_path: Path, change: Callable[[bytes], bytes], which: int
) -> None:
    pack = hurt.objects("packs")[which]
    before = pack.read_bytes()
    reseal_index(hurt, pack, change)
    out = tmp_path / "out.db"
    with bounds(32 << 20):
        outcome = run_inside(program, "latest", out, "--repository", hurt.folder)
    if outcome.code == 0:
        assert pack.read_bytes() == before or out.read_bytes() in hurt.images.values()
    else:
        require_refusal(outcome, out)


def test_packs_that_need_each_other(program: ModuleType, hurt: Made, tmp_path: Path) -> None:
    """A pack that is built on itself, or on one that is not older, is refused and not followed."""
    newest, out = hurt.objects("packs")[-1], tmp_path / "out.db"
    newest = max(hurt.objects("packs"), key=lambda path: path.name)
    own = bytes.fromhex(newest.name.partition("-")[0])
    ids = encode_column([int.from_bytes(own[:4], "big")]) + own[4:]
    reseal_index(hurt, newest, lambda plain: plain[:20] + ids + plain[28:])
    outcome = run_inside(program, "latest", out, "--repository", hurt.folder)
    require_refusal(outcome, out)
    assert "is built on" in outcome.err


def test_wrong_names(program: ModuleType, hurt: Made, tmp_path: Path) -> None:
    """The names in an index are compared with what the blocks hash to."""
    pack, out = hurt.objects("packs")[0], tmp_path / "out.db"
    reseal_index(hurt, pack, lambda plain: plain, names=bytes(16 * 3))
    require_refusal(run_inside(program, "latest", out, "--repository", hurt.folder), out)


def test_no_room(program: ModuleType, small: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
    out = tmp_path / "out.db"
    outcome = run_inside(program, "latest", out, "--repository", small.folder)
    require_refusal(outcome, out)
    assert "has no room" in outcome.err


def test_interrupted(program: ModuleType, small: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(program, "decode", interrupt)
    out = tmp_path / "out.db"
    require_refusal(run_inside(program, "latest", out, "--repository", small.folder), out)


# BLAKE3 in plain Python


def lengths() -> list[int]:
    around = {
        edge + step for edge in (0, 64, 1024, 2048, 3072, 4096, 5120, 8192, 65536) for step in (-65, -1, 0, 1, 65)
    }
    return sorted(length for length in {*range(0, 5001, 61), *around} if length >= 0)


def test_blake3_of_any_length(program: ModuleType) -> None:
    data, key = random.Random(2).randbytes(70_000), bytes(range(32))
    for length in lengths():
        assert program.blake3_of([data[:length]]) == [blake3(data[:length]).digest()]
    inputs = [data[:length] for length in lengths()]
    assert program.blake3_of(inputs, key, program.KEYED_HASH) == [blake3(item, key=key).digest() for item in inputs]
    many = [data[start : start + 1500] for start in range(0, 60_000, 13)]  # more than go at once
    assert program.blake3_of(many) == [blake3(item).digest() for item in many]


def test_blake3_of_something_long(program: ModuleType) -> None:
    data = random.Random(3).randbytes(3_000_001)
    assert program.blake3_of([memoryview(data)]) == [blake3(data).digest()]


@pytest.mark.parametrize("length", [0, 1, 32, 64, 1024, 1025, 4097])
def test_blake3_key_derivation(program: ModuleType, length: int) -> None:
    secret = random.Random(4).randbytes(length)
    for purpose in ("seal", "block identity"):
        expected = blake3(secret, derive_key_context=f"litekeep 2026-11 {purpose}").digest()
        assert program.derive_key(secret, purpose) == expected


# the file itself


def test_it_is_small_enough_to_be_read() -> None:
    assert len(SCRIPT.read_text("utf-8").splitlines()) < 660


def test_it_stands_alone() -> None:
    source = SCRIPT.read_text("utf-8")
    imported = {line.split()[1] for line in source.splitlines() if line.lstrip().startswith(("import ", "from "))}
    assert not {name for name in imported if name.startswith("litekeep")}


def test_readme() -> None:
    text = (SCRIPT.parent / "README.txt").read_bytes().decode("ascii")
    assert len(text.splitlines()) < 60
    assert max(map(len, text.splitlines())) <= 82


def test_a_new_repository_holds_both(small: Made) -> None:
    config = json.loads((small.folder / "repository.json").read_bytes())
    for name in ("README.txt", "restore.py"):
        data = (SCRIPT.parent / name).read_bytes()
        assert (small.folder / name).read_bytes() == data
        assert config["files"][name] == blake3(data).hexdigest()
