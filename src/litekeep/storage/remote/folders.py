"""The folders of a place that are known to be there, so that each is made once and not before every object."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Folders:
    """Safe in several threads; two that come at once may both make a folder."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._known: set[str] = set()

    def make_those_of(self, name: str, make: Callable[[str], None]) -> None:
        """Call `make` for each folder above `name` that is not known yet, the uppermost first."""
        parts = name.split("/")[:-1]
        for count in range(1, len(parts) + 1):
            folder = "/".join(parts[:count])
            with self._guard:
                known = folder in self._known
            if not known:
                make(folder)
                with self._guard:
                    self._known.add(folder)

    def forget(self) -> None:
        """Somebody removed one."""
        with self._guard:
            self._known.clear()
