"""A storage in memory that keeps a film of itself: the objects before and after each numbered operation.

A process killed between two operations leaves exactly such a state behind, because an operation that changes something
does it in one step (storage.base). So one run gives the outcome of a kill at every place.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from litekeep.storage.base import Buffer, Entry
from litekeep.storage.memory import MemoryStorage

State = dict[str, bytes]
"""Objects by key, or files by their path in a folder; never changed once it was handed out."""
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Frame:
    """One operation and what it found and left. files: of the watched folder, at that moment.

    span: for get_range, which bytes.
    """

    number: int
    operation: str
    key: str
    before: State
    after: State
    files: State
    span: tuple[int, int] = (0, 0)


class Film:
    """Records every operation on a MemoryStorage that begins with the objects of `start`.

    watched: a folder whose files are recorded too. Operations that raise are frames like others.
    """

    def __init__(self, start: State, watched: Path | None = None) -> None:
        self.frames: list[Frame] = []
        self.state: State = start
        self._inner = in_memory(start)
        self._watched = watched
        self._guard = threading.RLock()

    @property
    def description(self) -> str:
        """The inner storage's."""
        return self._inner.description

    def put(self, key: str, data: Buffer) -> None:
        """Record and do."""
        self._record("put", key, lambda: self._inner.put(key, data))

    def get(self, key: str) -> bytes:
        """Record and do."""
        return self._record("get", key, lambda: self._inner.get(key))

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        """Record and do."""
        return self._record(
            "get_range", key, lambda: self._inner.get_range(key, offset, length), (offset, offset + length)
        )

    def size(self, key: str) -> int:
        """Record and do."""
        return self._record("size", key, lambda: self._inner.size(key))

    def list(self, prefix: str = "") -> list[Entry]:
        """Record and do."""
        return self._record("list", prefix, lambda: self._inner.list(prefix))

    def delete(self, key: str) -> None:
        """Record and do."""
        self._record("delete", key, lambda: self._inner.delete(key))

    @contextmanager
    def lock(self, owner: str, wait_seconds: float = 0.0) -> Iterator[None]:
        """Record the taking."""
        with self._inner.lock(owner, wait_seconds):
            self._record("lock", owner, lambda: None)
            yield

    def free_bytes(self) -> int | None:
        """Not numbered."""
        return self._inner.free_bytes()

    def _record(self, operation: str, key: str, act: Callable[[], Result], span: tuple[int, int] = (0, 0)) -> Result:
        with self._guard:
            before, files = self.state, files_in(self._watched)
            try:
                return act()
            finally:
                if operation in ("put", "delete"):
                    self.state = dict(self._inner._objects)
                number = len(self.frames) + 1
                self.frames.append(Frame(number, operation, key, before, self.state, files, span))


def in_memory(state: State) -> MemoryStorage:
    """A storage with these objects."""
    storage = MemoryStorage()
    storage._objects.update(state)
    return storage


def files_in(folder: Path | None) -> State:
    """All files below a folder, also hidden ones."""
    if folder is None:
        return {}
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
