"""How quick the window is, in a process of its own: window_program.py WHAT FOLDER NUMBER; prints JSON.

    make FOLDER COUNT      a small database with COUNT backups
    make-large FOLDER MB   a database of that size with one backup
    paint FOLDER 0         the first view of a process: until it is painted, and until it shows the facts
    scroll FOLDER STEPS    the table of all backups, step by step
    settings FOLDER STEPS  the longest stall while the Settings are opened and numbers in them changed
    idle FOLDER SECONDS    the longest stall of an empty window that does nothing: what the machine itself does
    backup FOLDER TIMES    the longest stall while "Back up now" is pressed and the backup runs

Times are in seconds, each with the processor time of the Tk thread beside it: a machine that is busy with other things
shows in the first, not in the second. Used by benchmarks/cases/window.py.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

BEAT_MS = 5
SECONDS = 120.0
SIZE = "1040x720+8+32"
QUIET = {"backup": {"notifications": {"on_failure": []}, "restore_test": "never"}}
Times = list[tuple[float, float]]


def manager_of(folder: Path) -> Any:
    """A manager of the database in the folder, which nobody has looked through."""
    from litekeep import BackupManager

    file = folder / "backup.json"
    if not file.exists():
        file.write_text(json.dumps({"database": "./app.db", **QUIET}), "utf-8")
    return BackupManager(folder / "app.db", file)


def make(folder: Path, count: int) -> None:
    """See the module's text."""
    from ui.many import lengthen, make_database

    make_database(folder / "app.db")
    manager = manager_of(folder)
    lengthen(manager, count)
    manager.close(backup=False)


def make_large(folder: Path, megabytes: int) -> None:
    """See the module's text."""
    with closing(sqlite3.connect(folder / "app.db")) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE blob(id INTEGER PRIMARY KEY, data BLOB)")
        for _ in range(megabytes):
            db.executemany("INSERT INTO blob(data) SELECT randomblob(4000) WHERE ?", [(1,)] * 250)
        db.commit()
    manager = manager_of(folder)
    manager.create_backup("the first")
    manager.close(backup=False)


class Heart:
    """Beats every few milliseconds on the Tk thread, and keeps how late each beat was."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self.late: Times = []
        self._last = time.perf_counter(), time.thread_time()
        self._root.after(BEAT_MS, self._beat)

    def _beat(self) -> None:
        now = time.perf_counter(), time.thread_time()
        self.late.append((now[0] - self._last[0] - BEAT_MS / 1000, now[1] - self._last[1]))
        self._last = now
        self._root.after(BEAT_MS, self._beat)

    def begin(self) -> None:
        """What was before does not count."""
        self._last = time.perf_counter(), time.thread_time()
        self.late.clear()

    @property
    def longest(self) -> tuple[float, float]:
        """The latest beat, and the most processor time between two beats, which may be other ones."""
        return max(late for late, _ in self.late), max(used for _, used in self.late)


class Window:
    """A window, and an event loop that goes on until something is so."""

    def __init__(self) -> None:
        import customtkinter

        customtkinter.set_appearance_mode("light")
        self.root = customtkinter.CTk()
        self.root.geometry(SIZE)
        self.root.update()
        self.until(lambda: self.root.winfo_viewable() and self.root.winfo_width() > 1000)

    def view(self, manager: Any) -> Any:
        """A view that fills it."""
        from litekeep.ui import BackupView

        view = BackupView(self.root, manager, lang="en")
        view.pack(fill="both", expand=True)
        return view

    def until(self, condition: Callable[[], object], pause_ms: int = 2) -> None:
        """Let the window work in its own event loop, as a program does."""
        deadline = time.monotonic() + SECONDS

        def look() -> None:
            if condition() or time.monotonic() > deadline:
                self.root.quit()
            else:
                self.root.after(pause_ms, look)

        self.root.after(0, look)
        self.root.mainloop()
        if time.monotonic() > deadline:
            raise RuntimeError("it takes too long")

    def rest(self, milliseconds: int) -> None:
        """Let it work for a while."""
        self.root.after(milliseconds, self.root.quit)
        self.root.mainloop()

    def painted(self) -> None:
        """Until the screen has everything that is to be drawn now, and nothing else is to be done."""
        self.root.update()
        self.root.winfo_pointerxy()  # the answer comes after all that was drawn


def paint(window: Window, manager: Any, _: int) -> dict[str, Any]:
    """See the module's text."""
    import litekeep.ui.view.view  # noqa: F401 - what is measured comes after the import

    began, used = time.perf_counter(), time.thread_time()
    view = window.view(manager)
    window.painted()
    first = time.perf_counter() - began, time.thread_time() - used
    window.until(lambda: view.head.hero.model.state != "loading", 1)
    window.painted()
    return {"first": first, "facts": (time.perf_counter() - began, time.thread_time() - used)}


def scroll(window: Window, manager: Any, steps: int) -> dict[str, Any]:
    """See the module's text."""
    view = window.view(manager)
    window.until(lambda: view.head.hero.model.state != "loading")
    heart = Heart(window.root)
    view.go("backups")
    table = view.pages["backups"].card.table
    window.until(lambda: table.complete and len(table.tree.get_children()) > len(view.bridge.facts.snapshots) - 2)
    window.rest(500)
    opening = heart.longest
    times: Times = []
    for step in range(steps):
        began, used = time.perf_counter(), time.thread_time()
        table.tree.yview_scroll(3 if step < steps // 2 else -3, "units")
        window.painted()
        times.append((time.perf_counter() - began, time.thread_time() - used))
    return {"rows": len(table.tree.get_children()), "times": times, "opening": opening}


def settings(window: Window, manager: Any, steps: int) -> dict[str, Any]:
    """See the module's text."""
    view = window.view(manager)
    window.until(lambda: view.head.hero.model.state != "loading")
    window.rest(1000)
    heart = Heart(window.root)
    window.rest(50)
    heart.begin()
    view.go("settings")
    window.rest(1500)
    opening = heart.longest
    heart.begin()
    stepper = view.pages["settings"].retention.steppers["days"]
    before = stepper.value
    for _ in range(steps):
        stepper.step(1)
        window.rest(300)
    if stepper.value == before or not view.has_unsaved_changes():
        raise RuntimeError("no number was changed")
    return {"opening": opening, "changing": heart.longest}


def idle(window: Window, _: Any, seconds: int) -> dict[str, Any]:
    """See the module's text."""
    heart = Heart(window.root)
    window.rest(200)
    heart.begin()
    window.rest(seconds * 1000)
    return {"longest": heart.longest}


def backup(window: Window, manager: Any, times: int) -> dict[str, Any]:
    """See the module's text."""
    from litekeep.ui.presenter.models import Action

    view = window.view(manager)
    window.until(lambda: view.head.hero.model.state != "loading")
    manager.overview()
    window.rest(1000)
    heart, found = Heart(window.root), []
    for number in range(times):
        with closing(sqlite3.connect(manager.database)) as db:
            db.execute("UPDATE blob SET data = randomblob(4000) WHERE id % 2 = ?", [number % 2])
            db.commit()
        window.rest(50)
        heart.begin()
        began = time.perf_counter()
        view.head.hero.buttons[Action.BACK_UP].invoke()
        window.until(lambda: view.head.notice is not None and view.bridge.facts.work is None, 20)
        took = time.perf_counter() - began
        window.rest(300)
        found.append({"longest": heart.longest, "seconds": took, "said": view.head.notice.model.what})
        view.bridge.dismiss()
        window.rest(300)
    return {"backups": found}


def main() -> None:
    """See the module's text."""
    what, folder, number = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    if what in ("make", "make-large"):
        (make if what == "make" else make_large)(folder, number)
        return
    from ui import desk

    home = Path(tempfile.mkdtemp(prefix="home-", dir=folder))
    with desk.environment(HOME=str(home)), desk.screen(home):
        manager = manager_of(folder)
        acts = {"paint": paint, "scroll": scroll, "settings": settings, "idle": idle, "backup": backup}
        figures = acts[what](Window(), manager, number)
        print(json.dumps(figures), flush=True)
        manager.close(backup=False)


if __name__ == "__main__":
    main()
