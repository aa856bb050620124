"""watched.py ARGUMENTS...: the example application itself, in a process that can be asked what its window shows.

For every line on its standard input it writes one line of JSON: what can be seen, with places on the screen. Nothing
can be done through this; that takes the pointer and the keyboard.
"""

from __future__ import annotations

import json
import runpy
import sys
import tkinter
from collections.abc import Iterator
from tkinter import ttk
from typing import Any

Seen = dict[str, Any]
MODULE = "examples.employees"


def everything(root: tkinter.Misc) -> list[Seen]:
    """All that can be seen, parents before their children."""
    return [found for widget in walk(root) for found in describe(widget)]


def walk(widget: Any) -> Iterator[Any]:
    """The widget and all below it that are on the screen."""
    if widget.winfo_viewable():
        yield widget
        for child in widget.winfo_children():
            yield from walk(child)


def describe(widget: Any) -> Iterator[Seen]:
    """What a widget shows: itself, if it has words, and each of its rows or segments."""
    area = (widget.winfo_rootx(), widget.winfo_rooty(), widget.winfo_width(), widget.winfo_height())
    kind, text = type(widget).__name__, words_of(widget)
    if text is not None:
        yield {"kind": kind, "text": text, "area": area, "on_top": on_top(widget, area), "enabled": enabled(widget)}
    if isinstance(widget, ttk.Treeview):
        yield from rows(widget, area)
    if hasattr(widget, "_widths"):
        yield from segments(widget, area)


def words_of(widget: Any) -> str | None:
    """Of labels, buttons, entries; None where a widget has none."""
    if isinstance(widget, tkinter.Entry | tkinter.Text):
        return str(widget.get() if isinstance(widget, tkinter.Entry) else widget.get("1.0", "end-1c"))
    text = getattr(widget, "text", None)
    if isinstance(text, str):
        return text
    try:
        return str(widget.cget("text"))
    except (tkinter.TclError, ValueError):
        return None


def enabled(widget: Any) -> bool:
    """It can be used."""
    known = getattr(widget, "enabled", None)
    if known is not None:
        return bool(known)
    try:
        return str(widget.cget("state")) != "disabled"
    except (tkinter.TclError, ValueError):
        return True


def on_top(widget: Any, area: tuple[int, int, int, int]) -> bool:
    """Nothing else covers its middle."""
    x, y, width, height = area
    there = widget.winfo_containing(x + width // 2, y + height // 2)
    return there is not None and (f"{there}." + ".").startswith(f"{widget}.")


def rows(tree: Any, area: tuple[int, int, int, int]) -> Iterator[Seen]:
    """Those rows of a table that are not scrolled away."""
    chosen = set(tree.selection())
    for key in tree.get_children():
        box = tree.bbox(key)
        if box:
            yield {
                "kind": "row",
                "text": " | ".join(map(str, tree.item(key, "values"))),
                "area": (area[0] + box[0], area[1] + box[1], box[2], box[3]),
                "on_top": True,
                "enabled": True,
                "chosen": key in chosen,
            }


def segments(control: Any, area: tuple[int, int, int, int]) -> Iterator[Seen]:
    """The choices that stand side by side."""
    x = area[0] + control.scaled(3)
    for (key, text), width in zip(control.items, control._widths(), strict=True):
        place = (x, area[1], width, area[3])
        yield {
            "kind": "segment",
            "text": text,
            "area": place,
            "on_top": on_top(control, area),
            "enabled": control.enabled,
            "chosen": key == control.value,
        }
        x += width


def answer(root: tkinter.Misc) -> None:
    """One line for one line."""
    if not sys.stdin.readline():
        root.tk.deletefilehandler(sys.stdin)
        return
    x, y, width, height = root.winfo_rootx(), root.winfo_rooty(), root.winfo_width(), root.winfo_height()
    print(json.dumps({"window": (x, y, width, height), "seen": everything(root)}), flush=True)


def main() -> None:
    """Run the module as `python -m` does."""
    begin = tkinter.Misc.mainloop

    def listening(self: Any, *rest: Any, **more: Any) -> None:
        self.tk.createfilehandler(sys.stdin, tkinter.READABLE, lambda *_: answer(self))
        begin(self, *rest, **more)

    tkinter.Misc.mainloop = listening  # type: ignore[method-assign]
    runpy.run_module(MODULE, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
