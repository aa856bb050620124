"""What the user asked to be kept. A policy that exists is valid: the constructor refuses every other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from litekeep.errors import UsageError
from litekeep.records import dataclass

# Far above any use, far below where dates overflow: about 2,700 years of days.
_LARGEST = 999_999
_RULES = ("days", "weeks", "months", "keep_last")


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """How much history to keep; the rules are ORed, 0 switches a rule off.

    days: every automatic snapshot of the last `days` times 24 hours before the newest.
    weeks, months: the newest snapshot of each of the last ISO weeks / months that have one.
    keep_last: the newest ones whatever their age [snapshots].
    pre_restore_days: how long a safety copy made before a restore stays at least.
    trash_days: how long a removed snapshot can be taken back.
    brake_count [snapshots], brake_percent [of the automatic snapshots]: a plan that removes more than both must be
    confirmed. clock_jump_days: a newest snapshot older than this means that the clock may be wrong.

    Raises:
        UsageError: naming all problems at once: not a whole number, negative, or rules that would keep nothing.
    """

    days: int = 30
    weeks: int = 12
    months: int = 12
    keep_last: int = 7
    pre_restore_days: int = 30
    trash_days: int = 7
    brake_count: int = 10
    brake_percent: int = 25
    clock_jump_days: int = 40

    def __post_init__(self) -> None:
        found = self.problems(asdict(self))
        if found:
            raise UsageError(
                "the retention policy makes no sense: " + "; ".join(found),
                safe="No snapshot was removed.",
                hint="Correct the retention settings; 0 switches a single rule off.",
            )

    @staticmethod
    def problems(values: Mapping[str, object]) -> tuple[str, ...]:
        """Say what is wrong with these values of fields, one sentence each; fields not given have their default."""
        found = [problem for name, value in values.items() if (problem := _problem(name, value))]
        given = [values.get(name, 1) for name in _RULES]
        if all(type(value) is int and value == 0 for value in given):
            found.append(f"{', '.join(_RULES)} are all 0, which would keep nothing")
        return tuple(found)


def _problem(name: str, value: object) -> str:
    largest = 100 if name == "brake_percent" else _LARGEST
    if type(value) is int and 0 <= value <= largest:  # not isinstance: True is not a number of days
        return ""
    return f"{name} must be a whole number from 0 to {largest}, not {value!r}"
