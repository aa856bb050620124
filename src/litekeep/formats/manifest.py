"""A manifest: one snapshot, complete by itself. Writing it is the single commit point of a backup.

A record (formats.envelope) of kind M with three parts:

    part 0   facts, JSON packed with zstd (see below)
    part 1   page map, zstd: number of packs P, number of runs R (u32 each); P pack ids (formats.columns), rising; then
             columns of R values: index of the pack; first number, minus the number expected next in that pack
             (0 at first, then first + count of the run before in the same pack); count
    part 2   scan digests, plain: one 16-byte name (blocks.identity) for every `scan_bytes` bytes of the image, the last
             perhaps shorter; empty for small databases. They let the next backup skip what did not change.

Runs are in image order: the image is the concatenation of the blocks that they address, block after block. Nothing but
the packs named here is needed to rebuild the database.

Facts: {"litekeep", "sqlite", "python": versions; "source", "source_path", "host"; "created_at" (ISO, with offset),
"zone"; "reason", "label"; "sequence", "parent" (id or null); "members": a list with one object for the database:
{"kind": "sqlite", "page_size", "page_count", "image_bytes", "block_bytes", "digest" (hex, over all block names),
"encoding", "journal_mode", "user_version", "application_id", "schema_version", "auto_vacuum", "freelist_pages"};
"changed_pages", "new_bytes", "new_packs" (ids in hex), "scan_bytes", "capture" (method), "fingerprint"
(sqlite.fingerprint, or null); and only if it was made for a planned moment, "slot" (that moment, ISO with offset) and
"slot_level" ("none" if its commit satisfies the slot, "written" if it must be proven first)}. Readers ignore facts that
they do not know. The map covers the members in their order.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from litekeep.blocks.compress import compress, decompress_within
from litekeep.blocks.identity import DIGEST_BYTES, HASH_BYTES
from litekeep.blocks.seal import Seal
from litekeep.blocks.split import MAX_BLOCK_BYTES, MIN_PAGE_BYTES, Geometry
from litekeep.errors import CorruptObject
from litekeep.formats.columns import PACK_ID_BYTES, U32, decode_column, decode_ids, encode_column, encode_ids
from litekeep.formats.envelope import Kind, decode_json, decode_record, encode_json, encode_record
from litekeep.formats.pack import Address
from litekeep.records import dataclass

MAX_MAP_BYTES = 1 << 29
MAX_BLOCKS = 1 << 36
MAX_FACTS_BYTES = 1 << 22
"""JSON of this length can take a hundred times as much memory; the facts of a terabyte are some 800 KB."""


@dataclass(slots=True)  # not frozen: maps of large databases make many, and freezing makes that three times slower
class Run:
    """Consecutive blocks of the image that have consecutive numbers in one pack."""

    pack: bytes
    first: int
    count: int


class PageMap:
    """Which block of which pack makes up each block of the image; compact also for millions of pages."""

    def __init__(self, packs: Sequence[bytes], pack_of: array[int], first: array[int], count: array[int]) -> None:
        self.packs = packs
        self._pack_of = pack_of
        self._first = first
        self._count = count

    @classmethod
    def from_runs(cls, runs: Iterable[Run]) -> PageMap:
        """From runs in image order; neighbours that continue each other are joined."""
        return cls.from_spans((run.pack, run.first, run.count) for run in runs)

    @classmethod
    def from_spans(cls, spans: Iterable[tuple[bytes, int, int]]) -> PageMap:
        """From (pack, first number, count) in image order; neighbours that continue each other are joined."""
        place: dict[bytes, int] = {}
        pack_of, first, count = array("I"), array("I"), array("I")
        last, end = b"", 0
        for pack, number, blocks in spans:
            if not blocks:
                continue
            if number == end and pack == last:
                count[-1] += blocks
            else:
                pack_of.append(place.setdefault(pack, len(place)))
                first.append(number)
                count.append(blocks)
            last, end = pack, number + blocks
        packs = sorted(place)
        rank = {place[pack]: index for index, pack in enumerate(packs)}
        return cls(packs, array("I", (rank[pack] for pack in pack_of)), first, count)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PageMap):
            return NotImplemented
        mine = (list(self.packs), self._pack_of, self._first, self._count)
        return mine == (list(other.packs), other._pack_of, other._first, other._count)

    __hash__ = None  # type: ignore[assignment]  # compared, never looked up

    def __len__(self) -> int:
        """Number of runs."""
        return len(self._first)

    @property
    def block_count(self) -> int:
        """Number of blocks of the image."""
        return sum(self._count)

    def runs(self) -> Iterator[Run]:
        """In image order."""
        for pack, first, count in self.spans():
            yield Run(pack, first, count)

    def spans(self) -> Iterator[tuple[bytes, int, int]]:
        """(pack, first number, count) of each run, in image order."""
        return zip(map(self.packs.__getitem__, self._pack_of), self._first, self._count, strict=True)

    def addresses(self) -> Iterator[Address]:
        """The address of every block, in image order."""
        for run in self.runs():
            for number in range(run.first, run.first + run.count):
                yield run.pack, number

    def encode(self) -> bytes:
        """Part 1, before the seal."""
        expected = [0] * len(self.packs)
        steps = []
        for pack, first, count in zip(self._pack_of, self._first, self._count, strict=True):
            steps.append(first - expected[pack])
            expected[pack] = first + count
        columns = (self._pack_of, steps, self._count)
        head = struct.pack("<2I", len(self.packs), len(self._first))
        return compress(head + encode_ids(self.packs) + b"".join(map(encode_column, columns)), level=9)

    @classmethod
    def decode(cls, part: bytes | memoryview, blocks: int) -> PageMap:
        """Read part 1 of an image of `blocks` blocks; raises ValueError. No map takes more than 20 bytes a block."""
        plain = decompress_within(part, min(MAX_MAP_BYTES, 8 + 20 * blocks))
        packs, runs = struct.unpack_from("<2I", plain, 0)
        start = 8 + packs * PACK_ID_BYTES
        if len(plain) != start + 12 * runs or packs > runs:
            raise ValueError("page map of the wrong length")
        ids = decode_ids(plain[8:start])
        pack_of, steps, count = (
            decode_column(plain[start + 4 * runs * n : start + 4 * runs * (n + 1)]) for n in range(3)
        )
        if (runs and max(pack_of) >= packs) or len(set(ids)) != packs:
            raise ValueError("page map names a pack that it does not list, or lists one twice")
        first, expected = array("I"), [0] * packs
        for pack, step, length in zip(pack_of, steps, count, strict=True):
            number = (expected[pack] + step) % U32
            first.append(number)
            expected[pack] = number + length
            if not length or expected[pack] > U32:
                raise ValueError("page map has a run of impossible length")
        return cls(ids, pack_of, first, count)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A decoded manifest: facts as stored, page map, scan digests."""

    facts: dict[str, Any]
    page_map: PageMap
    scan: bytes


def encode_manifest(key: str, manifest: Manifest, seal: Seal) -> bytes:
    """The object to store under `key`."""
    parts = [compress(encode_json(manifest.facts), level=9), manifest.page_map.encode(), manifest.scan]
    data = encode_record(Kind.MANIFEST, key, parts, seal)
    if decode_manifest(key, data, seal).page_map != manifest.page_map:
        raise CorruptObject(key, "was not encoded faithfully (memory or library fault); it was not stored")
    return data


def decode_facts(key: str, data: bytes, seal: Seal) -> dict[str, Any]:
    """Only the facts of a stored manifest: what a list of snapshots needs; checks the seals of all parts."""
    facts, _, _ = _parts(key, data, seal)
    return _facts(key, facts)


def decode_manifest(key: str, data: bytes, seal: Seal) -> Manifest:
    """A stored manifest; raises CorruptObject unless facts, map and scan digests describe the same image."""
    facts_part, map_part, scan = _parts(key, data, seal)
    facts = _facts(key, facts_part)
    try:
        geometry = _geometry(facts)
        page_map = PageMap.decode(map_part, geometry.block_count)
        if geometry.block_count != page_map.block_count:
            raise ValueError(f"its map has {page_map.block_count} blocks instead of {geometry.block_count}")
        _require_scan(facts["scan_bytes"], len(scan), geometry)
        if any(len(bytes.fromhex(pack)) != PACK_ID_BYTES for pack in facts.get("new_packs", ())):
            raise ValueError("a pack has an impossible name")
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, struct.error, OverflowError) as error:
        raise CorruptObject(key, f"makes no sense: {error}") from error
    return Manifest(facts, page_map, bytes(scan))


def _geometry(facts: dict[str, Any]) -> Geometry:
    """The image that the facts describe; raises ValueError unless they fit each other."""
    (member,) = facts["members"]
    page_size, image_bytes, block_bytes = member["page_size"], member["image_bytes"], member["block_bytes"]
    if any(type(value) is not int for value in (page_size, member["page_count"], image_bytes, block_bytes)):
        raise TypeError("a size is not a number")
    geometry = Geometry(page_size, image_bytes)
    possible = MIN_PAGE_BYTES <= page_size <= MAX_BLOCK_BYTES and page_size.bit_count() == 1
    if not (possible or page_size == image_bytes == 0) or block_bytes != geometry.block_bytes:
        raise ValueError("impossible page or block size")
    if image_bytes != page_size * member["page_count"] or not 0 <= geometry.block_count <= MAX_BLOCKS:
        raise ValueError("page size, page count and length do not fit")
    if len(bytes.fromhex(member["digest"])) != DIGEST_BYTES:
        raise ValueError("impossible digest")
    return geometry


def _require_scan(scan_bytes: object, length: int, geometry: Geometry) -> None:
    if type(scan_bytes) is not int or scan_bytes < 0 or scan_bytes % geometry.block_bytes:
        raise ValueError("impossible scan digests")
    if length != (-(-geometry.image_bytes // scan_bytes) * HASH_BYTES if scan_bytes else 0):
        raise ValueError("scan digests do not fit the image")


def _parts(key: str, data: bytes, seal: Seal) -> list[bytes | memoryview]:
    parts = decode_record(Kind.MANIFEST, key, data, seal)
    if len(parts) != 3:
        raise CorruptObject(key, f"has {len(parts)} parts instead of 3")
    return parts


def _facts(key: str, part: bytes | memoryview) -> dict[str, Any]:
    try:
        plain = decompress_within(part, MAX_FACTS_BYTES)
    except ValueError as error:
        raise CorruptObject(key, f"its facts: {error}") from error
    return decode_json(key, plain)
