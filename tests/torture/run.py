"""Runs campaigns, all cores at once, and keeps what came out."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.machine import facts

from torture.campaign import Campaign, Shard, Size, Tally, failures
from torture.campaigns import CAMPAIGNS

RESULTS = Path(__file__).parent / "results"
SEED = 1
SAYING_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """One campaign as it was run. seconds: of the wall clock. processor_seconds: of all processes."""

    campaign: Campaign
    size: Size
    seed: int
    tally: Tally
    seconds: float
    processor_seconds: float
    failures: tuple[str, ...]


def conduct(campaign: Campaign, size: Size, *, seed: int, only: str, jobs: int, folder: Path) -> Outcome:
    """All shards of one campaign, on so many processes."""
    began, spent, total = time.perf_counter(), processor_seconds(), Tally(only=only)
    shards = campaign.shards(size, seed)
    print(f"{campaign.name} ({campaign.goal}): {campaign.claim}", flush=True)
    said = began
    for number, tally in enumerate(tallies(campaign, shards, only, 1 if campaign.alone else jobs, folder), 1):
        total.add(tally)
        if time.perf_counter() - said > SAYING_SECONDS:
            said = time.perf_counter()
            print(f"  {number} of {len(shards)} parts, {total.cases:,} {campaign.unit}", flush=True)
    failed = tuple(failures(campaign, size, total))
    return Outcome(campaign, size, seed, total, time.perf_counter() - began, processor_seconds() - spent, failed)


def tallies(campaign: Campaign, shards: Sequence[Shard], only: str, jobs: int, folder: Path) -> Iterator[Tally]:
    """One by one as they come; in this process if there is one job."""
    if jobs == 1:
        for shard in shards:
            yield run_shard(campaign.name, shard, only, str(folder))
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        futures = [pool.submit(run_shard, campaign.name, shard, only, str(folder)) for shard in shards]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:  # else it would be told only when all others have ended
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def run_shard(name: str, shard: Shard, only: str, folder: str) -> Tally:
    """One part, in a folder of its own that is gone afterwards. An error outside of a case ends the run."""
    campaign = next(each for each in CAMPAIGNS if each.name == name)
    tally = Tally(only=only)
    own = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=folder))
    try:
        campaign.run(shard, tally, own)
    finally:
        shutil.rmtree(own, ignore_errors=True)
    tally.only = ""
    return tally


def processor_seconds() -> float:
    """Of this process and of all that ended below it."""
    own, below = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + below.ru_utime + below.ru_stime


def told(outcome: Outcome) -> str:
    """For the terminal."""
    tally, lines = outcome.tally, []
    verdict = "FAILED: " + "; ".join(outcome.failures) if outcome.failures else "held"
    lines.append(f"  {tally.cases:,} {outcome.campaign.unit} in {outcome.seconds:,.0f} s: {verdict}")
    if tally.struck:
        lines.append("  struck: " + ", ".join(f"{name} {count:,}" for name, count in sorted(tally.struck.items())))
    if tally.figures:
        lines.append("  " + ", ".join(f"{name} {count:,}" for name, count in sorted(tally.figures.items())))
    again = f"python tests/torture {outcome.campaign.name}" + f" --{outcome.size}" * (outcome.size is not Size.CI)
    for each in tally.deviations:
        lines.append(f"  case {each.case}  (again: {again} --only '{each.case}')")
        lines += [f"    {line}" for line in each.what.splitlines()]
    return "\n".join(lines)


def keep(outcome: Outcome, folder: Path) -> None:
    """As JSON, one file for each campaign and size; the newest replaces the one before."""
    folder.mkdir(exist_ok=True)
    found = {
        "campaign": outcome.campaign.name,
        "goal": outcome.campaign.goal,
        "claim": outcome.campaign.claim,
        "unit": outcome.campaign.unit,
        "size": outcome.size.value,
        "seed": outcome.seed,
        "date": datetime.now(UTC).date().isoformat(),
        "cases": outcome.tally.cases,
        "deviations": outcome.tally.deviated,
        "struck": dict(sorted(outcome.tally.struck.items())),
        "figures": dict(sorted(outcome.tally.figures.items())),
        "seconds": round(outcome.seconds),
        "processor_seconds": round(outcome.processor_seconds),
        "failures": list(outcome.failures),
        "machine": facts([]),
    }
    path = folder / f"{outcome.campaign.name}-{outcome.size.value}.json"
    path.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


@contextmanager
def place(folder: Path | None) -> Iterator[Path]:
    """Where the campaigns work: in memory if the system has a folder for that, as most of the work is files."""
    memory = Path("/dev/shm")
    parent = folder or (memory if memory.is_dir() and os.access(memory, os.W_OK) else None)
    with tempfile.TemporaryDirectory(prefix="litekeep-torture-", dir=parent) as made:
        yield Path(made)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python tests/torture", description="Try the claims of Litekeep until they break, or have held."
    )
    parser.add_argument("campaign", nargs="*", help="these only; all without a name")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--nightly", action="store_const", dest="size", const=Size.NIGHTLY, help="the published figures")
    size.add_argument(
        "--release", action="store_const", dest="size", const=Size.RELEASE, help="ten times as much; days"
    )
    parser.add_argument("--seed", type=int, default=SEED, help=f"another stream of cases (default {SEED})")
    parser.add_argument("--only", default="", metavar="CASE", help="one case, as a deviation names it")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at once (default: all cores)")
    parser.add_argument("--folder", type=Path, help="where to work (default: in memory, /dev/shm)")
    parser.add_argument("--results", type=Path, help="keep the results there, as JSON")
    parser.add_argument("--list", action="store_true", help="name the campaigns and end")
    parser.set_defaults(size=Size.CI)
    return parser.parse_args()


def main() -> int:
    """Returns the exit code: 1 if a claim did not hold or was not tried enough."""
    asked = arguments()
    if asked.list:
        for each in CAMPAIGNS:
            sizes = ", ".join(f"{size.value} {count:,}" for size, count in each.cases.items())
            print(f"{each.name:12} {each.goal:4} {each.claim}\n{'':18}{each.unit}: {sizes}")
        return 0
    if unknown := sorted(set(asked.campaign) - {each.name for each in CAMPAIGNS}):
        print(f"no campaign is named {', '.join(unknown)}; --list names them", file=sys.stderr)
        return 2
    chosen = [each for each in CAMPAIGNS if not asked.campaign or each.name in asked.campaign]
    if asked.only and len(chosen) != 1:
        print("--only needs the name of one campaign", file=sys.stderr)
        return 2
    failed = False
    for campaign in chosen:
        with place(asked.folder) as folder:
            outcome = conduct(
                campaign,
                asked.size,
                seed=asked.seed,
                only=asked.only,
                jobs=1 if asked.only else asked.jobs,
                folder=folder,
            )
        print(told(outcome), flush=True)
        failed |= bool(outcome.failures)
        if asked.results and not asked.only:
            keep(outcome, asked.results)
    return int(failed)
