"""The plan: what happens to every snapshot and why, in a word for programs and a text for people.

A plan is shown and then executed as it is; nothing decides a second time.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from enum import StrEnum

from litekeep.model import Snapshot
from litekeep.records import dataclass


class Code(StrEnum):
    """The stable word for a reason; texts may change, these never do."""

    # kept
    NEWEST = "newest"
    PINNED = "pinned"
    MANUAL = "manual"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    OLDEST = "oldest"
    LAST = "last"
    SAFETY_COPY = "safety_copy"
    UNSOUND = "unsound"
    MISDATED = "misdated"
    FUTURE = "future"
    NOTHING_SOUND = "nothing_sound"
    # in the trash
    TRASH = "trash"
    TRASH_WAITS = "trash_waits"
    # removed, or to be forgotten
    NO_RULE = "no_rule"
    UNSOUND_OLD = "unsound_old"
    SAFETY_COPY_OLD = "safety_copy_old"
    TRASH_DUE = "trash_due"
    # brake and hold
    MANY = "many"
    CLOCK_AHEAD = "clock_ahead"
    CLOCK_BEHIND = "clock_behind"
    SOURCE_PROBLEM = "source_problem"
    ANOMALY = "anomaly"


@dataclass(frozen=True, slots=True)
class Why:
    """One reason: `code` for programs, `text` for people (no full stop), and what the text names, for other languages.

    number, limit: which one of how many, or how many of what is allowed; 0 where there is none. detail: a word that
    tells apart the cases of one code, or what somebody else said. moment: of the other snapshot that the text is about.
    """

    code: Code
    text: str
    number: int = 0
    limit: int = 0
    detail: str = ""
    moment: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to one snapshot. keep False: into the trash, or out of it for good if it is there already."""

    snapshot: Snapshot
    keep: bool
    whys: tuple[Why, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """The texts of the reasons, never empty."""
        return tuple(why.text for why in self.whys)

    @property
    def codes(self) -> tuple[Code, ...]:
        """The words of the reasons, in the order of the texts."""
        return tuple(why.code for why in self.whys)


@dataclass(frozen=True, slots=True)
class RetentionPlan:
    """One decision for every snapshot, newest first, and what stands against executing them.

    brakes: the plan must be confirmed by a person first. holds: the newest state of the source has problems; rotation
    rests until somebody has looked. Every snapshot is in exactly one of kept, removed, trashed, expired.
    """

    decisions: tuple[Decision, ...]
    brakes: tuple[Why, ...] = ()
    holds: tuple[Why, ...] = ()

    @property
    def kept(self) -> tuple[Snapshot, ...]:
        """Stay where they are."""
        return self._snapshots(keep=True, in_trash=False)

    @property
    def removed(self) -> tuple[Snapshot, ...]:
        """Go to the trash."""
        return self._snapshots(keep=False, in_trash=False)

    @property
    def trashed(self) -> tuple[Snapshot, ...]:
        """Are in the trash and stay there for now."""
        return self._snapshots(keep=True, in_trash=True)

    @property
    def expired(self) -> tuple[Snapshot, ...]:
        """Leave the trash for good: to be forgotten."""
        return self._snapshots(keep=False, in_trash=True)

    @property
    def brake(self) -> tuple[str, ...]:
        """Why the plan must be confirmed before it is executed; empty if it need not."""
        return tuple(why.text for why in self.brakes)

    @property
    def hold(self) -> tuple[str, ...]:
        """Which problems of the source block rotation until somebody looks; empty if none."""
        return tuple(why.text for why in self.holds)

    @property
    def changes(self) -> bool:
        """True if executing the plan would do anything."""
        return any(not decision.keep for decision in self.decisions)

    @property
    def needs_confirmation(self) -> bool:
        """True if there is something to execute and a brake or a hold stands against it."""
        return self.changes and bool(self.brakes or self.holds)

    def counts(self) -> dict[Code, int]:
        """Tell for each reason how many snapshots have it, in the order of Code, without zeros."""
        found = Counter(code for decision in self.decisions for code in set(decision.codes))
        return {code: found[code] for code in Code if found[code]}

    def _snapshots(self, *, keep: bool, in_trash: bool) -> tuple[Snapshot, ...]:
        return tuple(
            decision.snapshot
            for decision in self.decisions
            if decision.keep is keep and (decision.snapshot.trashed_at is not None) is in_trash
        )
