"""Time and peak memory of commands and functions; rounds in which everyone takes a turn; medians and percentiles."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launch.py")


class CommandFailed(Exception):
    """A measured command ended with an error; its last words are in the message."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took. peak_bytes: of the largest process; 0 where it was not measured."""

    seconds: float
    peak_bytes: int = 0

    def __add__(self, other: Cost) -> Cost:
        """One after the other."""
        return Cost(self.seconds + other.seconds, max(self.peak_bytes, other.peak_bytes))


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without what would redirect a measured program, and with `more`.

    What is remembered of repositories is not left in the home of who measures.
    """
    unwanted = ("LITEKEEP_", "RESTIC_", "BORG_", "AWS_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    state = {"LITEKEEP_STATE_FOLDER": str(Path(tempfile.gettempdir(), "litekeep-benchmarks-state"))}
    return {**kept, **state, **(more or {})}


def run(command: Sequence[str | Path], env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Cost:
    """Run a command to its end. Raises CommandFailed."""
    with tempfile.TemporaryDirectory() as scratch:
        result, said = Path(scratch, "result"), Path(scratch, "said")
        with said.open("wb") as output:
            subprocess.run(
                [sys.executable, "-I", "-S", LAUNCHER, result, *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment(env),
                cwd=cwd,
                check=False,
            )
        words = said.read_text("utf-8", "replace").strip().splitlines() or ["(it said nothing)"]
        if not result.exists():
            raise CommandFailed(f"{command[0]} could not be started: {words[-1]}")
        facts = json.loads(result.read_text("ascii"))
    if facts["code"] != 0:
        shown = " ".join(str(part) for part in command[:3])
        raise CommandFailed(f"`{shown} ...` ended with exit code {facts['code']}: {words[-1]}")
    return Cost(facts["seconds"], facts["peak_bytes"])


def timed(action: Callable[[], object]) -> Cost:
    """Run a function of this process."""
    began = time.perf_counter()
    action()
    return Cost(time.perf_counter() - began)


@dataclass(frozen=True, slots=True)
class Contender:
    """Someone who takes a turn in every round."""

    name: str
    turn: Callable[[], Cost]


def interleave(
    rounds: int, contenders: Sequence[Contender], before: Callable[[int], object] | None = None
) -> dict[str, list[Cost]]:
    """A B C, B C A, C A B...: noise of the machine hits all alike, and nobody always comes first.

    before: called with the number of each round, from 0, before anyone's turn.
    """
    costs: dict[str, list[Cost]] = {contender.name: [] for contender in contenders}
    for number in range(rounds):
        if before is not None:
            before(number)
        shift = number % len(contenders) if contenders else 0
        for contender in (*contenders[shift:], *contenders[:shift]):
            costs[contender.name].append(contender.turn())
    return costs


def median_seconds(costs: Sequence[Cost]) -> float:
    """The middle one."""
    return statistics.median(cost.seconds for cost in costs)


def peak_bytes(costs: Sequence[Cost]) -> int:
    """The highest of all rounds."""
    return max(cost.peak_bytes for cost in costs)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` % of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def tree_bytes(folder: Path) -> int:
    """The length of all files below a folder, or of a file."""
    if folder.is_file():
        return folder.stat().st_size
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
