"""What the doctor says: what was seen, why it matters and what to do about it."""

from __future__ import annotations

from enum import StrEnum

from litekeep.records import dataclass


class Severity(StrEnum):
    """How bad."""

    PROBLEM = "problem"
    ADVICE = "advice"


@dataclass(frozen=True, slots=True)
class Finding:
    """code: the stable word. what, why, fix: one sentence each, without a full stop."""

    severity: Severity
    code: str
    what: str
    why: str
    fix: str


def problem(code: str, what: str, why: str, fix: str) -> Finding:
    """It has happened, or will."""
    return Finding(Severity.PROBLEM, code, what, why, fix)


def advice(code: str, what: str, why: str, fix: str) -> Finding:
    """It may happen."""
    return Finding(Severity.ADVICE, code, what, why, fix)
