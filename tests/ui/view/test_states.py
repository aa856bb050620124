"""Every state in light and dark, English and French, wide and narrow: pictures to look at, and some to compare."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from litekeep.ui.presenter.models import Action
from ui.view.states import HEALTHY, KEPT, OUTCOMES, STATES
from ui.view.still import Still
from ui.view.test_restore_panel import COUNTED

Make = Callable[..., Any]
SIZES = {"wide": (1040, 720), "narrow": (800, 600)}
ALL = {**STATES, **OUTCOMES}
WHOLE = (("light", "en"), ("dark", "fr"))
BOTH = pytest.mark.parametrize(("mode", "lang", "size"), [("light", "en", "wide"), ("dark", "fr", "narrow")])


@pytest.fixture
def still_view(make_view: Make, monkeypatch: pytest.MonkeyPatch, wait_until: Any) -> Make:
    """still_view(facts, mode, lang, size): nothing moves by itself, in colours of our own."""
    import customtkinter

    from litekeep.ui.widgets.look import OWN

    monkeypatch.setattr("litekeep.ui.view.view.OWN", replace(OWN, motion=False))

    def make(facts: Any, mode: str, lang: str, size: str) -> Any:
        customtkinter.set_appearance_mode(mode)
        view = make_view(Still(facts), *SIZES[size], lang=lang, theme="own")
        page = view.pages["overview"]
        wait_until(lambda: page.events is not None and len(page.coverage.chart.model.weeks) > 1)
        return view

    return make


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_state(still_view: Make, assert_golden: Any, wait_until: Any, mode: str, lang: str, size: str) -> None:
    """Each looks as before (wide), and nothing of the hero or a card is cut. One view shows them one after the other.

    The page below changes little: it is compared in one language of each colour.
    """
    view = still_view(HEALTHY, mode, lang, size)
    different = []
    for name, facts in ALL.items():
        view.bridge.put(facts)
        view.bridge.put(facts)
        wait_until(lambda facts=facts: view.head._outcome == facts.outcome and not view.bridge._updates)
        page = view.pages["overview"]
        wait_until(lambda page=page: not page._timer)  # all parts of it are told, one after the other
        assert_nothing_is_cut(view, name)
        if size != "wide":
            continue
        try:
            assert_golden(view if (mode, lang) in WHOLE else view.head, f"state-{name}-{mode}-{lang}")
        except pytest.fail.Exception as problem:
            different.append(str(problem))
    assert not different, "\n".join(different)


def assert_nothing_is_cut(view: Any, name: str) -> None:
    hero = view.head.hero
    right = hero.winfo_rootx() + hero.winfo_width()
    for piece in (*hero.buttons.values(), hero.headline, hero.sub):
        assert piece.winfo_rootx() + piece.winfo_width() <= right, name
        assert piece.winfo_width() >= piece.winfo_reqwidth(), name
    for text in (hero.headline, hero.sub):
        assert text.label.winfo_reqheight() <= text.winfo_height(), name
    bottom = view.winfo_rooty() + view.winfo_height()
    assert view.tabs.winfo_rooty() + view.tabs.winfo_height() < bottom, name


@BOTH
@pytest.mark.parametrize("name", ["never", "healthy", "overdue", "full", "running", "restored"])
def test_states_look_as_before(
    still_view: Make, assert_golden: Any, name: str, mode: str, lang: str, size: str
) -> None:
    view = still_view(ALL[name], mode, lang, size)
    assert view.head.hero.model.state == {"full": "failing", "restored": "healthy"}.get(name, name)
    assert_golden(view, f"view-{name}-{mode}-{lang}-{size}")


@BOTH
@pytest.mark.parametrize("panel", ["restore", "counting", "clean-up", "keys", "locate"])
def test_panels_look_as_before(
    still_view: Make, assert_golden: Any, wait_until: Any, panel: str, mode: str, lang: str, size: str
) -> None:
    state = {"clean-up": "review", "locate": "missing"}.get(panel, "healthy")
    view = still_view(STATES[state], mode, lang, size)
    if panel == "keys":
        view._deeds.list_shortcuts()
    elif panel in ("restore", "counting"):
        view.perform(Action.RESTORE, KEPT[-2])
    else:
        view.perform(Action.LOCATE if panel == "locate" else Action.REVIEW_REMOVAL)
    if panel == "restore":
        view.bridge.answer("preview", COUNTED)
        wait_until(lambda: view.panel.counting.hidden)
    top = view.winfo_toplevel()
    wait_until(lambda: str(top.focus_get()).startswith(str(view.panel)))
    top.focus_set()  # the ring comes when the window manager gives the focus
    wait_until(lambda: top.focus_get() is top)
    assert_golden(view, f"view-panel-{panel}-{mode}-{lang}-{size}")


@pytest.mark.parametrize(("name", "mode", "lang"), [("healthy", "light", "en"), ("full", "dark", "fr")])
def test_one_and_a_half_times_as_large(
    still_view: Make, assert_golden: Any, monkeypatch: pytest.MonkeyPatch, name: str, mode: str, lang: str
) -> None:
    import customtkinter

    monkeypatch.setitem(SIZES, "large", (1560, 1080))
    customtkinter.set_widget_scaling(1.5)
    view = still_view(ALL[name], mode, lang, "large")
    assert_nothing_is_cut(view, name)
    assert_golden(view, f"view-{name}-{mode}-{lang}-1.5")
