"""What `Bridge.drain` gives to the view. Bridge.facts holds all of it as well, except what was told."""

from __future__ import annotations

from dataclasses import dataclass

from litekeep.monitor import Fact
from litekeep.ui.presenter.facts import Outcome, ViewFacts, Work


@dataclass(frozen=True, slots=True)
class Told:
    """An event of the manager, as `BackupManager.subscribe` gives it; each comes once and in order. No progress."""

    name: str
    facts: dict[str, Fact]


@dataclass(frozen=True, slots=True)
class Ended:
    """Something that a person asked for has ended, well or not; each comes once and in order."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class WorkChanged:
    """What goes on now; None: nothing. The newest only."""

    work: Work | None


@dataclass(frozen=True, slots=True)
class FactsChanged:
    """The facts were gathered anew, or the card of an outcome was closed. The newest only."""

    facts: ViewFacts


Update = Told | Ended | WorkChanged | FactsChanged
