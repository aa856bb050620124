"""What a campaign is."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

Shard: TypeAlias = "tuple[str | int, ...]"
"""A part of a campaign that one process runs: pickled, and understood by the campaign alone."""
MOST_KEPT = 20
"""Deviations told in full by one shard; the rest is counted."""


class Size(StrEnum):
    """How much is tried. CI: in the test suite, seconds each. NIGHTLY: the published figures. RELEASE: days."""

    CI = "ci"
    NIGHTLY = "nightly"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Deviation:
    """A case in which the claim did not hold. case: as `--only` takes it. what: the end of its traceback."""

    case: str
    what: str


@dataclass(slots=True)
class Tally:
    """What a shard has tried, or all of them together.

    cases: how many. struck: how often each fault did. deviations: the first ones; deviated: how many in all. figures:
    other sums worth telling, by a name with their unit. only: the one case to run, or "" for all.
    """

    cases: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    deviations: list[Deviation] = field(default_factory=list)
    deviated: int = 0
    figures: Counter[str] = field(default_factory=Counter)
    only: str = ""

    def wants(self, case: str) -> bool:
        """False if another case alone is to be run."""
        return self.only in ("", case)

    @contextmanager
    def case(self, case: str, *faults: str, count: int = 1) -> Iterator[None]:
        """Around one case: counts it and its faults, and notes any exception as a deviation instead of raising it.

        count: how many cases this is, when the body goes through several of one kind.
        """
        try:
            yield
        except Exception:
            self.deviated += 1
            if len(self.deviations) < MOST_KEPT:
                self.deviations.append(Deviation(case, traceback.format_exc(limit=-6)[-3000:]))
        self.cases += count
        self.struck.update(faults)

    def add(self, other: Tally) -> None:
        """Take in what another shard has tried."""
        self.cases += other.cases
        self.struck += other.struck
        self.figures += other.figures
        self.deviated += other.deviated
        self.deviations += other.deviations


@dataclass(frozen=True, slots=True)
class Campaign:
    """A claim, and how it is tried.

    name: as on the command line. goal: its name in the list of goals (G1 to G21), for the reader of the results.
    claim: one sentence. unit: what a case is, in the plural. cases: how many each size must reach at least. faults:
    those that must have struck at least once. shards: by size and seed, the parts, best of about equal work and many
    more than cores. run: one part, in an empty folder of its own; it uses `Tally.case` for each of its cases. alone:
    its shards run one after the other, with the machine to themselves.
    """

    name: str
    goal: str
    claim: str
    unit: str
    cases: Mapping[Size, int]
    shards: Callable[[Size, int], Sequence[Shard]]
    run: Callable[[Shard, Tally, Path], None]
    faults: frozenset[str] = frozenset()
    alone: bool = False


def failures(campaign: Campaign, size: Size, tally: Tally) -> list[str]:
    """Why a run of a campaign has failed; empty if its claim held."""
    found = []
    if tally.deviated:
        found.append(f"{tally.deviated} deviations")
    if tally.only:
        return found if tally.cases or tally.struck else [f"no case is named {tally.only}"]
    if tally.cases < campaign.cases[size]:
        found.append(f"{tally.cases:,} {campaign.unit}, at least {campaign.cases[size]:,} were asked for")
    if missing := sorted(campaign.faults - tally.struck.keys()):
        found.append(f"never struck: {', '.join(missing)}")
    return found
