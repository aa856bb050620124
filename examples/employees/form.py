"""The panel in which one person is edited: the details, and the papers that the person holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import customtkinter as ctk
import peewee

from examples.employees import office
from examples.employees.look import (
    BAD,
    BORDER,
    GAP,
    MUTED,
    TEXT,
    Area,
    Button,
    Card,
    Choice,
    Empty,
    Entry,
    Label,
    later,
)
from examples.employees.rules import CHOICES, FIELDS
from examples.employees.table import Column, Row, Table
from examples.employees.words import Words

WIDTH = 344
TITLES = {
    "first_name": "First name",
    "last_name": "Last name",
    "number": "Number",
    "status": "Status",
    "role": "Role",
    "workspace": "Workspace",
    "contract": "Contract",
    "entry_date": "Since",
    "phone": "Phone",
    "email": "E-mail",
    "comment": "Comment",
}
GRID = (
    ("first_name", "last_name"),
    ("number", "entry_date"),
    ("role", "workspace"),
    ("contract", "status"),
    ("phone",),
)
SIGNS = {"valid": "✓", "soon": "▲", "expired": "✕", "": ""}


class PersonForm(Card):
    """identifier: of the person, None for a new one. saved: called with the id; closed: when it is to go away."""

    def __init__(
        self,
        master: Any,
        say: Words,
        identifier: int | None,
        *,
        saved: Callable[[int], None],
        closed: Callable[[], None],
        told: Callable[[str], None],
    ) -> None:
        super().__init__(master, width=WIDTH)
        self._say, self._identifier = say, identifier
        self._saved, self._told = saved, told
        self._inputs: dict[str, Any] = {}
        self._titles: dict[str, Label] = {}
        self.grid_propagate(False)  # noqa: FBT003 - as Tk has it
        self.grid_columnconfigure(0, weight=1)
        self.grid_rowconfigure(2, weight=1)
        self._make_head(closed)
        self._details = self._make_details()
        self._papers: Table | None = None
        self._make_foot(closed)
        self._before = (
            office.get(identifier) if identifier is not None else {"status": "active", "contract": "permanent"}
        )
        self.put(self._before or {})
        self._before = self.values
        self._show("details")
        later(self, 20, self._inputs["first_name"].focus_set)

    # What it is made of

    def _make_head(self, closed: Callable[[], None]) -> None:
        head = ctk.CTkFrame(self, fg_color="transparent")
        head.grid(row=0, column=0, sticky="ew", padx=14, pady=(10, 4))
        head.grid_columnconfigure(0, weight=1)
        self._heading = Label(head, size=16, bold=True)
        self._heading.grid(row=0, column=0, sticky="ew")
        Button(head, "✕", closed, "quiet", height=28, width=30).grid(row=0, column=1)
        self._tabs: dict[str, Button] = {}
        if self._identifier is None:
            return
        tabs = ctk.CTkFrame(self, fg_color="transparent")
        tabs.grid(row=1, column=0, sticky="w", padx=10, pady=(0, 4))
        for key, title in (("details", "Details"), ("papers", "Papers")):
            made = Button(tabs, self._say(title), lambda at=key: self._show(at), "quiet", height=28)  # type: ignore[misc]
            made.pack(side="left", padx=(0, 4))
            self._tabs[key] = made

    def _make_details(self) -> Any:
        body = ctk.CTkFrame(self, fg_color="transparent")
        body.grid_columnconfigure((0, 1), weight=1, uniform="half")
        row = 0
        for names in (*GRID, ("email",)):
            for column, name in enumerate(names):
                side = {"column": column, "sticky": "ew", "padx": (0 if column == 0 else GAP, 0)}
                span = 2 // len(names)
                self._titles[name] = Label(body, self._say(TITLES[name]), size=12, text_color=MUTED, height=18)
                self._titles[name].grid(row=row, columnspan=span, **side)
                self._inputs[name] = self._make_input(body, name)
                self._inputs[name].grid(row=row + 1, columnspan=span, pady=(0, 4), **side)
            row += 2
        self._titles["comment"] = Label(body, self._say(TITLES["comment"]), size=12, text_color=MUTED, height=18)
        self._titles["comment"].grid(row=row, column=0, columnspan=2, sticky="ew")
        comment = Area(body)
        comment.grid(row=row + 1, column=0, columnspan=2, sticky="nsew")
        body.grid_rowconfigure(row + 1, weight=1)
        self._inputs["comment"] = comment
        return body

    def _make_input(self, body: Any, name: str) -> Any:
        if name in CHOICES:
            return Choice(body, CHOICES[name] if name == "status" else ("", *CHOICES[name]), self._say, height=30)
        entry = Entry(body, height=30, placeholder_text="2026-03-31" if name == "entry_date" else "")
        entry.bind("<Return>", lambda _: self.save())
        return entry

    def _make_foot(self, closed: Callable[[], None]) -> None:
        foot = ctk.CTkFrame(self, fg_color="transparent")
        foot.grid(row=3, column=0, sticky="ew", padx=14, pady=(8, 12))
        foot.grid_columnconfigure((0, 1), weight=1, uniform="half")
        Button(foot, self._say("Cancel"), closed).grid(row=0, column=0, sticky="ew", padx=(0, 4))
        self.save_button = Button(foot, self._say("Save"), self.save, "primary")
        self.save_button.grid(row=0, column=1, sticky="ew", padx=(4, 0))

    def _show(self, tab: str) -> None:
        place = {"row": 2, "column": 0, "sticky": "nsew", "padx": 14}
        for key, button in self._tabs.items():
            button.configure(text_color=TEXT if key == tab else MUTED, fg_color=BORDER if key == tab else "transparent")
        if tab == "details":
            if self._papers is not None:
                self._papers.grid_forget()
            self._details.grid(**place)
            return
        self._details.grid_forget()
        if self._papers is None:
            self._papers = self._make_papers()
        self._papers.grid(**place)

    def _make_papers(self) -> Table:
        say = self._say
        columns = (
            Column("title", say("Title"), 106, stretch=True),
            Column("kind", say("Kind"), 98),
            Column("until", say("Until"), 88),
        )
        table = Table(self, columns, sortable=False)
        rows = [
            Row(
                str(index),
                (each.title, say(each.kind), f"{SIGNS[each.state]} {say.day(each.expires)}" if each.expires else "–"),
            )
            for index, each in enumerate(office.papers(self._identifier or 0))
        ]
        table.fill(rows, lambda parent: Empty(parent, say("No papers yet"), ""))
        return table

    # What it says

    @property
    def values(self) -> dict[str, str]:
        """The texts of all fields."""
        return {name: self._value(name) for name in FIELDS}

    def _value(self, name: str) -> str:
        field = self._inputs[name]
        if name in CHOICES:
            return str(field.chosen)
        return str(field.get()).strip()

    def put(self, values: Mapping[str, str]) -> None:
        """Fill the fields; those that are not given become empty."""
        for name in FIELDS:
            field, text = self._inputs[name], values.get(name, "")
            if name in CHOICES:
                field.choose(text)
            else:
                field.put(text)
        known = f"{values.get('first_name', '')} {values.get('last_name', '')}".strip()
        self._heading.configure(text=known or self._say("New person"))

    @property
    def changed(self) -> bool:
        """Whether something was typed that is not saved."""
        return self.values != self._before

    def save(self) -> bool:
        """Write what the fields say; what is wrong is shown at its field."""
        try:
            identifier = office.save(self.values, self._identifier)
        except office.NotAllowed as refused:
            self._mark(refused.problems)
            return False
        except peewee.OperationalError:
            self._told(self._say("The database is busy. Nothing was saved; try again."))
            return False
        except peewee.DoesNotExist:
            self._told(self._say("This person is no longer there."))
            return False
        self._before = self.values
        self._saved(identifier)
        return True

    def _mark(self, problems: Mapping[str, str]) -> None:
        self._show("details")
        for name, title in self._titles.items():
            text = self._say(TITLES[name])
            wrong = name in problems
            title.configure(
                text=f"{text}: {self._say(problems[name])}" if wrong else text, text_color=BAD if wrong else MUTED
            )
            if isinstance(self._inputs[name], Entry):
                self._inputs[name].mark(wrong=wrong)
        first = next(name for name in TITLES if name in problems)
        self._inputs[first].focus_set()
