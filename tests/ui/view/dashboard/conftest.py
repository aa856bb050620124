"""The dashboard of a view, with everything built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from litekeep.retention import plan_retention
from ui.conftest import WaitUntil
from ui.view.conftest import Make
from ui.view.settings.sitting import Sitting
from ui.view.states import HEALTHY

PLANNED = replace(HEALTHY, plan=plan_retention(HEALTHY.snapshots, HEALTHY.settings.retention, HEALTHY.now))
"""With what the next clean-up would do."""


def settled(view: Any) -> bool:
    """Nothing of the dashboard is still to come."""
    page = view.pages.get("dashboard")
    return bool(
        view.page == "dashboard"
        and page.side is not None
        and page.side.complete
        and page.backups.card.table.complete
        and page.side.retention.headline.text
        and len(page.coverage.chart.model.weeks) == page.coverage.chart.weeks_that_fit()
    )


@pytest.fixture
def dashboard_of(make_view: Make, wait_until: WaitUntil) -> Callable[..., Any]:
    """dashboard_of(facts, width=1200, height=800, **options): the page, complete; its view is `page.stage`."""

    def make(facts: Any = PLANNED, width: int = 1200, height: int = 800, **options: Any) -> Any:
        view = make_view(Sitting(facts), width, height, **options)
        wait_until(lambda: settled(view))
        view.update()
        return view.pages["dashboard"]

    return make
