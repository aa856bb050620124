"""A storage that tries again when the one inside fails for a reason that may pass: a network, a server, a busy drive.

Only plain StorageError is tried again. A missing or existing object, a full or refused place, wrong credentials would
answer the same the next time. Trying again is harmless by the contract in base.py: a put whose reply was lost finds
its own bytes and returns, a delete finds nothing and returns. For taking the lock, `wait_seconds` counts anew at each
try; the body of the `with` is never repeated.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from litekeep.clock import Clock
from litekeep.errors import Cancelled, StorageError
from litekeep.records import dataclass
from litekeep.storage.base import Buffer, Entry, Storage, sweep_temporaries

_LOOK_SECONDS = 0.2

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long to go on.

    first_wait_seconds: before the second try; doubled for each further one.
    longest_wait_seconds: no single wait is longer.
    budget_seconds: no wait begins that would end later than this after the first try began.
    first_budget_seconds: the same while nothing has succeeded yet; None: no difference. Who has just begun would rather
        know that a place cannot be reached than wait for it.
    """

    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 30.0
    budget_seconds: float = 300.0
    first_budget_seconds: float | None = None


class RetryingStorage:
    """Repeats what failed for a passing reason, with growing waits of random length.

    Each wait is between half and the whole of its nominal length, so that many clients of one server spread out.
    `chance` is the source of that, for tests; by default the system's. `cancelled` is asked while waiting; True ends it
    with Cancelled.
    """

    def __init__(
        self,
        inner: Storage,
        clock: Clock,
        policy: RetryPolicy | None = None,
        chance: random.Random | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self._inner = inner
        self._clock = clock
        self._policy = policy or RetryPolicy()
        self._chance = chance or random.SystemRandom()
        self._cancelled = cancelled
        self._answered = False

    @property
    def description(self) -> str:
        """The inner storage's."""
        return self._inner.description

    def put(self, key: str, data: Buffer) -> None:
        """Create an object, if need be in several tries."""
        self._again(lambda: self._inner.put(key, data))

    def get(self, key: str) -> bytes:
        """All bytes of an object."""
        return self._again(lambda: self._inner.get(key))

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`."""
        return self._again(lambda: self._inner.get_range(key, offset, length))

    def size(self, key: str) -> int:
        """Length of an object in bytes."""
        return self._again(lambda: self._inner.size(key))

    def list(self, prefix: str = "") -> list[Entry]:
        """Every object below `prefix`; a listing that broke off begins anew."""
        return self._again(lambda: self._inner.list(prefix))

    def delete(self, key: str) -> None:
        """Remove an object."""
        self._again(lambda: self._inner.delete(key))

    @contextmanager
    def lock(self, owner: str, wait_seconds: float = 0.0) -> Iterator[None]:
        """Hold the inner lock; only taking it is tried again, and Locked is an answer, not a failure."""
        with ExitStack() as stack:
            self._again(lambda: stack.enter_context(self._inner.lock(owner, wait_seconds)))
            yield

    def free_bytes(self) -> int | None:
        """Room left."""
        return self._again(self._inner.free_bytes)

    def sweep_temporaries(self, older_than_seconds: float) -> int:
        """Remove what interrupted puts left behind."""
        return self._again(lambda: sweep_temporaries(self._inner, older_than_seconds))

    def _again(self, attempt: Callable[[], Result]) -> Result:
        deadline = self._clock.monotonic() + self._budget_seconds()
        nominal = self._policy.first_wait_seconds
        while True:
            try:
                result = attempt()
            except StorageError as error:
                if type(error) is not StorageError:
                    self._answered = True
                    raise
                wait = min(nominal, self._policy.longest_wait_seconds) * self._chance.uniform(0.5, 1.0)
                if self._clock.monotonic() + wait > deadline:
                    raise
            else:
                self._answered = True
                return result
            self._sleep(wait)
            nominal *= 2

    def _budget_seconds(self) -> float:
        first = self._policy.first_budget_seconds
        return self._policy.budget_seconds if self._answered or first is None else first

    def _sleep(self, seconds: float) -> None:
        if self._cancelled is None:
            self._clock.sleep(seconds)
            return
        until = self._clock.monotonic() + seconds
        while (left := until - self._clock.monotonic()) > 0:
            if self._cancelled():
                raise Cancelled("stopped on request", safe="Everything that was complete before is unchanged.")
            self._clock.sleep(min(left, _LOOK_SECONDS))
