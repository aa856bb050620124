"""The keyboard of the view: bound on its window while it is there, on nothing else, and taken back when it goes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from litekeep.ui.language.words import Language, phrase
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.wheel import Bindings

COMMAND = sys.platform == "darwin"
_SHORTCUTS = (
    ("b", phrase("Back up now")),
    ("r", phrase("Restore the selected backup")),
    ("f", phrase("Search in the backups")),
    ("F5", phrase("Look again at the backups")),
    ("Tab", phrase("To the next control; with Shift to the one before")),
    ("arrows", phrase("Move in tables, charts and choices")),
    ("Return", phrase("Details of the selected backup")),
    ("space", phrase("Press a control; pin the selected backup")),
    ("Delete", phrase("Move the selected backup to the trash")),
    ("Escape", phrase("Close a panel")),
    ("F1", phrase("This list")),
)
_NAMES = {
    "Tab": phrase("Tab"),
    "arrows": phrase("Arrows"),
    "Return": phrase("Enter"),
    "space": phrase("Space"),
    "Delete": phrase("Del"),
    "Escape": phrase("Esc"),
}


def shortcuts(say: Language) -> tuple[tuple[str, str], ...]:
    """(key, what it does) for each, as people know the keys of their system."""
    return tuple((_key_name(key, say), say(text)) for key, text in _SHORTCUTS)


def _key_name(key: str, say: Language) -> str:
    if len(key) == 1:
        return f"⌘{key.upper()}" if COMMAND else say("Ctrl+{key}", key=key.upper())
    return say(_NAMES[key]) if key in _NAMES else key


class Keys:
    """actions: what each key does: "b", "r", "f" with Ctrl (Cmd on macOS), "F1", "F5", "Escape".

    A key does something only while the view can be seen, so that several views in one window do not get in each
    other's way.
    """

    def __init__(self, view: Piece, actions: dict[str, Callable[[], object]]) -> None:
        self._view = view
        self._bindings = Bindings(view.winfo_toplevel())
        for key, act in actions.items():
            for sequence in _sequences(key):
                self._bindings.add(sequence, self._when_visible(act))

    def _when_visible(self, act: Callable[[], object]) -> Callable[[Any], None]:
        def run(_: Any) -> None:
            if not self._view.gone and self._view.winfo_viewable():
                act()

        return run

    def remove(self) -> None:
        """Take them all back."""
        self._bindings.remove_all()


def _sequences(key: str) -> tuple[str, ...]:
    if len(key) > 1:
        return (f"<{key}>",)
    modifier = "Command" if COMMAND else "Control"
    return f"<{modifier}-{key}>", f"<{modifier}-{key.upper()}>"  # the second one with Caps Lock
