"""The pages of a view: each made when first visited, one of them in sight; and the dashboard for two of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from litekeep.ui.view.arrangement import Arrangement, arrangement_for
from litekeep.ui.view.pages import BACKUPS, DASHBOARD, OVERVIEW, SETTINGS, names_of, page_maker
from litekeep.ui.view.stage import BackupsPart, Part, Stage
from litekeep.ui.widgets.choices import Segmented
from litekeep.ui.widgets.ctk import Piece

if TYPE_CHECKING:
    from litekeep.ui.view.backups.page import BackupsPage


class Book:
    """keys: of the pages that are wanted. may_change: to the dashboard, where there is room for it."""

    def __init__(self, stage: Stage, place: Piece, tabs: Segmented, keys: Sequence[str], *, may_change: bool) -> None:
        self._stage, self._place, self._tabs, self.keys = stage, place, tabs, tuple(keys)
        self._can_change = may_change and set(self.keys) == {OVERVIEW, BACKUPS, SETTINGS}
        self.arrangement = Arrangement.UNKNOWN if self._can_change else Arrangement.PAGES
        self.pages: dict[str, Part] = {}
        self.page = ""
        self._before, self._newest = OVERVIEW, ""

    @property
    def shown(self) -> tuple[str, ...]:
        """The keys of the pages there are now."""
        return (DASHBOARD, SETTINGS) if self.arrangement is Arrangement.DASHBOARD else self.keys

    @property
    def in_sight(self) -> Part | None:
        """The page that is open."""
        return self.pages.get(self.page)

    @property
    def backups(self) -> BackupsPart | None:
        """What shows the table, if that is the page that is open."""
        page = self.pages.get(self.page)
        return cast("BackupsPart", page) if self.page in (BACKUPS, DASHBOARD) else None

    @property
    def needs_tabs(self) -> bool:
        """There is something to choose. The dashboard has a link to the settings, and they have the way back."""
        return len(self.keys) > 1 and self.page != DASHBOARD

    def tell_tabs(self, *, unsaved: bool) -> None:
        """What can be chosen."""
        self._tabs.set_items(names_of(self.shown, self._stage.say, unsaved=unsaved))

    def resized(self, width: float, height: float) -> bool:
        """The view has this size (at scale 1) now; True: the arrangement is another one."""
        if not self._can_change:
            return False
        before, self.arrangement = self.arrangement, arrangement_for(width, height, self.arrangement)
        if self.page == DASHBOARD and self.backups is not None and self.backups.in_use:
            self._before = BACKUPS
        return self.arrangement is not before

    def key_for(self, key: str) -> str:
        """The page that shows now what `key` stands for."""
        if self.arrangement is Arrangement.DASHBOARD:
            return DASHBOARD if key in (OVERVIEW, BACKUPS) else key
        return self._before if key == DASHBOARD else key

    def open(self, key: str) -> None:
        """Show this page; what people did with the table goes with them."""
        before: Any = self.in_sight
        left, self.page = self.page, key
        if before is not None:
            before.hide()
        page: Any = self.pages.get(key)
        if page is None:
            page = self.pages[key] = page_maker(key)(self._place, self._stage)
            page.grid(row=0, column=0, sticky="nsew")
        else:
            page.show()
        self._hand_over(left, key)
        self._tabs.set_value(key)

    def _hand_over(self, left: str, key: str) -> None:
        """Between the two that show the table; it may have been left for the settings meanwhile."""
        if left in (OVERVIEW, BACKUPS):
            self._before = left
        if key not in (DASHBOARD, BACKUPS):
            return
        if self._newest and self._newest != key:
            self._table(key).take_over(self._table(self._newest))
        self._newest = key

    def _table(self, key: str) -> BackupsPage:
        page: Any = self.pages[key]
        return cast("BackupsPage", page.backups if key == DASHBOARD else page)
