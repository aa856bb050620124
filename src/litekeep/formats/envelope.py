"""What all binary objects have in common.

    offset  size  field
    0       4     magic "LTKP"
    4       1     kind: P pack, M manifest, R receipt, K mark, L prune plan
    5       1     format version of this kind, now 1
    6       2     flags: bit 0 = encrypted, and then 32 bytes of salt follow; all others 0

All objects of a repository are encrypted, or none is. Packs go on as formats.pack says. All others are *records*: a
table of parts, then the parts, each sealed (blocks.seal) with everything before the first part as its header:

    8       1     number of parts, 1 to 8
    9       4 n   stored length of each part, u32
    9+4n    ...   the parts, one after the other, and nothing behind them

In an encrypted record one sealed part, number 0, follows the salt (blocks.encrypt), with header and salt as its header.
It opens to the same table and parts, unsealed, and then zeros: as many as the padding asks for, counted with header,
salt and tag.

    8       32    salt
    40      ...   sealed: number of parts; length of each part, u32; the parts; zeros

A reader of version n reads all versions up to n. A higher version is "written by a newer Litekeep", unless the object
is whole once a known version is put in its place: then that one byte is damaged. Anything else that is wrong is damage.

JSON parts are one object in UTF-8; a key twice in one object, NaN and Infinity are damage. The halves of surrogate
pairs, which stand for the bytes of file names that are not UTF-8, are written as escapes.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Sequence
from enum import Enum
from functools import partial
from typing import Any, NoReturn

from litekeep.blocks.seal import Seal
from litekeep.errors import CorruptObject, NewerObject

MAGIC = b"LTKP"
HEADER_BYTES = 8
MAX_PARTS = 8
MAX_RECORD_BYTES = 1 << 30


class Kind(Enum):
    """What an object is; the letter is stored."""

    PACK = b"P"
    MANIFEST = b"M"
    RECEIPT = b"R"
    MARK = b"K"
    PLAN = b"L"


VERSIONS = {Kind.PACK: 1, Kind.MANIFEST: 1, Kind.RECEIPT: 1, Kind.MARK: 1, Kind.PLAN: 1}


def header(kind: Kind, flags: int) -> bytes:
    """The first eight bytes of a new object."""
    return MAGIC + kind.value + struct.pack("<BH", VERSIONS[kind], flags)


def new_head(kind: Kind, seal: Seal) -> bytes:
    """What a new object begins with: the header, and the salt if there is one."""
    return header(kind, seal.flags) + seal.new_salt()


def head_bytes(seal: Seal) -> int:
    """How long that is."""
    return HEADER_BYTES + seal.salt_bytes


def check_header(key: str, data: bytes | memoryview, kind: Kind, flags: int) -> None:
    """Raise unless `data` begins with a header of this kind that this version can read."""
    if len(data) < HEADER_BYTES or bytes(data[:4]) != MAGIC:
        raise CorruptObject(key, "empty" if len(data) == 0 else "does not begin like a Litekeep object")
    if bytes(data[4:5]) != kind.value:
        raise CorruptObject(key, f"is of kind {bytes(data[4:5])!r} instead of {kind.value!r}")
    version, found_flags = struct.unpack_from("<BH", data, 5)
    if version > VERSIONS[kind]:
        raise NewerObject(
            key,
            f"written by a newer Litekeep (format version {version} of {kind.name.lower()})",
            safe="Nothing was changed.",
            hint="Use the newest Litekeep, or the restore.py in the repository.",
        )
    if version == 0 or found_flags != flags:
        raise CorruptObject(key, f"impossible version {version} or flags {found_flags}")


def with_known_versions(data: bytes | memoryview, kind: Kind) -> Iterator[bytes]:
    """The same bytes with each version that this Litekeep reads: what a damaged version byte may have been."""
    for version in range(1, VERSIONS[kind] + 1):
        yield bytes(data[:5]) + bytes([version]) + bytes(data[6:])


def encode_record(kind: Kind, key: str, parts: Sequence[bytes], seal: Seal) -> bytes:
    """A record of the given plain parts, to be stored under `key`."""
    data = _seal_whole(kind, key, parts, seal) if seal.salt_bytes else _seal_parts(kind, key, parts, seal)
    if [bytes(part) for part in decode_record(kind, key, data, seal)] != list(parts):
        raise CorruptObject(key, "was not encoded faithfully (memory or library fault); it was not stored")
    return data


def _table(parts: Sequence[bytes], overhead_bytes: int) -> bytes:
    return struct.pack(f"<B{len(parts)}I", len(parts), *(len(part) + overhead_bytes for part in parts))


def _seal_parts(kind: Kind, key: str, parts: Sequence[bytes], seal: Seal) -> bytes:
    head = header(kind, seal.flags) + _table(parts, seal.overhead_bytes)
    bound = seal.bind(key, head)
    return head + b"".join(bound.seal(number, part) for number, part in enumerate(parts))


def _seal_whole(kind: Kind, key: str, parts: Sequence[bytes], seal: Seal) -> bytes:
    head = new_head(kind, seal)
    plain = _table(parts, 0) + b"".join(parts)
    rest = len(head) + seal.overhead_bytes
    return head + seal.bind(key, head).seal(0, plain.ljust(seal.padded(rest + len(plain)) - rest, b"\0"))


def decode_record(kind: Kind, key: str, data: bytes, seal: Seal) -> list[bytes | memoryview]:
    """The plain parts of a record that was stored under `key`; raises CorruptObject."""
    try:
        check_header(key, data, kind, seal.flags)
    except NewerObject:
        if any(_is_whole(key, other, seal) for other in with_known_versions(data, kind)):
            raise CorruptObject(key, "its version is damaged") from None
        raise
    return _open_parts(key, data, seal)


def _open_parts(key: str, data: bytes, seal: Seal) -> list[bytes | memoryview]:
    if seal.salt_bytes:
        return _open_whole(key, data, seal)
    count = data[HEADER_BYTES] if len(data) > HEADER_BYTES else 0
    start = HEADER_BYTES + 1 + 4 * count
    if not 1 <= count <= MAX_PARTS or len(data) < start:
        raise CorruptObject(key, "cut short or damaged")
    lengths = struct.unpack_from(f"<{count}I", data, HEADER_BYTES + 1)
    if start + sum(lengths) != len(data):
        raise CorruptObject(key, f"is {len(data)} bytes long instead of {start + sum(lengths)}")
    bound, view, parts = seal.bind(key, data[:start]), memoryview(data), []
    for number, length in enumerate(lengths):
        try:
            parts.append(bound.open(number, view[start : start + length]))
        except ValueError as error:
            raise CorruptObject(key, str(error)) from error
        start += length
    return parts


def _open_whole(key: str, data: bytes, seal: Seal) -> list[bytes | memoryview]:
    start = head_bytes(seal)
    try:
        plain = memoryview(seal.bind(key, data[:start]).open(0, memoryview(data)[start:]))
    except ValueError as error:
        raise CorruptObject(key, str(error) if len(data) >= start else "cut short or damaged") from error
    count = plain[0] if plain else 0
    at = 1 + 4 * count
    if not 1 <= count <= MAX_PARTS or len(plain) < at:
        raise CorruptObject(key, "makes no sense: impossible number of parts")
    parts: list[bytes | memoryview] = []
    for length in struct.unpack_from(f"<{count}I", plain, 1):
        parts.append(plain[at : at + length])
        at += length
    if at > len(plain) or any(plain[at:]):
        raise CorruptObject(key, "makes no sense: its parts do not fill it")
    return parts


def _is_whole(key: str, data: bytes, seal: Seal) -> bool:
    try:
        _open_parts(key, data, seal)
    except CorruptObject:
        return False
    return True


def encode_json(facts: object) -> bytes:
    """Compact JSON with sorted keys, UTF-8."""
    compact = partial(json.dumps, facts, separators=(",", ":"), sort_keys=True, allow_nan=False)
    try:
        return compact(ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return compact(ensure_ascii=True).encode("ascii")


def decode_json(key: str, part: bytes | memoryview) -> dict[str, Any]:
    """The JSON object in a part; raises CorruptObject."""
    try:
        facts = _DECODER.decode(str(part, "utf-8"))
    except (ValueError, RecursionError) as error:
        raise CorruptObject(key, f"does not hold JSON: {error}") from error
    if not isinstance(facts, dict):
        raise CorruptObject(key, "does not hold a JSON object")
    return facts


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    facts = dict(pairs)
    if len(facts) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return facts


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number")


_DECODER = json.JSONDecoder(object_pairs_hook=_distinct, parse_constant=_refuse)
