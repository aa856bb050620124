"""The page of figures is what the kept results say: every number of its table is in them, and none is left out."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .pages import DOCS, ROOT, read

RESULTS = ROOT / "tests" / "torture" / "results"
ROW = re.compile(r"^\| (G\d+) \| (.*) \| (.*) \| (.*) \| (.*) \|$", re.MULTILINE)
COMMAND = re.compile(r"`python tests/torture (\w+) --(nightly|release)`")


def table() -> list[tuple[str, ...]]:
    """(goal, claim, tried, deviations, how) of each row."""
    return [found.groups() for found in ROW.finditer(read(DOCS / "explanation" / "trust.md"))]


def test_it_is_up_to_date() -> None:
    command = [sys.executable, "docs/generate_trust.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_goal_has_a_row() -> None:
    assert {goal for goal, *_ in table()} == {f"G{number}" for number in range(1, 22)}


def test_every_number_is_that_of_a_kept_run() -> None:
    told = 0
    for goal, claim, tried, deviations, how in table():
        if command := COMMAND.fullmatch(how):
            kept = json.loads((RESULTS / f"{command[1]}-{command[2]}.json").read_text("utf-8"))
            assert (goal, claim) == (kept["goal"], kept["claim"])
            assert tried == f"{kept['cases']:,} {kept['unit']}"
            assert deviations.partition(";")[0] == f"{kept['deviations']:,}"
            assert ("failed" in deviations) == bool(kept["failures"])
            told += 1
        elif "branches.py" in how:
            found = json.loads((RESULTS / "branches.json").read_text("utf-8"))
            kept = [found[part][key] for part in ("decisive", "core") for key in ("covered_branches", "num_branches")]
            assert [
                int(number.replace(",", "")) for number in re.findall(r"[\d,]+(?= (?:of|branches) )", tried)
            ] == kept
        elif "mutation.py" not in how:
            assert not re.search(r"\d", tried + deviations), "a number from nowhere"
    assert told == len({path.name.rpartition("-")[0] for path in published()})


def published() -> list[Path]:
    """The results of campaigns at the sizes that are published."""
    return [*RESULTS.glob("*-nightly.json"), *RESULTS.glob("*-release.json")]


@pytest.mark.parametrize("path", published(), ids=lambda path: path.stem)
def test_a_kept_run_has_held(path: Path) -> None:
    kept: dict[str, Any] = json.loads(path.read_text("utf-8"))
    assert kept["failures"] == []
    assert kept["deviations"] == 0
    assert kept["cases"] > 0


def test_every_branch_is_taken_where_it_must_be() -> None:
    path = RESULTS / "branches.json"
    if path.exists():
        found = json.loads(path.read_text("utf-8"))
        assert found["decisive"]["percent"] == 100
        assert found["core"]["percent"] >= found["wanted_percent"]
