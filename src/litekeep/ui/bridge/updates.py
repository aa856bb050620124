"""What `Bridge.drain` gives to the view. Bridge.facts holds all of it as well, except how quiet wishes ended."""

from __future__ import annotations

from litekeep.records import dataclass
from litekeep.ui.presenter.facts import Outcome, Sending, ViewFacts, Work


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


@dataclass(frozen=True, slots=True)
class SendingChanged:
    """What goes on with the copies now; None: nothing. The newest only."""

    sending: Sending | None


Update = Ended | WorkChanged | SendingChanged | FactsChanged
