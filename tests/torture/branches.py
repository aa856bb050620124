"""Branch coverage of the core: which ways through the code does no test go?

    python tests/torture/branches.py                    on all cores, in half an hour; prints what no test reaches
    python tests/torture/branches.py --results FOLDER   keep the figures there, as branches.json
    python tests/torture/branches.py tests/retention    these tests only, to see what they reach

Every way must be gone through in the modules that decide about deletion, locks and formats (pyproject.toml,
tool.mutation), and WANTED_PERCENT of them in the core. What only another system runs does not count here, nor what is
there for type checkers only (pyproject.toml, tool.coverage). Programs that tests start are measured too.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CORE = ("blocks", "formats", "operations", "repository", "retention", "sqlite", "storage")
TESTS = (*CORE, "cli", "crash", "damage", "journal", "manager", "scheduling", "ui/bridge")
NOT_MEASURED = (
    "tests/storage/test_local_faults.py::test_a_limit_on_the_length_of_files",
    "tests/storage/test_local_faults.py::test_a_folder_another_user_may_only_read",
    "tests/cli/test_startup.py",
)
"""They limit what a process may write, and so what coverage.py may; and starting up takes longer with it."""
WANTED_PERCENT = 95.0


def main() -> int:
    """Returns the exit code: 1 if too little is reached."""
    parser = argparse.ArgumentParser(
        prog="python tests/torture/branches.py", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("test", nargs="*", help="these tests only")
    parser.add_argument("--results", type=Path, help="keep the figures there, as JSON")
    asked = parser.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="litekeep-branches-") as folder:
        failed = run_tests(asked.test or [f"tests/{name}" for name in TESTS], Path(folder))
        measured = read(Path(folder))
    config: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    decisive = [f"src/litekeep/{name}" for name in config["tool"]["mutation"]]
    figures: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "wanted_percent": WANTED_PERCENT,
        "decisive": summed({name: each for name, each in measured.items() if name in decisive}),
        "core": summed(measured),
        "seconds": round(time.perf_counter() - began),
    }
    tell(measured, decisive)
    print(f"decisive: {figures['decisive']}\ncore: {figures['core']}")
    if asked.results:
        (asked.results / "branches.json").write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    bad = figures["decisive"]["percent"] < 100 or figures["core"]["percent"] < WANTED_PERCENT or failed
    if bad:
        print("FAILED" + (": some tests failed" if failed else ""))
    return int(bad)


def run_tests(tests: list[str], folder: Path) -> bool:
    """Under coverage, with all that they start; True if one failed."""
    environment = os.environ | {"COVERAGE_FILE": str(folder / "data")}
    command = [sys.executable, "-m", "coverage", "run", "-m", "pytest", "-q", "-n", "auto", "--dist", "worksteal"]
    left_out = [f"--deselect={test}" for test in NOT_MEASURED]
    done = subprocess.run([*command, *left_out, *tests], cwd=ROOT, env=environment, check=False)
    combine = [sys.executable, "-m", "coverage", "combine", "--quiet"]
    subprocess.run(combine, cwd=ROOT, env=environment, check=True)
    return done.returncode != 0


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """What coverage found of each module of the core."""
    environment = os.environ | {"COVERAGE_FILE": str(folder / "data")}
    command = [sys.executable, "-m", "coverage", "json", "--quiet", "-o", str(folder / "found.json")]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    found = json.loads((folder / "found.json").read_text("utf-8"))["files"]
    return {Path(name).as_posix(): each for name, each in sorted(found.items())}


def summed(measured: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Lines and branches of several modules together, as coverage's own percentage counts them."""
    keys = ("num_statements", "covered_lines", "num_branches", "covered_branches")
    total = {key: sum(each["summary"][key] for each in measured.values()) for key in keys}
    reached = total["covered_lines"] + total["covered_branches"]
    whole = total["num_statements"] + total["num_branches"]
    return {"modules": len(measured), **total, "percent": round(100 * reached / max(1, whole), 2)}


def tell(measured: dict[str, dict[str, Any]], decisive: list[str]) -> None:
    """Print what was not reached."""
    for name, each in measured.items():
        if not each["summary"]["covered_branches"] and each["summary"]["num_branches"]:
            print(f"  {name}: no way through it")
            continue
        ways = [f"{start}->{'end' if end < 0 else end}" for start, end in each["missing_branches"]]
        if each["missing_lines"] or ways:
            sign = "!" if name in decisive else " "
            print(f"{sign} {name} {each['summary']['percent_covered']:.1f} %: {each['missing_lines']} {' '.join(ways)}")


if __name__ == "__main__":
    sys.exit(main())
