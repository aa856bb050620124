"""Real windows: a screen of our own, one root for all tests, a fresh window for each, and pictures to compare.

    display         Xvfb with openbox for this worker; DISPLAY, HOME and the fonts are those of the tests
    root            the one CTk root, never shown
    window          a fresh CTkToplevel, 1200 x 800, shown and focused; what a callback raised fails the test
    wait_until      wait_until(condition, seconds=5): lets the window work until it holds
    appearance      appearance("dark"): of all windows; they are light before and after
    screenshot      screenshot(widget, path): what the screen shows of it
    assert_golden   assert_golden(widget, "name"): as goldens/name.png; --update-goldens writes that

A machine that cannot show windows skips these tests, all for one reason; where LITEKEEP_REQUIRE_DISPLAY is set, as in
.ci/run, they fail instead.
"""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ui import desk

GOLDENS = Path(__file__).parent / "goldens"
SEEN = Path(__file__).resolve().parents[2] / "build" / "screenshots"
"""Where every picture that was taken can be looked at."""
MOST_DIFFERENT = 0.002
COLOURS = 128
PURE = ("presenter", "language", "bridge")
"""Folders whose tests need no tkinter."""
HARMLESS = ("check_dpi_scaling", "_click_animation", "update", "_set_scaled_min_max")
"""Timers of CustomTkinter that it leaves behind when a window is destroyed."""

WaitUntil = Callable[..., None]
Screenshot = Callable[[Any, Path], Path]
AssertGolden = Callable[[Any, str], None]

_home = desk.make_home()


def pytest_collection_finish() -> None:
    """What is there before the first test stays: whoever looks for what a test left need not go through all of it."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    shutil.rmtree(_home, ignore_errors=True)


class _NoWindows(pytest.Module):
    """Tests that cannot even be imported without tkinter."""

    def collect(self) -> Any:
        pytest.skip(_why(), allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    here = Path(__file__).parent
    draws = module_path.is_relative_to(here) and module_path.relative_to(here).parts[0] not in PURE
    if draws and desk.missing() and not desk.required():
        return _NoWindows.from_parent(parent, path=module_path)
    return None


def _why() -> str:
    return f"windows cannot be tested here: {desk.missing()}"


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    if desk.missing():
        if desk.required():
            pytest.fail(_why())
        pytest.skip(_why())
    with desk.screen(_home) as name:
        yield name


@pytest.fixture(scope="session")
def root(display: str) -> Iterator[Any]:
    import customtkinter

    customtkinter.set_appearance_mode("light")
    root = customtkinter.CTk()
    root.withdraw()
    root.option_add("*insertOffTime", 0)  # a caret that does not blink
    root.update()
    yield root
    root.destroy()


@pytest.fixture
def raised(root: Any) -> Iterator[list[str]]:
    """What callbacks and timers of Tk raised in this test; not empty at its end: it fails."""
    import traceback

    found: list[str] = []

    def in_python(kind: type[BaseException], error: BaseException, trace: Any) -> None:
        found.append("".join(traceback.format_exception(kind, error, trace)))

    def in_tcl(message: str) -> None:
        if not any(f"{name}" in message for name in HARMLESS if message.startswith("invalid command name")):
            found.append(message)

    root.report_callback_exception = in_python
    root.tk.createcommand("bgerror", in_tcl)
    yield found
    root.update()
    root.tk.deletecommand("bgerror")
    del root.report_callback_exception
    assert not found, "\n".join(found)


@pytest.fixture
def window(root: Any, raised: list[str]) -> Iterator[Any]:
    import customtkinter

    window = customtkinter.CTkToplevel(root)
    window.title("Litekeep")
    window.geometry("1200x800+8+32")
    desk.wait_until(window, lambda: window.winfo_viewable() and window.winfo_width() == 1200)
    window.focus_force()
    yield window
    if window.winfo_exists():
        window.destroy()


@pytest.fixture
def appearance(root: Any) -> Iterator[Callable[[str], None]]:
    """Makes all windows "light" or "dark"; light again at the end."""
    import customtkinter

    yield customtkinter.set_appearance_mode
    customtkinter.set_appearance_mode("light")


@pytest.fixture
def wait_until(root: Any) -> WaitUntil:
    def wait(condition: Callable[[], object], seconds: float = 5.0) -> None:
        desk.wait_until(root, condition, seconds)

    return wait


@pytest.fixture
def screenshot(root: Any) -> Screenshot:
    def take(widget: Any, path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        desk.picture(widget).save(path)
        return path

    return take


def _few_colours(picture: Any) -> Any:
    """A third of the size, if that is as good for comparing: a window has few colours besides the edges of letters."""
    few = picture.quantize(COLOURS, method=2, dither=0)
    share, _ = desk.differences(few.convert("RGB"), picture, levels=12)
    return few if share < MOST_DIFFERENT / 4 else picture


@pytest.fixture
def assert_golden(root: Any, pytestconfig: pytest.Config) -> AssertGolden:
    from PIL import Image

    def check(widget: Any, name: str) -> None:
        now = desk.picture(widget)
        SEEN.mkdir(parents=True, exist_ok=True)
        now.save(SEEN / f"{name}.png", compress_level=1)
        golden = GOLDENS / f"{name}.png"
        if pytestconfig.getoption("--update-goldens"):
            golden.parent.mkdir(parents=True, exist_ok=True)
            _few_colours(now).save(golden, optimize=True)
            return
        assert golden.exists(), f"there is no golden picture {name}: look at build/screenshots, then --update-goldens"
        with Image.open(golden) as before:
            share, where = desk.differences(now, before.convert("RGB"))
        if share > MOST_DIFFERENT:
            where.save(SEEN / f"{name}.diff.png")
            pytest.fail(f"{name} differs from its golden picture in {share:.2%} of its pixels; see build/screenshots")

    return check
