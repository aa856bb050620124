"""The objects of a repository, with right seals where the mutation is to get behind them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from blake3 import blake3

from litekeep.blocks.compress import compress, compress_delta, decompress, decompress_within
from litekeep.blocks.encrypt import AeadSeal
from litekeep.blocks.keys import Subkeys
from litekeep.blocks.seal import Seal, TagSeal
from litekeep.errors import CorruptObject, LitekeepError, NoRepository, UnsupportedFormat
from litekeep.formats.columns import decode_column
from litekeep.formats.envelope import HEADER_BYTES, Kind, decode_json, decode_record, encode_record, header
from litekeep.formats.keyslot import KEY, decode_slot, unwrap
from litekeep.formats.manifest import Manifest, PageMap, decode_facts, decode_manifest
from litekeep.formats.pack import INDEX_PART, MAX_BLOCKS, decode_index
from litekeep.formats.receipt import Mark, Receipt, decode_mark, decode_receipt, encode_mark, encode_receipt
from litekeep.formats.repoconfig import KEY as CONFIG
from litekeep.formats.repoconfig import canonical, decode_config
from litekeep.model import Level
from litekeep.operations import forgotten
from litekeep.operations.newest import Newest, is_unchanged
from litekeep.operations.slots import _slots_of as slots_of
from litekeep.repository import layout
from litekeep.repository.catalog import apply_marks, apply_receipts, snapshot_from_facts
from litekeep.repository.packs import PackTable, load_index
from litekeep.repository.reader import frame_offsets, open_frame, plan_read
from litekeep.repository.repository import Repository
from torture.damage import ENCRYPTED, PLAIN, Ground, ground
from torture.decoders.decoder import Decoder, names_in, sealed_json, show
from torture.decoders.sources import FINGERPRINT, NOW

BAD = (CorruptObject,)
ID = "0123456789abcdef"
RECORDS = {kind.value[0]: kind for kind in Kind if kind is not Kind.PACK}
MAP_BLOCKS = 200


def here() -> Ground:
    """The repository from which the seeds are."""
    return ground(PLAIN)


@lru_cache
def seals() -> tuple[Seal, Seal]:
    """One of each kind."""
    return TagSeal(bytes(16), bytes(32)), AeadSeal(bytes(16), Subkeys(bytes(32)), bytes)


def parts_of(kind: Kind, folder: str) -> list[list[bytes]]:
    """The plain parts of the records in a folder."""
    found = here()
    return [
        [bytes(part) for part in decode_record(kind, key, found.world.objects[key], found.repository.seal)]
        for key in found.keys(folder)
    ]


def first_parts(kind: Kind, folder: str) -> Callable[[], list[bytes]]:
    """The JSON of the records in a folder, as seeds."""
    return lambda: [parts[0] for parts in parts_of(kind, folder)]


def reseal_json(data: bytes) -> bytes:
    """Of repository.json and of key slots."""
    return sealed_json(data, canonical, lambda text: blake3(text).hexdigest())


def config(data: bytes, _: Path) -> object:
    """repository.json."""
    return decode_config(data).encrypted


def slot(data: bytes, _: Path) -> object:
    """A key slot; what takes memory on purpose is left out."""
    found = decode_slot(f"keys/{ID}", data)
    return found.kind == KEY and unwrap(found, bytes(32))


def record(data: bytes, _: Path) -> object:
    """Any record, as its first bytes tell, in a plain and in an encrypted repository."""
    kind = RECORDS.get(data[4] if len(data) > 4 else 0, Kind.MARK)
    seal = seals()[data[6] & 1 if len(data) > 6 else 0]
    return len(decode_record(kind, "marks/x", data, seal))


def reseal_record(data: bytes) -> bytes:
    """Tags that fit, where the table still makes sense."""
    count = data[HEADER_BYTES] if len(data) > HEADER_BYTES else 0
    start = HEADER_BYTES + 1 + 4 * count
    if len(data) < start or data[6] & 1:
        return data
    parts, bound = [data[:start]], seals()[0].bind("marks/x", data[:start])
    for number, length in enumerate(struct.unpack_from(f"<{count}I", data, HEADER_BYTES + 1)):
        parts.append(bound.seal(number, data[start : start + max(0, length - 16)]))
        start += length
    return b"".join(parts)


def records() -> list[bytes]:
    """One of each kind, plain and encrypted."""
    made = []
    for seal in seals():
        for kind, parts in ((Kind.MARK, [b"{}"]), (Kind.MANIFEST, [b"a" * 40, b"", b"ccc"]), (Kind.PLAN, [b"[1]"])):
            made.append(encode_record(kind, "marks/x", parts, seal))
    return made


def sealed(kind: Kind, key: str, parts: Sequence[bytes], seal: Seal | None = None) -> bytes:
    """A record as a hostile writer makes it."""
    bound_header = header(kind, 0) + struct.pack(f"<B{len(parts)}I", len(parts), *(len(part) + 16 for part in parts))
    bound = (seal or seals()[0]).bind(key, bound_header)
    return bound_header + b"".join(bound.seal(number, part) for number, part in enumerate(parts))


def counted(removed: forgotten.Forgotten) -> None:
    """What the next prune makes of earlier removals; it may not fail."""
    try:
        forgotten._bounded(removed, NOW)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AssertionError(f"a mark that was believed cannot be used: {error}") from error


@lru_cache
def newest_of() -> tuple[layout.SnapshotKey, Manifest]:
    """Of the first snapshot, with the fingerprint of today."""
    key = layout.parse_snapshot_key(here().keys(layout.SNAPSHOTS)[0])
    assert key
    manifest = here().repository.read_manifest(key.key)
    return key, replace(manifest, facts={**manifest.facts, "fingerprint": FINGERPRINT.to_json()})


@lru_cache
def snapshot() -> Any:
    """A snapshot to which receipts and marks are applied."""
    found = here()
    key = layout.parse_snapshot_key(found.keys(layout.SNAPSHOTS)[0])
    assert key
    return snapshot_from_facts(key, found.repository.read_facts(key.key))


def receipt(data: bytes, _: Path) -> object:
    """The JSON of a receipt, and what it does to a snapshot."""
    found = decode_receipt("receipts/x", sealed(Kind.RECEIPT, "receipts/x", [data]), seals()[0])
    applied = apply_receipts(snapshot(), [found, found])
    show(found.at, applied.verified_at, applied.drilled_at, *slots_of(snapshot(), {}, [found]))
    newest = Newest(*newest_of(), (found,), replace(applied, verified=Level.FULL))
    is_unchanged(newest, FINGERPRINT, NOW)
    return applied.verified


def mark(data: bytes, _: Path) -> object:
    """The JSON of a mark, and what it does to a snapshot."""
    found = decode_mark("marks/x", sealed(Kind.MARK, "marks/x", [data]), seals()[0])
    applied = apply_marks(snapshot(), [found, found])
    show(found.at, applied.trashed_at)
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        removed = forgotten._from_facts(found.changes["forgotten"])
        show(removed.since)
        counted(removed)
    return applied.pinned


def receipts() -> list[bytes]:
    """Of all snapshots, and of runs that found nothing to do."""
    facts = {"fingerprint": FINGERPRINT.to_json(), "full_read": True, "began": NOW.isoformat(), "slot": NOW.isoformat()}
    seen = Receipt("0" * 16, "unchanged", NOW, facts=facts)
    data = encode_receipt("receipts/x", seen, seals()[0])
    return [
        *first_parts(Kind.RECEIPT, layout.RECEIPTS)(),
        bytes(decode_record(Kind.RECEIPT, "receipts/x", data, seals()[0])[0]),
    ]


def marks() -> list[bytes]:
    """Of people, and of a prune."""
    removed = {"forgotten": {"since": NOW.isoformat(), "ids": {"2026-05-01": "0123456789abcdef"}}}
    data = encode_mark("marks/x", Mark("0" * 16, 1, NOW, "forget", removed), seals()[0])
    (told,) = decode_record(Kind.MARK, "marks/x", data, seals()[0])
    return [*first_parts(Kind.MARK, layout.MARKS)(), bytes(told)]


def plan(data: bytes, _: Path) -> object:
    """The JSON of a prune plan, or of a confirmation."""
    return len(decode_json("plans/x", decode_record(Kind.PLAN, "p", sealed(Kind.PLAN, "p", [data]), seals()[0])[0]))


def facts(data: bytes, _: Path) -> object:
    """The JSON of a manifest, with a page map and scan digests that fit the right one."""
    key = layout.parse_snapshot_key(here().keys(layout.SNAPSHOTS)[1])
    assert key
    rest = parts_of_second()
    made = sealed(Kind.MANIFEST, key.key, [compress(data, 1), *rest])
    try:
        found = snapshot_from_facts(key, decode_facts(key.key, made, seals()[0]))
    except CorruptObject:
        decode_manifest(key.key, made, seals()[0])
        raise
    show(found.created_at, found.slot)
    decode_manifest(key.key, made, seals()[0])
    return found.reason


@lru_cache
def parts_of_second() -> tuple[bytes, ...]:
    """Page map and scan digests of the second snapshot."""
    return tuple(parts_of(Kind.MANIFEST, layout.SNAPSHOTS)[1][1:])


def facts_seeds() -> list[bytes]:
    """Of all snapshots; the second is the one that fits."""
    return [decompress_within(parts[0], 1 << 20) for parts in parts_of(Kind.MANIFEST, layout.SNAPSHOTS)]


def page_map(data: bytes, _: Path) -> object:
    """A page map, and what restoring does with it first."""
    found = PageMap.decode(compress(data, 1), MAP_BLOCKS)
    if found.block_count != MAP_BLOCKS:
        return "other"
    assert len(list(found.addresses())) == MAP_BLOCKS
    return len(found)


def map_seeds() -> list[bytes]:
    """Of all snapshots."""
    return [decompress_within(parts[1], 1 << 20) for parts in parts_of(Kind.MANIFEST, layout.SNAPSHOTS)]


def zstandard(data: bytes, _: Path) -> object:
    """Compressed bytes, with and without something to build on."""
    try:
        return len(decompress_within(data, 1 << 20))
    except ValueError:
        return len(decompress(data, 4096, b"abcdefgh" * 64))


def zstandard_seeds() -> list[bytes]:
    """Small frames of both kinds."""
    plain = bytes(range(256)) * 16
    return [compress(b""), compress(plain), compress(b"\0" * 9000), compress_delta(plain, b"abcdefgh" * 64)]


def index(data: bytes, _: Path) -> object:
    """What zstd made of a pack's index, plain; then whatever a reader asks of it."""
    seal, key, pack_id = seals()[0], layout.pack_key(bytes(3) + b"\5" + bytes(4), 0), bytes(3) + b"\5" + bytes(4)
    packed = compress(data, 1)
    frames, blocks = struct.unpack_from("<2I", data, 4) if len(data) >= 12 else (0, 0)
    names = bytes(16 * min(blocks, MAX_BLOCKS))
    base_packs = struct.unpack_from("<I", data, 12)[0] if len(data) >= 16 else 0
    start, head = 20 + 8 * base_packs, header(Kind.PACK, 0)
    end = HEADER_BYTES + sum(decode_column(data[start : start + 4 * frames]))
    made = seal.bind(key, head).seal(INDEX_PART, struct.pack("<I", len(packed)) + packed + names)
    found = decode_index(key, pack_id, head, made, end, seal)
    for frame in found.frames[:20]:
        found.bases(frame)
        offsets = frame_offsets(found, frame)
        assert offsets[frame.blocks] == frame.plain_bytes
        assert found.frames[found.frame_of(frame.first)] is frame
        assert found.position(found.numbers[frame.first]) == frame.first
    return len(found.frames)


def index_seeds() -> list[bytes]:
    """Of all packs."""
    found = here()
    made = []
    for key in found.keys(layout.PACKS):
        stored = found.world.objects[key]
        (length,) = struct.unpack_from("<I", stored, len(stored) - 8)
        plain = stored[-8 - length : -8]
        (packed,) = struct.unpack_from("<I", plain, 0)
        made.append(decompress_within(plain[4 : 4 + packed], 1 << 20))
    return made


def pack(data: bytes, _: Path) -> object:
    """A pack in the place of the first one, and everything that is then read of all snapshots."""
    found, repository = here(), here().repository
    key = pack_places()[0]
    storage = found.world.damaged({key: data})
    opened = Repository(storage, repository.config)
    table = PackTable(opened)
    read = load_index(opened, key, {})
    for frame in read.frames[:20]:
        open_frame(read, frame, storage.get_range(key, frame.offset, frame.stored_bytes), b"")
    for each in found.keys(layout.SNAPSHOTS):
        plan_read(table, repository.read_manifest(each).page_map.runs())
    return len(read.frames)


@lru_cache
def pack_places() -> list[str]:
    """The packs, oldest first."""
    return sorted(here().keys(layout.PACKS), key=lambda key: key.rpartition("/")[2])


def reseal_pack(data: bytes) -> bytes:
    """A tag that fits for the index, where its length still makes sense."""
    if len(data) > 60:
        (length,) = struct.unpack_from("<I", data, len(data) - 8)
        if 24 < length < len(data) - 16:
            body = data[-8 - length : -24]
            bound = here().repository.seal.bind(pack_places()[0], data[:HEADER_BYTES])
            return data[: -8 - length] + bytes(bound.seal(INDEX_PART, body)) + data[-8:]
    return data


def slots() -> list[bytes]:
    """Those of the encrypted repository."""
    return [ground(ENCRYPTED).world.objects[key] for key in ground(ENCRYPTED).keys(layout.KEYS)]


def configs() -> list[bytes]:
    """Both kinds."""
    return [ground(kind).world.objects[CONFIG] for kind in (PLAIN, ENCRYPTED)]


FACTS = names_in(
    "litekeep sqlite python source source_path host created_at zone reason label sequence parent members kind page_size"
    " page_count image_bytes block_bytes digest encoding journal_mode user_version application_id schema_version"
    " auto_vacuum freelist_pages changed_pages new_bytes new_packs scan_bytes capture fingerprint slot slot_level"
)
RECEIPT = names_in(
    "snapshot kind at level problems damage tables facts verify drill unchanged full none written checks"
)
MARK = names_in("2026-05-01 snapshot sequence at by set pinned label trashed_at forgotten anomaly ids since pin trash")
OBJECTS = (
    Decoder(
        "repository.json",
        config,
        (CorruptObject, NoRepository, UnsupportedFormat),
        configs,
        names_in("magic format id created_at created_by encryption cipher secret files checksum 1 2 3"),
        reseal_json,
    ),
    Decoder(
        "key slot",
        slot,
        (CorruptObject, UnsupportedFormat),
        slots,
        names_in(
            "magic format repository kind label created_at argon2id memory_kib iterations lanes salt wrapped kept"
        ),
        reseal_json,
    ),
    Decoder("record", record, BAD, records, (b"LTKP", b"\x10\0\0\0"), reseal_record, 20),
    Decoder("receipt", receipt, BAD, receipts, RECEIPT, weight=20),
    Decoder("mark", mark, BAD, marks, MARK, weight=20),
    Decoder("plan", plan, BAD, first_parts(Kind.PLAN, layout.PLANS), names_in("forget drop slot at"), weight=10),
    Decoder("facts of a manifest", facts, BAD, facts_seeds, FACTS, weight=16),
    Decoder("page map", page_map, (ValueError, struct.error), map_seeds, weight=20),
    Decoder("zstd frame", zstandard, (ValueError,), zstandard_seeds, (b"\x28\xb5\x2f\xfd",), weight=20),
    Decoder("index of a pack", index, BAD, index_seeds, weight=14),
    Decoder(
        "pack",
        pack,
        (LitekeepError,),
        lambda: [here().world.objects[key] for key in pack_places()],
        (b"LTKP", b"LTKE"),
        reseal_pack,
        4,
    ),
)
