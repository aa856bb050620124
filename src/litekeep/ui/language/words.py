"""Language: translates texts (GNU gettext catalogues, read with the standard library) and writes numbers and times."""

from __future__ import annotations

import gettext
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import cache, partial
from importlib.resources import files

from litekeep.ui.language import numbers, times
from litekeep.ui.language.choice import language_word
from litekeep.ui.language.pseudo import pseudo
from litekeep.ui.language.style import STYLES, Style

DOMAIN = "litekeep"
PSEUDO = "xx"
"""Longer, accented English made from the texts themselves: shows what does not fit and what is not translated."""
LANGUAGES = ("en", "fr")
"""What people can choose."""


def phrase(text: str) -> str:
    """Marks a text for translation where it stands, in a table say; `say(text)` translates it where it is used."""
    return text


class Language:
    """One language; made by `language`. By convention the variable is called `say`.

    code: "en", "fr" or "xx". Times are told in the zone of `now`.
    """

    def __init__(self, code: str, one: Callable[[str], str], several: Callable[[str, str, int], str]) -> None:
        self.code = code
        self.style: Style = STYLES[code]
        self._one = one
        self._several = several

    def __call__(self, text: str, /, **values: object) -> str:
        """The text in this language, with `values` put in after the translation. Braces of values are left alone."""
        return self._one(text).format(**values) if values else self._one(text)

    def plural(self, one: str, many: str, n: int, /, **values: object) -> str:
        """The form for `n`, which the text names as {n} and which is written with thousands set apart."""
        return self._several(one, many, n).format(n=self.number(n), **values)

    def number(self, value: float, digits: int = 0) -> str:
        """ "100,719"; in French "100 719" with narrow no-break spaces."""
        return numbers.number(self.style, value, digits)

    def size(self, size_bytes: float) -> str:
        """ "48.3 MB"; in French "48,3 Mo"."""
        return numbers.size(self.style, size_bytes)

    def amount(self, done_bytes: float, total_bytes: float) -> str:
        """ "14.2 of 48.3 MB"; in French "14,2 sur 48,3 Mo"."""
        done, total = numbers.amount(self.style, done_bytes, total_bytes)
        return self(phrase("{done} of {total}"), done=done, total=total)

    def date(self, day: date) -> str:
        """ "Sep 24, 2026"; in French "24/09/2026"."""
        return times.date_text(self.style, day)

    def day(self, moment: datetime, now: datetime) -> str:
        """ "today", "yesterday", "Monday" within a week, else the date."""
        return times.day_word(self, times.local(moment, now).date(), now.date())

    def time(self, moment: datetime, now: datetime) -> str:
        """ "02:00"."""
        return times.time_text(moment, now)

    def moment(self, moment: datetime, now: datetime) -> str:
        """Exact, for tables: "Sep 24, 2026 02:00"; in French "24/09/2026 02:00"."""
        return f"{self.date(times.local(moment, now).date())} {self.time(moment, now)}"

    def when(self, moment: datetime, now: datetime) -> str:
        """In a sentence: "today at 02:00", "Monday at 02:00", "Sep 12, 2026 at 02:00"."""
        return times.when(self, moment, now)

    def span(self, time: timedelta) -> str:
        """ "25 s", "12 min", "7 h 46 min", "30 h", "3 days", "9 months", "2 years"."""
        return times.span(self, time)

    def rough_span(self, time: timedelta) -> str:
        """In days or more: "3 days", "9 months", "2 years"."""
        return times.rough_span(self, time)

    def ago(self, moment: datetime, now: datetime) -> str:
        """ "just now", "7 h 46 min ago"; in French "il y a 7 h 46"."""
        return times.ago(self, moment, now)

    def ahead(self, moment: datetime, now: datetime) -> str:
        """ "in 6 h 14 min", "now"."""
        return times.ahead(self, moment, now)

    def quoted(self, text: str) -> str:
        """In the quotation marks of this language: “before payroll”, « avant paie »."""
        return text.join(self.style.quotes)

    def listed(self, texts: Sequence[str]) -> str:
        """An enumeration: "a", "a and b", "a, b and c"."""
        if len(texts) < 2:
            return "".join(texts)
        return self(phrase("{several} and {last}"), several=", ".join(texts[:-1]), last=texts[-1])

    def begun(self, text: str) -> str:
        """With a capital first letter, for the beginning of a sentence or a value that stands alone."""
        return text[:1].upper() + text[1:]


@cache
def language(code: str | None) -> Language:
    """The language of a code such as "fr", "fr_FR.UTF-8" or "xx"; English for None and for one that is not there."""
    word = language_word(code or "")
    if word == PSEUDO:
        return Language(PSEUDO, pseudo, lambda one, many, n: pseudo(one if n == 1 else many))
    if word not in LANGUAGES or word == "en":
        return Language("en", _same, _english)
    catalogue = _catalogue(word)
    return Language(word, partial(_translated, catalogue), catalogue.ngettext)


def _catalogue(code: str) -> gettext.NullTranslations:
    file = files("litekeep.ui.language") / "locale" / code / "LC_MESSAGES" / f"{DOMAIN}.mo"
    with file.open("rb") as opened:
        return gettext.GNUTranslations(opened)


def _translated(catalogue: gettext.NullTranslations, text: str) -> str:
    return catalogue.gettext(text) if text else ""  # the empty text would be the head of the catalogue


def _same(text: str) -> str:
    return text


def _english(one: str, many: str, n: int) -> str:
    return one if n == 1 else many
