"""Jobs that do in the helper process what tests ask about. They are imported there: this folder is on its path."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import Any

from litekeep.errors import Cancelled
from litekeep.monitor import Monitor


@dataclass(frozen=True, slots=True)
class Answer:
    """Returns the value."""

    value: Any

    def run(self, monitor: Monitor) -> Any:
        return self.value


@dataclass(frozen=True, slots=True)
class Fail:
    """Raises the error."""

    error: BaseException

    def run(self, monitor: Monitor) -> None:
        raise self.error


class Stubborn(Exception):
    """Can be pickled, and never read again."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} and {second}")


@dataclass(frozen=True, slots=True)
class Awkward:
    """Ends with something that cannot cross a pipe. how: "result", "error" or "stubborn"."""

    how: str

    def run(self, monitor: Monitor) -> Any:
        if self.how == "result":
            return threading.Lock()
        if self.how == "stubborn":
            raise Stubborn("salt", "pepper")
        raise ValueError("held", threading.Lock())


@dataclass(frozen=True, slots=True)
class Noise:
    """Writes to standard output in every way that a library might."""

    def run(self, monitor: Monitor) -> str:
        print("printed", flush=True)
        os.write(1, b"written\n")
        subprocess.run([sys.executable, "-c", "print('by a child')"], check=True)
        return "quiet"


@dataclass(frozen=True, slots=True)
class Steps:
    """Reports progress as fast as possible, for so many steps of each phase."""

    count: int

    def run(self, monitor: Monitor) -> float:
        began = time.monotonic()
        for phase in ("read", "store"):
            for done in range(self.count + 1):
                monitor.progress(phase, done, self.count, "pages")
        return time.monotonic() - began


@dataclass(frozen=True, slots=True)
class Wait:
    """Tells that it waits, until it is to stop; gives up after a while."""

    seconds: float = 30.0

    def run(self, monitor: Monitor) -> str:
        monitor.event("waiting", pid=os.getpid())
        ends = time.monotonic() + self.seconds
        while time.monotonic() < ends:
            if monitor.cancelled():
                raise Cancelled("stopped on request", safe="Nothing was begun.")
            time.sleep(0.01)
        return "nobody stopped it"


@dataclass(frozen=True, slots=True)
class Deaf:
    """Tells that it works, and does not look whether it is to stop."""

    seconds: float

    def run(self, monitor: Monitor) -> str:
        monitor.event("working", pid=os.getpid())
        time.sleep(self.seconds)
        return "done"


@dataclass(frozen=True, slots=True)
class Die:
    """Ends the process: by a signal, or with a last word."""

    word: str = ""

    def run(self, monitor: Monitor) -> None:
        if not self.word:
            os.kill(os.getpid(), signal.SIGKILL)
        print(self.word, file=sys.stderr, flush=True)
        os._exit(3)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the process is like."""

    def run(self, monitor: Monitor) -> dict[str, Any]:
        main = sys.modules["__main__"]
        return {
            "pid": os.getpid(),
            "cwd": os.getcwd(),
            "path": sys.path,
            "environment": dict(os.environ),
            "main": getattr(main, "__file__", ""),
            "litekeep": sys.modules["litekeep"].__file__,
        }
