"""Mutation testing: how many small mistakes in the code that decides about deletion would the tests notice?

    python tests/torture/mutation.py                    all modules named in pyproject.toml, under tool.mutation
    python tests/torture/mutation.py formats/pack.py    one of them, or several
    python tests/torture/mutation.py --results FOLDER   keep the figures there, as mutation.json

For each module, its tests are collected once, and run once under coverage.py to learn which test reaches which line.
Then, for each mutant (mutants.py), a fork of that process gives the mistake to the functions that exist, and runs the
tests that reach it, quickest first, until one fails. Programs that tests start get the same mistake from a copy of the
source. An endless loop counts as noticed.

A survivor is explained in survivors.toml, or the run fails: either no test can notice it, because nothing changes that
anybody could see ("same"), or what it changes is only speed or words. The former are no mistakes, and are left out of
the share that is noticed, as is usual (Jia and Harman, "An Analysis and Survey of the Development of Mutation Testing",
IEEE Transactions on Software Engineering 37, 2011, section 2.1).

The shared tools (mutmut, cosmic-ray) were tried first: mutmut 3 collects tests anew for each mutant (5 s each here,
hours in all) and leaves properties and constants alone.
"""

from __future__ import annotations

import argparse
import ast
import gc
import importlib
import json
import multiprocessing
import os
import resource
import selectors
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, is_dataclass
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from types import CodeType, FunctionType
from typing import TypeAlias

import hypothesis
import pytest
from _pytest.runner import runtestprotocol

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

from torture.mutants import Mutant, mutants, mutated  # noqa: E402 - this is a program

SURVIVORS = Path(__file__).with_name("survivors.toml")
WANTED_PERCENT = 95
SLOW_SECONDS = 6.0
"""Of the processor, with coverage: tests that take longer are left out."""
PATIENCE_SECONDS = 60.0
"""A run of tests that takes so much longer than without a mistake hangs."""
LOOP_SECONDS = 5
"""Of the processor: the same for those that do not sleep."""
BUDGET_SECONDS = 6.0
"""For the tests of one mutant. What only slower ones would notice counts as not noticed."""
NOT_NOTICED, TOO_LONG, NOT_TAKEN_IN = -1, -2, -3
PYTEST = [
    "-p",
    "no:terminal",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "-o",
    "addopts=",
    "-o",
    "filterwarnings=",
    "--rootdir",
    str(ROOT),
]

CONSTANTS = (int, float, str, bytes, tuple, set, frozenset, dict)
Functions: TypeAlias = "dict[tuple[str, int], list[FunctionType]]"


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of a mutant. by: the test that noticed it, "time" if it took too long, or "" if it survived."""

    mutant: Mutant
    by: str


@dataclass(slots=True)
class Reach:
    """Of a module: the seconds that each test takes, and which tests reach each line."""

    seconds: list[float] = field(default_factory=list)
    tests: dict[int, set[int]] = field(default_factory=dict)
    failed: list[int] = field(default_factory=list)

    def of(self, lines: range | None) -> list[int]:
        """The tests that reach one of these lines, or all, quickest first, as many as there is time for."""
        reached = range(len(self.seconds)) if lines is None else set().union(*(self.tests.get(n, set()) for n in lines))
        ordered = sorted({*reached} - {*self.failed}, key=lambda test: self.seconds[test])
        sums = accumulate(self.seconds[test] for test in ordered)
        return [test for test, seconds in zip(ordered, sums, strict=True) if seconds < BUDGET_SECONDS]


class Laboratory:
    """A plugin of pytest that takes the collected tests and runs them on mutants."""

    def __init__(self, path: Path, folder: Path, numbers: Sequence[int] | None) -> None:
        self.path = path
        self.folder = folder
        self.source = path.read_text("utf-8")
        self.chosen = [each for each in mutants(self.source) if numbers is None or each.number in numbers]
        self.trials: list[Trial] = []
        self._items: list[pytest.Item] = []
        self._functions: Functions = {}
        self._copy = folder / "src"
        self._recent: list[int] = []
        shutil.copytree(SOURCE, self._copy, ignore=shutil.ignore_patterns("__pycache__"))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of running the tests once."""
        if session.testsfailed:
            raise session.Failed("the tests cannot be collected")
        self._items = session.items
        importlib.import_module(module_name(self.path))
        self._functions = functions_of(self.path)
        reach = self._measure()
        for test in reach.failed:
            print(
                f"  fails without any mistake or is too slow, and is left out: {self._items[test].nodeid}", flush=True
            )
        for mutant in self.chosen:
            self.trials.append(Trial(mutant, self._try(mutant, reach)))
            if len(self.trials) % 50 == 0:
                print(f"  {len(self.trials)} of {len(self.chosen)} mutants", flush=True)
        return True

    def _measure(self) -> Reach:
        """In a fork, so that the mutants find no trace of it."""
        receive, send = multiprocessing.Pipe(duplex=False)
        if (child := os.fork()) == 0:
            with ending():
                quiet()
                send.send(self._measured())
        send.close()
        reach: Reach = receive.recv()
        os.waitpid(child, 0)
        return reach

    def _measured(self) -> Reach:
        """All tests under coverage."""
        import coverage

        measured, found = coverage.Coverage(data_file=None, include=[str(self.path)], config_file=False), Reach()
        signal.signal(signal.SIGVTALRM, too_slow)
        measured.start()
        for number, item in enumerate(self._items):
            measured.switch_context(f"#{number}")
            began = processor_seconds()
            signal.setitimer(signal.ITIMER_VIRTUAL, SLOW_SECONDS)
            if fails(item, self._after(number)):
                found.failed.append(number)
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            found.seconds.append(processor_seconds() - began)
        measured.stop()
        for line, contexts in measured.get_data().contexts_by_lineno(str(self.path)).items():
            found.tests[line] = {int(context[1:]) for context in contexts if context}
        return found

    def _after(self, number: int) -> pytest.Item | None:
        return self._items[number + 1] if number + 1 < len(self._items) else None

    def _try(self, mutant: Mutant, reach: Reach) -> str:
        tree = mutated(self.source, mutant.number)
        module = self._copy / self.path.relative_to(SOURCE)
        module.write_text(ast.unparse(tree), "utf-8")
        tests = reach.of(mutant.lines if mutant.inside else None)  # a constant is read without reaching its line
        tests.sort(key=lambda test: self._recent.index(test) if test in self._recent else len(self._recent))
        allowed = PATIENCE_SECONDS + 10 * sum(reach.seconds[test] for test in tests)
        if not tests:
            return ""
        code = compile(tree, str(self.path), "exec", dont_inherit=True)
        limit = LOOP_SECONDS + 3 * round(sum(reach.seconds[test] for test in tests))
        noticed = self._try_fork(code, tests, allowed, limit, anew=not mutant.inside)
        if noticed == NOT_TAKEN_IN:
            return self._try_anew(tests, allowed)
        if noticed >= 0:
            self._recent = [noticed, *(test for test in self._recent if test != noticed)][:20]
            return self._items[noticed].nodeid
        return "" if noticed == NOT_NOTICED else "time"

    def _try_fork(self, code: CodeType, tests: Sequence[int], allowed_seconds: float, limit: int, *, anew: bool) -> int:
        """The test that noticed it, or one of the other answers.

        limit: seconds of the processor. anew: the mistake is outside of functions.
        """
        receive, send = os.pipe()
        if (child := os.fork()) == 0:
            with ending():
                os.setsid()
                quiet()
                use_copy(self._copy)
                resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
                resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
                os.write(send, f"{self._first_to_notice(code, tests, anew=anew)}\n".encode())
        os.close(send)
        with os.fdopen(receive, "rb") as answers, selectors.DefaultSelector() as selector:
            selector.register(answers, selectors.EVENT_READ)
            answer = answers.readline() if selector.select(allowed_seconds) else str(TOO_LONG)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return int(answer or tests[0])  # the whole process died of it

    def _first_to_notice(self, code: CodeType, tests: Sequence[int], *, anew: bool) -> int:
        try:
            if anew and not rebind(module_name(self.path), self._functions, code):
                return NOT_TAKEN_IN
            exchange(self._functions, code)
        except ValueError:
            return tests[0]  # it refers to other variables, as a function that is not there any more would
        for place, test in enumerate(tests):
            following = self._items[tests[place + 1]] if place + 1 < len(tests) else None
            if fails(self._items[test], following):
                return test
        return NOT_NOTICED

    def _try_anew(self, tests: Sequence[int], allowed_seconds: float) -> str:
        """In a new process that imports the copy."""
        ids = [self._items[test].nodeid for test in tests]
        process = multiprocessing.get_context("spawn").Process(target=run_anew, args=(self._copy, self.folder, ids))
        process.start()
        process.join(allowed_seconds)
        if process.exitcode is None:
            process.kill()
            process.join()
            return "time"
        return "a new process" if process.exitcode else ""


@contextmanager
def ending() -> Iterator[None]:
    """Around what a fork does: it never returns to where it came from."""
    try:
        yield
    finally:
        os._exit(0)


def too_slow(*_: object) -> None:
    """Ends a test that is not worth its time here."""
    raise TimeoutError("too slow for mutation testing")


def processor_seconds() -> float:
    """Of this process and of all that ended below it: how long a test takes must not depend on the others."""
    return sum(os.times()[:4])


def fails(item: pytest.Item, following: pytest.Item | None) -> bool:
    """Run one test."""
    return any(report.failed for report in runtestprotocol(item, log=False, nextitem=following))


def quiet() -> None:
    """What a broken test says is of no interest."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)


def use_copy(copy: Path) -> None:
    """For what is imported from now on, here and in programs that tests start."""
    sys.dont_write_bytecode = True
    os.environ |= {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    sys.path.insert(0, str(copy))


def run_anew(copy: Path, folder: Path, ids: Sequence[str]) -> None:
    """What the new process does."""
    quiet()
    use_copy(copy)
    os.chdir(ROOT)
    no_search_for_the_smallest()
    sys.exit(pytest.main(["-x", *PYTEST, "--basetemp", str(folder / "anew"), *ids]))


def no_search_for_the_smallest() -> None:
    """Hypothesis need not explain a failure here, and must find the same examples every time."""
    phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
    hypothesis.settings.register_profile("mutation", phases=phases, derandomize=True, database=None, deadline=None)
    hypothesis.settings.load_profile("mutation")


def functions_of(path: Path) -> Functions:
    """All functions that exist and were compiled from a file, by name and line."""
    found: defaultdict[tuple[str, int], list[FunctionType]] = defaultdict(list)
    for each in gc.get_objects():
        if isinstance(each, FunctionType) and each.__code__.co_filename == str(path):
            found[each.__code__.co_qualname, each.__code__.co_firstlineno].append(each)
    return found


def exchange(functions: Functions, code: CodeType) -> None:
    """Give these functions the code that they have in another version of their module."""
    todo = [code]
    while todo:
        each = todo.pop()
        todo += [constant for constant in each.co_consts if isinstance(constant, CodeType)]
        for function in functions.get((each.co_qualname, each.co_firstlineno), ()):
            function.__code__ = each


def rebind(module: str, functions: Functions, code: CodeType) -> bool:
    """Give a module, and all that took them from it, the constants and defaults of another version of it.

    False if there is none that differs, as with the words of an enumeration.
    """
    names: dict[str, object] = {"__name__": module, "__file__": code.co_filename}
    exec(code, names)
    changed = False
    for name, old in list(vars(sys.modules[module]).items()):
        new = names.get(name)
        if name.startswith("__"):  # what the import has set
            continue
        if isinstance(old, type) and isinstance(new, type) and is_dataclass(new):
            changed |= take_defaults(vars(old)["__init__"], vars(new)["__init__"])
        elif isinstance(old, CONSTANTS) and new != old:
            changed = True
            for other in [other for other in sys.modules.values() if other.__name__.startswith("litekeep.")]:
                if vars(other).get(name) == old:
                    setattr(other, name, new)
    for new in [each for each in gc.get_objects() if isinstance(each, FunctionType) and each.__globals__ is names]:
        for old in functions.get((new.__code__.co_qualname, new.__code__.co_firstlineno), ()):
            changed |= take_defaults(old, new)
    return changed


def take_defaults(old: FunctionType, new: FunctionType) -> bool:
    """True if they differ."""
    defaults = (new.__defaults__, new.__kwdefaults__)
    if (old.__defaults__, old.__kwdefaults__) == defaults:
        return False
    old.__defaults__, old.__kwdefaults__ = defaults
    return True


def module_name(path: Path) -> str:
    """As it is imported."""
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


def examine(path: Path, tests: Sequence[str], numbers: Sequence[int] | None, send: object) -> None:
    """All mutants of one module, in a process of its own; sends what became of them."""
    assert hasattr(send, "send")
    no_search_for_the_smallest()
    os.chdir(ROOT)
    os.environ["LITEKEEP_STATE_FOLDER"] = os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="litekeep-state-")
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="litekeep-mutation-", dir=memory if memory.is_dir() else None) as made:
        laboratory = Laboratory(path, Path(made), numbers)
        files = [str(ROOT / test) for test in tests]
        pytest.main([*PYTEST, "-s", "--basetemp", f"{made}/t", *files], plugins=[laboratory])
        whole = len(laboratory.trials) == len(laboratory.chosen)
        send.send(laboratory.trials if whole else None)


def told(name: str, trials: Sequence[Trial], explained: dict[str, str], seconds: float) -> dict[str, object]:
    """The figures of a module, also printed."""
    survivors = {trial.mutant.name: explained.get(trial.mutant.name, "") for trial in trials if not trial.by}
    killed = len(trials) - len(survivors)
    same = sum(why.startswith("same:") for why in survivors.values())
    percent = round(100 * killed / max(1, len(trials) - same), 1)
    print(f"  {killed} of {len(trials) - same} killed ({percent} %) in {seconds:.0f} s", flush=True)
    for survivor, why in survivors.items():
        print(f"    {'explained' if why else 'SURVIVED '}  {survivor}")
    for stale in sorted(explained.keys() - survivors.keys()):
        print(f"    explained, but does not survive: {stale}")
    return {
        "mutants": len(trials) - same,
        "killed": killed,
        "killed_percent": percent,
        "by_time": sum(trial.by == "time" for trial in trials),
        "survivors": survivors,
        "seconds": round(seconds),
    }


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python tests/torture/mutation.py", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("module", nargs="*", help="these only, as pyproject.toml names them")
    parser.add_argument("--number", type=int, action="append", help="this mutant only (of one module)")
    parser.add_argument("--list", action="store_true", help="name the mutants, and end")
    parser.add_argument("--results", type=Path, help="keep the figures there, as JSON")
    return parser.parse_args()


def main() -> int:
    """Returns the exit code: 1 if too few were noticed, or a survivor is not explained."""
    asked = arguments()
    config: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mutation"]
    explained: dict[str, dict[str, str]] = tomllib.loads(SURVIVORS.read_text("utf-8"))
    if unknown := sorted({*asked.module} - config.keys()):
        print(f"not in pyproject.toml: {', '.join(unknown)}", file=sys.stderr)
        return 2
    found: dict[str, dict[str, object]] = {}
    broken_off = []
    for name in asked.module or config:
        path = SOURCE / "litekeep" / name
        if asked.list:
            print(*(f"{each.number:5} {each.name}" for each in mutants(path.read_text("utf-8"))), sep="\n")
            continue
        print(name, flush=True)
        began = time.perf_counter()
        receive, send = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.get_context("spawn").Process(
            target=examine, args=(path, config[name], asked.number, send)
        )
        process.start()
        send.close()
        if (trials := receive.recv()) is None:
            broken_off.append(name)
        else:
            found[name] = told(name, trials, explained.get(name, {}), time.perf_counter() - began)
        process.join()
    if asked.results:
        keep(found, asked.results / "mutation.json")
    bad = [*broken_off, *(name for name, each in found.items() if not is_good(each))]
    if bad:
        print(f"FAILED: {', '.join(bad)}")
    return int(bool(bad))


def is_good(figures: dict[str, object]) -> bool:
    """Whether enough were noticed, and the others are explained."""
    survivors, percent = figures["survivors"], figures["killed_percent"]
    assert isinstance(survivors, dict)
    assert isinstance(percent, float)
    return percent >= WANTED_PERCENT and all(survivors.values())


def keep(found: dict[str, dict[str, object]], path: Path) -> None:
    """As JSON; modules that were not run this time stay as they were."""
    kept = json.loads(path.read_text("utf-8"))["modules"] if path.exists() else {}
    kept |= found
    date = datetime.now(UTC).date().isoformat()
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"date": date, "wanted_percent": WANTED_PERCENT, "modules": kept}, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
