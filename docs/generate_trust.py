"""Make explanation/trust.md: what the figures of the torture harness are, and the tables out of its results.

    python docs/generate_trust.py           write it
    python docs/generate_trust.py --check   exit code 1 if it is not what would be written

Every number in its tables is read from tests/torture/results; run it again after a run that kept results there.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generated import ROOT, write_or_check

PAGE = ROOT / "docs" / "explanation" / "trust.md"
RESULTS = ROOT / "tests" / "torture" / "results"
MUTATION = RESULTS / "mutation.json"
BRANCHES = RESULTS / "branches.json"
MUTATED = "`python tests/torture/mutation.py`; each survivor is explained in `tests/torture/survivors.toml`"
SIZES = ("release", "nightly")
"""The larger run of a campaign is published; runs at the size of CI are not."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What shall hold, and which tests show it beside, or instead of, a campaign."""

    name: str
    claim: str
    tests: str = ""


GOALS = (
    Goal("G1", "A process killed anywhere loses no completed snapshot, and nobody has to unlock anything."),
    Goal("G2", "A power cut loses no completed snapshot, whatever of the unsynced writes it takes away."),
    Goal(
        "G3",
        "The same with real processes and a real SIGKILL, at any moment.",
        "`tests/crash/test_sigkill.py` (`--crash-all` for more kills), and the kills counted below as really done",
    ),
    Goal("G4", "No error of disk or network, once or for good, is taken for a success."),
    Goal("G5", "Every damage to a stored object is noticed, and no wrong byte is restored."),
    Goal("G6", "Nothing that is read from outside crashes a decoder, or makes it take a second or 256 MB."),
    Goal("G7", "A backup is one state that was committed while it was made."),
    Goal("G8", "The application loses nothing, is not refused, and its files are not touched."),
    Goal("G9", "A restore is all or nothing for everybody, wherever it is killed."),
    Goal("G10", "Whatever two runs do at the same time, nothing completed is lost."),
    Goal("G11", "Rotation keeps exactly what its rules say."),
    Goal("G12", "A bad network never leads to a false success, and a run after it converges."),
    Goal("G13", "Ten years with power cuts, wrong clocks and full disks lose nothing that was kept."),
    Goal("G14", "The repository and its passphrase are enough, and a large history is read with few requests."),
    Goal(
        "G15",
        "Every stored byte is read again within 30 days, and what was proven least recently is proven next.",
        "`tests/operations/test_coverage.py`, `tests/operations/test_verify_drill.py`",
    ),
    Goal("G16", "An older state of the repository, or a manifest that is gone, is noticed."),
    Goal(
        "G17",
        "What earlier versions wrote is restored, also by the program that lies in every repository.",
        "`tests/formats/test_golden.py`, `tests/formats/test_restore_program.py`; that program is longer than the 300 "
        "lines that were the goal: it brings its own BLAKE3 and reads encrypted repositories too",
    ),
    Goal("G18", "The tests notice mistakes in the code that decides about deletion, locks and formats."),
    Goal(
        "G19",
        "Memory and room on disk are bounded, also by hostile objects.",
        "bombs: `tests/blocks/test_compress.py`, `tests/formats/test_pack.py`; 100 MiB for a database of more "
        "than 2 GiB: `tests/operations/test_large.py`. Memory with 100 GB is **not shown**; "
        "the largest database of the benchmarks has 2 GB (`python benchmarks/run.py --big`)",
    ),
    Goal("G20", "A changed database is never taken for unchanged."),
    Goal(
        "G21",
        "Nothing fails silently.",
        "`tests/cli/test_errors.py`, `tests/cli/test_journal.py`, `tests/scheduling/test_scheduler.py`, "
        "`tests/automatic/test_year.py`; and in every campaign above a false success is a deviation",
    ),
)

INTRODUCTION = """\
<!-- Made by docs/generate_trust.py from tests/torture/results. Do not edit: run it again. -->

# What was tried, and how often

Nobody can see from outside whether a backup tool will give the data back on the day it matters. What can be shown is
how hard it was tried to make Litekeep lose something, and by which command you can try it yourself.

The claims are tried by *campaigns*. A campaign makes many cases, each from its number and a seed: a kill after this
system call, this byte flipped, this schedule of two processes. Each case is judged by an oracle that does not share the
code it judges: contents that follow from a counter, an independent reading of the rules, the state before and after.
SQLite's own `integrity_check` is never the only judge; it misses most flipped bits ([why](verified.md)).

```sh
make torture                            # every campaign in small, in minutes
python tests/torture --list             # what there is
python tests/torture truth --nightly    # one of them, as large as published here
python tests/torture truth --nightly --only CASE    # one case again, as a deviation names it
```

## The figures

"Tried" is how many cases the published run reached, and "deviations" in how many the claim did not hold.
"""

READING = """\
## How to read them

- **0 deviations is no proof.** It says that a mistake which shows in one of so many cases, of these kinds, would have
  been seen. A mistake of a kind that nobody thought of would not.
- **A run fails if it did too little.** Each campaign names the kinds of faults it is about. If one of them never
  struck, or fewer cases ran than were asked for, the run fails although nothing deviated: what was not exercised was
  not shown. How often each struck stands below.
- **Each campaign can fail.** For each there is a test that breaks Litekeep on purpose, in memory, and requires that the
  campaign notices.
- **Equal states are judged once.** Where many kill points leave the same files behind, these are judged once and all
  the kill points count.
- **What was found is mended** at its root, and the case stays as a test where the mistake was.
- The figures are those of one run on the machine named below. Other seeds (`--seed`) make other cases.

## What the harness cannot show

- **Disks that lie.** Power cuts are a model: what was synced stays, what was not may be lost, torn or reordered. A disk
  that says "synced" and is not breaks every such promise, SQLite's own too. No real power was cut.
- **Windows and macOS.** The code is checked for their types and uses their calls, but the campaigns ran on Linux only.
- **Services of others.** Networks and servers are real programs on the same machine with faults in between, not the
  services of Amazon, Google or Microsoft with their own failures.
- **Hundreds of gigabytes and years of real time.** Worlds are small so that many fit into a night, and years pass by a
  clock that is moved by hand.
- **An upgrade of the format.** There is one version so far, and a repository of it that is checked in has to stay
  readable (G17). What moves everything in the ten years is the migration into an encrypted repository.
- **Attackers** are in [what is promised, and what is not](security.md); the campaigns show what accidents do.
- **Latency** of an application beside backups is a figure of one loaded machine, never a condition of the run.
"""


def pages() -> dict[Path, str]:
    """The one page."""
    return {PAGE: page()}


def page() -> str:
    """The whole page."""
    found = results()
    parts = [INTRODUCTION, "| | claim | tried | deviations | how to try it |", "|---|---|---|---|---|"]
    parts += [line for goal in GOALS for line in rows(goal, found)]
    return "\n".join([*parts, "", READING, "## What struck\n", *struck(found), *machines(found)])


def results() -> list[dict[str, Any]]:
    """The largest run of each campaign, in the order of the goals."""
    found: dict[str, dict[str, Any]] = {}
    for size in SIZES:
        for path in sorted(RESULTS.glob(f"*-{size}.json")):
            kept = json.loads(path.read_text("utf-8"))
            found.setdefault(kept["campaign"], kept)
    return sorted(found.values(), key=lambda kept: (int(kept["goal"][1:]), kept["campaign"]))


def rows(goal: Goal, found: list[dict[str, Any]]) -> Iterator[str]:
    """Of one goal: a row for each of its campaigns, or one for the tests that show it."""
    campaigns = [kept for kept in found if kept["goal"] == goal.name]
    for kept in campaigns:
        tried = f"{kept['cases']:,} {kept['unit']}"
        deviations = f"{kept['deviations']:,}" + "; **the run failed**" * bool(kept["failures"])
        command = f"`python tests/torture {kept['campaign']} --{kept['size']}`"
        yield f"| {goal.name} | {cell(kept['claim'])} | {cell(tried)} | {deviations} | {command} |"
    if goal.name == "G18" and MUTATION.exists():
        yield mutation_row(goal)
        if BRANCHES.exists():
            yield branches_row(goal)
    elif goal.tests:
        yield f"| {goal.name} | {cell(goal.claim)} | by tests | - | {goal.tests} |"
    elif not campaigns:
        yield f"| {goal.name} | {cell(goal.claim)} | **no run is published** | - | - |"


def mutation_row(goal: Goal) -> str:
    """Mistakes put into the code, and how many of them no test notices."""
    modules: Mapping[str, Mapping[str, Any]] = json.loads(MUTATION.read_text("utf-8"))["modules"]
    mutants, killed = (sum(int(each[name]) for each in modules.values()) for name in ("mutants", "killed"))
    named = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mutation"]
    tried = f"{mutants:,} mistakes in {len(modules)} of {len(named)} modules"
    return f"| {goal.name} | {cell(goal.claim)} | {tried} | {mutants - killed:,} survive | {MUTATED} |"


def branches_row(goal: Goal) -> str:
    """Which ways through the code the tests take."""
    found: dict[str, Any] = json.loads(BRANCHES.read_text("utf-8"))
    parts = [
        f"{each['covered_branches']:,} of {each['num_branches']:,} branches {where} ({each['percent']:g} % with lines)"
        for where, each in (("of these modules", found["decisive"]), ("of the core", found["core"]))
    ]
    claim = "The tests go every way through that code, and nearly every way through the core."
    return f"| {goal.name} | {claim} | {'; '.join(parts)} | - | `python tests/torture/branches.py` |"


def struck(found: list[dict[str, Any]]) -> Iterator[str]:
    """How often which fault did, and the other figures of a run."""
    for kept in found:
        faults = ", ".join(f"{name} {count:,}" for name, count in sorted(kept["struck"].items()))
        others = ", ".join(f"{name} {count:,}" for name, count in sorted(kept["figures"].items()))
        yield f"- **{kept['campaign']}** ({kept['goal']}): {faults}." + (f" Besides: {others}." if others else "")
    yield ""


def machines(found: list[dict[str, Any]]) -> Iterator[str]:
    """Where and when they ran, and how long it took."""
    yield "## Where it ran\n"
    yield "| campaign | date | seed | seconds | of the processor | machine |"
    yield "|---|---|---|---|---|---|"
    for kept in found:
        machine = kept["machine"]
        told = f"{machine['cores']} cores, {machine['processor']}, {machine['system']}, {machine['python']}, SQLite "
        told += machine["sqlite (in Python)"]
        figures = f"{kept['seed']} | {kept['seconds']:,} | {kept['processor_seconds']:,}"
        yield f"| {kept['campaign']} | {kept['date']} | {figures} | {cell(told)} |"
    yield ""


def cell(text: str) -> str:
    """Text inside a table."""
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(write_or_check(__doc__, pages))
