"""Languages: translation, plurals, what is put in, the pseudo language, and which language is chosen."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litekeep.ui.language import choose_language, language
from litekeep.ui.language.pseudo import pseudo

EN, FR, XX = language("en"), language("fr"), language("xx")


@pytest.mark.parametrize("code", [None, "", "en", "EN_us", "de", "de_DE.UTF-8", "C"])
def test_english_is_what_remains(code: str | None) -> None:
    assert language(code).code == "en"
    assert language(code)("Back up now") == "Back up now"


@pytest.mark.parametrize("code", ["fr", "FR", "fr_FR.UTF-8", "fr-CA", "fr.utf8"])
def test_french_by_any_of_its_names(code: str) -> None:
    assert language(code) is language(code)
    assert language(code)("Back up now") == "Sauvegarder"


def test_values_are_put_in_after_the_translation() -> None:
    assert FR("Last backup {when}", when="hier") == "Dernière sauvegarde hier"
    assert EN("Last backup {when}", when="{n} %s {0}") == "Last backup {n} %s {0}"
    assert FR("a text that nobody translated {x}", x=1) == "a text that nobody translated 1"
    assert FR("") == ""


@pytest.mark.parametrize(
    ("n", "english", "french"),
    [
        (0, "0 days", "0 jour"),
        (1, "1 day", "1 jour"),
        (2, "2 days", "2 jours"),
        (1205, "1,205 days", "1\u202f205 jours"),
    ],
)
def test_plurals(n: int, english: str, french: str) -> None:
    assert EN.plural("{n} day", "{n} days", n) == english
    assert FR.plural("{n} day", "{n} days", n) == french


def test_lists_and_quotes() -> None:
    assert [EN.listed(each) for each in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
    assert FR.listed(["a", "b", "c"]) == "a, b et c"
    assert (EN.quoted("x"), FR.quoted("x")) == ("“x”", "«\u00a0x\u00a0»")
    assert (EN.begun("été"), EN.begun("")) == ("Été", "")


def test_pseudo_language_is_longer_and_keeps_placeholders() -> None:
    assert pseudo("Save {n} files") == "⟦Ŝàvé {n} fîĺéš~~~⟧"
    assert XX("Last backup {when}", when="today") == "⟦Ĺàšţ bàçķûp today~~~~⟧"
    assert XX.plural("{n} day", "{n} days", 1205) == "⟦1,205 ðàýš~~⟧"


@given(st.text(alphabet=string.ascii_letters + " .,:", min_size=4), st.sampled_from(["n", "when", "size"]))
def test_pseudo_of_any_text(text: str, name: str) -> None:
    made = pseudo(f"{text}{{{name}}}{text}")
    assert f"{{{name}}}" in made
    assert len(made) >= 1.25 * 2 * len(text)
    assert made.format(**{name: "\N{SNOWMAN}"}).count("\N{SNOWMAN}") == 1


@pytest.mark.parametrize(
    ("asked", "environ", "host", "system", "chosen"),
    [
        ("fr", {"LITEKEEP_LANG": "en"}, "en", "en", "fr"),
        (None, {"LITEKEEP_LANG": "fr_FR.UTF-8", "LANG": "en_US.UTF-8"}, "en", "", "fr"),
        (None, {"LANG": "en_US.UTF-8"}, "fr", "de", "fr"),
        (None, {"LANG": "en_US.UTF-8"}, None, "fr-FR", "fr"),
        (None, {"LC_ALL": "", "LC_MESSAGES": "fr_FR", "LANG": "en_US"}, None, "", "fr"),
        (None, {"LC_ALL": "C.UTF-8", "LANG": "fr_FR"}, None, "", "en"),
        (None, {"LANG": "POSIX"}, None, "", "en"),
        (None, {}, "", "", "en"),
        ("de", {"LANG": "fr_FR"}, None, "", "de"),
        (None, {"LANG": "fr@euro"}, None, "", "fr"),
        ("xx", {}, None, "", "xx"),
    ],
)
def test_which_language(asked: str | None, environ: dict[str, str], host: str | None, system: str, chosen: str) -> None:
    assert choose_language(asked, environ, host=host, system=lambda: system) == chosen


def test_the_system_is_asked_without_harm() -> None:
    assert choose_language(None, {}) in {"en", "fr"} or choose_language(None, {}).isalpha()
