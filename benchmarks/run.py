"""Run the benchmarks: `python benchmarks/run.py [--case NAME]...`, in the virtual environment that `make bench` fills.

Prints a table for each case and writes it, with the facts of the machine, to results/<date>-<case>.{json,md}.
The exit code is 1 if a case failed, or if Litekeep itself could not be measured and was not left out on purpose.
"""

from __future__ import annotations

import argparse
import compileall
import sys
import tempfile
import time
import traceback
from pathlib import Path

# So that `python benchmarks/run.py` works as `python -m benchmarks.run` does.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import litekeep
from benchmarks.awake import NOTE, awake
from benchmarks.cases import CASES
from benchmarks.machine import facts
from benchmarks.measure import CommandFailed
from benchmarks.report import Report, terminal, write
from benchmarks.setting import Setting

RESULTS = Path(__file__).resolve().parent / "results"


def main() -> int:
    """Run the chosen cases one after the other; returns the exit code."""
    options = parse()
    if options.list:
        for name, (question, _) in CASES.items():
            print(f"{name:14} {question}")
        return 0
    compileall.compile_dir(Path(litekeep.__file__).parent, quiet=1)  # as pip does when it installs a package
    sound = [run_case(name, options) for name in options.case or CASES]
    return 0 if all(sound) else 1


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", action="append", choices=list(CASES), help="run this case only; may be repeated")
    parser.add_argument("--list", action="store_true", help="name the cases and end")
    parser.add_argument("--rounds", type=int, help="rounds instead of each case's own number")
    parser.add_argument("--quick", action="store_true", help="small and short, to see that it runs; nothing is written")
    parser.add_argument("--big", action="store_true", help="also a database of 2 GB")
    parser.add_argument("--without", action="append", default=[], metavar="NAME", help="leave this program out")
    parser.add_argument("--results", type=Path, help="where to write (default: results, beside this program)")
    parser.add_argument("--folder", type=Path, help="where to work (default: the system's temporary folder)")
    return parser.parse_args()


def run_case(name: str, options: argparse.Namespace) -> bool:
    """One case in a folder of its own; False if it failed."""
    question, measure = CASES[name]
    print(f"\n{name}: {question}", flush=True)
    with tempfile.TemporaryDirectory(prefix="litekeep-bench-", dir=options.folder) as folder:
        setting = Setting(
            Path(folder).resolve(), options.rounds, options.quick, options.big, frozenset(options.without)
        )
        try:
            with awake() as kept:
                report = measure(setting)
        except CommandFailed as problem:
            print(f"  FAILED: {problem}")
            return False
        except Exception:  # noqa: BLE001 - the other cases are still to be measured
            traceback.print_exc()
            return False
        report.notes += [NOTE] if kept else []
        report.notes += [f"not measured: {who}: {why}" for who, why in setting.left_out.items()]
        publish(report, setting, options)
    return "litekeep" not in setting.left_out or "litekeep" in setting.without


def publish(report: Report, setting: Setting, options: argparse.Namespace) -> None:
    """Show the table; keep it, unless it was only to see that it runs."""
    print(f"\n{terminal(report)}")
    if options.quick:
        print("(--quick: these figures mean nothing)")
    if not report.rows or (options.quick and options.results is None):
        return
    folder = options.results or RESULTS
    date = time.strftime("%Y-%m-%d")
    for path in write(report, facts(setting.took_part), date, folder):
        print(f"wrote {path}")


if __name__ == "__main__":
    sys.exit(main())
