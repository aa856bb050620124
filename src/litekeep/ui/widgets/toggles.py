"""Switch, Check and Radio: on or off, with words that are part of what can be pressed."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from typing import Any

from PIL import Image

from litekeep.ui.widgets.control import Control
from litekeep.ui.widgets.icons import SIGNS, sign
from litekeep.ui.widgets.look import BAR_BUTTON, RING, Look
from litekeep.ui.widgets.paint import Photo, disc, photo, pill
from litekeep.ui.widgets.shades import Pair

GAP = 8
SIDE = 4
"""Room for the ring around it."""


class Toggle(Control):
    """A sign that is on or off, a text, and a line below that explains it. command gets the new value."""

    sign_size = (18, 18)
    role = "body"

    def __init__(
        self,
        master: Any,
        text: str = "",
        command: Callable[[bool], object] | None = None,
        *,
        on: bool = False,
        sub: str = "",
        enabled: bool = True,
        look: Look | None = None,
    ) -> None:
        super().__init__(master, enabled=enabled, look=look)
        self.text, self.sub, self.command, self.on = text, sub, command, on
        self.start()

    def set_on(self, on: bool) -> None:  # noqa: FBT001 - a setter
        """Show it so, without telling anyone."""
        if on != self.on:
            self.on = on
            self.redraw()

    def set_text(self, text: str, sub: str = "") -> None:
        """Other words; it grows or shrinks with them."""
        if (text, sub) != (self.text, self.sub):
            self.text, self.sub = text, sub
            self.fit()

    def act(self) -> None:
        self.on = not self.on
        self.redraw()
        if self.command is not None:
            self.command(self.on)

    def measure(self) -> tuple[int, int]:
        width = self.scaled(self.sign_size[0] + 2 * SIDE)
        if self.text:
            words = max(self.text_width(self.text, self.role), self.text_width(self.sub, "caption") if self.sub else 0)
            width += self.scaled(GAP) + words + self.scaled(SIDE)
        return width, self._height_of(self.line_height(self.role), self.line_height("caption"))

    def _height_of(self, text: int, sub: int) -> int:
        lines = text + (sub + self.scaled(2) if self.sub else 0)
        return max(self.scaled(BAR_BUTTON), lines + 2 * self.scaled(5))

    def paint(self, width: int, height: int) -> None:
        if self.ring:
            self.draw_ring((0, 0, width, height), 6)
        left = self.scaled(SIDE)
        line = self.line_height(self.role)
        middle = height // 2 if not self.sub else self.scaled(5) + line // 2
        self.canvas.create_image(left, middle, anchor="w", image=self.picture())
        if self.text:
            self._words(width, height, left + self.scaled(self.sign_size[0] + GAP), middle - line // 2)

    def _words(self, width: int, height: int, x: int, y: int) -> None:
        room = max(width - x - self.scaled(SIDE), self.scaled(60))
        colour = self.colour(self.look.text if self.enabled else self.look.disabled)
        options: dict[str, Any] = {"anchor": "nw", "width": room + 2, "tags": "words"}
        text = self.canvas.create_text(x, y, text=self.text, font=self.font(self.role), fill=colour, **options)
        used = self._size_of(text)
        below = 0
        if self.sub:
            faint = self.colour(self.look.muted if self.enabled else self.look.disabled)
            font = self.font("caption")
            below = self.canvas.create_text(
                x, y + used + self.scaled(2), text=self.sub, font=font, fill=faint, **options
            )
        needed = self._height_of(used, self._size_of(below) if below else 0)
        if needed != height and (needed > height or height > self.measure()[1]):
            tkinter.Frame.configure(self, height=needed)  # only the width decides how the words are broken
        elif not self.sub and used > self.line_height(self.role):
            self.canvas.move("words", 0, (height - used) // 2 - y)

    def _size_of(self, item: int) -> int:
        area = self.canvas.bbox(item)
        return area[3] - area[1]

    def picture(self) -> Photo:
        """The sign as it is now."""
        raise NotImplementedError

    def state_colours(self) -> tuple[str, str, str]:
        """Fill, border, and the sign on it."""
        look = self.look
        if not self.enabled:
            fill: Pair = look.hover if self.on else look.sunken
            return self.colour(fill), self.colour(look.border), self.colour(look.disabled)
        if self.on:
            shade = self.colour(look.accent_hover if self.hot else look.accent)
            return shade, shade, self.colour(look.on_accent)
        edge = look.text if self.hot else look.control_edge
        return self.colour(look.surface), self.colour(edge), self.colour(look.control_edge)


class Check(Toggle):
    """A box with a tick."""

    def picture(self) -> Photo:
        size, edge = self.scaled(self.sign_size[0]), self.scaled(1.5)
        fill, line, mark = self.state_colours()

        def draw() -> Image.Image:
            image = pill(size, size, fill, line, edge, radius=self.scaled(5))
            if self.on:
                inner = round(size * 0.8)
                tick = sign(SIGNS["check"], inner, mark)
                image.alpha_composite(tick, ((size - inner) // 2, (size - inner) // 2))
            return image

        return photo(self, ("check", size, edge, fill, line, mark, self.on), draw)


class Radio(Toggle):
    """One of several; pressing it again leaves it on. The caller turns the others off."""

    def act(self) -> None:
        if not self.on:
            super().act()

    def picture(self) -> Photo:
        size, edge = self.scaled(self.sign_size[0]), self.scaled(1.5)
        fill, line, mark = self.state_colours()

        def draw() -> Image.Image:
            image = disc(size, fill, line, edge)
            if self.on:
                inner = round(size * 0.4)
                image.alpha_composite(disc(inner, mark), ((size - inner) // 2, (size - inner) // 2))
            return image

        return photo(self, ("radio", size, edge, fill, line, mark, self.on), draw)


class Switch(Toggle):
    """On at once, without another button to confirm."""

    sign_size = (36, 20)

    def picture(self) -> Photo:
        width, height = (self.scaled(side) for side in self.sign_size)
        fill, line, mark = self.state_colours()
        edge, room = self.scaled(1.5), self.scaled(RING + 1)

        def draw() -> Image.Image:
            image = pill(width, height, fill, line, edge)
            knob = height - 2 * room
            x = width - room - knob if self.on else room
            image.alpha_composite(disc(knob, mark), (x, room))
            return image

        return photo(self, ("switch", width, height, fill, line, mark, self.on), draw)
