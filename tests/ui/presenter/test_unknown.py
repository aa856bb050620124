"""What is not known is not told as nothing: below the charts as on the tiles."""

from __future__ import annotations

import pytest

from litekeep.operations.status import Protection, Status, Verdict
from litekeep.ui.presenter.bars import space_by_month
from litekeep.ui.presenter.coverage import coverage
from ui.presenter.made import EN, days, facts


@pytest.mark.parametrize(
    ("verdict", "sentence"), [(None, "Looking…"), (Verdict.REPOSITORY_MISSING, "The folder is not there.")]
)
def test_below_the_charts(verdict: Verdict | None, sentence: str) -> None:
    status = None if verdict is None else Status("app", verdict, Protection.AT_RISK, "")
    known = facts(status=status)
    assert coverage(known, EN, 4).sentence == sentence
    assert space_by_month(known, EN).sentence == sentence
    assert "3 days can be restored" in coverage(facts(days(3), status=status), EN, 4).sentence, "what is known stays"
