"""From a command line to a window: what is missing on this machine is told in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from litekeep.errors import UsageError
from litekeep.ui.app.remembered import memory_file
from litekeep.ui.language.choice import choose_language
from litekeep.ui.language.words import Language, language

SCALE = "LITEKEEP_SCALE"
STOP_MS = 200
ELSEWHERE = "Without a window: `litekeep status`, `litekeep list`, `litekeep watch`."


def require_window() -> None:
    """Raises UsageError, with what to install, where a window cannot be made of what is installed."""
    try:
        import_module("tkinter")
    except ImportError as error:
        raise UsageError(
            "the window needs tkinter, which this Python came without",
            hint=f"On Debian and Ubuntu: apt install python3-tk. With Homebrew: brew install python-tk. {ELSEWHERE}",
        ) from error
    for module, package in (("customtkinter", "customtkinter"), ("PIL", "pillow")):
        try:
            import_module(module)
        except ImportError as error:
            raise UsageError(
                f"the window needs {package}, which is not installed",
                hint=f"Install it: pip install 'litekeep[gui]'. {ELSEWHERE}",
            ) from error


def run_window(
    environ: Mapping[str, str],
    asked: tuple[Path, Path | None] | None = None,
    folder: Path | None = None,
    *,
    asked_language: str | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Open the window, and return when it is closed. asked, folder: see Program. Raises UsageError.

    stop: asked again and again; true closes the window, and does not wait for what runs.
    """
    require_window()
    from litekeep.ui.app.program import Program

    scale = _wanted_scale(environ)
    window = _window(scale)
    say = language(choose_language(asked_language, environ))
    program = Program(window, say, memory_file(environ), make_view, asked=asked, folder=folder)

    def look() -> None:
        if stop():
            program.end()
        else:
            window.after(STOP_MS, look)

    look()
    window.mainloop()


def make_view(master: Any, manager: Any, say: Language) -> Any:
    """The view, in the program's own look and language."""
    from litekeep.ui.view.view import BackupView

    return BackupView(master, manager, lang=say.code, theme="own")


def _window(scale: float | None) -> Any:
    import tkinter

    import customtkinter

    customtkinter.set_appearance_mode("system")
    if scale is not None:
        customtkinter.set_widget_scaling(scale)
        customtkinter.set_window_scaling(scale)
    try:
        return customtkinter.CTk(className="Litekeep")
    except tkinter.TclError as error:
        raise UsageError(f"there is no screen for a window: {error}", hint=ELSEWHERE) from error


def _wanted_scale(environ: Mapping[str, str]) -> float | None:
    """LITEKEEP_SCALE=1.5: for systems that do not tell how fine their screen is (Linux)."""
    text = environ.get(SCALE, "")
    if not text:
        return None
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 0.5 <= factor <= 4.0:
        raise UsageError(f"{SCALE} is {text!r}", hint="Give a number from 0.5 to 4, such as 1.5.")
    return factor
