"""What all views of one manager share: what is known, what goes on, how the last wish ended.

A view comes and goes with every navigation of the host; this stays as long as the manager, so that the next view paints
at once, and a job that was begun in a view that is gone still has its progress and its end. It never holds the manager.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import field, replace
from datetime import datetime
from queue import SimpleQueue
from weakref import WeakKeyDictionary, ref

from litekeep import BackupManager
from litekeep.clock import Clock
from litekeep.model import Snapshot
from litekeep.monitor import Fact
from litekeep.operations.finding import Finding
from litekeep.records import dataclass
from litekeep.ui.bridge import scene as scenes
from litekeep.ui.bridge.endings import failed
from litekeep.ui.bridge.gathering import Gathered, gather, local_now, nothing_yet, trace
from litekeep.ui.bridge.lanes import Lane
from litekeep.ui.bridge.scene import Scene
from litekeep.ui.bridge.updates import Ended
from litekeep.ui.presenter.facts import End, Outcome

GATHER_SECONDS = 60.0
"""So old may facts become although no folder changed: time itself makes backups overdue."""
QUIET = frozenset({"pin", "unpin", "label", "resume", "look"})
"""Where they succeed, the change itself is the answer, and no card tells it."""


@dataclass(frozen=True, slots=True)
class State:
    """Everything, as one value that is replaced."""

    gathered: Gathered
    scene: Scene = field(default_factory=Scene)
    outcome: Outcome | None = None
    findings: tuple[Finding, ...] | None = None
    examined_at: datetime | None = None


class Board:
    """See the module's text. Every method may be called on any thread, and none of them waits for anything long."""

    def __init__(self, manager: BackupManager, clock: Clock) -> None:
        self._guard = threading.Lock()
        self._clock = clock
        self._reading = threading.Lock()
        self._viewers: list[SimpleQueue[Ended]] = []
        self._leave: Callable[[], None] = lambda: None
        self._wanted = False
        self._gathered_at: float | None = None
        self._cost_seconds = 0.0
        self.state = State(nothing_yet(manager, clock))
        self.gathering = Lane("facts", newest_only=True)
        self.working = Lane("work")
        self.deciding = Lane("decisions")
        self.sending = Lane("copies")

    # Views

    def enter(self, manager: BackupManager, viewer: SimpleQueue[Ended]) -> None:
        """A view looks from now on; the first one makes this listen to the manager."""
        with self._guard:
            first, self._viewers = not self._viewers, [*self._viewers, viewer]
            if first:
                self._leave = manager.subscribe(self._listener(manager))
        self._fold(lambda scene: scenes.joined(scene, manager.running, self._clock.now()))
        self._fold(lambda scene: scenes.send_joined(scene, *manager.copying, self._clock.now()))

    def exit(self, viewer: SimpleQueue[Ended]) -> None:
        """It looks no more; with the last one, this listens no more."""
        with self._guard:
            self._viewers = [each for each in self._viewers if each is not viewer]
            if not self._viewers:
                self._leave()
                self._leave = lambda: None
                self.gathering.clear()

    # The manager's events, on its threads

    def _listener(self, manager: BackupManager) -> Callable[[str, dict[str, Fact]], None]:
        weak = ref(manager)

        def listen(name: str, facts: dict[str, Fact]) -> None:
            self._fold(lambda scene: scenes.told(scene, name, facts, self._clock.now()))
            owner = weak()
            if owner is not None and name in ("job_started", "job_finished", "job_failed"):
                self._react(owner, name)

        return listen

    def _react(self, manager: BackupManager, name: str) -> None:
        own = self.state.scene.own
        if name == "job_started":
            if own is not None and own.cancelling and self.state.scene.running == own.verb:
                manager.cancel()  # it was cancelled while it stood behind another job
        elif own is None and not self.deciding.busy:
            self.look(manager, anew=True)  # after what a person asked for, its thread does that

    # Facts

    def look(self, manager: BackupManager, *, anew: bool = False) -> None:
        """Gather the facts on a thread: in any case, or only if a folder changed or they are old."""
        if anew:
            self._wanted = True  # in a place of its own: the next look takes that of one that waits
        self.gathering.put(lambda: self._look(manager))

    def _look(self, manager: BackupManager) -> None:
        if self._wanted or self._is_due(manager):
            self._settle(manager)

    def _is_due(self, manager: BackupManager) -> bool:
        """Not while a job of ours fills the folders, and never so often that it takes a tenth of the time."""
        at = self._gathered_at
        if at is None:
            return True
        passed = self._clock.monotonic() - at
        if passed < 0 or passed >= GATHER_SECONDS:
            return True
        if self.state.scene.running or passed < 10 * self._cost_seconds:
            return False
        return trace(manager) != self.state.gathered.trace

    def _settle(self, manager: BackupManager, outcome: Outcome | None = None, *, own: bool = False) -> None:
        """Gather on this thread, then show everything at once: facts, and what has ended. own: of a person's job.

        One thread at a time: facts that were read earlier never take the place of newer ones.
        """
        with self._reading:
            found, problem = self._gather(manager)
            told = [each for each in (outcome, problem) if each is not None]
            with self._guard:
                before = self.state
                scene = scenes.gathered(before.scene)
                self.state = replace(
                    before,
                    gathered=found or before.gathered,
                    scene=scenes.ended(scene) if own else scene,
                    outcome=next((each for each in told if _is_shown(each)), before.outcome),
                )
        for each in told:
            for viewer in self._viewers:
                viewer.put(Ended(each))

    def _gather(self, manager: BackupManager) -> tuple[Gathered | None, Outcome | None]:
        """The facts, or why there are none."""
        self._wanted = False  # before reading: what is wanted meanwhile is gathered again
        began = self._clock.monotonic()
        try:
            return gather(manager, self._clock, self.state.gathered), None
        except Exception as error:  # noqa: BLE001 - a thread has nobody above it; the card tells
            return None, failed("look", error, self._clock.now())
        finally:
            self._gathered_at = self._clock.monotonic()
            self._cost_seconds = self._gathered_at - began

    def examined(self, findings: tuple[Finding, ...]) -> None:
        """What the doctor found."""
        with self._guard:
            self.state = replace(self.state, findings=findings, examined_at=local_now(self._clock))

    # What a person asks for

    def ask(self, verb: str, about: Snapshot | None) -> bool:
        """A person wants a job; False if one of theirs is going on."""
        with self._guard:
            if self.state.scene.own is not None:
                return False
            scene = scenes.asked(self.state.scene, verb, self._clock.now(), about)
            self.state = replace(self.state, scene=scene, outcome=None)
            return True

    def cancel(self, manager: BackupManager) -> None:
        """Stop what goes on: a person's own job first, and when it waits, not the one before it."""
        self._fold(scenes.cancelling)
        own = self.state.scene.own
        if own is None or self.state.scene.running == own.verb:
            manager.cancel()

    def ask_copy(self, verb: str, name: str) -> None:
        """A person wants something of a copy."""
        self._fold(lambda scene: scenes.send_asked(scene, verb, name, self._clock.now()))

    def cancel_copying(self, manager: BackupManager) -> None:
        """Stop what goes on with the copies."""
        self._fold(scenes.send_cancelling)
        manager.cancel_copying()

    def sent(self, manager: BackupManager, names: Sequence[str], outcome: Outcome) -> None:
        """What a person wanted of copies has ended."""
        for name in names:
            self._fold(lambda scene, name=name: scenes.send_over(scene, name))  # type: ignore[misc]
        self._settle(manager, outcome)

    def done(self, manager: BackupManager, outcome: Outcome) -> None:
        """A person's job has ended."""
        self._settle(manager, outcome, own=True)

    def decided(self, manager: BackupManager, outcome: Outcome) -> None:
        """Something else that a person wanted has ended."""
        self._settle(manager, outcome)

    def dismiss(self) -> None:
        """The card was closed."""
        with self._guard:
            self.state = replace(self.state, outcome=None)

    # The Stage of a deed

    def now(self) -> datetime:
        """The time, aware."""
        return self._clock.now()

    def reached(self, at: int, of: int, about: Snapshot | None) -> None:
        """It came to one of several."""
        self._fold(lambda scene: scenes.reached(scene, at, of, about))

    def stopped(self) -> bool:
        """A person wants it to stop."""
        own = self.state.scene.own
        return own is not None and own.cancelling

    # Inside

    def _fold(self, change: Callable[[Scene], Scene]) -> None:
        with self._guard:
            self.state = replace(self.state, scene=change(self.state.scene))


def _is_shown(outcome: Outcome) -> bool:
    return outcome.verb not in QUIET or outcome.end is not End.DONE


_boards: WeakKeyDictionary[BackupManager, Board] = WeakKeyDictionary()
_boards_guard = threading.Lock()


def board_of(manager: BackupManager, clock: Clock) -> Board:
    """The one board of a manager."""
    with _boards_guard:
        found = _boards.get(manager)
        if found is None:
            found = _boards[manager] = Board(manager, clock)
        return found
