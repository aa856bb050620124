"""A scratch store for blocks that are needed again soon: in memory up to a limit, then in an unlinked temporary file.

Each block is stored with the number of times that it will be asked for, and is forgotten after the last one, so that
the file does not grow beyond what is waiting.
"""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from litekeep.formats.pack import Address
from litekeep.sqlite.filesystem import file_errors

MEMORY_BYTES = 12 << 20


class Spool:
    """See the module's text. Not for several threads. put and take raise NoSpace, PermissionRefused, StorageError."""

    def __init__(self, scratch: Path | None, memory_bytes: int = MEMORY_BYTES) -> None:
        self._scratch = scratch
        self._place = scratch or Path(tempfile.gettempdir())
        self._limit_bytes = memory_bytes
        self._memory: dict[Address, bytes] = {}
        self._memory_bytes = 0
        self._places: dict[Address, tuple[int, int]] = {}
        self._uses: dict[Address, int] = {}
        self._file: IO[bytes] | None = None
        self._end = 0
        self._free: dict[int, list[int]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            with suppress(OSError):  # what could not be written any more is not needed any more
                self._file.close()

    def put(self, address: Address, block: bytes | memoryview, uses: int) -> None:
        """Keep a block for `uses` calls of `take`."""
        self._uses[address] = uses
        if self._memory_bytes + len(block) <= self._limit_bytes:
            self._memory[address] = bytes(block)
            self._memory_bytes += len(block)
            return
        with file_errors(self._place):
            self._places[address] = (self._write(block), len(block))

    def _write(self, block: bytes | memoryview) -> int:
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._scratch, prefix=".litekeep-")  # noqa: SIM115 - closed in __exit__
        free = self._free.get(len(block))
        offset = free.pop() if free else self._end
        if offset == self._end:
            self._end += len(block)
        self._file.seek(offset)
        self._file.write(block)
        return offset

    def take(self, address: Address) -> bytes:
        """The block; raises KeyError if it was not put, or was taken as often as announced."""
        self._uses[address] -= 1
        last = self._uses[address] == 0
        if last:
            del self._uses[address]
        if address in self._memory:
            if not last:
                return self._memory[address]
            block = self._memory.pop(address)
            self._memory_bytes -= len(block)
            return block
        assert self._file is not None
        offset, length = self._places.pop(address) if last else self._places[address]
        if last:
            self._free.setdefault(length, []).append(offset)
        with file_errors(self._place):
            self._file.seek(offset)
            return self._file.read(length)
