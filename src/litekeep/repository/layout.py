"""Where the objects of a repository are: names only.

    repository.json                                        formats.repoconfig
    README.txt  restore.py                                 for people; restore.py works without Litekeep
    packs/ab/<pack id>-<generation>                        formats.pack; ab: the last two digits of the id
    snapshots/<source>/<UTC time>-<sequence>-<id>          formats.manifest
    receipts/<source>/<snapshot id>-<8 hex digits>         formats.receipt
    receipts/<source>/<snapshot id>-<8 hex digits>-seen    the same, of a run that found nothing to do without reading
    marks/<source>/<snapshot id>-<sequence>-<8 hex digits> formats.receipt
    keys/<16 hex digits>                                   formats.keyslot, only in an encrypted repository
    keys/<16 hex digits>-confirmed                         the same: somebody typed this key back
    plans/<UTC time>-<8 hex digits>                        what a prune was about to do
    lock                                                   the storage's own, not an object

`<source>` is the source's name made safe for every file system: what is not a-z, 0-9 or "-" becomes "_" and two
hex digits for each byte of its UTF-8 form (capital letters too: some file systems do not tell them apart); so does the
first letter of a name that Windows keeps for a device. Of a name that gets longer than 120 characters, the first
103 are kept, and 16 hex digits of its BLAKE3 hash follow.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import count

from blake3 import blake3

from litekeep.records import dataclass

PACKS = "packs/"
SNAPSHOTS = "snapshots/"
RECEIPTS = "receipts/"
MARKS = "marks/"
PLANS = "plans/"
KEYS = "keys/"

DIARIES = frozenset(
    {"journal.jsonl", "journal.1.jsonl", "notices.jsonl", "notices.1.jsonl", ".notices-lock"}
    | {"backup.log", "backup.1.log", "backup.2.log", "backup.3.log"}
)
"""What journal and notify keep beside the objects: no objects, of no consequence, never copied or collected."""

MAX_DIR_LENGTH = 120

_RESERVED = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]")
_PACK = re.compile(r"packs/[0-9a-f]{2}/([0-9a-f]{16})-(0|[1-9][0-9]{0,8})")
_SNAPSHOT = re.compile(r"snapshots/([a-z0-9_-]+)/([0-9]{8}T[0-9]{6}Z)-([0-9]{6,9})-([0-9a-f]{16})")
_RECORD = re.compile(
    r"(?:receipts/([a-z0-9_-]+)/([0-9a-f]{16})-[0-9a-f]{8}(?:-seen)?"
    r"|marks/([a-z0-9_-]+)/([0-9a-f]{16})-[0-9]{4,9}-[0-9a-f]{8})"
)
_SEEN = "-seen"
_KEY_SLOT = re.compile(r"keys/[0-9a-f]{16}")
_CONFIRMED = "-confirmed"
_PLAN = re.compile(r"plans/[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}")


def random_bytes(count: int) -> bytes:
    """From the system's generator, for names and keys; `secrets` is the same, but takes 8 ms to import."""
    return os.urandom(count)


@dataclass(frozen=True, slots=True)
class SnapshotKey:
    """A snapshot's key, taken apart; sorts by time."""

    key: str
    source_dir: str
    stamp: str
    sequence: int
    id: str


def source_dir(source: str) -> str:
    """The folder name of a source."""
    begin = source[: MAX_DIR_LENGTH + 1]  # of a longer name only this is kept
    safe = "".join(c if re.fullmatch(r"[a-z0-9-]", c) else "".join(f"_{b:02x}" for b in _utf8(c)) for c in begin)
    if _RESERVED.fullmatch(safe):  # the names of devices on Windows
        safe = f"_{ord(safe[0]):02x}{safe[1:]}"
    if len(safe) > MAX_DIR_LENGTH:
        safe = f"{safe[: MAX_DIR_LENGTH - 17]}-{blake3(_utf8(source)).hexdigest(8)}"
    return safe


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def stamp(moment: datetime) -> str:
    """A UTC time as it stands in names."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def new_id() -> str:
    """A random name of 16 hex digits."""
    return random_bytes(8).hex()


def pack_key(pack_id: bytes, generation: int) -> str:
    """The key of one generation of a pack."""
    text = pack_id.hex()
    return f"{PACKS}{text[-2:]}/{text}-{generation}"


def new_pack_ids(sequence: int) -> Iterator[bytes]:
    """New ids for the packs of the snapshot with this sequence number.

    They follow each other from a random start: were each drawn by itself, two of the 40,000 packs of a terabyte would
    be the same one time in five.
    """
    start = int.from_bytes(random_bytes(4), "big")
    for number in count(start):
        yield sequence.to_bytes(4, "big") + (number % (1 << 32)).to_bytes(4, "big")


def parse_pack_key(key: str) -> tuple[bytes, int] | None:
    """(pack id, generation), or None if the object is not a pack."""
    found = _PACK.fullmatch(key)
    if found is None or key[len(PACKS) : len(PACKS) + 2] != found[1][-2:]:
        return None
    return bytes.fromhex(found[1]), int(found[2])


def snapshot_key(source: str, moment: datetime, sequence: int, snapshot_id: str) -> str:
    """The key of a manifest."""
    return f"{SNAPSHOTS}{source_dir(source)}/{stamp(moment)}-{sequence:06d}-{snapshot_id}"


def parse_snapshot_key(key: str) -> SnapshotKey | None:
    """The parts of a manifest's key, or None if the object is not a manifest."""
    found = _SNAPSHOT.fullmatch(key)
    return SnapshotKey(key, found[1], found[2], int(found[3]), found[4]) if found else None


def receipt_key(directory: str, snapshot_id: str, *, seen: bool = False) -> str:
    """A new key for a receipt about a snapshot. seen: it proves nothing, and the next backup need not read it."""
    return f"{RECEIPTS}{directory}/{snapshot_id}-{random_bytes(4).hex()}{_SEEN if seen else ''}"


def is_seen(key: str) -> bool:
    """True for a receipt of a run that found the database unchanged without reading its pages."""
    return key.endswith(_SEEN)


def mark_key(directory: str, snapshot_id: str, sequence: int) -> str:
    """A new key for a mark on a snapshot."""
    return f"{MARKS}{directory}/{snapshot_id}-{sequence:04d}-{random_bytes(4).hex()}"


def plan_key(moment: datetime) -> str:
    """A new key for a prune plan."""
    return f"{PLANS}{stamp(moment)}-{random_bytes(4).hex()}"


def slot_key(slot_id: str) -> str:
    """The key of a key slot."""
    return f"{KEYS}{slot_id}"


def is_slot_key(key: str) -> bool:
    """True if the object is a key slot."""
    return _KEY_SLOT.fullmatch(key) is not None


def confirmed_key(slot: str) -> str:
    """The key of the record that somebody typed the key of this slot back."""
    return f"{slot}{_CONFIRMED}"


def is_confirmed_key(key: str) -> bool:
    """True if the object is such a record."""
    return key.endswith(_CONFIRMED) and is_slot_key(key.removesuffix(_CONFIRMED))


def record_snapshot(key: str) -> str | None:
    """The snapshot id in the key of a receipt or mark, or None."""
    found = _RECORD.fullmatch(key)
    return found[2] or found[4] if found else None


def mark_sequence(key: str) -> int:
    """The sequence number in a mark's key."""
    return int(key.rsplit("-", 2)[1])


def is_plan_key(key: str) -> bool:
    """True if the object is a prune plan."""
    return _PLAN.fullmatch(key) is not None


def snapshot_ids(keys: Iterable[str]) -> set[str]:
    """The ids of the manifests among these keys."""
    return {key.id for key in map(parse_snapshot_key, keys) if key}


def pack_order(key: str) -> str:
    """Sorts packs by the sequence of their making, whichever folders they are in."""
    return key.rpartition("/")[2]


def order(key: SnapshotKey) -> tuple[str, int, str, str]:
    """Sorts snapshots by source, then by the order in which they were made."""
    return key.source_dir, key.sequence, key.stamp, key.id
