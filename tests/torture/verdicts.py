"""Of states that are the same to whoever judges, the first one only is judged."""

from __future__ import annotations

from collections.abc import Callable, Hashable


class Verdicts:
    """What was found of each state, by its key."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Exception | None] = {}

    def __len__(self) -> int:
        return len(self._known)

    def require(self, key: Hashable, look: Callable[[], None]) -> None:
        """Raise what `look` has raised for this key, or look."""
        if key not in self._known:
            self._known[key] = None
            try:
                look()
            except Exception as error:
                self._known[key] = error
        found = self._known[key]
        if found is not None:
            raise found
