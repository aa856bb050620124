"""Two processes on the same storages, each stopped before every one of its operations there; one runs at a time.

A process is deterministic: what it asks next follows from the answers it got so far. So what it does is remembered as a
tree (its requests, and where each answer leads), and a schedule is a walk through two such trees with the storage
between them. Only where an answer was never given before does the operation itself run, on a thread of its own, from
its beginning with the answers of the walk so far; a process that then asks otherwise than before ends the walk with
NotDeterministic. Thus every schedule is carried out step by step, and each behaviour of the product is computed once.

A storage operation of the product that runs on a thread of a pool is carried out where it is handed over: the
operations of one process have one order, that of the program.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, Protocol, Self
from unittest import mock

from litekeep.errors import LitekeepError

Request = tuple[Any, ...]
"""Place, operation, and what it is about."""
Ask = Callable[[Request], Any]
Outcome = tuple[str, ...]
Process = Callable[[Ask], Outcome]
"""Runs an operation and tells how it ended."""


class NotDeterministic(Exception):
    """A process asked otherwise than it did before with the same answers: nothing follows from the walk."""


class Aborted(BaseException):
    """The walk ended before this process did."""


class Shared(Protocol):
    """What the processes share."""

    def is_blocked(self, who: int, request: Request) -> bool:
        """True if this has to wait for the other process."""

    def answer(self, who: int, request: Request) -> Any:
        """Do it; raises LitekeepError."""

    def before_preemption(self) -> None:
        """The next step is the last one before the first preemption."""


@dataclass(slots=True)
class Node:
    """A moment in the life of a process: what it asks next, or how it ended; known if either is."""

    request: Request | None = None
    outcome: Outcome = ()
    known: bool = False
    next: dict[Hashable, Node] = field(default_factory=dict)


class _Live:
    """An operation that really runs, on a thread; it gets the answers of the walk so far, then waits for each."""

    def __init__(self, process: Process, log: Sequence[tuple[Request, Any]]) -> None:
        self._log = tuple(log)
        self._at = 0
        self._asked: SimpleQueue[tuple[Request | None, Any]] = SimpleQueue()
        self._answers: SimpleQueue[Any] = SimpleQueue()
        threading.Thread(target=self._run, args=(process,), daemon=True).start()

    def _run(self, process: Process) -> None:
        try:
            ended: Any = process(self._ask)
        except BaseException as error:
            ended = error
        self._asked.put((None, ended))

    def _ask(self, request: Request) -> Any:
        if self._at < len(self._log):
            asked, answer = self._log[self._at]
            self._at += 1
            if asked != request:
                raise NotDeterministic(f"{_short(asked)}, then {_short(request)}")
        else:
            self._asked.put((request, None))
            answer = self._answers.get()
        if isinstance(answer, BaseException):
            raise answer.with_traceback(None)
        return answer

    def give(self, answer: Any) -> None:
        self._answers.put(answer)

    def asks(self) -> tuple[Request | None, Any]:
        """What comes next: a request, or None and the outcome."""
        request, ended = self._asked.get()
        if isinstance(ended, BaseException):
            raise ended
        return request, ended


def _short(request: Request | None) -> str:
    return "the end" if request is None else " ".join(str(part)[:80] for part in request)


class _Walker:
    """One process during one walk."""

    def __init__(self, who: int, process: Process, root: Node) -> None:
        self._who, self._process, self._node = who, process, root
        self._log: list[tuple[Request, Any]] = []
        self._live: _Live | None = None
        self.steps = 0

    @property
    def outcome(self) -> Outcome:
        return self._node.outcome

    def has_ended(self) -> bool:
        self._know()
        return self._node.request is None

    def is_blocked(self, shared: Shared) -> bool:
        self._know()
        return self._node.request is not None and shared.is_blocked(self._who, self._node.request)

    def step(self, shared: Shared) -> None:
        request = self._node.request
        assert request is not None
        try:
            answer = token = shared.answer(self._who, request)
        except LitekeepError as error:
            answer, token = error, (type(error).__name__, str(error))
        self._log.append((request, answer))
        self._node = self._node.next.setdefault(token, Node())
        self.steps += 1
        if self._live:
            self._live.give(answer)
            self._hear()

    def _know(self) -> None:
        if not self._node.known:
            self._live = _Live(self._process, self._log)
            self._hear()

    def _hear(self) -> None:
        assert self._live
        request, outcome = self._live.asks()
        if not self._node.known:
            self._node.request, self._node.outcome, self._node.known = request, outcome, True
        elif (request, outcome) != (self._node.request, self._node.outcome):
            raise NotDeterministic(f"{_short(self._node.request)}, then {_short(request)}")

    def abort(self) -> None:
        if self._live:
            self._live.give(Aborted())


@dataclass(frozen=True, slots=True)
class Walk:
    """How one schedule went. ran: how many steps each stretch had, in turn. outcomes: of both processes."""

    ran: tuple[int, ...]
    outcomes: tuple[Outcome, Outcome]


class Pair:
    """Two processes, and what was learned about them."""

    def __init__(self, processes: tuple[Process, Process]) -> None:
        self._processes = processes
        self._roots = (Node(), Node())

    def walk(
        self, shared: Shared, first: int, stretches: Sequence[int], pause: Callable[[], None] | None = None
    ) -> Walk:
        """Let `first` make so many steps, then the other so many, and so on; the last ones run as far as they can.

        Who ends or has to wait gives way to the other without being preempted.
        """
        walkers = tuple(
            _Walker(who, process, root)
            for who, (process, root) in enumerate(zip(self._processes, self._roots, strict=True))
        )
        ran, current, number = [], first, 0
        try:
            while not all(each.has_ended() for each in walkers):
                walker, wanted = walkers[current], stretches[number] if number < len(stretches) else 1 << 30
                before = walker.steps
                while walker.steps - before < wanted and not (walker.has_ended() or walker.is_blocked(shared)):
                    if number == 0 and walker.steps - before == wanted - 1:
                        shared.before_preemption()
                    walker.step(shared)
                ran.append(walker.steps - before)
                assert any(ran[-2:]), "each waits for the other"
                current, number = 1 - current, number + 1
        except BaseException:
            for each in walkers:
                each.abort()
            raise
        return Walk(tuple(ran), (walkers[0].outcome, walkers[1].outcome))


class _Inline:
    """In the place of a pool of threads: what is handed over is done at once."""

    def __init__(self, *_: object, **__: object) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def submit(self, work: Callable[..., Any], *values: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(work(*values))
        except Exception as error:
            done.set_exception(error)
        return done

    def map(self, work: Callable[..., Any], *values: Any) -> Iterator[Any]:
        return map(work, *values)

    def shutdown(self, *_: object, **__: object) -> None: ...


@contextmanager
def one_thread_each() -> Iterator[None]:
    """No operation of the product uses threads of its own."""
    with ExitStack() as stack:
        stack.enter_context(mock.patch("concurrent.futures.ThreadPoolExecutor", _Inline))
        for name, module in list(sys.modules.items()):
            if name.startswith("litekeep.") and "ThreadPoolExecutor" in vars(module):
                stack.enter_context(mock.patch.object(module, "ThreadPoolExecutor", _Inline))
        yield
