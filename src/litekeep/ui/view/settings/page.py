"""The Settings page: schedule, how long to keep, location, copies, encryption, notifications, check-up;
Save and Discard below."""

from __future__ import annotations

from typing import Any

from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.view.settings.banner import Banner
from litekeep.ui.view.settings.columns import Columns
from litekeep.ui.view.settings.copies import CopiesCard
from litekeep.ui.view.settings.doctor import DoctorCard
from litekeep.ui.view.settings.editor import Editor
from litekeep.ui.view.settings.encryption import EncryptionCard
from litekeep.ui.view.settings.keeping import RetentionCard
from litekeep.ui.view.settings.location import LocationCard
from litekeep.ui.view.settings.notifications import NotificationsCard
from litekeep.ui.view.settings.savebar import SaveBar
from litekeep.ui.view.settings.schedule import ScheduleCard
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.look import CARD_GAP, GAP, LEAST, PAGE
from litekeep.ui.widgets.page import Page
from litekeep.ui.widgets.scrollbar import WIDTH as SCROLL

SIDE_BY_SIDE = 860
"""From this width between the edges on (900 with them), there are two columns."""


class SettingsPage(Piece):
    """What is edited stays while other pages are looked at, and is written only by Save."""

    def __init__(self, master: Any, stage: Stage) -> None:
        super().__init__(master, width=LEAST, height=LEAST)
        self.grid_propagate(flag=False)  # it takes what room there is, whether the bar is there or not
        self.stage, self.say = stage, stage.say
        self.editor: Editor = stage.editor
        self.grid_columnconfigure(0, weight=1)
        self.grid_rowconfigure(0, weight=1)
        self.page = Page(self)
        self.page.grid(row=0, column=0, sticky="nsew")
        inner = self.inner = Piece(self.page.content)
        inner.pack(fill="both", expand=True, padx=(PAGE, PAGE - SCROLL), pady=(0, PAGE))
        inner.grid_columnconfigure(0, weight=1)
        self.banner = Banner(inner, self.editor)
        self.banner.grid(row=0, column=0, sticky="ew", pady=(0, CARD_GAP))
        self.banner.refresh()
        self._add_cards()
        self.save_bar = SaveBar(self, self.editor)
        self.save_bar.grid(row=1, column=0, sticky="ew", padx=PAGE, pady=(GAP, PAGE))

    def _add_cards(self) -> None:
        stage, editor = self.stage, self.editor
        self.columns = Columns(self.inner, from_width=SIDE_BY_SIDE)
        self.columns.grid(row=1, column=0, sticky="ew")
        self.schedule = ScheduleCard(self.columns, stage, editor)
        self.retention = RetentionCard(self.columns, stage, editor)
        self.location = LocationCard(self.columns, stage)
        self.copies = CopiesCard(self.columns, stage)
        self.encryption = EncryptionCard(self.columns, stage)
        self.notifications = NotificationsCard(self.columns, stage, editor)
        self.doctor = DoctorCard(self.columns, stage)
        places = (self.location, self.copies, self.encryption)
        whole = (self.schedule, self.retention, *places, self.notifications, self.doctor)
        right = (self.retention, self.notifications, self.doctor)
        self.columns.arrange((self.schedule, *places), right, whole)

    def show_facts(self, facts: ViewFacts) -> None:
        """Show these facts; who edits hears of them from the editor."""
        self.editor.take(facts)
        self.location.show_facts(facts)
        self.copies.show_facts(facts)
        self.encryption.show_facts(facts)
        self.doctor.show_facts(facts)

    def cleanup(self) -> None:
        """End requests; the editor is the view's."""
        self.encryption.cleanup()
        for card in (self.schedule, self.retention, self.location, self.copies, self.notifications, self.doctor):
            card.cleanup()
