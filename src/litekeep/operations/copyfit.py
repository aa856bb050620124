"""Would a backup be whole in a copy, and what must be sent besides so that it is?

A copy keeps a pack in the generation in which it arrived. That holds every block of later generations, but what its
frames are built on can have gone since, there and here: there it was dropped when no backup of the copy needed it any
more, here compaction built the frames on something else. A backup that needs such a frame cannot be read there. Then
the later generation is sent too, which readers use from then on: only if all that was whole there stays so, after each
pack that is sent. For what was made while the copy was there day by day this cannot happen (`continues`), and costs
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from litekeep.errors import CorruptObject
from litekeep.formats.manifest import PageMap
from litekeep.formats.pack import PackIndex
from litekeep.repository import layout
from litekeep.repository.garbage import needed_frames
from litekeep.repository.packs import PackTable, load_index
from litekeep.repository.repository import Repository
from litekeep.storage.base import Entry

View = Callable[[Sequence[str]], PackTable]
"""The packs of the copy as they will be once these were sent."""


class Packs:
    """The packs of a copy. here, there: key -> size of the objects in the repository and in the copy."""

    def __init__(
        self, repository: Repository, copy: Repository, here: Mapping[str, int], there: Mapping[str, int]
    ) -> None:
        self._repository, self._copy = repository, copy
        self._here, self._there = here, there
        self._indexes: dict[str, PackIndex] = {}

    def with_sent(self, keys: Iterable[str]) -> PackTable:
        """As they will be once these of ours were sent."""
        sizes = {**{key: self._here[key] for key in keys}, **self._there}
        return _Table(self._repository, [Entry(key, size) for key, size in sizes.items()], self)

    def index(self, key: str) -> PackIndex:
        """Of one pack; read from the copy only if the same is not here. Raises CorruptObject, StorageError."""
        found = self._indexes.get(key)
        if found is None:
            same = key in self._here and self._there.get(key, self._here[key]) == self._here[key]
            repository, sizes = (self._repository, self._here) if same else (self._copy, self._there)
            found = self._indexes[key] = load_index(repository, key, sizes)
        return found


class _Table(PackTable):
    def __init__(self, repository: Repository, entries: Iterable[Entry], packs: Packs) -> None:
        super().__init__(repository, entries)
        self._packs = packs

    def index(self, pack_id: bytes) -> PackIndex:
        """The index of the newest generation; raises CorruptObject."""
        return self._packs.index(self.key(pack_id))


def is_whole(table: PackTable, maps: Iterable[PageMap]) -> bool:
    """True if every frame is there that snapshots with these maps need."""
    try:
        needed_frames(table, {"": list(maps)})
    except CorruptObject:
        return False
    return True


def continues(parents: Iterable[str | None], present: set[str], packs: Iterable[str]) -> bool:
    """True if new snapshots cannot lack anything that is not sent with them: each is built on one that is whole there.

    parents: of the new snapshots. present: ids of those that are there or come with them. packs: keys that are sent. A
    first generation is built on the blocks of the parent only, a later one on those of any snapshot.
    """
    first = all(parsed[1] == 0 for parsed in map(layout.parse_pack_key, packs) if parsed)
    return first and all(parent in present for parent in parents)


def settle(
    view: View, wanted: Mapping[layout.SnapshotKey, PageMap], others: Iterable[PageMap], later: Sequence[str]
) -> tuple[list[str], list[layout.SnapshotKey]]:
    """What to send besides, one after the other in this order; and which of the wanted cannot be whole there.

    others: of all other snapshots there. later: keys of our generations of those packs that the copy has in an earlier
    one and that the wanted need. Nothing is sent besides if something that is whole there would not be so meanwhile.
    """
    now, then = view(()), view(later)
    unfit = [key for key, page_map in wanted.items() if not is_whole(now, [page_map])]
    curable = [key for key in unfit if is_whole(then, [wanted[key]])]
    if not curable:
        return [], unfit
    needed = needed_frames(then, {"": [wanted[key] for key in curable]})
    rising = sorted((key for key in later if _pack_id(key) in needed), key=layout.pack_order)
    standing = [page_map for key, page_map in wanted.items() if key not in unfit]
    standing += [page_map for page_map in others if is_whole(now, [page_map])]
    for order in (rising, rising[::-1]):
        if all(is_whole(view(order[:end]), standing) for end in range(1, len(order) + 1)):
            return order, [key for key in unfit if key not in curable]
    return [], unfit


def _pack_id(key: str) -> bytes:
    parsed = layout.parse_pack_key(key)
    return parsed[0] if parsed else b""
