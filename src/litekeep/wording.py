"""Sizes, durations and counts as people read them: one way for the command line, the log and messages. Pure."""

from __future__ import annotations

from datetime import timedelta

_UNITS = ("KiB", "MiB", "GiB", "TiB")


def size(size_bytes: int) -> str:
    """A size with three digits: "194 KiB", "48.3 MiB"."""
    if size_bytes < 1024:
        return f"{size_bytes} B"
    value, unit = size_bytes / 1024, _UNITS[0]
    for larger in _UNITS[1:]:
        if value < 1000:
            break
        value, unit = value / 1024, larger
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:.{digits}f} {unit}"


def seconds(value: float) -> str:
    """A duration: "0.05 s", "1.4 s", "2 min 5 s", "3 h 10 min"."""
    if value < 9.95:
        return f"{value:.2f} s" if value < 0.095 else f"{value:.1f} s"
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def age(passed: timedelta) -> str:
    """How long ago, in the largest fitting unit: "less than a minute", "5 min", "26 h", "3 days"."""
    whole = int(passed.total_seconds())
    if whole < 60:
        return "less than a minute" if whole >= 0 else "in the future"
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 48 * 3600:
        return f"{whole // 3600} h"
    return f"{whole // 86400} days"


def count(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: "1 table", "4 tables", "100,719 rows"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
