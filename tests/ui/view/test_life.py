"""A view comes and goes with every navigation of its host, keeps its protocol, and leaves nothing behind."""

from __future__ import annotations

import gc
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from litekeep.clock import SystemClock
from litekeep.ui.bridge.board import board_of
from ui.bridge.conftest import World
from ui.view.states import HEALTHY, STATES
from ui.view.still import Still

Make = Callable[..., Any]
Wait = Callable[..., None]


def commands(window: Any) -> int:
    """Python callbacks that Tcl knows."""
    return len(window.tk.splitlist(window.tk.call("info", "commands")))


def scripts(window: Any) -> dict[str, str]:
    """What is bound on the window and on all of them."""
    found = {}
    for tag in (str(window), "all"):
        for sequence in window.tk.splitlist(window.tk.call("bind", tag)):
            found[f"{tag} {sequence}"] = str(window.tk.call("bind", tag, sequence))
    return found


def ours() -> Counter[str]:
    """Living objects of the window's classes."""
    gc.collect()
    kinds = (type(each) for each in gc.get_objects())
    names = Counter(f"{kind.__module__}.{kind.__name__}" for kind in kinds)  # a module need not be a text
    return Counter(
        {name: count for name, count in names.items() if name.startswith(("litekeep.ui.view.", "litekeep.ui.widgets."))}
    )


def threads() -> list[str]:
    """Those of views."""
    return [each.name for each in threading.enumerate() if each.name.startswith("litekeep-view")]


def test_fifty_mounts_leave_nothing(world: World, window: Any, make_view: Make, wait_until: Wait) -> None:
    def visit(number: int) -> None:
        """The first page, and each fifth time the other ones, too."""
        from litekeep.ui import BackupView

        view = BackupView(window, world.manager, lang="en")
        view.pack(fill="both", expand=True)
        window.update()
        for page in ("backups", "settings", "overview") if number % 5 == 0 else ():
            view.go(page)
            window.update()
        if number % 5 == 0:
            view._deeds.list_shortcuts()
            window.update()
        view.destroy()

    for _ in range(2):
        visit(0)  # what is imported and kept once
    window.update()
    before, bound, known = ours(), scripts(window), commands(window)
    timers = len(window.tk.splitlist(window.tk.call("after", "info")))
    for number in range(50):
        visit(number)
    window.update()
    assert not ours() - before
    assert scripts(window) == bound
    assert commands(window) <= known + 5
    assert len(window.tk.splitlist(window.tk.call("after", "info"))) <= timers + 2
    wait_until(lambda: not threads(), 20)
    assert board_of(world.manager, SystemClock())._viewers == []


def test_it_is_a_window_on_the_manager_and_not_its_owner(world: World, make_view: Make, wait_until: Wait) -> None:
    world.manager.start()
    view = make_view(world.manager)
    wait_until(lambda: view.head.hero.model.state not in ("loading", "running", "never"), 20)
    view.destroy()
    assert world.manager.started
    view = make_view(world.manager)
    assert view.head.hero.model.state != "loading", "what was known is shown at once"


def test_a_job_goes_on_while_no_view_is_there(world: World, make_view: Make, wait_until: Wait) -> None:
    view = make_view(world.manager)
    wait_until(lambda: view.head.hero.model.state == "never")
    world.gate.shut()
    view.head.hero.buttons[next(iter(view.head.hero.buttons))].invoke()
    wait_until(world.gate.waiting.is_set)
    view.destroy()
    view = make_view(world.manager)
    assert view.head.hero.model.state == "running"
    world.gate.open()
    wait_until(lambda: view.head.notice is not None, 20)
    assert view.head.notice.model.what == "Backup made and verified."


def test_the_protocol_of_hosts(make_view: Make) -> None:
    still = Still(HEALTHY)
    view = make_view(still, title="Backups", width=900)
    view.refresh()
    assert ("refresh",) in still.asked
    assert view.has_unsaved_changes() is False
    assert view.save() is True
    view.go("settings")
    assert view.has_unsaved_changes() is False
    view.cleanup()
    view.cleanup()
    assert still.closed
    view.perform(next(iter(view.head.hero.buttons)))
    view.go("backups")
    assert view.page == "settings"


@pytest.mark.parametrize(
    "wrong", [{"pages": ("overview", "other")}, {"pages": ()}, {"theme": "mine"}, {"layout": "wide"}]
)
def test_what_there_is_not_is_refused(window: Any, wrong: dict[str, Any]) -> None:
    from litekeep.ui import BackupView

    with pytest.raises(ValueError, match=r"none of|some of"):
        BackupView(window, None, bridge=Still(HEALTHY), **wrong)  # type: ignore[arg-type]
    assert not [each for each in window.winfo_children() if isinstance(each, BackupView)]


def test_only_the_pages_that_are_wanted(make_view: Make) -> None:
    view = make_view(Still(HEALTHY), pages=("backups",))
    assert view.page == "backups"
    assert not view.tabs.winfo_ismapped()
    view.go("settings")
    assert view.page == "backups"


def test_pages_are_made_when_they_are_visited(make_view: Make) -> None:
    view = make_view(Still(HEALTHY))
    assert list(view.pages) == ["overview"]
    view.tabs.choose("settings")
    view.tabs.choose("overview")
    view.update()
    assert list(view.pages) == ["overview", "settings"]
    assert view.pages["overview"].winfo_ismapped()
    assert not view.pages["settings"].winfo_ismapped()


def test_texts_that_tell_the_time_are_made_anew(make_view: Make, wait_until: Wait) -> None:
    from datetime import timedelta

    still = Still(HEALTHY)
    view = make_view(still)
    assert "6 h 14 min" in view.head.hero.sub.text
    still.now = lambda: HEALTHY.now + timedelta(minutes=4)  # type: ignore[method-assign]
    view._retell()
    assert "6 h 10 min" in view.head.hero.sub.text
    assert view.pages["overview"].tiles.tiles[2].model.sub == "7 h 50 min ago"


def test_importing_litekeep_ui_needs_no_tkinter() -> None:
    import subprocess
    import sys

    code = "import sys, litekeep.ui; sys.exit('tkinter' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=Path.cwd()).returncode == 0


def test_first_paint_is_small(window: Any, make_view: Make) -> None:
    """The number of widgets is what the time goes by, and is the same on every machine."""
    from customtkinter.windows.widgets.core_widget_classes import CTkBaseClass

    from litekeep.ui import BackupView

    view = BackupView(window, None, bridge=Still(STATES["healthy"]))  # type: ignore[arg-type]
    view.pack(fill="both", expand=True)
    view.tk.call("update", "idletasks")

    def count(widget: Any) -> int:
        return isinstance(widget, CTkBaseClass) + sum(count(child) for child in widget.winfo_children())

    assert count(view) <= 60
    view.destroy()


def test_the_collector_of_cycles_is_left_as_it_was(
    world: World, window: Any, make_view: Make, wait_until: Wait
) -> None:
    assert gc.isenabled()
    view = make_view(world.manager)
    assert not gc.isenabled()
    view.destroy()
    assert gc.isenabled()
    make_view(world.manager)
    wait_until(gc.isenabled, 10)
