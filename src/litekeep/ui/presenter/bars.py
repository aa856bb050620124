"""Space over the months.

The height of a month is how much of what is stored today had come in by its end:

    height(m) = stored today * (sum of new_bytes of kept backups made until the end of m)
                             / (sum of new_bytes of all kept backups)

The newest bar is therefore what the folder holds now. It is not what the folder held then: backups that were removed
since left no size behind, and data that removed backups added and kept ones still use is spread over the months in the
same proportion. While the space is not known, the sum of new_bytes stands for it. The trash counts: it takes space.
"""

from __future__ import annotations

from datetime import date

from litekeep.ui.language.times import local
from litekeep.ui.language.words import Language
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import Bar, Bars
from litekeep.ui.presenter.tiles import unknown_sentence


def space_by_month(facts: ViewFacts, say: Language, months: int = 12) -> Bars:
    """A bar for each of the last `months` months, the present one last; a backup dated in the future counts as now."""
    today = facts.now.date()
    starts = [_months_before(today, months - 1 - index) for index in range(months)]
    added = [0] * months
    before = 0
    for each in (*facts.snapshots, *facts.trash):
        made = local(each.created_at, facts.now).date()
        index = months - 1 - ((today.year - made.year) * 12 + today.month - made.month)
        if index < 0:
            before += each.new_bytes
        else:
            added[min(index, months - 1)] += each.new_bytes
    heights = _heights(before, added, facts.space_bytes)
    bars = tuple(_bar(start, height, say) for start, height in zip(starts, heights, strict=True))
    title = say.plural("Space used, last {n} month", "Space used, last {n} months", months)
    return Bars(title, bars, unknown_sentence(facts, say) or _sentence(heights, starts, say))


def _heights(before: int, added: list[int], space_bytes: int | None) -> list[float]:
    total = before + sum(added)
    stored = total if space_bytes is None else space_bytes
    if total == 0:  # the folder is new, or nothing but its own files is in it
        return [0.0] * (len(added) - 1) + [float(stored)]
    heights, reached = [], before
    for each in added:
        reached += each
        heights.append(stored * reached / total)
    return heights


def _bar(start: date, height: float, say: Language) -> Bar:
    month = say.style.months[start.month - 1]
    name = say.style.month_names[start.month - 1]
    text = say("{month} {year}: {size}", month=say.begun(name), year=start.year, size=say.size(height))
    return Bar(month, height, text)


def _sentence(heights: list[float], starts: list[date], say: Language) -> str:
    if not heights or heights[-1] == 0:
        return say("Nothing is stored yet.")
    now, added = say.size(heights[-1]), say.size(heights[-1] - heights[0])
    name = say.style.month_names[starts[0].month - 1]
    return say(
        "{now} stored now, {added} of it after {month} {year}.", now=now, added=added, month=name, year=starts[0].year
    )


def _months_before(day: date, months: int) -> date:
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(years, month + 1, 1)
