"""Reading beside a prune: what was listed a moment ago may have been replaced by a new generation since.

Readers take no lock, so that a long verification keeps nobody waiting. When a pack turns out to be missing or
incomplete, the packs are listed again; if they are not the same any more, the reading starts over with the new list,
and only what is wrong with a list that stays the same is damage.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from litekeep.errors import CorruptObject
from litekeep.repository.packs import PackTable
from litekeep.repository.repository import Repository

ATTEMPTS = 5

T = TypeVar("T")


def with_packs(repository: Repository, key: str, read: Callable[[PackTable], T]) -> T:
    """The result of `read`, which may be called again from the beginning; raises what it raises in the end.

    key: of the manifest of the snapshot that is read; raises ObjectMissing, and reports no damage, when it is gone too.
    """
    table = PackTable(repository)
    for _ in range(ATTEMPTS - 1):
        try:
            return read(table)
        except CorruptObject:
            repository.storage.size(key)
            now = PackTable(repository)
            if now.sizes == table.sizes:
                raise
            table = now
    return read(table)
