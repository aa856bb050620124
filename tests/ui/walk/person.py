"""Someone at the screen: looks, points, clicks and types, by xdotool; and waits until what they wait for is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WATCHED = Path(__file__).with_name("watched.py")
ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 25.0
REST_SECONDS = 0.15
"""What does not move for so long can be clicked on."""


@dataclass(frozen=True, slots=True)
class Thing:
    """Something on the screen. area: left, top, width, height. chosen: of rows and segments."""

    kind: str
    text: str
    area: tuple[int, int, int, int]
    on_top: bool
    enabled: bool
    chosen: bool = False

    @property
    def middle(self) -> tuple[int, int]:
        """Where to point."""
        left, top, width, height = self.area
        return left + width // 2, top + height // 2


class Person:
    """Sits before one process of the example application."""

    def __init__(self, arguments: Sequence[str], shots: Path, errors: Path) -> None:
        self._shots, self._errors = shots, errors
        self._count = 0
        self.window = (0, 0, 0, 0)
        with errors.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, str(WATCHED), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
                text=True,
            )

    # Looking

    def look(self) -> list[Thing]:
        """What can be seen now."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("?\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("{"):
                told = json.loads(line)
                self.window = tuple(told["window"])
                return [Thing(**{**each, "area": tuple(each["area"])}) for each in told["seen"]]
        raise AssertionError(f"the program has ended: {self.errors()}")

    def errors(self) -> str:
        """What the program wrote to its standard error."""
        return self._errors.read_text("utf-8")

    def find(self, text: str, kind: str = "") -> Thing | None:
        """What says exactly this, and can be reached."""
        found = [each for each in self.look() if each.text == text and each.on_top]
        return next((each for each in found if kind in ("", each.kind)), None)

    def sees(self, text: str) -> bool:
        """These words are somewhere."""
        return any(text in each.text for each in self.look() if each.on_top)

    def rows(self) -> list[Thing]:
        """Of the table that can be seen."""
        return [each for each in self.look() if each.kind == "row"]

    def wait(self, condition: Callable[[], Any], what: str = "", seconds: float = PATIENCE) -> Any:
        """Until it holds; returns what it gave."""
        deadline = time.monotonic() + seconds
        while True:
            found = condition()
            if found:
                return found
            if time.monotonic() > deadline:
                self.shoot("lost")
                texts = [each.text for each in self.look() if each.on_top and each.text]
                raise AssertionError(f"waited for {what}; on the screen: {texts}; {self.errors()}")
            time.sleep(0.05)

    def shoot(self, name: str) -> None:
        """A picture of the window, when it has come to rest."""
        from PIL import ImageChops, ImageGrab

        left, top, width, height = self.window
        box = (left, top, left + width, top + height)
        before = ImageGrab.grab(box, xdisplay=os.environ["DISPLAY"])
        for _ in range(20):
            time.sleep(0.05)
            now = ImageGrab.grab(box, xdisplay=os.environ["DISPLAY"])
            if ImageChops.difference(now.convert("RGB"), before.convert("RGB")).getbbox() is None:
                break
            before = now
        self._count += 1
        self._shots.mkdir(parents=True, exist_ok=True)
        before.convert("RGB").save(self._shots / f"walk-{self._count:02}-{name}.png")

    # Doing

    def click(self, text: str, kind: str = "") -> None:
        """On what says this, as soon as it is there, can be used and has come to rest."""
        self.click_at(self.wait(lambda: self._usable(text, kind), f"{text!r} to click on"))

    def _usable(self, text: str, kind: str) -> Thing | None:
        found = self.find(text, kind)
        if found is None or not found.enabled:
            return None
        time.sleep(REST_SECONDS)
        return found if found == self.find(text, kind) else None

    def click_at(self, thing: Thing, times: int = 1) -> None:
        """In its middle."""
        x, y = thing.middle
        self._do("mousemove", str(x), str(y))
        self.look()  # it has noticed where the pointer is
        self._do("click", "--repeat", str(times), "--delay", "60", "1")

    def type(self, text: str) -> None:
        """Where the keyboard is."""
        self._do("type", "--delay", "15", text)

    def press(self, *keys: str) -> None:
        """Keys, as xdotool names them."""
        self._do("key", "--delay", "30", *keys)

    @staticmethod
    def _do(*command: str) -> None:
        subprocess.run(["xdotool", *command], check=True, capture_output=True)

    def leave(self) -> None:
        """End the program, whatever it does."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
