"""The French catalogue is complete, fits the texts of the window, and is what the program reads."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import write_po
from translations import update

CODES = pytest.mark.parametrize("code", update.CODES)
NEEDS_SPACE = re.compile(r"(?<=\S) [:;!?»%]|« |[^\s\u00a0\u202f\d:/|][;!?](?=\s|$)|\w:(?=\s)")
ENGLISH_OF_THE_ENGINE = re.compile(r"\b(repository|snapshot|prune)s?\b", re.IGNORECASE)


Message = tuple[tuple[str, ...], tuple[str, ...]]
texts_of_the_window = cache(update.extracted)


def parted(catalogue: Catalog) -> list[Message]:
    """The texts of each message, and their translations: several where it has a plural."""
    return [(_several(message.id), _several(message.string)) for message in catalogue if message.id]


def _several(text: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def messages(code: str) -> list[Message]:
    """What people have written."""
    return parted(update.read_catalogue(code))


def pairs(code: str) -> list[tuple[str, str]]:
    """Each translated form with the text it is for."""
    return [(ids[min(n, len(ids) - 1)], form) for ids, forms in messages(code) for n, form in enumerate(forms)]


def names(text: str) -> set[str]:
    """The placeholders of a text."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@CODES
def test_every_text_of_the_window_is_translated(code: str) -> None:
    texts = texts_of_the_window()
    assert len(texts) > 100
    known = update.updated(code, texts)
    assert list(update.missing(known)) == [], "run translations/update.py and translate what it names"


@CODES
def test_the_catalogue_holds_no_text_that_is_gone(code: str) -> None:
    known = {ids for ids, _ in messages(code)}
    assert known == {ids for ids, _ in parted(texts_of_the_window())}, "run translations/update.py"


@CODES
def test_placeholders_are_the_same(code: str) -> None:
    for ids, forms in messages(code):
        for number, form in enumerate(forms):
            needed = names(ids[min(number, len(ids) - 1)])
            assert names(form) <= names("".join(ids)), form
            assert not form or needed - names(form) <= ({"n"} if len(ids) > 1 else set()), (
                form
            )  # "one day" need not say 1


@CODES
def test_the_compiled_catalogue_is_the_written_one(code: str) -> None:
    with update.mo_path(code).open("rb") as file:
        compiled = [(ids, forms) for ids, forms in parted(read_mo(file))]
    assert sorted(compiled) == sorted(messages(code)), "run translations/update.py"


def test_french_typography() -> None:
    for text, translated in pairs("fr"):
        assert not NEEDS_SPACE.search(translated), f"{text} -> {translated}"
        assert "'" not in translated, f"a straight apostrophe: {translated}"
        assert "..." not in translated, translated


@CODES
def test_words_of_the_engine_are_not_shown(code: str) -> None:
    for text, translated in pairs(code):
        assert not ENGLISH_OF_THE_ENGINE.search(text), text
        assert not ENGLISH_OF_THE_ENGINE.search(translated), translated


def calls(name: str) -> Iterator[tuple[str, ast.Call]]:
    """The calls of `say`, `phrase` or `say.plural` in the window's code, each with its place."""
    for path in sorted(update.SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and name in (getattr(node.func, "id", ""), getattr(node.func, "attr", "")):
                yield f"{path.name}:{node.lineno}", node


def test_texts_are_literals_that_are_found() -> None:
    """`say(f"...")` is never translated; in nested calls, `say(x or phrase("..."))`, the inner is not seen."""
    known = {text for ids, _ in parted(texts_of_the_window()) for text in ids}
    for name, count in (("say", 1), ("_say", 1), ("phrase", 1), ("plural", 2)):
        for place, call in calls(name):
            for text in call.args[:count]:
                assert not isinstance(text, (ast.JoinedStr, ast.BinOp)), place
                assert not isinstance(text, ast.Constant) or text.value in known, place


def test_updating_again_changes_nothing() -> None:
    for code in update.CODES:
        target = BytesIO()
        write_po(target, update.updated(code, texts_of_the_window()), width=110, include_lineno=False)
        assert target.getvalue() == update.po_path(code).read_bytes(), "run translations/update.py"


def test_the_catalogue_is_in_the_package() -> None:
    from importlib.resources import files

    file = files("litekeep.ui.language") / "locale" / "fr" / "LC_MESSAGES" / "litekeep.mo"
    assert file.is_file()
    assert Path(str(file)).is_relative_to(update.SOURCES)
