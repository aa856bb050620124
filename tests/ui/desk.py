"""A screen of our own for the tests: Xvfb with openbox, the same fonts on every machine, and pictures of what is there.

Each pytest worker has its own, so that several do not press each other's buttons. The home folder is a temporary one:
CustomTkinter copies fonts into ~/.fonts when it is imported, and the program remembers databases there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

WIDTH, HEIGHT = 1600, 1200
REQUIRED = "LITEKEEP_REQUIRE_DISPLAY"
"""Set where the tests of the window must run: what is missing is then a failure, and no reason to skip."""
DEJAVU = Path("/usr/share/fonts/truetype/dejavu")
"""For signs that Roboto does not have; .ci/run installs it."""
SECONDS_TO_START = 20.0

FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{roboto}</dir>
  <dir>{dejavu}</dir>
  <cachedir>{cache}</cachedir>
  <alias binding="same"><family>sans-serif</family><prefer><family>Roboto</family><family>DejaVu Sans</family></prefer>
  </alias>
  <alias binding="same"><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
  <match target="pattern"><edit name="antialias" mode="assign"><bool>true</bool></edit>
    <edit name="hinting" mode="assign"><bool>true</bool></edit>
    <edit name="hintstyle" mode="assign"><const>hintslight</const></edit>
    <edit name="rgba" mode="assign"><const>none</const></edit></match>
</fontconfig>
"""
WINDOW_MANAGER = """<?xml version="1.0"?>
<openbox_config xmlns="http://openbox.org/3.4/rc">
  <focus><focusNew>yes</focusNew><focusDelay>0</focusDelay></focus>
  <desktops><number>1</number><popupTime>0</popupTime></desktops>
  <keyboard><keybind key="A-F4"><action name="Close"/></keybind></keyboard>
  <mouse><context name="Client">
    <mousebind button="Left" action="Press"><action name="Focus"/><action name="Raise"/></mousebind>
  </context></mouse>
</openbox_config>
"""


def missing() -> str:
    """What keeps windows from being tested on this machine; empty if nothing does."""
    lacking = [name for name in ("Xvfb", "openbox") if shutil.which(name) is None]
    lacking += [name for name in ("tkinter", "_tkinter", "customtkinter", "PIL") if find_spec(name) is None]
    return f"no {', no '.join(lacking)}" if lacking else ""


def required() -> bool:
    """Whether the tests must run."""
    return bool(os.environ.get(REQUIRED))


def make_home() -> Path:
    """A home folder for this process; CustomTkinter is imported once with it, so that nobody else's gets its fonts."""
    home = Path(tempfile.mkdtemp(prefix="litekeep-home-"))
    if not missing():
        with environment(HOME=str(home)):
            import customtkinter  # noqa: F401 - for what the import does
    return home


@contextmanager
def environment(**variables: str | None) -> Iterator[None]:
    """These variables of the environment for a while; None: not there."""
    before = {name: os.environ.get(name) for name in variables}
    try:
        _set(variables)
        yield
    finally:
        _set(before)


def _set(variables: dict[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextmanager
def screen(home: Path) -> Iterator[str]:
    """Xvfb and openbox, and an environment in which windows find both, and the same fonts; gives the display's name."""
    import customtkinter

    roboto = Path(customtkinter.__file__).parent / "assets" / "fonts"
    fonts = home / "fonts.conf"
    fonts.write_text(FONTS.format(roboto=roboto, dejavu=DEJAVU, cache=home / "font-cache"), "utf-8")
    with (
        _xvfb() as display,
        environment(
            DISPLAY=display,
            HOME=str(home),
            FONTCONFIG_FILE=str(fonts),
            XDG_CONFIG_HOME=None,
            XDG_CACHE_HOME=None,
            XDG_DATA_HOME=None,
            XAUTHORITY=None,
        ),
        _openbox(home),
    ):
        yield display


@contextmanager
def _xvfb() -> Iterator[str]:
    told, tell = os.pipe()
    size = f"{WIDTH}x{HEIGHT}x24"
    options = ["-screen", "0", size, "-dpi", "96", "-nolisten", "tcp", "-noreset", "-displayfd", str(tell)]
    server = subprocess.Popen(["Xvfb", *options], pass_fds=[tell], stderr=subprocess.DEVNULL)
    os.close(tell)
    with open(told, encoding="ascii") as file, _ended(server):
        number = file.readline().strip()  # an empty line if it ended
        if not number:
            raise RuntimeError(f"Xvfb ended with {server.wait(10)}")
        yield f":{number}"


@contextmanager
def _openbox(home: Path) -> Iterator[None]:
    settings, ready = home / "openbox.xml", home / "openbox-is-ready"
    settings.write_text(WINDOW_MANAGER, "utf-8")
    command = ["openbox", "--sm-disable", "--config-file", str(settings), "--startup", f"touch {ready}"]
    manager = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with _ended(manager):
        deadline = time.monotonic() + SECONDS_TO_START
        while not ready.exists():
            if manager.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("openbox did not start")
            time.sleep(0.01)
        yield


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(widget: Any, condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Let the window work until the condition holds; fails the test if it does not in time."""
    deadline = time.monotonic() + seconds
    while True:
        widget.update()
        if condition():
            return
        if time.monotonic() > deadline:
            name = getattr(condition, "__qualname__", "") or repr(condition)
            raise AssertionError(f"not so within {seconds} s: {name}")
        time.sleep(0.002)  # other threads work


def picture(widget: Any) -> Any:
    """What the screen shows of a widget (a PIL image, RGB), when nothing changes any more."""
    from PIL import ImageChops

    top = widget.winfo_toplevel()
    top.lift()
    _put_pointer_away(top)
    before = _grab(widget)
    for _ in range(50):
        time.sleep(0.02)
        now = _grab(widget)
        if now.size == before.size and ImageChops.difference(now, before).getbbox() is None:
            return now
        before = now
    raise AssertionError("the picture never comes to rest")


def _grab(widget: Any) -> Any:
    from PIL import ImageGrab

    widget.update()
    widget.winfo_pointerxy()  # the answer comes after everything before it was drawn
    left, top = widget.winfo_rootx(), widget.winfo_rooty()
    box = (left, top, left + widget.winfo_width(), top + widget.winfo_height())
    if box[0] < 0 or box[1] < 0 or box[2] > WIDTH or box[3] > HEIGHT:
        raise AssertionError(f"the widget is not wholly on the screen: {box}")
    return ImageGrab.grab(box, xdisplay=os.environ["DISPLAY"]).convert("RGB")


def _put_pointer_away(top: Any) -> None:
    """Into the corner of the screen: what is under the pointer looks different."""
    x, y = WIDTH - 1 - top.winfo_rootx(), HEIGHT - 1 - top.winfo_rooty()
    top.event_generate("<Motion>", warp=True, x=x, y=y)
    top.update()


def differences(now: Any, golden: Any, levels: int = 24) -> tuple[float, Any]:
    """(share of pixels that differ by more than `levels` in a colour, picture of where, black where they do not)."""
    from PIL import Image, ImageChops

    if now.size != golden.size:
        return 1.0, Image.new("RGB", now.size, "red")
    bands = ImageChops.difference(now, golden).split()
    most = ImageChops.lighter(ImageChops.lighter(bands[0], bands[1]), bands[2])
    mask = most.point([255 if value > levels else 0 for value in range(256)])
    return mask.histogram()[255] / (now.width * now.height), mask
