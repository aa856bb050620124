"""Maintenance: changes of the database that wait, run behind a backup; and what was changed lately, by whom."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import customtkinter as ctk

from examples.employees import office, upgrades
from examples.employees.form import TITLES
from examples.employees.look import MUTED, PAGE, Button, Card, Empty, Label
from examples.employees.page import Host, Page
from examples.employees.table import Column, Row, Table


class MaintenancePage(Page):
    """See the module's text."""

    def __init__(self, master: Any, host: Host) -> None:
        super().__init__(master, host)
        say = self.say
        self.grid_rowconfigure(3, weight=1)
        self.grid_columnconfigure(0, weight=1)
        self.add_title(say("Maintenance"), str(host.database))
        card = Card(self)
        card.grid(row=1, column=0, sticky="ew", padx=PAGE)
        card.grid_columnconfigure(0, weight=1)
        Label(card, say("Changes of the database"), size=14, bold=True).grid(
            row=0, column=0, sticky="w", padx=14, pady=(10, 0)
        )
        self.state = Label(card, text_color=MUTED)
        self.state.grid(row=1, column=0, sticky="w", padx=14)
        self.run_button = Button(card, say("Back up and run"), self.run, "primary")
        self.run_button.grid(row=0, column=1, rowspan=2, sticky="e", padx=14, pady=(10, 0))
        self._list = ctk.CTkFrame(card, fg_color="transparent")
        self._list.grid(row=2, column=0, columnspan=2, sticky="ew", padx=14, pady=(8, 2))
        text = say("If a change fails, the database is brought back by itself.")
        Label(card, text, size=12, text_color=MUTED).grid(
            row=3, column=0, columnspan=2, sticky="w", padx=14, pady=(0, 10)
        )
        Label(self, say("Latest changes"), size=14, bold=True).grid(
            row=2, column=0, sticky="w", padx=PAGE, pady=(PAGE, 8)
        )
        columns = (
            Column("when", say("When"), 128),
            Column("who", say("Who"), 76),
            Column("number", say("Number"), 80),
            Column("what", say("What"), 110),
            Column("fields", say("Change"), 200, stretch=True),
        )
        self.table = Table(self, columns, sortable=False)
        self.table.grid(row=3, column=0, sticky="nsew", padx=PAGE, pady=(0, PAGE))
        self.refresh()

    def refresh(self) -> None:
        """Read what waits, and the newest changes."""
        say, known = self.say, upgrades.upgrades()
        waiting = sum(each.pending for each in known)
        told = say.many("one change is waiting", "{n} changes are waiting", waiting)
        self.state.configure(text=told if waiting else say("Everything is up to date."))
        self.run_button.allow(allowed=waiting > 0)
        for child in self._list.winfo_children():
            child.destroy()
        for each in known:
            sign, word = ("○", "waiting") if each.pending else ("✓", "done")
            text = f"{sign}  {each.name}  ·  {say(word)}\n     {say(each.title)}"
            Label(self._list, text, height=40, wraplength=700).pack(anchor="w")
        rows = [Row(str(each.id), self._cells(each)) for each in office.changes()]
        self.table.fill(rows, lambda parent: Empty(parent, say("Nothing was changed yet"), ""))

    def _cells(self, change: Any) -> tuple[str, ...]:
        say = self.say
        at = datetime.fromtimestamp(change.at, UTC).astimezone()
        return (
            say.moment(at),
            say(change.actor),
            change.employee_number or "–",
            say(change.action),
            self._summary(change),
        )

    def _summary(self, change: Any) -> str:
        say, before, after = self.say, json.loads(change.before), json.loads(change.after)
        if before and after:
            told = (f"{say(TITLES[name])}: {before.get(name) or '–'} → {text or '–'}" for name, text in after.items())
            return "  ·  ".join(told)
        whole = before or after
        if people := whole.get("people"):
            return say.many("one person", "{n} people", int(people))
        return f"{whole.get('last_name', '')}, {whole.get('first_name', '')}"

    def run(self) -> None:
        """Run what waits, behind a backup."""
        manager = self.host.manager
        text = self.say("Making a backup, then changing the database…")
        self.host.work(text, lambda: upgrades.run(manager), self._ran)

    def _ran(self, _: list[str]) -> None:
        self.host.tell(self.say("The database is up to date."), "ok")
