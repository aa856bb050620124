"""The view's way to a manager: wishes go in and return at once; what came of them comes out of `drain`.

    view (Tk thread)                                       threads of the bridge, of the manager
    bridge.back_up() ----------------> working lane ------> manager.create_backup() --+
    bridge.ask(key, question, f) ----> a lane of its own -> question(manager) --------+--> board.state, queue
    bridge.drain() <------------------------------------------------------------------+
        -> updates; f(answer)

Nothing here raises into Tk, waits, or touches Tk. Jobs of one manager run one at a time; decisions (pin, delete ...)
have a lane of their own, so that they need not wait for all of 63 verifications, only for the one that runs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from litekeep import BackupManager
from litekeep.clock import Clock, SystemClock
from litekeep.config.settings import BackupSettings
from litekeep.model import Snapshot
from litekeep.operations.preview import Preview
from litekeep.records import dataclass
from litekeep.ui.bridge import deeds, endings
from litekeep.ui.bridge.board import State, board_of
from litekeep.ui.bridge.deeds import Deed, carried_out
from litekeep.ui.bridge.gathering import local_now
from litekeep.ui.bridge.lanes import Lane
from litekeep.ui.bridge.turns import SHORT_TURNS
from litekeep.ui.bridge.updates import Ended, FactsChanged, SendingChanged, Update, WorkChanged
from litekeep.ui.presenter.facts import Outcome, ViewFacts

LOOK_SECONDS = 3.0
"""How often the folders are looked at: another program may back up too."""
IDLE_MS = 250
BUSY_MS = 50
FIRST_LOOK = 1
"""With this drain facts are gathered first, and a view drains first when it is painted: a thread that computes before
takes the interpreter away from it at each call of Tk, and with thousands of backups the first paint takes six times
as long."""
PREVIEW = "preview"

Value = TypeVar("Value")
Value_co = TypeVar("Value_co", covariant=True)
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Answer(Generic[Value_co]):
    """value: the answer, or None where it failed; problem: how, as for a card."""

    value: Value_co | None
    problem: Outcome | None = None


class Bridge:
    """One for each mounted view. Every method is called on the Tk thread, and returns at once.

    on_ask: called after each question, so that its answer is not left lying until the next drain of an idle view.

    Args:
        manager: what the view looks at; it is not owned, started or closed.
        clock: for tests.
    """

    on_ask: Callable[[], object] | None = None

    def __init__(self, manager: BackupManager, clock: Clock | None = None) -> None:
        self._manager = manager
        self._clock = clock or SystemClock()
        self._board = board_of(manager, self._clock)
        self._heard: SimpleQueue[Ended] = SimpleQueue()
        self._answers: SimpleQueue[tuple[str, int, Callable[[], None]]] = SimpleQueue()
        self._to_call: deque[Callable[[], None]] = deque()
        self._asked: dict[str, int] = {}
        self._questions = 0
        self._lanes: dict[str, Lane] = {}
        self._looked_at = self._clock.monotonic()
        self._drains = 0
        self._closed = False
        SHORT_TURNS.begin()
        self._board.enter(manager, self._heard)
        self._shown = self._board.state
        self._compose()

    # What is known

    @property
    def facts(self) -> ViewFacts:
        """Everything that the pages show, as of the newest `drain`; its work and outcome too."""
        return self._facts

    @property
    def busy(self) -> bool:
        """Something goes on whose progress people see, or an answer is awaited."""
        return self._facts.work is not None or bool(self._asked) or self._board.state is not self._shown

    @property
    def pause_ms(self) -> int:
        """How long to wait before the next `drain`."""
        return BUSY_MS if self.busy or self._drains < FIRST_LOOK else IDLE_MS

    def now(self) -> datetime:
        """The time, in the zone of `facts.now`."""
        return local_now(self._clock)

    def drain(self) -> list[Update]:
        """What happened since last time; answers to questions are given to who asked, here.

        In this order: what ended, each once; then what goes on, and the facts, as they are now.
        """
        if self._closed:
            return []
        self._drains += 1
        if self._drains == FIRST_LOOK:
            self._board.look(self._manager, anew=True)
        updates: list[Update] = [*_all_of(self._heard)]
        before, was = self._shown, self._facts
        state = self._board.state
        if state is not before:
            self._shown = state
            self._compose()
            if self._facts.work != was.work:
                updates.append(WorkChanged(self._facts.work))
            if self._facts.sending != was.sending:
                updates.append(SendingChanged(self._facts.sending))
            if _pages(state) != _pages(before):
                updates.append(FactsChanged(self._facts))
        self._look_now_and_then()
        self._collect_answers()
        while self._to_call:
            self._to_call.popleft()()
        return updates

    def refresh(self) -> None:
        """Gather the facts anew, whatever the folders say."""
        self._board.look(self._manager, anew=True)

    def dismiss(self) -> None:
        """Close the card of `facts.outcome`."""
        self._board.dismiss()

    def close(self) -> None:
        """The view goes: nothing is heard or answered any more. What was begun goes on; the next view sees its end."""
        if not self._closed:
            self._closed = True
            for key in tuple(self._asked):
                self.forget(key)
            self._to_call.clear()
            self.on_ask = None
            self._board.exit(self._heard)
            SHORT_TURNS.end()

    def _compose(self) -> None:
        state = self._shown
        self._facts = replace(
            state.gathered.facts,
            now=self.now(),
            work=state.scene.shown,
            sending=state.scene.sending,
            outcome=state.outcome,
            findings=state.findings,
            examined_at=state.examined_at,
        )

    def _look_now_and_then(self) -> None:
        now = self._clock.monotonic()
        if now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            self._board.look(self._manager)

    # Jobs: one of a person's at a time; each returns False, and does nothing, while another one goes on

    def back_up(self, label: str = "") -> bool:
        """A backup now."""
        known = frozenset(each.id for each in self._facts.snapshots)
        return self._job("backup", deeds.back_up(label, known))

    def verify(self, snapshots: Sequence[Snapshot] | None = None) -> bool:
        """Read these backups back, the newest first where None means all that are not in the trash."""
        chosen = tuple(reversed(self._facts.snapshots)) if snapshots is None else tuple(snapshots)
        return bool(chosen) and self._job("verify", deeds.verify(chosen), chosen[0])

    def test_restore(self, snapshot: Snapshot | None = None) -> bool:
        """Rehearse a restore; None: of the backup that was least recently proven."""
        return self._job("drill", deeds.test_restore(snapshot), snapshot)

    def restore(self, snapshot: Snapshot, to: Path | None = None, *, accept_problems: bool = False) -> bool:
        """Bring a backup back: over the database, or to the new file `to`."""
        return self._job("restore", deeds.restore(snapshot, to, accept_problems=accept_problems), snapshot)

    def restore_file(self, path: Path, *, accept_problems: bool = False) -> bool:
        """Bring a plain file back over the database."""
        return self._job("restore", deeds.restore_file(path, accept_problems=accept_problems))

    def restore_from(
        self, copy: str, snapshot: Snapshot, to: Path | None = None, *, accept_problems: bool = False
    ) -> bool:
        """Bring a backup back from the copy of that name: over the database, or to the new file `to`."""
        deed = deeds.restore_from(copy, snapshot, to, accept_problems=accept_problems)
        return self._job("restore", deed, snapshot)

    def rebuild_from(self, copy: str, into: Path | None = None) -> bool:
        """Get all backups back from a copy; into: another folder, which is then that of the settings."""
        return self._job("rebuild", deeds.rebuild_from(copy, into))

    def undo_restore(self) -> bool:
        """Take the last restore back."""
        return self._job("undo", deeds.undo())

    def export(self, snapshot: Snapshot, to: Path) -> bool:
        """Write a backup as a plain file, packed if the name ends with .gz or .zst."""
        return self._job("export", deeds.export(snapshot, to), snapshot)

    def clean_up(self, *, confirmed: bool = False) -> bool:
        """Remove what the rules do not keep. confirmed: a person saw what the plan waits for, and said yes."""
        return self._job("prune", deeds.clean_up(confirmed=confirmed))

    def cancel(self) -> None:
        """Stop what goes on at its next safe point."""
        self._board.cancel(self._manager)

    def _job(self, verb: str, deed: Deed, about: Snapshot | None = None) -> bool:
        if self._closed or not self._board.ask(verb, about):
            return False
        manager, board = self._manager, self._board
        self.forget(PREVIEW)
        board.working.put(lambda: board.done(manager, carried_out(verb, deed, manager, board)))
        return True

    # Decisions: they wait for what runs, and for each other

    def pin(self, snapshots: Iterable[Snapshot]) -> None:
        """Keep them for ever."""
        self._decide("pin", deeds.mark("pin", tuple(snapshots)))

    def unpin(self, snapshots: Iterable[Snapshot]) -> None:
        """Let the rules decide again; also says of an anomaly's backup that somebody looked."""
        self._decide("unpin", deeds.mark("unpin", tuple(snapshots)))

    def label(self, snapshot: Snapshot, text: str) -> None:
        """Give it a name; an empty text takes it away."""
        self._decide("label", deeds.mark("label", (snapshot,), text))

    def delete(self, snapshots: Iterable[Snapshot]) -> None:
        """Into the trash; the outcome's `several` are those to be recovered by an undo."""
        self._decide("delete", deeds.mark("delete", tuple(snapshots)))

    def recover(self, snapshots: Iterable[Snapshot]) -> None:
        """Out of the trash."""
        self._decide("recover", deeds.mark("recover", tuple(snapshots)))

    def change_settings(self, changes: Mapping[str, Any], seen: BackupSettings | None = None) -> None:
        """Write settings: key path ("backup.retention_days") -> JSON value; the outcome's verb is "settings".

        seen: what the person saw. If the file holds something else by now, nothing is written, and the outcome's code
        is "settings_changed".
        """
        self._decide("settings", deeds.change_settings(dict(changes), seen))

    def resume(self) -> None:
        """Planned backups again, after a pause."""
        self._decide("resume", deeds.resume())

    def look_again(self) -> None:
        """Look for a folder that was not there."""
        self._decide("look", deeds.look_again())

    def remove_copy(self, name: str) -> None:
        """Out of the settings; the outcome's `entry` brings it back."""
        self._decide("copy_removed", deeds.remove_copy(name))

    def put_back_copy(self, entry: Mapping[str, Any]) -> None:
        """Into the settings again."""
        self._decide("copy_added", deeds.put_back_copy(entry))

    def _decide(self, verb: str, deed: Deed) -> None:
        if not self._closed:
            manager, board = self._manager, self._board
            board.deciding.put(lambda: board.decided(manager, carried_out(verb, deed, manager, board)))

    # Copies: beside everything else, one after the other

    def send(self, names: Sequence[str]) -> None:
        """Bring these copies up to date; what goes on is in `facts.sending`."""
        self._with_copies("sync", tuple(names), deeds.send(tuple(names)))

    def test_copy(self, name: str) -> None:
        """Rehearse a restore from a copy."""
        self._with_copies("drill", (name,), deeds.test_copy(name))

    def cancel_copying(self) -> None:
        """Stop what goes on with the copies; what arrived stays."""
        self._board.cancel_copying(self._manager)

    def _with_copies(self, verb: str, names: tuple[str, ...], deed: Deed) -> None:
        if self._closed or not names:
            return
        manager, board = self._manager, self._board
        board.ask_copy(verb, names[0])
        board.sending.put(lambda: board.sent(manager, names, carried_out(verb, deed, manager, board)))

    # Questions

    def preview_restore(self, chosen: Snapshot | Path, on_answer: Callable[[Answer[Preview]], None]) -> None:
        """What restoring this backup, or plain file, would change. Only the newest question is answered."""
        self.forget(PREVIEW)
        self.ask(PREVIEW, lambda manager: manager.preview_restore(chosen), on_answer)

    def preview_restore_from(self, copy: str, chosen: Snapshot, on_answer: Callable[[Answer[Preview]], None]) -> None:
        """The same for a backup of a copy."""
        self.forget(PREVIEW)
        self.ask(PREVIEW, lambda manager: manager.preview_restore_from(copy, chosen), on_answer)

    def examine(self) -> None:
        """What could go wrong; the answer is in `facts.findings`."""
        if self._closed:
            return
        manager, board = self._manager, self._board

        def look() -> None:
            try:
                board.examined(tuple(manager.examine()))
            except Exception as error:  # noqa: BLE001 - a thread has nobody above it
                board.decided(manager, endings.failed("examine", error, board.now()))

        self._lane("examine").put(look)

    def ask(
        self, key: str, question: Callable[[BackupManager], Value], on_answer: Callable[[Answer[Value]], None]
    ) -> None:
        """Call `question` on a thread; `on_answer` gets what came of it in a later `drain`.

        key: of questions with the same key only the newest is answered, and those not yet begun are left out.
        """
        if self._closed:
            return
        self._questions += 1
        number = self._asked[key] = self._questions
        manager, answers, clock = self._manager, self._answers, self._clock

        def find() -> None:
            try:
                answer: Answer[Value] = Answer(question(manager))
            except BaseException as error:  # noqa: BLE001 - a thread has nobody above it; who asked is told
                answer = Answer(None, endings.failed(key, error, clock.now()))
            answers.put((key, number, lambda: on_answer(answer)))

        self._lane(key, newest_only=True).put(find)
        if self.on_ask is not None:
            self.on_ask()

    def forget(self, key: str) -> None:
        """The answer is not wanted any more; counting for a preview stops."""
        if self._asked.pop(key, None) is None:
            return
        self._lane(key, newest_only=True).clear()
        if key == PREVIEW and self._manager.running == PREVIEW:
            self._manager.cancel()

    def _collect_answers(self) -> None:
        for key, number, call in _all_of(self._answers):
            if self._asked.get(key) == number:
                del self._asked[key]
                self._to_call.append(call)

    def _lane(self, key: str, *, newest_only: bool = False) -> Lane:
        return self._lanes.setdefault(key, Lane(key, newest_only=newest_only))


def _all_of(queue: SimpleQueue[Item]) -> list[Item]:
    found: list[Item] = []
    while True:
        try:
            found.append(queue.get_nowait())
        except Empty:
            return found


def _pages(state: State) -> tuple[object, ...]:
    """What the pages show, compared by identity where that is enough."""
    return id(state.gathered), id(state.outcome), id(state.findings), id(state.examined_at)
