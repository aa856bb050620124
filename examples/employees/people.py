"""The people: a list that can be searched, and beside it the panel in which one person is edited."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import customtkinter as ctk

from examples.employees import office
from examples.employees.form import SIGNS, WIDTH, PersonForm
from examples.employees.look import BG, CARD_GAP, GAP, MUTED, PAGE, Button, Choice, Empty, Entry, Label, later
from examples.employees.page import Host, Page
from examples.employees.table import Column, Row, Table
from litekeep.model import Snapshot

WAIT_MILLISECONDS = 150
"""After the last letter of a search."""
WIDE = ("name", "number", "role", "workspace", "contract", "papers", "status")
NARROW = ("name", "role", "papers")
FULL_WIDTH = 680
STATUS_SIGNS = {"active": "●", "inactive": "○"}


class PeoplePage(Page):
    """See the module's text."""

    def __init__(self, master: Any, host: Host) -> None:
        super().__init__(master, host)
        self._form: PersonForm | None = None
        self._call_off: Callable[[], None] = lambda: None
        self.grid_rowconfigure(1, weight=1)
        self.grid_columnconfigure(0, weight=1)
        self._make_head()
        self.table = self._make_table()
        self.table.grid(row=1, column=0, sticky="nsew", padx=PAGE, pady=(0, PAGE))
        self.refresh()
        self.table.bind("<Configure>", lambda _: self._fit(), add="+")

    def _make_head(self) -> None:
        head = ctk.CTkFrame(self, fg_color="transparent")
        head.grid(row=0, column=0, sticky="ew", padx=PAGE, pady=(PAGE, CARD_GAP))
        head.grid_columnconfigure(1, weight=1)
        say = self.say
        titles = ctk.CTkFrame(head, fg_color="transparent")
        titles.grid(row=0, column=0, sticky="w")
        Label(titles, say("Employees"), size=20, bold=True, height=28).pack(side="left")
        self.count = Label(titles, text_color=MUTED)
        self.count.pack(side="left", padx=(GAP, 0), pady=(4, 0))
        buttons = ctk.CTkFrame(head, fg_color="transparent")
        buttons.grid(row=0, column=1, sticky="e")
        self.delete_all_button = Button(buttons, say("Delete all…"), self.ask_delete_all, "quiet danger", on=BG)
        self.delete_button = Button(buttons, say("Delete"), self.ask_delete, "plain")
        self.add_button = Button(buttons, say("Add a person"), self.key_new, "primary")
        for button in (self.delete_all_button, self.delete_button, self.add_button):
            button.pack(side="left", padx=(GAP, 0))
        bar = ctk.CTkFrame(head, fg_color="transparent")
        bar.grid(row=1, column=0, columnspan=2, sticky="ew", pady=(GAP, 0))
        bar.grid_columnconfigure(0, weight=1)
        self.search = Entry(bar, placeholder_text=say("Search by name, number, role or zone"))
        self.search.grid(row=0, column=0, sticky="ew")
        self.search.bind("<KeyRelease>", lambda _: self._search_soon())
        self.search.bind("<Escape>", lambda _: self.clear_search())
        self.search.bind("<Down>", lambda _: self.table.tree.focus_set())
        titles_of = {"": "Everybody", "active": "Active only", "inactive": "Inactive only"}
        self.filter = Choice(bar, tuple(titles_of), lambda value: say(titles_of[value]), self.refresh, width=140)
        self.filter.grid(row=0, column=1, padx=(GAP, 0))

    def _make_table(self) -> Table:
        say = self.say
        columns = (
            Column("name", say("Name"), 136, stretch=True),
            Column("number", say("Number"), 74),
            Column("role", say("Role"), 96, stretch=True),
            Column("workspace", say("Zone"), 106),
            Column("contract", say("Contract"), 80),
            Column("papers", say("Papers"), 104),
            Column("status", say("Status"), 78),
        )
        table = Table(self, columns, selected=self._selected, opened=lambda found: self.edit(int(found)), many=True)
        for key in ("<Delete>", "<BackSpace>") if sys.platform == "darwin" else ("<Delete>",):
            table.tree.bind(key, lambda _: self.ask_delete())
        return table

    # The list

    def refresh(self) -> None:
        """Read the people again."""
        say, text, status = self.say, self.search.get().strip(), self.filter.chosen
        lines, total = office.search(text, status), office.count()
        rows = [
            Row(
                str(each.id),
                (
                    each.name,
                    each.number,
                    say(each.role),
                    say(each.workspace),
                    say(each.contract),
                    f"{SIGNS[each.papers]} {say(each.papers) if each.papers else ''}",
                    f"{STATUS_SIGNS.get(each.status, '')} {say(each.status)}",
                ),
                "faint" if each.status == "inactive" else "",
            )
            for each in lines
        ]
        self.table.fill(rows, self._nobody_found if total else self._nobody_yet)
        if not total:
            self.count.configure(text=say("nobody"))
        elif len(lines) == total:
            self.count.configure(text=say.many("one person", "{n} people", total))
        else:
            self.count.configure(text=say("{n} of {total}", n=say.number(len(lines)), total=say.number(total)))
        self.delete_all_button.allow(allowed=total > 0)
        self._selected()

    def _nobody_yet(self, parent: Any) -> Empty:
        actions = (
            (self.say("Add a person"), self.key_new),
            (self.say("Import from a file"), lambda: self.host.go("import")),
        )
        text = self.say("Add the first person, or bring people in from a CSV file.")
        return Empty(parent, self.say("Nobody here yet"), text, actions)

    def _nobody_found(self, parent: Any) -> Empty:
        text = self.say("No name, number, role or zone contains “{text}”.", text=self.search.get().strip())
        return Empty(parent, self.say("Nobody found"), text, ((self.say("Clear the search"), self.clear_search),))

    def _search_soon(self) -> None:
        self._call_off()
        self._call_off = later(self, WAIT_MILLISECONDS, self.refresh)

    def clear_search(self) -> None:
        """Show everybody again."""
        self.search.put("")
        self.filter.choose("")
        self.refresh()
        self.search.focus_set()

    def _selected(self) -> None:
        self.delete_button.allow(allowed=bool(self.table.selection))

    def _fit(self) -> None:
        """Fewer columns and buttons where there is little room, that is beside the panel in a small window."""
        wide = self.table.winfo_width() / self._get_widget_scaling() >= FULL_WIDTH
        self.table.show(WIDE if wide else NARROW)
        if wide == bool(self.delete_all_button.winfo_manager()):
            return
        if wide:
            self.delete_all_button.pack(side="left", padx=(GAP, 0), before=self.delete_button)
        else:
            self.delete_all_button.pack_forget()

    # The panel

    def edit(self, identifier: int | None) -> None:
        """Open the panel, for a new person without `identifier`."""
        self._leave_form(lambda: self._open(identifier))

    def _open(self, identifier: int | None) -> None:
        self._close()
        if identifier is not None and office.get(identifier) is None:
            self.host.tell(self.say("This person is no longer there."), "bad")
            self.refresh()
            return
        self._form = PersonForm(
            self,
            self.say,
            identifier,
            saved=self._saved,
            closed=lambda: self._leave_form(self._close),
            told=lambda text: self.host.tell(text, "bad"),
        )
        self._form.grid(row=0, column=1, rowspan=2, sticky="nsew", padx=(0, PAGE), pady=PAGE)
        self.grid_columnconfigure(1, minsize=WIDTH)

    def _saved(self, identifier: int) -> None:
        self._close()
        self.refresh()
        self.table.select([str(identifier)])
        self.table.tree.focus_set()
        values = office.get(identifier) or {}
        name = f"{values.get('first_name', '')} {values.get('last_name', '')}"
        self.host.tell(self.say("Saved: {name}", name=name), "ok")

    def _close(self) -> None:
        if self._form is not None:
            self._form.destroy()
            self._form = None
            self.grid_columnconfigure(1, minsize=0)

    def _leave_form(self, then: Any) -> None:
        if not self.unsaved:
            then()
            return
        say = self.say
        text = say("What was changed on this page is not saved.")
        self.host.ask(say("Discard what you changed?"), text, say("Discard"), then, dangerous=True)

    @property
    def unsaved(self) -> bool:
        """Whether the panel has changes."""
        return self._form is not None and self._form.changed

    # Deleting

    def ask_delete(self) -> None:
        """Delete who is selected, after a question."""
        chosen, say = [int(each) for each in self.table.selection], self.say
        if not chosen:
            return
        title = say.many("Delete one person?", "Delete {n} people?", len(chosen))
        text = say("With certificates, medical visits and trainings.")
        self.host.ask(title, text, say("Delete"), lambda: self._delete(chosen), dangerous=True)

    def _delete(self, chosen: list[int]) -> None:
        self._close()
        self.host.work(self.say("Delete"), lambda: office.delete(chosen), self._deleted)

    def ask_delete_all(self) -> None:
        """Delete everybody, after a question."""
        say, total = self.say, office.count()
        title = say.many("Delete one person?", "Delete {n} people?", total)
        text = say("A backup is made first. Certificates, medical visits and trainings go too.")
        self.host.ask(title, text, title.rstrip(" \u00a0?"), self._delete_all, dangerous=True)

    def _delete_all(self) -> None:
        self._close()

        def task() -> tuple[int, Snapshot | None]:
            with self.host.manager.protect("bulk_delete") as guard:
                return office.delete_all(), guard.restore_point

        self.host.work(self.say("Making a backup, then deleting…"), task, lambda result: self._deleted(*result))

    def _deleted(self, count: int, point: Snapshot | None = None) -> None:
        told = self.say.many("One person was deleted.", "{n} people were deleted.", count)
        if point is not None:
            told += " " + self.say("The state before is backup {id}, on the Backups page.", id=point.short_id)
        self.host.tell(told, "ok")

    # Keys

    def key_new(self) -> None:
        """A new person."""
        self.edit(None)

    def key_find(self) -> None:
        """Into the search."""
        self.search.focus_set()

    def key_save(self) -> None:
        """Save the panel."""
        if self._form is not None:
            self._form.save()

    def key_escape(self) -> None:
        """Close the panel."""
        if self._form is not None:
            self._leave_form(self._close)
