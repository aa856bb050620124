"""Importing: choose a file, see what it would change, and let it happen behind a backup."""

from __future__ import annotations

from pathlib import Path
from tkinter import filedialog
from typing import Any

import customtkinter as ctk

from examples.employees import sample
from examples.employees.form import TITLES
from examples.employees.importing import Imported, NotReadable, Plan, carry_out, look_at
from examples.employees.look import CARD_GAP, GAP, MUTED, PAGE, Button, Card, Empty, Entry, Label
from examples.employees.page import Host, Page
from examples.employees.table import Column, Row, Table


class ImportPage(Page):
    """See the module's text."""

    def __init__(self, master: Any, host: Host) -> None:
        super().__init__(master, host)
        say = self.say
        self.plan: Plan | None = None
        self.grid_rowconfigure(3, weight=1)
        self.grid_columnconfigure(0, weight=1)
        text = say(
            "From a CSV file, as spreadsheets save it. Nothing is written before you have seen what would change."
        )
        self.add_title(say("Import people"), text)
        self._make_choice()
        self._make_tiles()
        columns = (
            Column("line", say("Line"), 52, right=True),
            Column("name", say("Name"), 190),
            Column("what", say("What happens"), 320, stretch=True),
        )
        self.table = Table(self, columns, sortable=False)
        self.table.grid(row=3, column=0, sticky="nsew", padx=PAGE, pady=(CARD_GAP, PAGE))
        self._show(None)

    def _make_choice(self) -> None:
        card, say = Card(self), self.say
        card.grid(row=1, column=0, sticky="ew", padx=PAGE)
        card.grid_columnconfigure(0, weight=1)
        self.path = Entry(card, placeholder_text=say("Path of a CSV file"))
        self.path.grid(row=0, column=0, sticky="ew", padx=(14, GAP), pady=12)
        self.path.bind("<Return>", lambda _: self.look())
        given = self.host.database.with_name(sample.CSV_NAME)
        if given.exists():
            self.path.put(str(given))
        Button(card, say("Choose a file…"), self.choose).grid(row=0, column=1, padx=(0, GAP))
        self.look_button = Button(card, say("Preview"), self.look, "primary")
        self.look_button.grid(row=0, column=2, padx=(0, 14))

    def _make_tiles(self) -> None:
        row = ctk.CTkFrame(self, fg_color="transparent")
        row.grid(row=2, column=0, sticky="ew", padx=PAGE, pady=(CARD_GAP, 0))
        row.grid_columnconfigure((0, 1, 2), weight=1, uniform="tile")
        self._figures: list[Label] = []
        for column, title in enumerate(("New", "Changed", "Lines with mistakes")):
            tile = Card(row)
            tile.grid(row=0, column=column, sticky="ew", padx=(0, CARD_GAP))
            Label(tile, self.say(title), size=12, text_color=MUTED).pack(anchor="w", padx=14, pady=(8, 0))
            figure = Label(tile, "–", size=18, bold=True, height=26)
            figure.pack(anchor="w", padx=14, pady=(0, 8))
            self._figures.append(figure)
        self.import_button = Button(row, "", self.start, "primary", height=58)
        self.import_button.grid(row=0, column=3, sticky="e")

    # What the person does

    def choose(self) -> None:
        """With the dialog of the system."""
        types = [(self.say("CSV files"), "*.csv *.txt *.tsv"), (self.say("All files"), "*")]
        if found := filedialog.askopenfilename(parent=self, filetypes=types, title=self.say("Import people")):
            self.path.put(found)
            self.look()

    def look(self) -> None:
        """Read the file on a thread, and show what it would change."""
        path = Path(self.path.get().strip()).expanduser()
        self._show(None)

        def task() -> Plan | str:
            try:
                return look_at(path)
            except NotReadable as error:
                return self.say(str(error))
            except OSError as error:
                return error.strerror or str(error)

        self.host.work(self.say("Preview"), task, self._looked)

    def _looked(self, found: Plan | str) -> None:
        if isinstance(found, str):
            self.path.mark(wrong=True)
            self.host.tell(self.say("This file cannot be read: {error}", error=found), "bad")
            return
        self.path.mark(wrong=False)
        self.host.tell("")
        self._show(found)
        self.import_button.focus_set()

    def start(self) -> None:
        """Import, behind a backup."""
        plan, manager = self.plan, self.host.manager
        if plan is None or not plan.wishes:
            return
        self.import_button.allow(allowed=False)
        text = self.say("Making a backup, then importing…")
        self.host.work(text, lambda: carry_out(plan, manager), self._imported)

    def _imported(self, result: Imported) -> None:
        say = self.say
        told = say("Imported: {added} new, {changed} changed.", added=result.added, changed=result.changed)
        if result.point is not None:
            told += " " + say("The state before is backup {id}, on the Backups page.", id=result.point.short_id)
        self.host.tell(told, "ok")
        self._show(None)

    # What is shown

    def _show(self, plan: Plan | None) -> None:
        self.plan = plan
        say, rows = self.say, list[Row]()
        counts = (len(plan.new), len(plan.changed), len(plan.mistakes)) if plan else ()
        for figure, count in zip(self._figures, counts or ("–",) * 3, strict=True):
            figure.configure(text=say.number(count) if isinstance(count, int) else count)
        for each in plan.wishes if plan else ():
            fields = ", ".join(say(TITLES[name]) for name in each.changed)
            what = say("changed: {fields}", fields=fields) if each.changed else say("new")
            rows.append(Row(str(each.number), (str(each.number), each.name, f"✓ {what}")))
        for mistake in plan.mistakes if plan else ():
            told = ", ".join(f"{say(TITLES[name])}: {say(text)}" for name, text in mistake.problems.items())
            what = say("left out: {problems}", problems=told)
            rows.append(Row(str(mistake.number), (str(mistake.number), mistake.name or "–", f"✕ {what}"), "faint"))
        rows.sort(key=lambda row: int(row.identifier))
        self.table.fill(rows, self._nothing)
        count = len(plan.wishes) if plan else 0
        self.import_button.allow(allowed=count > 0)
        text = say.many("Import one person", "Import {n} people", count) if count else say("Nothing to import")
        self.import_button.configure(text=text)

    def _nothing(self, parent: Any) -> Empty:
        say = self.say
        if self.plan is None:
            return Empty(parent, say("No file yet"), say("Choose a file to see what it would change."))
        return Empty(parent, say("Nothing to import"), say("Everybody in this file is here already"))
