"""All keys in a list (F1)."""

from __future__ import annotations

import tkinter
from typing import Any

from litekeep.ui.view.keys import shortcuts
from litekeep.ui.view.panels.panel import NARROW, Panel
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.buttons import Kind
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.paint import box

LINE, KEY = 27, 21


class ShortcutsPanel(Panel):
    """Reads only."""

    def __init__(self, master: Any, stage: Stage) -> None:
        say = stage.say
        super().__init__(master, stage, say("Keyboard"), wide=NARROW)
        KeyList(self.body, shortcuts(say)).grid(row=0, column=0, sticky="ew")
        self.add_button(say("Close"), stage.close_panel, Kind.PRIMARY)


class KeyList(Piece):
    """Keys as keys, and what they do beside them."""

    def __init__(self, master: Any, keys: tuple[tuple[str, str], ...]) -> None:
        super().__init__(master, width=1, height=LINE * len(keys))
        self._keys = keys
        self.canvas = tkinter.Canvas(self, highlightthickness=0, borderwidth=0, takefocus=0, width=1, height=1)
        self.canvas.place(x=0, y=0, relwidth=1, relheight=1)

    def redraw(self) -> None:
        width = self.winfo_width()
        if width <= 1 or self.gone:
            return
        self.canvas.delete("all")
        self.canvas.configure(background=self.colour(self.back))
        look, line, high = self.look, self.scaled(LINE), self.scaled(KEY)
        widest = max(self.text_width(key, "caption") for key, _ in self._keys) + self.scaled(16)
        for at, (key, text) in enumerate(self._keys):
            y = line * at + line // 2
            wide = self.text_width(key, "caption") + self.scaled(16)
            area = (0, y - high // 2, wide, y - high // 2 + high)
            box(self.canvas, area, self.scaled(5), self.colour(look.sunken), self.colour(look.border), self.scaled(1))
            self.canvas.create_text(wide // 2, y, text=key, font=self.font("caption"), fill=self.colour(look.text))
            x = widest + self.scaled(14)
            self.canvas.create_text(x, y, anchor="w", text=text, font=self.font("body"), fill=self.colour(look.text))
