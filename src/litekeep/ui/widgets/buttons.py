"""Buttons and links."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from litekeep.ui.widgets.control import Control
from litekeep.ui.widgets.icons import sign_photo
from litekeep.ui.widgets.look import BAR_BUTTON, CONTROL_RADIUS, FORM_BUTTON, HERO_BUTTON, RING, Look
from litekeep.ui.widgets.paint import box
from litekeep.ui.widgets.shades import Pair

PADDING = {HERO_BUTTON: 22, FORM_BUTTON: 16, BAR_BUTTON: 12}
LEAST_WIDTH = {HERO_BUTTON: 92, FORM_BUTTON: 72, BAR_BUTTON: 28}
SIGN = 14


class Kind(StrEnum):
    """How much a button asks to be pressed."""

    PRIMARY = "primary"
    QUIET = "quiet"
    DANGER = "danger"
    """Takes something away."""
    FLAT = "flat"
    """No box until the pointer is on it: in bars."""
    FLAT_DANGER = "flat_danger"


class Button(Control):
    """A verb. height: look.HERO_BUTTON, FORM_BUTTON or BAR_BUTTON. sign: a name of icons.SIGNS, before the text."""

    def __init__(
        self,
        master: Any,
        text: str,
        command: Callable[[], object] | None = None,
        *,
        kind: Kind = Kind.QUIET,
        height: int = FORM_BUTTON,
        sign: str = "",
        enabled: bool = True,
        look: Look | None = None,
    ) -> None:
        super().__init__(master, enabled=enabled, look=look)
        self.text, self.command, self.kind, self.sign = text, command, kind, sign
        self._height = height
        self.start()

    def set_text(self, text: str) -> None:
        """Another verb; the button grows or shrinks with it."""
        if text != self.text:
            self.text = text
            self.fit()

    def set_kind(self, kind: Kind) -> None:
        """Another weight."""
        if kind != self.kind:
            self.kind = kind
            self.fit()

    def act(self) -> None:
        if self.command is not None:
            self.command()

    @property
    def _role(self) -> str:
        return "strong" if self.kind is Kind.PRIMARY else "body"

    def measure(self) -> tuple[int, int]:
        inside = self.text_width(self.text, self._role) if self.text else 0
        if self.sign:
            inside += self.scaled(SIGN) + (self.scaled(6) if self.text else 0)
        padding = PADDING.get(self._height, 12) if self.text else (self._height - SIGN) / 2
        least = LEAST_WIDTH.get(self._height, 28) if self.text else self._height
        return max(inside + 2 * self.scaled(padding), self.scaled(least)), self.scaled(self._height)

    def colours(self) -> tuple[Pair, Pair, Pair]:
        """Background, text, border."""
        look, hot = self.look, self.hot or self.pressed
        if not self.enabled:
            flat = self.kind in (Kind.FLAT, Kind.FLAT_DANGER)
            return (self.back if flat else look.sunken), look.disabled, (self.back if flat else look.sunken)
        if self.kind is Kind.PRIMARY:
            shade = look.accent_hover if hot else look.accent
            return shade, look.on_accent, shade
        if self.kind is Kind.DANGER:
            return look.bad_soft, look.bad, (look.bad if hot else look.bad_soft)
        text = look.bad if self.kind is Kind.FLAT_DANGER else look.text
        if self.kind in (Kind.FLAT, Kind.FLAT_DANGER):
            return (look.hover if hot else self.back), text, (look.hover if hot else self.back)
        return (look.hover if hot else look.sunken), text, look.border

    def paint(self, width: int, height: int) -> None:
        behind, text, edge = (self.colour(pair) for pair in self.colours())
        radius, ring = self.scaled(CONTROL_RADIUS), self.scaled(RING)
        area = (0, 0, width, height)
        if self.ring:
            self.draw_ring(area)
            inset = ring + self.scaled(1)
            area = (inset, inset, width - inset, height - inset)
            box(self.canvas, area, radius - inset, behind)
        else:
            box(self.canvas, area, radius, behind, edge, self.scaled(1))
        x = self._paint_sign(width, height, text)
        if self.text:
            font = self.font(self._role)
            self.canvas.create_text(x, height // 2, text=self.text, font=font, fill=text, anchor="w")

    def _paint_sign(self, width: int, height: int, colour: str) -> int:
        words = self.text_width(self.text, self._role) if self.text else 0
        size = self.scaled(SIGN) if self.sign else 0
        gap = self.scaled(6) if self.sign and self.text else 0
        x = (width - words - size - gap) // 2
        if self.sign:
            image = sign_photo(self, self.sign, size, colour)
            self.canvas.create_image(x, height // 2, anchor="w", image=image)
        return x + size + gap


class Link(Control):
    """A verb in a sentence or at the side of a title. height: BAR_BUTTON by default, so that it can be hit."""

    def __init__(
        self,
        master: Any,
        text: str,
        command: Callable[[], object] | None = None,
        *,
        role: str = "caption",
        height: int = BAR_BUTTON,
        enabled: bool = True,
        look: Look | None = None,
    ) -> None:
        super().__init__(master, enabled=enabled, look=look)
        self.text, self.command = text, command
        self._role, self._height = role, height
        self.canvas.configure(cursor="hand2")
        self.start()

    def set_text(self, text: str) -> None:
        """Another verb."""
        if text != self.text:
            self.text = text
            self.fit()

    def act(self) -> None:
        if self.command is not None:
            self.command()

    def measure(self) -> tuple[int, int]:
        return self.text_width(self.text, self._role) + 2 * self.scaled(6), self.scaled(self._height)

    def paint(self, width: int, height: int) -> None:
        if self.ring:
            self.draw_ring((0, 0, width, height))
        colour = self.colour(self.look.accent_text if self.enabled else self.look.disabled)
        font = self.font(self._role, underline=self.hot)
        self.canvas.create_text(width // 2, height // 2, text=self.text, font=font, fill=colour)
