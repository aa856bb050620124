"""Is this what was written? Checks one object's bytes by themselves, before they are sent on to another place.

Everything that seals, checksums and hashes can tell is told; what an object is built on is not looked at. So damage of
a disk never travels to a copy.
"""

from __future__ import annotations

from blake3 import blake3

from litekeep.blocks.seal import Seal
from litekeep.errors import CorruptObject
from litekeep.formats.envelope import head_bytes
from litekeep.formats.keyslot import decode_slot
from litekeep.formats.manifest import decode_manifest
from litekeep.formats.pack import decode_index, footer_bytes, index_span
from litekeep.formats.receipt import decode_mark, decode_receipt
from litekeep.formats.repoconfig import KEY as CONFIG_KEY
from litekeep.formats.repoconfig import decode_config
from litekeep.repository import layout
from litekeep.repository.repository import Repository


def require_sound(repository: Repository, key: str, data: bytes) -> None:
    """Raise CorruptObject if the bytes are not those of this object."""
    helpers = dict(repository.config.files)
    if layout.parse_pack_key(key):
        _require_sound_pack(key, data, repository.seal)
    elif layout.parse_snapshot_key(key):
        decode_manifest(key, data, repository.seal)
    elif key.startswith(layout.RECEIPTS):
        decode_receipt(key, data, repository.seal)
    elif key.startswith(layout.MARKS):
        decode_mark(key, data, repository.seal)
    elif key == CONFIG_KEY:
        decode_config(data)
    elif key in helpers:
        if blake3(data).hexdigest() != helpers[key]:
            raise CorruptObject(key, "is not the file that was put here")
    elif layout.is_slot_key(key):
        decode_slot(key, data)


def _require_sound_pack(key: str, data: bytes, seal: Seal) -> None:
    parsed, size, head_size = layout.parse_pack_key(key), len(data), head_bytes(seal)
    assert parsed
    if size < head_size + footer_bytes(seal):
        raise CorruptObject(key, "empty" if size == 0 else "cut short")
    view = memoryview(data)
    head = view[:head_size]
    offset, length = index_span(key, size, view, head, seal)
    index = decode_index(key, parsed[0], head, view[offset : offset + length], offset, seal)
    for frame in index.frames:
        try:
            index.parts.open(frame.part, view[frame.offset : frame.offset + frame.stored_bytes])
        except ValueError as error:
            raise CorruptObject(key, f"frame {frame.part}: {error}") from error
