"""Every campaign at the size of CI, and that the harness notices what it is there to notice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from torture.campaign import MOST_KEPT, Campaign, Shard, Size, Tally, failures
from torture.campaigns import CAMPAIGNS
from torture.run import SEED, conduct


@pytest.mark.parametrize("campaign", CAMPAIGNS, ids=[each.name for each in CAMPAIGNS])
def test_claim(campaign: Campaign, tmp_path: Path) -> None:
    outcome = conduct(campaign, Size.CI, seed=SEED, only="", jobs=1, folder=tmp_path)
    assert not outcome.failures, "\n".join([*outcome.failures, *(each.what for each in outcome.tally.deviations)])
    assert not os.listdir(tmp_path), "a shard left something behind"


def test_names_are_different_and_sizes_grow() -> None:
    assert len({each.name for each in CAMPAIGNS}) == len(CAMPAIGNS)
    for each in CAMPAIGNS:
        assert 0 < each.cases[Size.CI] <= each.cases[Size.NIGHTLY] <= each.cases[Size.RELEASE], each.name


def made(faults: frozenset[str] = frozenset()) -> Campaign:
    def run(shard: Shard, tally: Tally, folder: Path) -> None: ...

    return Campaign("made", "G0", "Holds.", "cases", dict.fromkeys(Size, 2), lambda size, seed: [(1,)], run, faults)


def test_a_deviation_fails_the_run_and_is_named() -> None:
    tally = Tally()
    for number in range(MOST_KEPT + 5):
        with tally.case(f"case {number}", "flip"):
            assert number == 1, "not one"
    assert (tally.cases, tally.deviated, len(tally.deviations)) == (MOST_KEPT + 5, MOST_KEPT + 4, MOST_KEPT)
    assert tally.deviations[0].case == "case 0"
    assert "not one" in tally.deviations[0].what
    assert failures(made(), Size.CI, tally) == [f"{MOST_KEPT + 4} deviations"]


def test_what_never_struck_fails_the_run() -> None:
    tally = Tally()
    for number in range(2):
        with tally.case(str(number), "flip"):
            pass
    assert failures(made(frozenset({"flip"})), Size.CI, tally) == []
    assert failures(made(frozenset({"flip", "tear"})), Size.CI, tally) == ["never struck: tear"]


def test_too_few_cases_fail_the_run() -> None:
    tally = Tally()
    with tally.case("alone"):
        pass
    assert failures(made(), Size.CI, tally) == ["1 cases, at least 2 were asked for"]


def test_one_case_alone() -> None:
    tally = Tally(only="b")
    assert [case for case in "abc" if tally.wants(case)] == ["b"]
    assert failures(made(), Size.CI, tally) == ["no case is named b"]
