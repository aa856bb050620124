"""Messages between the application and its helper process: length, then pickle, over a pipe.

Both ends are the same program, started by the same user, and nobody else holds the pipe; so pickle is safe here.
"""

from __future__ import annotations

import pickle
import threading
from typing import IO, Any

from litekeep.monitor import Fact
from litekeep.records import dataclass

_LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True)
class Ready:
    """From the helper: it has started."""

    version: str


@dataclass(frozen=True, slots=True)
class Progress:
    """From the helper: see Monitor.progress."""

    phase: str
    done: int
    total: int
    unit: str


@dataclass(frozen=True, slots=True)
class Event:
    """From the helper: see Monitor.event."""

    name: str
    facts: dict[str, Fact]


@dataclass(frozen=True, slots=True)
class Done:
    """From the helper: the job's result, or the error that it ended with."""

    result: Any = None
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """To the helper: stop the job at the next safe point."""


class Stream:
    """One end. Sending is safe from several threads; receiving is for one."""

    def __init__(self, incoming: IO[bytes], outgoing: IO[bytes]) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._turn = threading.Lock()

    def send(self, message: object) -> None:
        """Raises OSError (BrokenPipeError) when the other end has gone."""
        data = pickle.dumps(message, protocol=5)
        left = memoryview(len(data).to_bytes(_LENGTH_BYTES, "big") + data)
        with self._turn:
            while left:  # an unbuffered pipe takes less where a signal comes in between
                left = left[self._outgoing.write(left) :]

    def receive(self) -> Any:
        """The next message; raises EOFError when the other end has gone."""
        length = int.from_bytes(self._exactly(_LENGTH_BYTES), "big")
        return pickle.loads(self._exactly(length))  # noqa: S301 - from our own process, see above

    def _exactly(self, count: int) -> bytes:
        parts, missing = [], count
        while missing:
            part = self._incoming.read(missing)
            if not part:
                raise EOFError
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)
