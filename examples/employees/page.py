"""What a page is, and what the window offers to its pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import customtkinter as ctk

from examples.employees.look import BG, MUTED, PAGE, Label
from examples.employees.words import Words
from litekeep import BackupManager


class Host(Protocol):
    """The window."""

    say: Words
    manager: BackupManager
    database: Path

    def go(self, page: str) -> None:
        """To another page."""

    def tell(self, text: str, kind: str = ...) -> None:
        """A line at the bottom of the window. kind: "ok", "bad" or "plain"."""

    def ask(self, title: str, text: str, action: str, then: Callable[[], None], *, dangerous: bool = ...) -> None:
        """A question over the page; `then` is called if the person says yes."""

    def work(self, text: str, task: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Do something on a thread, with `text` at the bottom meanwhile; errors are told. See Background."""


class Page(ctk.CTkFrame):
    """One page; made when a person comes to it, and destroyed when they leave."""

    def __init__(self, master: Any, host: Host) -> None:
        super().__init__(master, fg_color=BG, corner_radius=0)
        self.host, self.say = host, host.say

    def refresh(self) -> None:
        """The data may have changed."""

    @property
    def unsaved(self) -> bool:
        """Whether something would be lost by leaving."""
        return False

    def key_new(self) -> None:
        """Ctrl+N."""

    def key_find(self) -> None:
        """Ctrl+F."""

    def key_save(self) -> None:
        """Ctrl+S."""

    def key_escape(self) -> None:
        """Esc."""

    def add_title(self, title: str, text: str = "") -> Any:
        """The head of a page, in its first row; returns the line under the title."""
        head = ctk.CTkFrame(self, fg_color="transparent")
        head.grid(row=0, column=0, columnspan=2, sticky="ew", padx=PAGE, pady=(PAGE, 8))
        Label(head, title, size=20, bold=True, height=28).pack(anchor="w")
        line = Label(head, text, text_color=MUTED)
        line.pack(anchor="w")
        return line
