"""The bar above the view: which database is shown, where it is, and a way to add another one."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from litekeep.ui.app.remembered import Known
from litekeep.ui.language.words import Language
from litekeep.ui.widgets.buttons import Button, Kind
from litekeep.ui.widgets.choices import Choice
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.look import FORM_BUTTON, GAP, GAP_SMALL, PAGE
from litekeep.ui.widgets.words import Words


class Bar(Piece):
    """on_choose gets the settings file of a database. on_remove: forget the one that is shown."""

    def __init__(
        self,
        master: Any,
        say: Language,
        on_choose: Callable[[Path], object],
        on_add: Callable[[], object],
        on_remove: Callable[[], object],
    ) -> None:
        super().__init__(master)
        self._say = say
        self.choice = Choice(self, (), "", lambda key: on_choose(Path(key)), height=FORM_BUTTON)
        self.path = Words(self, role="caption", colour=self.look.muted)
        self.remove = Button(self, say("Remove from this list"), on_remove, kind=Kind.FLAT, height=FORM_BUTTON)
        self.add = Button(self, say("Add a database…"), on_add, sign="plus", height=FORM_BUTTON)
        self.choice.grid(row=0, column=0, padx=(PAGE, GAP), pady=(GAP, GAP_SMALL))
        self.path.grid(row=0, column=1, sticky="ew", pady=(GAP, GAP_SMALL))
        self.remove.grid(row=0, column=2, padx=(GAP, 0), pady=(GAP, GAP_SMALL))
        self.add.grid(row=0, column=3, padx=(GAP, PAGE), pady=(GAP, GAP_SMALL))
        self.grid_columnconfigure(1, weight=1)

    def tell(self, databases: Sequence[Known], shown: Known | None) -> None:
        """These, and this one of them."""
        items = [(str(each.settings), text) for each, text in zip(databases, self._names(databases), strict=True)]
        self.choice.set_items(items, str(shown.settings) if shown else "")
        self.path.set_text(str(shown.database) if shown else "")
        self.remove.set_enabled(shown is not None)

    def _names(self, databases: Sequence[Known]) -> list[str]:
        """The files' names; of two of the same name, with their folders. What is missing says so."""
        plain = [each.database.stem for each in databases]
        names = []
        for each in databases:
            name = each.database.stem
            if plain.count(name) > 1:
                name = f"{name} · {os.path.basename(each.database.parent)}"
            names.append(self._say("{name} (not found)", name=name) if each.missing else name)
        return names
