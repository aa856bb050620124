"""Threads that are there only while there is something to do: no view has to end them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

Action = Callable[[], None]


class Lane:
    """Does one thing after the other, on a daemon thread.

    newest_only: of what waits, only what came last is done. Actions must not raise.
    """

    def __init__(self, name: str, *, newest_only: bool = False) -> None:
        self._name = f"litekeep-view-{name}"
        self._guard = threading.Lock()
        self._waiting: deque[Action] = deque(maxlen=1 if newest_only else None)
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Something is done, or waits."""
        return self._thread is not None

    def put(self, action: Action) -> None:
        """Do it, when what came before is done; returns at once."""
        with self._guard:
            self._waiting.append(action)
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name=self._name, daemon=True)
                self._thread.start()

    def clear(self) -> None:
        """Forget what waits."""
        with self._guard:
            self._waiting.clear()

    def _loop(self) -> None:
        while True:
            with self._guard:
                if not self._waiting:
                    self._thread = None
                    return
                action = self._waiting.popleft()
            action()
            del action  # it holds the manager
