"""Numbers and sizes in a style. Pure."""

from __future__ import annotations

from litekeep.ui.language.style import FIXED, Style

_PREFIXES = ("", "k", "M", "G", "T")


def number(style: Style, value: float, digits: int = 0) -> str:
    """With thousands set apart: "100,719", "100 719"; a negative one with a real minus sign."""
    text = f"{abs(value):,.{digits}f}"
    sign = "−" if value < 0 and any(digit in text for digit in "123456789") else ""
    whole, point, rest = text.partition(".")
    return sign + whole.replace(",", style.thousands) + (style.decimal if point else "") + rest


def size(style: Style, size_bytes: float) -> str:
    """In decimal units, as file managers show it: "512 B", "194.5 kB", "48.3 MB", "3.0 GB"; in French "41,8 Mo"."""
    power = _power(size_bytes)
    return f"{_in_unit(style, size_bytes, power)}{FIXED}{_PREFIXES[power]}{style.byte}"


def amount(style: Style, done_bytes: float, total_bytes: float) -> tuple[str, str]:
    """Done and total in the unit of the total, the first without it: ("14.2", "48.3 MB")."""
    return _in_unit(style, done_bytes, _power(total_bytes)), size(style, total_bytes)


def _power(size_bytes: float) -> int:
    """Of the unit that fits: no size is written as "1000.0"."""
    value, power = float(abs(size_bytes)), 0
    while value >= (999.95 if power else 1000) and power < len(_PREFIXES) - 1:
        value, power = value / 1000, power + 1
    return power


def _in_unit(style: Style, size_bytes: float, power: int) -> str:
    return number(style, size_bytes / 1000**power, 1 if power else 0)
