"""Choice (a menu) and Segmented (all choices side by side)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from litekeep.ui.widgets.control import Control
from litekeep.ui.widgets.icons import sign_photo
from litekeep.ui.widgets.look import CONTROL_RADIUS, FORM_BUTTON, RING, Look
from litekeep.ui.widgets.menus import MenuItem, PopUp
from litekeep.ui.widgets.paint import box

Items = Sequence[tuple[str, str]]
"""(key, text) of each choice."""
CHEVRON = 12


class Choice(Control):
    """A value from a menu. command gets the key. Space, Return, Down or a click opens it."""

    def __init__(
        self,
        master: Any,
        items: Items,
        value: str,
        command: Callable[[str], object] | None = None,
        *,
        height: int = FORM_BUTTON,
        enabled: bool = True,
        look: Look | None = None,
    ) -> None:
        super().__init__(master, enabled=enabled, look=look)
        self.items, self.value, self.command = tuple(items), value, command
        self._height = height
        self._popup = PopUp(self)
        self.menu = self._popup.menu
        self.canvas.bind("<Down>", self._key)
        self.canvas.bind("<Up>", self._key)
        self.start()

    def set_value(self, value: str) -> None:
        """Show another value, without telling anyone."""
        if value != self.value:
            self.value = value
            self.redraw()

    def set_items(self, items: Items, value: str) -> None:
        """Other choices."""
        self.items, self.value = tuple(items), value
        self.fit()

    @property
    def text(self) -> str:
        """Of the value; the value itself where it is none of the items."""
        return dict(self.items).get(self.value, self.value)

    def act_at(self, x: int, y: int) -> None:  # noqa: ARG002 - the whole of it opens the menu
        self.invoke()

    def act(self) -> None:
        items = [MenuItem(text, partial(self.choose, key), chosen=key == self.value) for key, text in self.items]
        self._popup.show(items, self.winfo_rootx(), self.winfo_rooty() + self.winfo_height() + self.scaled(2))

    def choose(self, key: str) -> None:
        """As if it were chosen in the menu."""
        if key != self.value:
            self.set_value(key)
            if self.command is not None:
                self.command(key)

    def measure(self) -> tuple[int, int]:
        widest = max((self.text_width(text) for _, text in self.items), default=0)
        return widest + self.scaled(12 + 10 + CHEVRON + 12), self.scaled(self._height)

    def paint(self, width: int, height: int) -> None:
        look = self.look
        fill = look.hover if self.hot and self.enabled else look.sunken
        edge, thick = (look.accent_text, RING) if self.ring else (look.border, 1)
        area = (0, 0, width, height)
        box(self.canvas, area, self.scaled(CONTROL_RADIUS), self.colour(fill), self.colour(edge), self.scaled(thick))
        colour = self.colour(look.text if self.enabled else look.disabled)
        self.canvas.create_text(
            self.scaled(12), height // 2, anchor="w", text=self.text, font=self.font("body"), fill=colour
        )
        image = sign_photo(self, "down", self.scaled(CHEVRON), colour)
        self.canvas.create_image(width - self.scaled(12), height // 2, anchor="e", image=image)


class Segmented(Control):
    """One of a few, all of them visible. command gets the key. Left, Right, Home and End move."""

    def __init__(
        self,
        master: Any,
        items: Items,
        value: str,
        command: Callable[[str], object] | None = None,
        *,
        height: int = FORM_BUTTON,
        enabled: bool = True,
        look: Look | None = None,
    ) -> None:
        super().__init__(master, enabled=enabled, look=look)
        self.items, self.value, self.command = tuple(items), value, command
        self._height, self._hot_at = height, -1
        for key, step in (("<Left>", -1), ("<Right>", 1), ("<Home>", -99), ("<End>", 99)):
            self.canvas.bind(key, lambda event, step=step: self._step(event, step))  # type: ignore[misc]
        self.canvas.bind("<Motion>", self._motion)
        self.start()

    def set_value(self, value: str) -> None:
        """Show another one, without telling anyone."""
        if value != self.value:
            self.value = value
            self.redraw()

    def set_items(self, items: Items) -> None:
        """Other texts for the choices, or other choices."""
        if tuple(items) != self.items:
            self.items = tuple(items)
            self.fit()

    def choose(self, key: str) -> None:
        """As if it were pressed."""
        if key != self.value and self.enabled:
            self.set_value(key)
            if self.command is not None:
                self.command(key)

    def act_at(self, x: int, y: int) -> None:  # noqa: ARG002 - one row
        self.choose(self.items[self._at(x)][0])

    def _widths(self) -> list[int]:
        return [self.text_width(text) + 2 * self.scaled(12) for _, text in self.items]

    def _at(self, x: int) -> int:
        edge = self.scaled(3)
        for index, width in enumerate(self._widths()):
            edge += width
            if x < edge:
                return index
        return len(self.items) - 1

    def _step(self, event: Any, step: int) -> str:
        self._any_key(event)
        index = next((at for at, (key, _) in enumerate(self.items) if key == self.value), 0)
        self.choose(self.items[min(max(index + step, 0), len(self.items) - 1)][0])
        return "break"

    def _motion(self, event: Any) -> None:
        at = self._at(event.x)
        if at != self._hot_at:
            self._hot_at = at
            self.redraw()

    def measure(self) -> tuple[int, int]:
        return sum(self._widths()) + 2 * self.scaled(3), self.scaled(self._height)

    def paint(self, width: int, height: int) -> None:
        look, room = self.look, self.scaled(3)
        edge, thick = (look.accent_text, RING) if self.ring else (look.border, 1)
        area = (0, 0, width, height)
        radius = self.scaled(CONTROL_RADIUS)
        box(self.canvas, area, radius, self.colour(look.sunken), self.colour(edge), self.scaled(thick))
        x = room
        for index, ((key, text), size) in enumerate(zip(self.items, self._widths(), strict=True)):
            chosen = key == self.value
            if chosen:
                inner = (x, room, x + size, height - room)
                fill = look.surface if not self.dark else look.border
                box(self.canvas, inner, radius - room, self.colour(fill), self.colour(look.border), self.scaled(1))
            hot = self.hot and index == self._hot_at
            shade = look.text if chosen or hot else look.muted
            colour = self.colour(shade if self.enabled else look.disabled)
            self.canvas.create_text(x + size // 2, height // 2, text=text, font=self.font("body"), fill=colour)
            x += size
