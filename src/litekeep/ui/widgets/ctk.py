"""All that reaches into CustomTkinter: following its light, dark and scaling, and the colours of the host's theme.

CustomTkinter has no public way to follow these, so this file uses methods with a leading underscore that are the same
in 5.2.2 and 6.0. Nothing else in the window does. Its own widgets are not used: Tab does not reach them, each costs
3 to 4 ms, and on 5.2.2 some are never let go.
"""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal, cast

from customtkinter import ThemeManager
from customtkinter.windows.widgets.appearance_mode import CTkAppearanceModeBaseClass
from customtkinter.windows.widgets.core_widget_classes import CTkBaseClass

from litekeep.ui.widgets.look import FONTS, OWN, Look, inherit
from litekeep.ui.widgets.shades import Pair, plain

Font = tuple[str, int, str]
PAINTED_ROUNDS, PAINTED_MS = 3, 60
NEUTRALS = {
    "bg": ("CTk", "fg_color"),
    "surface": ("CTkFrame", "fg_color"),
    "border": ("CTkFrame", "border_color"),
    "text": ("CTkLabel", "text_color"),
    "accent": ("CTkButton", "fg_color"),
    "accent_hover": ("CTkButton", "hover_color"),
    "on_accent": ("CTkButton", "text_color"),
}


def host_look(any_widget: tkinter.Misc) -> Look:
    """The look for theme="inherit": neutral colours and accent of the theme that the host loaded."""
    found: dict[str, Pair] = {}
    for name, (widget, key) in NEUTRALS.items():
        value = ThemeManager.theme.get(widget, {}).get(key)
        pair = value if isinstance(value, list | tuple) else (value, value)
        with suppress(ValueError, TypeError, tkinter.TclError):
            found[name] = (_resolved(any_widget, pair[0]), _resolved(any_widget, pair[1]))
    own = {name: getattr(OWN, name) for name in NEUTRALS}
    return inherit({**own, **found})


def _resolved(widget: tkinter.Misc, colour: str) -> str:
    try:
        return plain(colour)
    except ValueError:
        red, green, blue = widget.winfo_rgb(colour)
        return f"#{red >> 8:02X}{green >> 8:02X}{blue >> 8:02X}"


def look_of(master: object) -> Look:
    """That of the piece it lies in, or our own."""
    look = getattr(master, "look", None)
    return look if isinstance(look, Look) else OWN


def theme_family() -> str:
    """The font family of the host's theme."""
    return str(ThemeManager.theme.get("CTkFont", {}).get("family", "TkDefaultFont"))


class Piece(CTkBaseClass):
    """A frame of ours in a CustomTkinter window. It follows light, dark and scaling, and lets go of all when destroyed.

    fill: its background, None for what is behind it. width and height are pixels at scale 1. Subclasses override
    `redraw` (called when the size, the colours or the scaling have changed), `rescaled` (before it, for sizes), and
    `resized` where another size alone takes less.
    """

    def __init__(
        self,
        master: Any,
        *,
        width: int = 0,
        height: int = 0,
        fill: Pair | None = None,
        look: Look | None = None,
    ) -> None:
        self.look: Look = look or look_of(master)
        self.fill = fill
        self._timers: set[str] = set()
        self._pixels = (0, 0)
        self._gone = False
        self._hidden: tuple[str, dict[str, Any]] | None = None
        with _not_held_by(master):
            super().__init__(master=master, width=width, height=height)
        self._paint_back()

    # --- what subclasses use

    @property
    def scale(self) -> float:
        """What a pixel of the design is on this screen."""
        return float(self._get_widget_scaling())

    @property
    def dark(self) -> bool:
        """Whether the window is dark now."""
        return bool(self._get_appearance_mode() == "dark")

    def scaled(self, pixels: float) -> int:
        """Pixels of the design as pixels of the screen; never 0 for more than 0."""
        return max(round(pixels * self.scale), 1) if pixels > 0 else round(pixels * self.scale)

    def colour(self, pair: Pair) -> str:
        """The one of the two that is for now, "#RRGGBB" (a host may have named it: "gray92")."""
        colour = pair[1 if self.dark else 0]
        return colour if len(colour) == 7 and colour[0] == "#" else _resolved(self, colour)

    @property
    def back(self) -> Pair:
        """The background, its own or what is behind."""
        if self.fill is not None:
            return self.fill
        behind = self._bg_color
        return (behind, behind) if isinstance(behind, str) else cast("Pair", tuple(behind))

    def font(self, role: str, *, underline: bool = False) -> Font | tuple[str, int, str, str]:
        """A font of look.FONTS, or "mono", in pixels of the screen."""
        size, bold = FONTS.get(role, (12, False))
        if role == "mono":
            family = str(self.tk.call("font", "actual", "TkFixedFont", "-family"))
        else:
            family = self.look.family or theme_family()
        weight = "bold" if bold else "normal"
        plain_font = (family, -self.scaled(size), weight)
        return (*plain_font, "underline") if underline else plain_font

    def text_width(self, text: str, role: str = "body") -> int:
        """In pixels of the screen."""
        return int(self.tk.call("font", "measure", self.font(role), text))

    def fitted(self, text: str, room: int) -> str:
        """A text of the body, cut where it is wider than `room` pixels of the screen."""
        if self.text_width(text) <= room:
            return text
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            fits = self.text_width(f"{text[:middle].rstrip()}…") <= room
            low, high = (middle, high) if fits else (low, middle - 1)
        return f"{text[:low].rstrip()}…"

    def line_height(self, role: str = "body") -> int:
        """In pixels of the screen."""
        return int(self.tk.call("font", "metrics", self.font(role), "-linespace"))

    def later(self, milliseconds: int, act: Callable[[], object]) -> str:
        """Call it once, unless this is destroyed before."""

        def run() -> None:
            self._timers.discard(name)
            act()

        name: str = self.after(milliseconds, run)
        self._timers.add(name)
        return name

    def once_painted(self, act: Callable[[], object], rounds: int = PAINTED_ROUNDS) -> None:
        """Call it once, when all that is to be drawn now is on the screen, unless this is destroyed before.

        Tk calls what waits for idleness in rounds, and draws in the first ones.
        """

        def run() -> None:
            self._timers.discard(name)
            if rounds > 1:
                self.once_painted(act, rounds - 1)
            else:
                self.later(PAINTED_MS, act)

        name: str = self.after_idle(run)
        self._timers.add(name)

    def forget(self, name: str) -> None:
        """Take `later` back; nothing happens if it is over."""
        if name in self._timers:
            self._timers.discard(name)
            self.after_cancel(name)

    @property
    def gone(self) -> bool:
        """It is destroyed, or about to be."""
        return self._gone

    def redraw(self) -> None:
        """Draw everything anew."""

    def resized(self) -> None:
        """It is larger or smaller now, and everything else is as it was."""
        self.redraw()

    def rescaled(self) -> None:
        """Sizes that were set in pixels of the screen must be set anew."""

    def set_fill(self, fill: Pair | None) -> None:
        """Another background, also behind what lies in it."""
        self.fill = fill
        self._paint_back()
        self.tell_children()
        self.redraw()

    def hide(self) -> None:
        """Out of the layout, until `show`."""
        call = self._last_geometry_manager_call
        if self._hidden is None and call is not None:
            manager = str(self.winfo_manager())
            self._hidden = (manager, dict(call["kwargs"]))
            getattr(self, f"{manager}_forget")()

    def show(self) -> None:
        """Back to where it was; nothing if it is not hidden."""
        if self._hidden is not None:
            (manager, place), self._hidden = self._hidden, None
            getattr(self, manager)(**place)

    @property
    def hidden(self) -> bool:
        """`hide` was called."""
        return self._hidden is not None

    # --- what CustomTkinter and Tk call

    def bind(self, sequence: Any = None, command: Any = None, add: Any = "+") -> Any:
        """On the frame itself."""
        return tkinter.Frame.bind(self, sequence, command, add)

    def configure(self, require_redraw: Any = False, **options: Any) -> None:  # noqa: FBT002 - CustomTkinter's own
        """bg_color, width and height, as CustomTkinter has them."""
        behind = options.pop("bg_color", None)
        super().configure(require_redraw=require_redraw, **options)
        if behind is not None:
            self._bg_color = self._detect_color_of_master() if behind == "transparent" else behind
            if self.fill is None:
                self._paint_back()
                self.tell_children()
            self.redraw()

    def cget(self, attribute_name: str) -> Any:
        """Children of CustomTkinter ask for fg_color."""
        if attribute_name == "fg_color":
            return self.fill or "transparent"
        return super().cget(attribute_name)

    def destroy(self) -> None:
        """With its timers."""
        self._gone = True
        for name in tuple(self._timers):
            self.forget(name)
        super().destroy()

    def _paint_back(self) -> None:
        tkinter.Frame.configure(self, bg=self.colour(self.back))

    def tell_children(self) -> None:
        """What is behind them has changed."""
        for child in self.winfo_children():
            if isinstance(child, CTkBaseClass):
                child.configure(bg_color=self.back)

    def _draw(self, no_color_updates: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - CustomTkinter's own
        if not self._gone:
            self.redraw()

    def _update_dimensions_event(self, event: Any) -> None:
        # by pixels of the screen: at another scale a larger piece has the same size in those of the design
        if (event.width, event.height) != self._pixels:
            self._pixels = (event.width, event.height)
            self._current_width, self._current_height = event.width / self.scale, event.height / self.scale
            self.resized()

    def _set_appearance_mode(self, mode_string: str) -> None:
        # CTkBaseClass calls update_idletasks for every widget; once for all is enough, and Tk does that by itself
        CTkAppearanceModeBaseClass._set_appearance_mode(self, mode_string)  # noqa: SLF001
        if not self._gone:
            self._paint_back()
            self.redraw()

    def _set_scaling(self, new_widget_scaling: float, new_window_scaling: float) -> None:
        if self._gone:
            return
        super()._set_scaling(new_widget_scaling, new_window_scaling)
        self.rescaled()
        self.redraw()


class _not_held_by:  # noqa: N801 - used like a function
    """CTkBaseClass replaces `configure` of a plain Tk master by one that holds the widget for ever: take that back."""

    def __init__(self, master: Any) -> None:
        self._attributes: dict[str, Any] = vars(master)

    def __enter__(self) -> None:
        self._before = {name: self._attributes.get(name) for name in ("config", "configure")}

    def __exit__(self, *_: object) -> Literal[False]:
        for name, value in self._before.items():
            if value is not None:
                self._attributes[name] = value
            else:
                self._attributes.pop(name, None)
        return False
