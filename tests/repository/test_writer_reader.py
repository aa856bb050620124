"""Packs written and read back: many of them, interrupted, damaged, hostile."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from litekeep.blocks.compress import compress, compress_delta
from litekeep.blocks.split import Geometry
from litekeep.errors import Cancelled, CorruptObject, StorageError
from litekeep.formats.manifest import Manifest, Run
from litekeep.formats.pack import Address, NewFrame, PackBuilder
from litekeep.monitor import Silent
from litekeep.repository import layout, reader, spool, writer
from litekeep.repository.changes import ImageFile
from litekeep.repository.packs import PackTable
from litekeep.repository.reader import BlockReader, plan_read
from litekeep.repository.rebuild import rebuild
from litekeep.repository.repository import Repository
from litekeep.repository.versions import write_first
from litekeep.repository.writer import PackWriter, encode_frame
from litekeep.storage.counting import CountingStorage
from litekeep.storage.memory import MemoryStorage
from litekeep.testing import Fault, FaultyStorage, RecordingMonitor
from repository.store import NOW, facts_of, load, mutate, new_repository, random_image, save

BLOCK = 4096


def read(repository: Repository, runs: list[Run]) -> bytes:
    """The blocks of the runs, in order."""
    table, found = PackTable(repository), dict[int, bytes]()
    plan = plan_read(table, runs)
    BlockReader(repository, table).read(plan, lambda at, blocks: found.update({at: bytes(blocks)}), Silent())
    return b"".join(found[at] for at in sorted(found))


def id_of(number: int, sequence: int) -> bytes:
    """A pack's id."""
    return sequence.to_bytes(4, "big") + bytes([number]) * 4


def put_pack(
    repository: Repository, number: int, sequence: int, frames: list[tuple[list[bytes], list[Address], bytes]]
) -> bytes:
    """A pack of (blocks, bases, prefix) frames, written without the writer's care."""
    pack_id = id_of(number, sequence)
    key = layout.pack_key(pack_id, 0)
    builder, first = PackBuilder(key, pack_id, BLOCK, repository.seal), 0
    for blocks, bases, prefix in frames:
        plain = b"".join(blocks)
        compressed = compress_delta(plain, prefix) if prefix else compress(plain)
        names, numbers = b"".join(map(repository.identity.name, blocks)), range(first, first + len(blocks))
        lengths = [len(block) for block in blocks]
        builder.add(NewFrame(compressed, numbers, lengths, names, [len(bases)] * len(blocks), bases))
        first += len(blocks)
    repository.storage.put(key, builder.finish())
    return pack_id


def test_an_image_in_many_packs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "PACK_BYTES", 3 << 20)
    repository, rng = new_repository(), random.Random(1)
    image = bytearray(rng.randbytes(1 << 20) * 10 + rng.randbytes(123 * BLOCK))
    key = save(repository, tmp_path, bytes(image))
    manifest = repository.read_manifest(key)
    assert len(manifest.page_map.packs) == len(repository.storage.list("packs/")) == 4
    assert manifest.facts["new_bytes"] == sum(entry.size_bytes for entry in repository.storage.list("packs/"))
    assert load(repository, tmp_path, key) == image
    for at in range(0, len(image), 50_000):
        image[at] ^= 255
    key = save(repository, tmp_path, bytes(image), before=key)
    assert load(repository, tmp_path, key) == image


def test_packs_of_one_backup_never_meet_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four random bytes for each would: among the 40,000 packs of a terabyte, one time in five."""
    monkeypatch.setattr(writer, "PACK_BYTES", 1)
    monkeypatch.setattr(layout, "random_bytes", lambda count: b"\xff" * count)
    repository, image = new_repository(), random.Random(1).randbytes(3 << 20)
    key = save(repository, tmp_path, image)
    assert len(repository.storage.list("packs/")) == 3
    assert load(repository, tmp_path, key) == image


def test_the_limits_of_a_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "MAX_BLOCKS", 512)
    repository, image = new_repository(), random.Random(1).randbytes(1300 * BLOCK)
    key = save(repository, tmp_path, image)
    assert len(repository.storage.list("packs/")) == 3
    monkeypatch.setattr(writer, "MAX_BLOCKS", 1 << 16)
    monkeypatch.setattr(writer, "MAX_BASES", 300)
    changed = b"".join(b"x" + image[at + 1 : at + BLOCK] for at in range(0, len(image), BLOCK))
    key = save(repository, tmp_path, changed, before=key)
    assert len(repository.storage.list("packs/")) == 3 + 5  # 256 + 20 of the last two frames fit together
    assert load(repository, tmp_path, key) == changed


def test_stopping_anywhere_leaves_no_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "PACK_BYTES", 1 << 20)
    repository, rng = new_repository(), random.Random(1)
    image = bytearray(rng.randbytes(5 << 20))
    first = save(repository, tmp_path, bytes(image))
    kept = bytes(image)
    for at in range(0, len(image), 5_000):
        image[at] ^= 255
    questions, stopped = 0, 0
    while True:
        try:
            key = save(repository, tmp_path, bytes(image), before=first, monitor=RecordingMonitor(questions))
        except Cancelled:
            questions, stopped = questions + 1, stopped + 1
            assert [found.key for found in repository.snapshot_keys()] == [first]
            continue
        break
    assert stopped > 8
    assert load(repository, tmp_path, first) == kept
    assert load(repository, tmp_path, key) == image


def test_a_storage_that_fails_anywhere_leaves_no_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "PACK_BYTES", 1 << 20)
    image, at = random.Random(1).randbytes(4 << 20), 0
    while True:
        at += 1
        inner = MemoryStorage()
        new_repository(inner)
        repository = Repository.open(FaultyStorage(inner, [Fault(at + 1)]))
        try:
            key = save(repository, tmp_path, image)
            repository = Repository.open(inner)
        except StorageError:
            assert inner.list("snapshots/") == []
            continue
        break
    assert at == 7  # listing, four packs, manifest; then none is left to fail
    assert load(repository, tmp_path, key) == image


def test_memory_beyond_the_spool_goes_to_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng, copies, key, page_bytes = random.Random(1), dict[str, bytes](), None, BLOCK
    monkeypatch.setattr(spool.Spool.__init__, "__defaults__", (10_000,))
    repository, image = new_repository(), random_image(rng, 300, page_bytes)
    for _ in range(6):
        key = save(repository, tmp_path, image, page_bytes, key)
        copies[key] = image
        image = bytes(byte ^ (at % 3000 == 0) for at, byte in enumerate(mutate(rng, image, page_bytes)))
    assert all(load(repository, tmp_path, name) == copy for name, copy in copies.items())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["image.db", "rebuilt.db"]


def test_frames_are_read_once_however_often_they_are_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = CountingStorage(MemoryStorage())
    repository, rng, key = new_repository(storage), random.Random(1), None
    image = bytearray(rng.randbytes(20 * BLOCK))
    for day in range(12):
        image[day * 5000 : day * 5000 + 8] = rng.randbytes(8)
        image[100:108] = rng.randbytes(8)
        key = save(repository, tmp_path, bytes(image), before=key)
    assert key
    table, manifest = PackTable(repository), repository.read_manifest(key)
    plan = plan_read(table, manifest.page_map.runs())
    for pack in table.generations:
        table.index(pack)
    seen = list[tuple[str, int]]()
    original = storage.get_range

    def get_range(name: str, offset: int, length: int) -> bytes:
        seen.append((name, offset))
        return original(name, offset, length)

    monkeypatch.setattr(storage, "get_range", get_range)
    assert load(repository, tmp_path, key, table) == image
    assert len(seen) == len(set(seen)) == len(plan.frames) == 12


def test_any_runs_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "PACK_BYTES", 1 << 20)
    repository, rng = new_repository(), random.Random(1)
    image = rng.randbytes(700 * BLOCK)
    key = save(repository, tmp_path, image)
    addresses = list(repository.read_manifest(key).page_map.addresses())
    for _ in range(30):
        wanted = [rng.randrange(700) for _ in range(rng.randrange(1, 40))]
        counts = [rng.randrange(1, 5) for _ in wanted]
        runs = [
            Run(*addresses[at], count if addresses[at : at + count][-1][1] == addresses[at][1] + count - 1 else 1)
            for at, count in zip(wanted, counts, strict=True)
        ]
        expected = b"".join(image[at * BLOCK : (at + run.count) * BLOCK] for at, run in zip(wanted, runs, strict=True))
        assert read(repository, runs) == expected


def test_a_missing_block_and_a_missing_pack() -> None:
    repository, blocks = new_repository(), [bytes([n]) * BLOCK for n in range(3)]
    pack = put_pack(repository, 1, 1, [(blocks, [], b"")])
    for first, count in ((3, 1), (2, 2), (0, 4), (0, 2**32 - 1), (2**32 - 1, 1)):
        with pytest.raises(CorruptObject, match="which a snapshot needs"):
            read(repository, [Run(pack, first, count)])
    with pytest.raises(CorruptObject, match="is missing"):
        read(repository, [Run(id_of(9, 1), 0, 1)])
    newer = put_pack(repository, 2, 2, [([blocks[0]], [(pack, 3)], blocks[0])])
    with pytest.raises(CorruptObject, match="which a snapshot needs"):
        read(repository, [Run(newer, 0, 1)])


def test_a_pack_that_goes_away_while_it_is_read() -> None:
    repository = new_repository()
    pack = put_pack(repository, 1, 1, [([b"x" * BLOCK], [], b"")])
    table = PackTable(repository)
    plan = plan_read(table, [Run(pack, 0, 1)])
    repository.storage.delete(layout.pack_key(pack, 0))
    with pytest.raises(CorruptObject, match="is missing"):
        BlockReader(repository, table).read(plan, lambda *_: None, Silent())
    with pytest.raises(CorruptObject, match="is missing"):
        PackTable(repository).index(pack)


@pytest.mark.parametrize(("one", "other"), [((1, 1), (2, 1)), ((1, 1), (1, 1)), ((1, 2), (2, 1)), ((1, 1), (2, 2))])
def test_frames_that_need_each_other_in_a_circle(one: tuple[int, int], other: tuple[int, int]) -> None:
    repository = new_repository()
    for pack, base in {one: other, other: one}.items():
        put_pack(repository, *pack, [([b"x" * BLOCK], [(id_of(*base), 0)], b"y" * BLOCK)])
    for pack in (one, other):
        with pytest.raises(CorruptObject, match="not older"):
            read(repository, [Run(id_of(*pack), 0, 1)])


def test_bases_of_another_block_size_are_refused() -> None:
    """Or a frame of small blocks could ask for a prefix of many large ones."""
    repository, large = new_repository(), b"z" * 65536
    key = layout.pack_key(id_of(1, 1), 0)
    builder = PackBuilder(key, id_of(1, 1), 65536, repository.seal)
    builder.add(NewFrame(compress(large), [0], [65536], repository.identity.name(large), [0], []))
    repository.storage.put(key, builder.finish())
    pack = put_pack(repository, 2, 2, [([b"x" * BLOCK], [(id_of(1, 1), 0)], large)])
    with pytest.raises(CorruptObject, match="another size"):
        read(repository, [Run(pack, 0, 1)])


def test_the_same_base_twice_in_one_frame() -> None:
    repository = new_repository()
    base, block = random.Random(1).randbytes(BLOCK), random.Random(2).randbytes(BLOCK)
    older = put_pack(repository, 1, 1, [([base], [], b"")])
    pack = put_pack(repository, 2, 2, [([block], [(older, 0), (older, 0)], base + base)])
    assert read(repository, [Run(pack, 0, 1), Run(older, 0, 1)]) == block + base


def test_a_frame_of_other_blocks_than_the_index_says() -> None:
    repository = new_repository()
    pack = put_pack(repository, 1, 1, [([b"x" * BLOCK], [], b"")])
    other = new_repository()
    other.seal = repository.seal  # the same keys, other names
    with pytest.raises(CorruptObject, match="not the ones that were written"):
        other.storage.put(layout.pack_key(pack, 0), repository.storage.get(layout.pack_key(pack, 0)))
        read(other, [Run(pack, 0, 1)])


def test_a_delta_on_the_wrong_base_is_found() -> None:
    repository, rng = new_repository(), random.Random(1)
    base, block = rng.randbytes(BLOCK), rng.randbytes(BLOCK)
    older = put_pack(repository, 1, 1, [([base, block], [], b"")])
    pack = put_pack(repository, 2, 2, [([base[:4000] + bytes(96)], [(older, 1)], base)])
    with pytest.raises(CorruptObject):
        read(repository, [Run(pack, 0, 1)])


@pytest.mark.parametrize("change", ["digest", "image_bytes", "page_size", "runs"])
def test_a_manifest_that_describes_another_image(tmp_path: Path, change: str) -> None:
    repository, image = new_repository(), random.Random(1).randbytes(4 * BLOCK + 512)
    path = tmp_path / "image.db"
    path.write_bytes(image)
    with ImageFile(path) as file:
        written = write_first(repository, file, Geometry(512, len(image)), 1, Silent())
    facts, page_map = facts_of(512, image, written, 1), written.page_map
    member = facts["members"][0]  # type: ignore[index]
    if change == "digest":
        member["digest"] = "00" * 32
    elif change == "image_bytes":
        member.update(image_bytes=4 * BLOCK + 1024, page_count=4 * 8 + 2)
    elif change == "page_size":
        member.update(page_size=8192, block_bytes=8192, page_count=5, image_bytes=5 * 8192)
    else:
        (run,) = page_map.runs()
        page_map = type(page_map).from_runs([Run(run.pack, 4, 1), Run(run.pack, 0, 4)])
        member["digest"] = repository.identity.digest(PackTable(repository).names(page_map)).hex()
    key = layout.snapshot_key("app", NOW, 1, layout.new_id())
    repository.write_manifest(key, Manifest(facts, page_map, written.scan))
    path.write_bytes(b"")
    with pytest.raises(CorruptObject):
        rebuild(repository, PackTable(repository), key, repository.read_manifest(key), path, Silent())
    assert path.stat().st_size == 0  # refused before a byte was written


def test_the_writer_proves_what_it_encodes(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, names = b"x" * BLOCK, bytes(16)
    monkeypatch.setattr(writer, "compress", lambda plain: compress(plain[:-1] + b"?"))
    with pytest.raises(CorruptObject, match="not compressed faithfully"):
        encode_frame(plain, names, [BLOCK], [0], (), b"", [0])
    monkeypatch.setattr(writer, "compress", lambda plain: b"junk")
    with pytest.raises(CorruptObject, match="not compressed faithfully"):
        encode_frame(plain, names, [BLOCK], [0], (), b"", [0])
    repository = new_repository()
    with pytest.raises(CorruptObject), PackWriter(repository, BLOCK, 1) as packs:
        packs.add(plain, names, [BLOCK], [0], (), b"")
        packs.finish()
    assert repository.storage.list("packs/") == []


def test_a_newer_generation_with_gaps_serves_the_same_addresses(tmp_path: Path) -> None:
    repository, rng = new_repository(), random.Random(1)
    blocks = [rng.randbytes(BLOCK) for _ in range(6)]
    pack = put_pack(repository, 1, 1, [(blocks, [], b"")])
    key = layout.pack_key(pack, 1)
    builder = PackBuilder(key, pack, BLOCK, repository.seal)
    for numbers in ([1, 2], [4, 5]):
        some = [blocks[number] for number in numbers]
        names = b"".join(map(repository.identity.name, some))
        builder.add(NewFrame(compress(b"".join(some)), numbers, [BLOCK] * 2, names, [0, 0], []))
    repository.storage.put(key, builder.finish())
    repository.storage.delete(layout.pack_key(pack, 0))
    assert read(repository, [Run(pack, 4, 2), Run(pack, 1, 1)]) == blocks[4] + blocks[5] + blocks[1]
    for first, count in ((0, 1), (3, 1), (1, 3), (2, 3), (5, 2)):
        with pytest.raises(CorruptObject, match="which a snapshot needs"):
            read(repository, [Run(pack, first, count)])


def test_a_damaged_newer_generation_is_reported_and_not_passed_over(tmp_path: Path) -> None:
    """Prune deletes an older generation after it read the newest one back: what it reads must be the newest one."""
    repository, blocks = new_repository(), [b"x" * BLOCK]
    pack = put_pack(repository, 1, 1, [(blocks, [], b"")])
    repository.storage.put(layout.pack_key(pack, 1), repository.storage.get(layout.pack_key(pack, 0)))
    with pytest.raises(CorruptObject, match=f"{layout.pack_key(pack, 1)}: .* not the object of this name"):
        read(repository, [Run(pack, 0, 1)])
    repository.storage.delete(layout.pack_key(pack, 1))
    assert read(repository, [Run(pack, 0, 1)]) == blocks[0]


def test_threads_are_at_least_one() -> None:
    assert reader.THREADS >= 1
