"""Numbers, sizes, moments and spans as people of each language write them."""

from __future__ import annotations

import locale
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litekeep.ui.language import language

EN, FR = language("en"), language("fr")
PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 9, 24, 9, 46, tzinfo=PARIS)
NB, NNB = "\u00a0", "\u202f"


@pytest.mark.parametrize(
    ("value", "digits", "english", "french"),
    [
        (0, 0, "0", "0"),
        (999, 0, "999", "999"),
        (100_719, 0, "100,719", f"100{NNB}719"),
        (-509, 0, "−509", "−509"),
        (-0.04, 1, "0.0", "0,0"),
        (1234567.25, 2, "1,234,567.25", f"1{NNB}234{NNB}567,25"),
    ],
)
def test_number(value: float, digits: int, english: str, french: str) -> None:
    assert (EN.number(value, digits), FR.number(value, digits)) == (english, french)


@pytest.mark.parametrize(
    ("size", "english", "french"),
    [
        (0, "0 B", "0 o"),
        (999, "999 B", "999 o"),
        (1000, "1.0 kB", "1,0 ko"),
        (194_500, "194.5 kB", "194,5 ko"),
        (999_949, "999.9 kB", "999,9 ko"),
        (999_950, "1.0 MB", "1,0 Mo"),
        (41_800_000, "41.8 MB", "41,8 Mo"),
        (3_000_000_000, "3.0 GB", "3,0 Go"),
        (12_345e12, "12,345.0 TB", f"12{NNB}345,0 To"),
    ],
)
def test_size(size: int, english: str, french: str) -> None:
    assert EN.size(size) == english.replace(" ", NB)
    assert FR.size(size) == french.replace(" ", NB)


@given(st.integers(0, 10**16))
def test_a_size_is_at_most_a_thousand_of_its_unit_and_near_the_truth(size: int) -> None:
    number, unit = EN.size(size).split(NB)
    power = {"B": 0, "kB": 1, "MB": 2, "GB": 3, "TB": 4}[unit]
    value = float(number.replace(",", ""))
    assert value < 1000 or unit == "TB"
    assert abs(value * 1000**power - size) <= 0.0501 * 1000**power


@pytest.mark.parametrize(
    ("done", "total", "english", "french"),
    [
        (14_200_000, 48_300_000, "14.2 of 48.3 MB", "14,2 sur 48,3 Mo"),
        (0, 700, "0 of 700 B", "0 sur 700 o"),
        (500_000, 3_000_000_000, "0.0 of 3.0 GB", "0,0 sur 3,0 Go"),
        (999_960, 999_960, "1.0 of 1.0 MB", "1,0 sur 1,0 Mo"),
    ],
)
def test_amount(done: int, total: int, english: str, french: str) -> None:
    assert EN.amount(done, total).replace(NB, " ") == english
    assert FR.amount(done, total).replace(NB, " ") == french


def test_dates_and_times() -> None:
    moment = datetime(2026, 9, 24, 0, 0, tzinfo=UTC)
    assert (EN.date(date(2026, 9, 4)), FR.date(date(2026, 9, 4))) == ("Sep 4, 2026", "04/09/2026")
    assert EN.time(moment, NOW) == "02:00"
    assert EN.moment(moment, NOW) == "Sep 24, 2026 02:00"
    assert FR.moment(moment, NOW) == "24/09/2026 02:00"


@pytest.mark.parametrize(
    ("when", "english", "french"),
    [
        ("2026-09-24T02:00", "today at 02:00", "aujourd’hui à 02:00"),
        ("2026-09-24T23:59", "today at 23:59", "aujourd’hui à 23:59"),
        ("2026-09-23T02:00", "yesterday at 02:00", "hier à 02:00"),
        ("2026-09-25T02:00", "tomorrow at 02:00", "demain à 02:00"),
        ("2026-09-21T02:00", "Monday at 02:00", "lundi à 02:00"),
        ("2026-09-18T02:00", "Friday at 02:00", "vendredi à 02:00"),
        ("2026-09-17T02:00", "Sep 17, 2026 at 02:00", "le 17/09/2026 à 02:00"),
        ("2026-09-26T02:00", "Sep 26, 2026 at 02:00", "le 26/09/2026 à 02:00"),
    ],
)
def test_when(when: str, english: str, french: str) -> None:
    moment = datetime.fromisoformat(when).replace(tzinfo=PARIS)
    assert (EN.when(moment, NOW), FR.when(moment, NOW)) == (english, french)


@pytest.mark.parametrize(
    ("passed", "english", "french"),
    [
        (timedelta(0), "0 s", "0 s"),
        (timedelta(seconds=59.9), "59 s", "59 s"),
        (timedelta(minutes=1), "1 min", "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min", "59 min"),
        (timedelta(hours=7), "7 h", "7 h"),
        (timedelta(hours=7, minutes=5), "7 h 5 min", "7 h 05"),
        (timedelta(hours=7, minutes=46), "7 h 46 min", "7 h 46"),
        (timedelta(hours=30, minutes=10), "30 h", "30 h"),
        (timedelta(hours=47, minutes=59), "47 h", "47 h"),
        (timedelta(days=2), "2 days", "2 jours"),
        (timedelta(days=60), "60 days", "60 jours"),
        (timedelta(days=61), "2 months", "2 mois"),
        (timedelta(days=280), "9 months", "9 mois"),
        (timedelta(days=731), "2 years", "2 ans"),
        (timedelta(days=-3), "3 days", "3 jours"),
    ],
)
def test_span(passed: timedelta, english: str, french: str) -> None:
    assert (EN.span(passed), FR.span(passed)) == (english, french)


def test_ago_and_ahead() -> None:
    assert EN.ago(NOW - timedelta(hours=7, minutes=46), NOW) == "7 h 46 min ago"
    assert FR.ago(NOW - timedelta(hours=7, minutes=46), NOW) == "il y a 7 h 46"
    assert (EN.ago(NOW, NOW), FR.ago(NOW, NOW)) == ("just now", "à l’instant")
    assert EN.ago(NOW + timedelta(seconds=30), NOW) == "just now"
    assert EN.ago(NOW + timedelta(hours=2), NOW) == "in 2 h"
    assert EN.ahead(NOW + timedelta(hours=6, minutes=13, seconds=1), NOW) == "in 6 h 14 min"
    assert FR.ahead(NOW + timedelta(hours=6, minutes=14), NOW) == "dans 6 h 14"
    assert EN.ahead(NOW - timedelta(hours=1), NOW) == "now"


def test_the_night_on_which_clocks_change() -> None:
    """02:00 comes twice on Oct 25: the same two times of one zone are an hour apart or not, and only moments know."""
    now = datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=PARIS)
    before = datetime(2026, 10, 25, 2, 30, fold=0, tzinfo=PARIS)
    assert EN.ago(before, now) == "1 h ago"
    assert EN.when(before, now) == "today at 02:30"
    spring = datetime(2026, 3, 29, 12, 0, tzinfo=PARIS)
    assert EN.ago(datetime(2026, 3, 29, 0, 0, tzinfo=PARIS), spring) == "11 h ago"


def test_the_locale_of_the_process_is_left_alone() -> None:
    before = locale.setlocale(locale.LC_ALL)
    FR.size(1234567)
    FR.moment(NOW, NOW)
    assert locale.setlocale(locale.LC_ALL) == before


@given(st.timedeltas(timedelta(0), timedelta(days=20_000)))
def test_spans_are_never_empty_and_never_begin_with_a_sign(passed: timedelta) -> None:
    for say in (EN, FR):
        assert say.span(passed)[0].isdigit()
        assert say.ago(NOW - passed, NOW)
