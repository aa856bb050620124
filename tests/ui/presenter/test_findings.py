"""The doctor's findings in both languages; every word of the engine has its sentences."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import litekeep
from litekeep.operations.finding import advice, problem
from litekeep.ui.presenter.findings import CODES, findings, findings_sentence
from litekeep.ui.presenter.models import Tone
from ui.presenter.made import EN, FR, facts

SOURCES = Path(litekeep.__file__).parent
FORBIDDEN = re.compile(r"repositor|snapshot|prune|litekeep ", re.IGNORECASE)


def test_every_code_of_the_engine_is_known() -> None:
    """Also of those that are made from a verdict."""
    found = set()
    for path in SOURCES.rglob("*.py"):
        if "ui" not in path.parts:
            found |= set(re.findall(r"(?:problem|advice)\(\s*\"([a-z_]+)\"", path.read_text(encoding="utf-8")))
    assert len(found) > 15
    assert found <= CODES
    assert {"never", "overdue", "failing"} <= CODES


@pytest.mark.parametrize("code", sorted(CODES))
def test_sentences(code: str) -> None:
    known = facts(findings=(problem(code, "app.db is odd", "because", "do so"),))
    (english,), (french,) = findings(known, EN), findings(known, FR)
    for line in (english, french):
        for text in (line.what, line.why, line.fix):
            assert text.endswith(".")
            assert not FORBIDDEN.search(text)
        assert line.detail == "app.db is odd."
    assert english.what != french.what
    assert english.why != french.why
    assert english.fix != french.fix


def test_problems_come_first() -> None:
    known = facts(
        findings=(advice("same_device", "a", "b", "c"), problem("clock", "a", "b", "c"), advice("log", "a", "b", "c"))
    )
    assert [line.tone for line in findings(known, EN)] == [Tone.BAD, Tone.WARN, Tone.WARN]
    assert findings(known, EN)[1].what == "The database and its backups are on the same drive."
    assert findings_sentence(known, EN) == "1 problem and 2 pieces of advice."
    assert findings_sentence(known, FR) == "1 problème et 2 conseils."


def test_a_new_word_is_told_as_the_engine_does() -> None:
    (line,) = findings(facts(findings=(advice("new", "/a/b is odd", "it may break", "do nothing!"),)), EN)
    assert (line.what, line.why, line.fix, line.detail) == ("/a/b is odd.", "It may break.", "Do nothing!", "")


def test_nothing_found_and_not_looked_at() -> None:
    assert findings(facts(), EN) == ()
    assert findings_sentence(facts(), EN) == "Not looked at yet."
    assert findings_sentence(facts(findings=()), EN) == "Nothing to complain about."
