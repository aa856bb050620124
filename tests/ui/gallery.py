"""All widgets in light and dark, at scale 1.0 and 1.5, as pictures to look at: `python -m ui.gallery FOLDER` in tests/.

It starts a screen of its own. The tests do not run it; tests/ui/widgets does the same things and judges them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from ui import desk


def build(top: Any, look: Any, part: int) -> None:
    """One of two windows with everything."""
    from litekeep.ui.widgets.ctk import Piece
    from ui.widgets import samples

    page = Piece(top, fill=look.bg, look=look)
    page.pack(fill="both", expand=True)
    page.grid_columnconfigure(0, weight=1)
    inner = Piece(page)
    inner.grid(row=0, column=0, sticky="nsew", padx=16, pady=16)
    inner.grid_columnconfigure(0, weight=1)
    if part == 1:
        add_surfaces(inner, samples)
        return
    columns = Piece(inner)
    columns.grid(row=9, column=0, sticky="ew", pady=(12, 0))
    columns.grid_columnconfigure(0, weight=1)
    left, right = Piece(columns), Piece(columns)
    left.grid(row=0, column=0, sticky="new", padx=(0, 12))
    right.grid(row=0, column=1, sticky="new")
    left.grid_columnconfigure(0, weight=1)
    add_charts_and_table(left, right, samples)
    add_controls(right)


def add_surfaces(inner: Any, samples: Any) -> None:
    from litekeep.ui.widgets.card import Tile
    from litekeep.ui.widgets.ctk import Piece
    from litekeep.ui.widgets.hero import Hero
    from litekeep.ui.widgets.notice import Notice

    for row, model in enumerate((samples.PROTECTED, samples.AT_RISK, samples.RUNNING, samples.DAMAGED, samples.NEVER)):
        Hero(inner, model, lambda _: None).grid(row=row, column=0, sticky="ew", pady=(0, 12))
    for row, card in enumerate((samples.FAILED, samples.DELETED, samples.RESTORED)):
        notice = Notice(inner, card, samples.NOTICE_WORDS, lambda _: None, lambda: None)
        notice.grid(row=5 + row, column=0, sticky="ew", pady=(0, 12))
        if card.details:
            notice.show_details()
    tiles = Piece(inner)
    tiles.grid(row=8, column=0, sticky="ew")
    for column, model in enumerate(samples.TILES):
        tiles.grid_columnconfigure(column, weight=1, uniform="tiles")
        Tile(tiles, model).grid(row=0, column=column, sticky="nsew", padx=(12 if column else 0, 0))


def add_charts_and_table(left: Any, right: Any, samples: Any) -> None:
    from litekeep.ui.widgets.bars import BarChart
    from litekeep.ui.widgets.card import Card
    from litekeep.ui.widgets.chartcard import ChartCard
    from litekeep.ui.widgets.heatmap import HeatMap
    from litekeep.ui.widgets.table import HistoryTable
    from litekeep.ui.widgets.ticks import TickChart

    cover = samples.coverage()
    card = ChartCard(
        left,
        cover.title,
        samples.CHART_WORDS,
        lambda place: HeatMap(place, cover),
        sub=cover.sub,
        sentence=cover.sentence,
    )
    card.grid(row=0, column=0, sticky="ew")
    history = Card(left, "Backups")
    history.grid(row=1, column=0, sticky="ew", pady=(12, 0))
    add_bar(history.content)
    table = HistoryTable(history.content, samples.COLUMNS)
    table.grid(row=1, column=0, sticky="ew", pady=(6, 0))
    table.set_rows(samples.history())
    table.set_sort("date", descending=True)
    table.select("row1")
    sizes, kept = samples.bars(), samples.preview()
    ChartCard(
        right, sizes.title, samples.CHART_WORDS, lambda place: BarChart(place, sizes), sentence=sizes.sentence
    ).grid(row=0, column=0, sticky="ew")
    ticks = ChartCard(
        right, "How long to keep", samples.CHART_WORDS, lambda place: TickChart(place, kept), sentence=kept.headline
    )
    ticks.grid(row=1, column=0, sticky="ew", pady=(12, 0))


def add_bar(place: Any) -> None:
    from litekeep.ui.widgets.buttons import Button, Kind
    from litekeep.ui.widgets.choices import Segmented
    from litekeep.ui.widgets.ctk import Piece
    from litekeep.ui.widgets.fields import Entry
    from litekeep.ui.widgets.look import BAR_BUTTON

    bar = Piece(place)
    bar.grid(row=0, column=0, sticky="ew")
    bar.grid_columnconfigure(2, weight=1)
    items = (("all", "All"), ("pinned", "Pinned"), ("problems", "Problems"), ("trash", "Trash"))
    Segmented(bar, items, "all", height=32).grid(row=0, column=0)
    entry = Entry(bar, placeholder="Search", sign="search", clearable=True, width=130, height=32)
    entry.grid(row=0, column=1, padx=8)
    for column, (text, kind) in enumerate((("Verify", Kind.FLAT), ("Pin", Kind.FLAT), ("Delete", Kind.FLAT_DANGER))):
        Button(bar, text, kind=kind, height=BAR_BUTTON).grid(row=0, column=3 + column)


def add_controls(right: Any) -> None:
    from litekeep.ui.widgets.buttons import Button, Kind, Link
    from litekeep.ui.widgets.card import Card
    from litekeep.ui.widgets.choices import Choice, Segmented
    from litekeep.ui.widgets.ctk import Piece
    from litekeep.ui.widgets.fields import Entry, Stepper
    from litekeep.ui.widgets.toggles import Check, Radio, Switch

    card = Card(right, "Controls", look=right.look)
    card.grid(row=2, column=0, sticky="ew", pady=(12, 0))
    rows: list[list[Any]] = []

    def line() -> Any:
        place = Piece(card.content)
        place.grid(row=len(rows), column=0, sticky="w", pady=(0, 6))
        rows.append([])
        return place

    def put(place: Any, *pieces: Any) -> None:
        for column, piece in enumerate(pieces):
            piece.grid(row=0, column=column, padx=(0, 8))

    for enabled in (True, False):
        place = line()
        kinds = (Kind.PRIMARY, Kind.QUIET, Kind.DANGER)
        put(place, *(Button(place, kind.capitalize(), kind=kind, enabled=enabled) for kind in kinds))
        place = line()
        items = (("daily", "Every day"), ("hourly", "Every hour"))
        put(place, Choice(place, items, "daily", enabled=enabled), Stepper(place, 30, enabled=enabled))
        place = line()
        put(place, Switch(place, "On", on=True, enabled=enabled), Switch(place, "Off", enabled=enabled))
        place = line()
        put(place, Check(place, "Yes", on=True, enabled=enabled), Check(place, "No", enabled=enabled))
    place = line()
    put(place, Segmented(place, (("a", "Overview"), ("b", "Backups"), ("c", "Settings")), "a"), Link(place, "A link"))
    place = line()
    put(place, Radio(place, "Replace the current data", on=True, sub="A pinned backup is made first."))
    place = line()
    focused = Button(place, "Focused", kind=Kind.PRIMARY)
    put(place, focused, Radio(place, "Off"))
    focused.focused = True
    place = line()
    put(place, Entry(place, value="02:00", width=70), Entry(place, value="disabled", width=110, enabled=False))


def main(folder: Path) -> None:
    home = desk.make_home()
    with desk.screen(home):
        import customtkinter

        from litekeep.ui.widgets.ctk import host_look
        from litekeep.ui.widgets.look import OWN

        root = customtkinter.CTk()
        root.withdraw()
        folder.mkdir(parents=True, exist_ok=True)
        for mode in ("light", "dark"):
            for name, scale, look, size in (
                ("own", 1.0, OWN, "1200x1160"),
                ("own", 1.5, OWN, "1590x1160"),
                ("host", 1.0, host_look(root), "1200x1160"),
                ("narrow", 1.0, OWN, "760x1160"),
            ):
                customtkinter.set_appearance_mode(mode)
                customtkinter.set_widget_scaling(scale)
                for part in (1, 2):
                    top = customtkinter.CTkToplevel(root)
                    top.geometry(f"{size}+0+20")
                    build(top, look, part)
                    desk.wait_until(top, top.winfo_viewable)
                    desk.picture(top).save(folder / f"{name}-{mode}-{scale}-{part}.png")
                    top.destroy()
        root.destroy()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
