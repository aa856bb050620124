"""Pop-up menus in the colours of the window: of a Choice; those of others in the same colours."""

from __future__ import annotations

import tkinter
from collections.abc import Callable, Sequence

from PIL import Image

from litekeep.records import dataclass
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.icons import SIGNS, sign
from litekeep.ui.widgets.paint import Photo, photo

HEIGHT, SIDE, TICK = 28, 30, 12


@dataclass(frozen=True, slots=True)
class MenuItem:
    """text: the verb or the choice. chosen: it has a tick."""

    text: str
    act: Callable[[], object]
    enabled: bool = True
    chosen: bool = False


def dress(menu: tkinter.Menu, owner: Piece) -> None:
    """In the colours and the font of now."""
    look = owner.look
    menu.configure(
        background=owner.colour(look.surface),
        foreground=owner.colour(look.text),
        activebackground=owner.colour(look.selection),
        activeforeground=owner.colour(look.text),
        disabledforeground=owner.colour(look.disabled),
        font=owner.font("body"),
    )


class PopUp:
    """A menu of `owner`, gone with it. Filled anew each time it is shown."""

    def __init__(self, owner: Piece) -> None:
        self._owner = owner
        self.menu = tkinter.Menu(owner, tearoff=False, borderwidth=1, relief="solid", activeborderwidth=0)

    def show(self, items: Sequence[MenuItem], x: int, y: int) -> None:
        """At a point of the screen."""
        self.menu.delete(0, "end")
        dress(self.menu, self._owner)
        for item in items:
            self.menu.add_command(
                label=f"{item.text}    ",
                image=self._tick(chosen=item.chosen),
                compound="left",
                command=item.act,
                state="normal" if item.enabled else "disabled",
            )
        self.menu.tk_popup(x, y)

    def _tick(self, *, chosen: bool) -> Photo:
        """Before an item: a tick or nothing, and high enough that the item can be hit."""
        owner = self._owner
        width, height, size = owner.scaled(SIDE), owner.scaled(HEIGHT), owner.scaled(TICK)
        colour = owner.colour(owner.look.text)

        def draw() -> Image.Image:
            image = Image.new("RGBA", (width, height))
            if chosen:
                image.alpha_composite(sign(SIGNS["check"], size, colour), ((width - size) // 2, (height - size) // 2))
            return image

        return photo(owner, ("item", width, height, size, colour, chosen), draw)
