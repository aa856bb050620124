"""Make the pictures of the window in docs/images: python docs/make_screenshots.py [NAME ...]

They are of the real window, on a screen of its own (Xvfb with openbox, as in the tests; nothing is shown on yours). The
view is shown on the sample facts of the tests, at a fixed moment, so that a picture changes only when the window does.
Those of the employee manager are of the program itself with its invented people and today's date: they differ from day
to day. Needs what the tests need: make test installs it.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
SCALE, WIDEST = 1.5, 1560
"""Of the pictures: sharp on fine screens too, still small files, and a window that has room on the screen."""
SIZE = (1040, 720)
COLOURS = 256
PROGRAM_SIZE = (1040, 700)
MOST_BYTES = 150_000
SECONDS = 60.0

sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from ui import desk  # noqa: E402 - found by the line above

Shot = Callable[[Any], None]


def main(names: list[str]) -> int:
    """Make these pictures, or all; tells the size of each."""
    unknown = set(names) - set(VIEWS) - {PROGRAM}
    if unknown or desk.missing():
        print(desk.missing() or f"no picture is called {', '.join(unknown)}; there are {', '.join([*VIEWS, PROGRAM])}")
        return 2
    home = desk.make_home()
    IMAGES.mkdir(exist_ok=True)
    try:
        with desk.screen(home), root() as top:
            for name, shot in VIEWS.items():
                if not names or name in names:
                    shot(top)
            if not names or PROGRAM in names:
                employees(top)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    sizes = {path.name: path.stat().st_size for path in sorted(IMAGES.glob("*.png"))}
    print("\n".join(f"{name:28} {size / 1000:6.0f} kB" for name, size in sizes.items()))
    return 1 if max(sizes.values()) > MOST_BYTES else 0


@contextmanager
def root() -> Iterator[Any]:
    """The one root, never shown."""
    import customtkinter

    customtkinter.set_appearance_mode("light")
    top = customtkinter.CTk()
    top.withdraw()
    top.option_add("*insertOffTime", 0)  # a caret that does not blink
    yield top
    top.destroy()


@contextmanager
def window(top: Any, size: tuple[int, int] = SIZE) -> Iterator[Any]:
    """A window of so many pixels of the design."""
    import customtkinter

    scale = min(SCALE, WIDEST / size[0])
    customtkinter.set_widget_scaling(scale)
    customtkinter.set_window_scaling(scale)
    shown = customtkinter.CTkToplevel(top)
    shown.geometry(f"{size[0]}x{size[1]}+8+32")
    wide = round(size[0] * scale)
    desk.wait_until(shown, lambda: shown.winfo_viewable() and abs(shown.winfo_width() - wide) < 2, SECONDS)
    shown.focus_force()
    yield shown
    shown.update()
    if shown.winfo_exists():
        shown.destroy()


def save(widget: Any, name: str) -> None:
    """What the screen shows of it, with as few colours as do not show."""
    from PIL import Image

    found = desk.picture(widget).quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    found.save(IMAGES / f"{name}.png", optimize=True)


# The view, on given facts


def view(
    top: Any,
    name: str,
    page: str = "overview",
    *,
    size: tuple[int, int] = SIZE,
    mode: str = "light",
    lang: str = "en",
    then: Shot | None = None,
) -> None:
    """A picture of a page of the view. then: what is done in it before."""
    import customtkinter

    from litekeep.ui import BackupView
    from ui.view.settings.sitting import Sitting
    from ui.view.settings.test_looks import WELL

    customtkinter.set_appearance_mode(mode)
    with window(top, size) as shown:
        made = BackupView(shown, None, bridge=Sitting(WELL), lang=lang, theme="own")  # type: ignore[arg-type]
        made.pack(fill="both", expand=True)
        made.go(page)
        desk.wait_until(shown, lambda: made.winfo_viewable() and ready(made), SECONDS)
        if then is not None:
            then(made)
        save(made, name)
        made.destroy()
    customtkinter.set_appearance_mode("light")


def ready(made: Any) -> bool:
    """What is counted is there."""
    page = made.pages[made.page]
    if made.page == "overview":
        return page.events is not None and len(page.coverage.chart.model.weeks) > 1
    if made.page == "backups":
        return page.card.table.complete
    return bool(made.page != "settings" or not page.editor.counting)


def choose_one(made: Any) -> None:
    """One backup is selected, so that its details are seen."""
    from ui.view.states import KEPT

    page = made.pages["backups"]
    page.card.table.select(KEPT[-5].id)
    desk.wait_until(made, lambda: made.selected() is not None and page.pane.model.key == KEPT[-5].id, SECONDS)


def restoring(made: Any) -> None:
    """The panel, with everything counted."""
    from litekeep.ui.presenter.models import Action
    from ui.view.states import KEPT
    from ui.view.test_restore_panel import COUNTED

    made.perform(Action.RESTORE, KEPT[-2])
    made.bridge.answer("preview", COUNTED)
    desk.wait_until(made, lambda: made.panel.counting.hidden, SECONDS)


def behind(made: Any) -> None:
    """A copy that nothing reaches."""
    from ui.view.copystates import AWAY

    made.bridge.put(AWAY)
    page = made.pages["overview"]
    desk.wait_until(made, lambda: page.meter.line is not None, SECONDS)


def keep_less(made: Any) -> None:
    """Something is edited, so that its consequences are seen."""
    page = made.pages["settings"]
    page.editor.edit_numbers((14, 8, 6, 7))
    desk.wait_until(made, lambda: not page.editor.counting, SECONDS)


VIEWS: dict[str, Shot] = {
    "window": lambda top: view(top, "window", size=(1200, 800)),
    "window-light": lambda top: view(top, "window-light"),
    "window-dark": lambda top: view(top, "window-dark", "backups", size=(1160, 690), mode="dark", then=choose_one),
    "window-french": lambda top: view(top, "window-french", lang="fr"),
    "window-restore": lambda top: view(top, "window-restore", size=(1040, 610), then=restoring),
    "window-copies": lambda top: view(top, "window-copies", size=(1040, 430), then=behind),
    "window-settings": lambda top: view(top, "window-settings", "settings", then=keep_less),
    "window-first-run": lambda top: first_run(top),  # noqa: PLW0108 - it is defined below
}


def first_run(top: Any) -> None:
    """The first page of the program, with a database chosen."""
    from litekeep.ui.app.first_page import FirstPage
    from litekeep.ui.app.program import FileDialogs
    from litekeep.ui.language.words import language
    from litekeep.ui.widgets.ctk import Piece
    from litekeep.ui.widgets.look import OWN

    say = language("en")
    with window(top, (860, 520)) as shown:
        ground = Piece(shown, fill=OWN.bg, look=OWN)
        ground.pack(fill="both", expand=True)
        page = FirstPage(ground, say, FileDialogs(shown, say), print)
        page.pack(fill="both", expand=True)
        desk.wait_until(shown, lambda: page.winfo_viewable() and shown.focus_get() is not None, SECONDS)
        page.database.set_text("/home/ana/company/employees.db")
        page.folder.set_text("/media/ana/backups")
        page.done.set_enabled(True)  # there is no such file here
        save(ground, "window-first-run")


# The employee manager, on a real database

PROGRAM = "employees"


def employees(top: Any) -> None:
    """Everybody, nobody, what a restore would bring back, and that it was done."""
    from examples.employees import models, past
    from examples.employees.app import Application
    from examples.employees.protection import protect

    with tempfile.TemporaryDirectory(prefix="litekeep-pictures-") as folder:
        path = Path(folder, "employees.db")
        past.make(path)
        models.open_database(path)
        manager = protect(path)
        manager.start()
        with window(top, PROGRAM_SIZE) as shown:
            program = Application(shown, manager, "en")
            walk(program, lambda name: save(program, name))
            program.background.close()
        manager.close(backup=False)
        models.database.close()


def walk(program: Any, take: Callable[[str], None]) -> None:
    """As the tutorial says."""
    from litekeep.ui.presenter.models import Action

    def idle() -> None:
        desk.wait_until(program, lambda: not program.background.busy, SECONDS)

    idle()
    take("employees-everybody")
    program.page.ask_delete_all()
    program._question.yes_button.invoke()  # noqa: SLF001 - a person presses it
    idle()
    take("employees-nobody")
    program.go("backups")
    view = program.page.view
    desk.wait_until(program, lambda: view.bridge.facts.snapshots and ready(view), SECONDS)
    view.perform(Action.RESTORE, view.bridge.facts.snapshots[-1])
    desk.wait_until(program, lambda: view.panel is not None and view.panel.counting.hidden, SECONDS)
    take("employees-restore")
    view.panel.carry_out()
    desk.wait_until(program, lambda: view.bridge.facts.outcome is not None, SECONDS)
    desk.wait_until(program, lambda: view.bridge.facts.work is None, SECONDS)
    take("employees-restored")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
