"""Numbers, times and names as people read them. Values in, text out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from litekeep.redaction import one_line as plain
from litekeep.wording import age, count, seconds, size

__all__ = ["age", "ago", "count", "joined", "local", "local_day", "plain", "seconds", "sentence", "size"]


def ago(moment: datetime, now: datetime) -> str:
    """When, from now: "5 min ago"; "just now"; a moment that has not come yet as a date."""
    passed = now - moment
    if passed < timedelta(0):
        return local(moment)
    return "just now" if passed < timedelta(minutes=1) else f"{age(passed)} ago"


def local(moment: datetime) -> str:
    """Date and time on this machine's clock."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


def local_day(moment: datetime) -> str:
    """Date on this machine's calendar."""
    return moment.astimezone().strftime("%Y-%m-%d")


def joined(texts: Sequence[str], last: str = "and") -> str:
    """An enumeration: "a", "a and b", "a, b and c"."""
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} {last} {texts[-1]}"


def sentence(text: str) -> str:
    """First letter large, a full stop at the end; a path at the beginning stays as it is."""
    first = text.split(" ", 1)[0]
    is_name = any(character in first for character in "/\\.~'\"_") or any(c.isdigit() for c in first)
    begun = text if is_name else text[:1].upper() + text[1:]
    return begun if begun.endswith((".", "!", "?", "…")) else f"{begun}."
