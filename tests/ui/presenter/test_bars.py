"""Space by month: the formula, months of any length, nothing yet."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litekeep.operations.status import Protection, Status, Verdict
from litekeep.ui.presenter.bars import space_by_month
from ui.presenter.made import EN, FR, NOW, at, days, facts, snap


def heights(*args: object, **given: object) -> list[int]:
    """The values of the bars, as whole bytes."""
    known = facts(*args, **given)  # type: ignore[arg-type]
    return [round(bar.value) for bar in space_by_month(known, EN).bars]


def test_what_each_month_added() -> None:
    backups = (
        snap(1, "2025-05-03", new_bytes=1000),  # before the first bar
        snap(2, "2026-06-30", new_bytes=500),
        snap(3, "2026-07-01", new_bytes=300),
        snap(4, "2026-09-24", new_bytes=200),
    )
    assert heights(backups) == [1000] * 8 + [1500, 1800, 1800, 2000]
    assert heights(backups, space_bytes=4000) == [2000] * 8 + [3000, 3600, 3600, 4000]
    trashed = (replace(backups[3], trashed_at=NOW),)
    assert heights(backups[:3], trash=trashed, space_bytes=4000)[-2:] == [3600, 4000]


def test_texts() -> None:
    known = facts((snap(1, "2025-12-31", new_bytes=10_000_000), snap(2, "2026-09-24", new_bytes=31_800_000)))
    english, french = space_by_month(known, EN), space_by_month(known, FR)
    assert (english.title, french.title) == ("Space used, last 12 months", "Espace utilisé, 12 derniers mois")
    assert [bar.label for bar in english.bars][:4] == ["Oct", "Nov", "Dec", "Jan"]
    assert [bar.label for bar in french.bars][:4] == ["oct.", "nov.", "déc.", "janv."]
    assert [english.bars[2].text, french.bars[2].text] == [
        "December 2025: 10.0\u00a0MB",
        "Décembre 2025\u00a0: 10,0\u00a0Mo",
    ]
    assert english.sentence == "41.8\u00a0MB stored now, 41.8\u00a0MB of it after October 2025."
    assert french.sentence == "41,8\u00a0Mo stockés à ce jour, dont 41,8\u00a0Mo après octobre 2025."


def test_nothing_and_only_the_folder() -> None:
    assert heights() == [0] * 12
    never = Status("app", Verdict.NEVER, Protection.NOT_PROTECTED, "")
    assert space_by_month(facts(status=never), EN).sentence == "Nothing is stored yet."
    assert heights(space_bytes=4096) == [0] * 11 + [4096]


def test_a_date_in_the_future_counts_as_now() -> None:
    assert heights((snap(1, "2027-03-01", new_bytes=7),)) == [0] * 11 + [7]


def test_the_month_is_the_readers() -> None:
    late = snap(1, "2026-08-01T00:30", new_bytes=5)  # still July in UTC
    assert heights((late,))[-3:] == [0, 5, 5]


@pytest.mark.parametrize("months", [1, 2, 36])
def test_any_number_of_months(months: int) -> None:
    found = space_by_month(facts(days(400), now=at("2026-09-24")), EN, months)
    assert len(found.bars) == months
    assert found.bars[-1].label == "Sep"
    assert found.title.endswith("months" if months > 1 else "month")


@given(st.lists(st.tuples(st.integers(1, 700), st.integers(0, 10**9)), max_size=20), st.none() | st.integers(0, 10**12))
def test_bars_only_grow_and_end_at_what_is_stored(made: list[tuple[int, int]], space: int | None) -> None:
    backups = tuple(replace(each, new_bytes=made[n][1]) for n, each in enumerate(days(len(made))))
    found = [bar.value for bar in space_by_month(facts(backups, space_bytes=space, plan=None), EN).bars]
    assert found == sorted(found)
    assert found[-1] == pytest.approx(sum(new for _, new in made) if space is None else space)
