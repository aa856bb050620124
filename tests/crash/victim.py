"""A process that is killed in the middle of an operation. It imports everything once and forks for each kill.

Lines of JSON on standard input: {"operation", "root", "at", "moment", "seed"} kills before, in or after the at-th
storage operation; {"operation", "root", "after_seconds", "seed"} is killed by the parent's clock wherever it is. The
answer is one line each: the status of the child as os.waitpid gives it. The world is in the pickle named on the command
line; the live databases are used where they are.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from crash.operations import OPERATIONS, attempt
from crash.worlds import World, names_from
from litekeep.storage.local import LocalStorage
from litekeep.testing import Fault, FaultyStorage, Moment


class Victim:
    """Starts the process, and stops it at the end of a `with` block."""

    def __init__(self, world: World) -> None:
        path = world.folder / "world.pickle"
        path.write_bytes(pickle.dumps(world))
        command = [sys.executable, "-B", "-m", "crash.victim", str(path)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=60)

    def kill(self, operation: str, root: Path, **how: Any) -> int:
        """One run and its end: the signal that ended it, 0 if it was done before."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"operation": operation, "root": str(root), **how}) + "\n")
        self._process.stdin.flush()
        status = int(self._process.stdout.readline())
        if os.WIFSIGNALED(status):
            return os.WTERMSIG(status)
        assert status == 0, f"ended by itself with {status}"
        return 0


def _run(world: World, request: dict[str, Any]) -> None:
    operation = next(each for each in OPERATIONS if each.name == request["operation"])
    storage = LocalStorage(Path(request["root"]), world.clock())
    plan = [Fault(request["at"], Moment(request["moment"]), error=None)] if "at" in request else []
    with names_from(request["seed"]):
        _, error = attempt(operation, world, FaultyStorage(storage, plan), world.clock())
    if error is not None:
        raise error


def _forked(world: World, request: dict[str, Any]) -> int:
    child = os.fork()
    if child == 0:
        status = 1
        with suppress(Exception):
            _run(world, request)
            status = 0
        os._exit(status)
    if "after_seconds" in request:
        time.sleep(request["after_seconds"])
        os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def main() -> None:
    """Serve until standard input ends."""
    world = pickle.loads(Path(sys.argv[1]).read_bytes())
    for line in sys.stdin:
        print(_forked(world, json.loads(line)), flush=True)


if __name__ == "__main__":
    main()
