"""The packs of a repository: which generations exist, and their indexes, kept while they are used.

When two generations of a pack exist (a prune was interrupted), the higher one is complete and is used; see garbage for
why it never lacks what is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from litekeep.blocks.identity import HASH_BYTES
from litekeep.errors import CorruptObject, ObjectMissing
from litekeep.formats.envelope import head_bytes
from litekeep.formats.manifest import PageMap
from litekeep.formats.pack import PackIndex, decode_index, footer_bytes, index_span
from litekeep.repository import layout
from litekeep.repository.repository import Repository
from litekeep.storage.base import Entry

TAIL_BYTES = 1 << 16
"""Read this much of a pack's end at once: the index of most packs is in it, so that one request is enough."""
CACHED_BLOCKS = 1 << 19
"""Indexes of so many blocks are kept; about 28 bytes each."""


class PackTable:
    """Finds packs and their indexes; made from one listing, so that it shows the packs of one moment.

    entries: the listing, if it was made already.
    """

    def __init__(self, repository: Repository, entries: Iterable[Entry] | None = None) -> None:
        self._repository = repository
        self.generations: dict[bytes, list[int]] = {}
        self.sizes: dict[str, int] = {}
        for entry in repository.storage.list(layout.PACKS) if entries is None else entries:
            parsed = layout.parse_pack_key(entry.key)
            if parsed:
                self.generations.setdefault(parsed[0], []).append(parsed[1])
                self.sizes[entry.key] = entry.size_bytes
        self._cache: dict[bytes, PackIndex] = {}
        self._cached_blocks = 0

    def add(self, key: str, size_bytes: int) -> None:
        """Tell of a pack that was written after the listing."""
        parsed = layout.parse_pack_key(key)
        assert parsed
        self.generations.setdefault(parsed[0], []).append(parsed[1])
        self.sizes[key] = size_bytes
        dropped = self._cache.pop(parsed[0], None)
        if dropped:
            self._cached_blocks -= len(dropped.numbers)

    def key(self, pack_id: bytes) -> str:
        """The key of the newest generation; raises CorruptObject if the pack is missing."""
        generations = self.generations.get(pack_id)
        if not generations:
            raise CorruptObject(layout.pack_key(pack_id, 0), "is missing")
        return layout.pack_key(pack_id, max(generations))

    def index(self, pack_id: bytes) -> PackIndex:
        """The index of the newest generation; raises CorruptObject."""
        found = self._cache.get(pack_id)
        if found is not None:
            return found
        index = load_index(self._repository, self.key(pack_id), self.sizes)
        self._cache[pack_id] = index
        self._cached_blocks += len(index.numbers)
        while self._cached_blocks > CACHED_BLOCKS and len(self._cache) > 1:
            dropped = self._cache.pop(next(iter(self._cache)))  # the oldest one: images are read from front to back
            self._cached_blocks -= len(dropped.numbers)
        return index

    def locate(self, pack_id: bytes, first: int, count: int = 1) -> tuple[PackIndex, int]:
        """The index of a pack and the position in it of `count` consecutive blocks; raises CorruptObject."""
        index = self._cache.get(pack_id) or self.index(pack_id)
        if 0 <= first <= index.dense_count - count:
            return index, first
        try:
            position = index.position(first)
        except KeyError:
            raise _lacking(index, first) from None
        end = position + count
        if end > len(index.numbers) or index.numbers[end - 1] != first + count - 1:
            raise _lacking(index, first)
        return index, position

    def names(self, page_map: PageMap) -> Iterator[bytes]:
        """The joined names of the blocks of an image, run by run; raises CorruptObject if a pack lacks a block."""
        cache = self._cache
        for pack, first, count in page_map.spans():
            index, position = cache.get(pack), first
            if index is None or first + count > index.dense_count:
                index, position = self.locate(pack, first, count)
            yield index.names[position * HASH_BYTES : (position + count) * HASH_BYTES]


def _lacking(index: PackIndex, first: int) -> CorruptObject:
    return CorruptObject(index.key, f"lacks blocks from {first} on, which a snapshot needs")


def load_index(repository: Repository, key: str, sizes: Mapping[str, int]) -> PackIndex:
    """Read and check the index of one pack; raises CorruptObject."""
    storage, parsed, seal = repository.storage, layout.parse_pack_key(key), repository.seal
    assert parsed
    try:
        size = sizes[key] if key in sizes else storage.size(key)
        head_size = head_bytes(seal)
        if size < head_size + footer_bytes(seal):
            raise CorruptObject(key, "empty" if size == 0 else "cut short")
        tail_bytes = min(size, TAIL_BYTES)
        tail = memoryview(storage.get_range(key, size - tail_bytes, tail_bytes))
        head = tail[:head_size] if tail_bytes == size else storage.get_range(key, 0, head_size)
        offset, length = index_span(key, size, tail, head, seal)
        start = offset - (size - tail_bytes)
        sealed = tail[start : start + length] if start >= 0 else memoryview(storage.get_range(key, offset, length))
    except ObjectMissing as error:
        raise CorruptObject(key, "is missing") from error
    return decode_index(key, parsed[0], head, sealed, offset, seal)
