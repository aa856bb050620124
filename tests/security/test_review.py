"""The written review names tests; they exist, and each test of this folder is named."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
REVIEW = TESTS.parent / "docs" / "explanation" / "security-review.md"
NAMED = re.compile(r"`([\w/]+\.py)(?:::(\w+))?`")


def defined(file: Path) -> set[str]:
    """The tests in a file."""
    return set(re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.MULTILINE))


def named() -> list[tuple[str, str]]:
    """(file, test) of all that the review names; an empty test is a whole file."""
    return [(file, test) for file, test in NAMED.findall(REVIEW.read_text("utf-8")) if "/" in file]


def test_every_test_that_is_named_exists() -> None:
    assert len(named()) > 80
    for file, test in named():
        assert (TESTS / file).is_file(), file
        assert not test or test in defined(TESTS / file), f"{file} has no {test}"


def test_no_attack_is_left_out_of_the_review() -> None:
    told = {test for file, test in named() if file.startswith("security/")}
    here = {test for file in Path(__file__).parent.glob("test_*.py") for test in defined(file)}
    assert here - told <= NOT_ATTACKS


NOT_ATTACKS = {
    "test_no_attack_is_left_out_of_the_review",
    "test_a_pipe_in_place_of_an_intent_holds_nobody_up",
    "test_what_is_inside_may_be_links",
}
