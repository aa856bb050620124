"""Numbers and sizes in a style. Pure."""

from __future__ import annotations

from litekeep.ui.language.style import FIXED, Style


def number(style: Style, value: float, digits: int = 0) -> str:
    """With thousands set apart: "100,719", "100 719"; a negative one with a real minus sign."""
    text = f"{abs(value):,.{digits}f}"
    sign = "−" if value < 0 and any(digit in text for digit in "123456789") else ""
    whole, point, rest = text.partition(".")
    return sign + whole.replace(",", style.thousands) + (style.decimal if point else "") + rest


def size(style: Style, size_bytes: float) -> str:
    """In decimal units, as file managers show it: "512 B", "194.5 kB", "48.3 MB", "3.0 GB"; in French "41,8 Mo"."""
    if abs(size_bytes) < 1000:
        return f"{number(style, round(size_bytes))}{FIXED}{style.byte}"
    value, unit = size_bytes / 1000, style.prefixes[0]
    for larger in style.prefixes[1:]:
        if abs(value) < 999.95:
            break
        value, unit = value / 1000, larger
    return f"{number(style, value, 1)}{FIXED}{unit}{style.byte}"


def amount(style: Style, done_bytes: float, total_bytes: float) -> tuple[str, str]:
    """Done and total in the unit of the total, the first without it: ("14.2", "48.3 MB")."""
    total = size(style, total_bytes)
    power = 0
    value = float(abs(total_bytes))
    while value >= (1000 if power == 0 else 999.95) and power < len(style.prefixes):
        value, power = value / 1000, power + 1
    return number(style, done_bytes / 1000**power, 1 if power else 0), total
