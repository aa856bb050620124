"""Everything that the example says, it says in French too."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from examples.employees import form, importing, rules, upgrades, words

PROGRAM = sorted(Path(words.__file__).parent.glob("*.py"))
SAYERS = {"say", "many", "NotReadable"}


def said(file: Path) -> Iterator[str]:
    """The literal texts that are given to `say`, `say.many` and errors that are translated later."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
            if name in SAYERS:
                for argument in node.args:
                    for part in ast.walk(argument):
                        if isinstance(part, ast.Constant) and isinstance(part.value, str):
                            yield part.value


@pytest.mark.parametrize("file", PROGRAM, ids=lambda file: file.name)
def test_every_text_has_a_translation(file: Path) -> None:
    assert [text for text in said(file) if text and text not in words.FRENCH] == []


def test_so_have_values_titles_messages_and_migrations() -> None:
    texts = {*form.TITLES.values(), *(value for values in rules.CHOICES.values() for value in values)}
    texts |= set(rules.problems({"number": "", "email": "x", "phone": "x", "entry_date": "x", "role": "x"}).values())
    titles = (ast.get_docstring(ast.parse(file.read_text("utf-8"))) for file in upgrades.FOLDER.glob("*.py"))
    texts |= {title.splitlines()[0] for title in titles if title}
    assert texts - set(words.FRENCH) == set()


def test_translations_name_the_same_values() -> None:
    for english, french in words.FRENCH.items():
        assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", french)), english


def test_french_headings_and_values_lead_to_fields_and_choices() -> None:
    assert set(importing.HEADINGS.values()) <= set(rules.FIELDS)
    assert set(importing.VALUES.values()) == {value for values in rules.CHOICES.values() for value in values}


def test_numbers_days_and_plurals() -> None:
    english, french = words.Words("en"), words.Words("fr")
    assert english.many("one person", "{n} people", 1250) == "1,250 people"
    assert french.many("one person", "{n} people", 1250) == "1\u202f250 personnes"
    assert french.many("Delete one person?", "Delete {n} people?", 0) == "Supprimer une personne ?"
    assert english.day(date(2026, 9, 24)) == "2026-09-24"
    assert french.moment(datetime(2026, 9, 24, 2, 0)) == "24/09/2026 02:00"
    assert words.Words("de").code == "en"


def test_no_translation_is_left_over() -> None:
    program = "\n".join(file.read_text("utf-8") for file in PROGRAM if file.name != "words.py")
    program += "\n".join(file.read_text("utf-8") for file in upgrades.FOLDER.glob("*.py"))
    assert [text for text in words.FRENCH if text not in program] == []
