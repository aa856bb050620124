"""How each language writes numbers and dates: plain tables; the system's locale belongs to the whole process."""

from __future__ import annotations

from litekeep.records import dataclass

NARROW = "\u202f"
"""The narrow no-break space of French thousands."""
FIXED = "\u00a0"
"""The no-break space: a number never leaves its unit."""


@dataclass(frozen=True, slots=True)
class Style:
    """thousands, decimal: signs in numbers. byte: of sizes. date: a pattern for str.format with day, month, year and
    name (of the month). months: short names; month_names: long ones. days: short names from Monday; day_names: long
    ones. quotes: before and after. minutes: a pattern for those after the hours of a span.
    """

    thousands: str
    decimal: str
    byte: str
    date: str
    months: tuple[str, ...]
    month_names: tuple[str, ...]
    days: tuple[str, ...]
    day_names: tuple[str, ...]
    quotes: tuple[str, str]
    minutes: str


ENGLISH = Style(
    thousands=",",
    decimal=".",
    byte="B",
    date="{name} {day}, {year}",
    months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    month_names=(
        *("January", "February", "March", "April", "May", "June", "July"),
        *("August", "September", "October", "November", "December"),
    ),
    days=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    day_names=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    quotes=("“", "”"),
    minutes="{}",
)
FRENCH = Style(
    thousands=NARROW,
    decimal=",",
    byte="o",
    date="{day:02}/{month:02}/{year}",
    months=("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."),
    month_names=(
        *("janvier", "février", "mars", "avril", "mai", "juin", "juillet"),
        *("août", "septembre", "octobre", "novembre", "décembre"),
    ),
    days=("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."),
    day_names=("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    quotes=(f"«{FIXED}", f"{FIXED}»"),
    minutes="{:02}",
)
STYLES = {"en": ENGLISH, "fr": FRENCH, "xx": ENGLISH}
"""By the code of the language; "xx" is the pseudo language for tests of the layout."""
