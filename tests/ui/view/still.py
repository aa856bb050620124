"""A bridge that holds given facts and writes down what it is asked for: for pictures of every state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from litekeep.config.settings import BackupSettings
from litekeep.model import Snapshot
from litekeep.operations.preview import Preview
from litekeep.ui.bridge import Answer, Bridge, FactsChanged, Update, WorkChanged
from litekeep.ui.presenter.facts import Outcome, ViewFacts


class Still(Bridge):
    """Nothing happens by itself. `put` shows other facts at the next drain; `asked` has (method, arguments)."""

    def __init__(self, facts: ViewFacts) -> None:
        self._facts = facts
        self.asked: list[tuple[Any, ...]] = []
        self.questions: dict[str, Callable[[Answer[Any]], None]] = {}
        self.closed = False
        self._updates: list[Update] = []
        self._calls: list[Callable[[], None]] = []

    def put(self, facts: ViewFacts) -> None:
        """From the next drain on."""
        before, self._facts = self._facts, facts
        if facts.work != before.work:
            self._updates.append(WorkChanged(facts.work))
        self._updates.append(FactsChanged(facts))

    def answer(self, key: str, value: Any, problem: Outcome | None = None) -> None:
        """To the newest question of that key ("preview", or of `ask`), at the next drain."""
        call = self.questions.pop(key)
        self._calls.append(lambda: call(Answer(value, problem)))

    def _did(self, *what: Any) -> bool:
        self.asked.append(what)
        return self._facts.work is None

    @property
    def facts(self) -> ViewFacts:
        return self._facts

    @property
    def busy(self) -> bool:
        return True

    @property
    def pause_ms(self) -> int:
        return 5

    def now(self) -> datetime:
        return self._facts.now

    def drain(self) -> list[Update]:
        updates, self._updates = self._updates, []
        while self._calls:
            self._calls.pop(0)()
        return updates

    def refresh(self) -> None:
        self._did("refresh")

    def dismiss(self) -> None:
        self._did("dismiss")
        self.put(replace(self._facts, outcome=None))

    def close(self) -> None:
        self.closed = True

    def back_up(self, label: str = "") -> bool:
        return self._did("back_up", label)

    def verify(self, snapshots: Sequence[Snapshot] | None = None) -> bool:
        return self._did("verify", None if snapshots is None else tuple(snapshots))

    def test_restore(self, snapshot: Snapshot | None = None) -> bool:
        return self._did("test_restore", snapshot)

    def restore(self, snapshot: Snapshot, to: Path | None = None, *, accept_problems: bool = False) -> bool:
        return self._did("restore", snapshot, to, accept_problems)

    def restore_file(self, path: Path, *, accept_problems: bool = False) -> bool:
        return self._did("restore_file", path, accept_problems)

    def restore_from(
        self, copy: str, snapshot: Snapshot, to: Path | None = None, *, accept_problems: bool = False
    ) -> bool:
        return self._did("restore_from", copy, snapshot, to, accept_problems)

    def rebuild_from(self, copy: str, into: Path | None = None) -> bool:
        return self._did("rebuild_from", copy, into)

    def undo_restore(self) -> bool:
        return self._did("undo_restore")

    def export(self, snapshot: Snapshot, to: Path) -> bool:
        return self._did("export", snapshot, to)

    def clean_up(self, *, confirmed: bool = False) -> bool:
        return self._did("clean_up", confirmed)

    def cancel(self) -> None:
        self._did("cancel")

    def _decide(self, verb: str, deed: Any) -> None:
        self._did(verb)

    def pin(self, snapshots: Iterable[Snapshot]) -> None:
        self._did("pin", tuple(snapshots))

    def unpin(self, snapshots: Iterable[Snapshot]) -> None:
        self._did("unpin", tuple(snapshots))

    def label(self, snapshot: Snapshot, text: str) -> None:
        self._did("label", snapshot, text)

    def delete(self, snapshots: Iterable[Snapshot]) -> None:
        self._did("delete", tuple(snapshots))

    def recover(self, snapshots: Iterable[Snapshot]) -> None:
        self._did("recover", tuple(snapshots))

    def change_settings(self, changes: Mapping[str, Any], seen: BackupSettings | None = None) -> None:
        self._did("change_settings", dict(changes))

    def send(self, names: Sequence[str]) -> None:
        self._did("send", tuple(names))

    def test_copy(self, name: str) -> None:
        self._did("test_copy", name)

    def cancel_copying(self) -> None:
        self._did("cancel_copying")

    def remove_copy(self, name: str) -> None:
        self._did("remove_copy", name)

    def put_back_copy(self, entry: Mapping[str, Any]) -> None:
        self._did("put_back_copy", dict(entry))

    def examine(self) -> None:
        self._did("examine")

    def preview_restore(self, chosen: Snapshot | Path, on_answer: Callable[[Answer[Preview]], None]) -> None:
        self._did("preview_restore", chosen)
        self.questions["preview"] = on_answer

    def preview_restore_from(self, copy: str, chosen: Snapshot, on_answer: Callable[[Answer[Preview]], None]) -> None:
        self._did("preview_restore_from", copy, chosen)
        self.questions["preview"] = on_answer

    def ask(self, key: str, question: Any, on_answer: Callable[[Answer[Any]], None]) -> None:
        self._did("ask", key)
        self.questions[key] = on_answer

    def forget(self, key: str) -> None:
        self.questions.pop(key, None)
