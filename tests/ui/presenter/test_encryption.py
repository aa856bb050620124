"""The section of encryption in words."""

from __future__ import annotations

import pytest

from litekeep.errors import KeyNeeded, UsageError, WrongKey
from litekeep.formats.printedkey import print_key
from litekeep.manager.keys import KeyInfo, KeysReport
from litekeep.ui.bridge import endings
from litekeep.ui.language import Language
from litekeep.ui.presenter.encryption import (
    CONFIRM,
    EncryptionModel,
    encryption_card,
    passphrase_flaw,
    sheet_card,
    wrong_key,
)
from litekeep.ui.presenter.models import Tone
from ui.presenter.made import EN, FR, NOW, at, facts

PHRASE = KeyInfo("a" * 16, "passphrase", "mine", at("2026-09-01"))
PAPER = KeyInfo("b" * 16, "recovery", "", at("2026-09-01"))
CONFIRMED = KeyInfo("b" * 16, "recovery", "", at("2026-09-01"), confirmed=True)
MACHINE = KeyInfo("c" * 16, "key", "app.key", at("2026-09-02"), in_use=True)


def model(report: KeysReport | None, say: Language = EN) -> EncryptionModel:
    return encryption_card(report, None, facts(), say)


def test_not_encrypted_is_said_with_what_to_do() -> None:
    found = model(KeysReport(encrypted=False))
    assert found.tone is Tone.CALM
    assert "whoever can read their folder" in found.sentence
    assert found.command == "litekeep encrypt /data/backups-encrypted -r /data/backups"
    assert not found.open


def test_everything_is_in_order() -> None:
    found = model(KeysReport(True, (PHRASE, CONFIRMED, MACHINE)))
    assert found.tone is Tone.OK
    assert [(line.name, line.value, line.tone) for line in found.lines] == [
        ("Passphrase", "“mine” · since Sep 1, 2026", Tone.CALM),
        ("Recovery key", "since Sep 1, 2026 · confirmed", Tone.OK),
        ("Key file", "“app.key” · since Sep 2, 2026 · used by this application", Tone.CALM),
    ]
    assert (found.open, found.sheet, found.confirm, found.passphrases) == (True, True, False, (PHRASE,))


def test_nobody_has_confirmed_the_recovery_key() -> None:
    found = model(KeysReport(True, (PAPER, MACHINE), unconfirmed=True), FR)
    assert found.tone is Tone.WARN
    assert found.sentence.startswith("Les sauvegardes sont chiffrées")
    assert found.lines[0].value == "depuis le 01/09/2026 · non confirmée"
    assert found.confirm
    assert found.passphrases == ()


@pytest.mark.parametrize(
    ("report", "tone", "text"),
    [
        (None, Tone.BUSY, "Looking…"),
        (KeysReport(True, (MACHINE,)), Tone.WARN, "there is no recovery key"),
        (KeysReport(True, (CONFIRMED,), damaged=1), Tone.BAD, "1 key can no longer be read"),
        (KeysReport(True), Tone.WARN, "not made yet"),
    ],
)
def test_other_states(report: KeysReport | None, tone: Tone, text: str) -> None:
    found = model(report)
    assert found.tone is tone
    assert text in found.sentence


def test_no_key_was_given() -> None:
    problem = endings.failed("settings-keys", KeyNeeded("none"), NOW)
    found = encryption_card(None, problem, facts(), EN)
    assert found.tone is Tone.WARN
    assert "no key was given" in found.sentence
    assert not found.open


def test_what_was_typed_is_wrong() -> None:
    key = print_key(bytes(32))
    for text, error, expected in (
        ("confirm", WrongKey("group 3 of the key is mistyped"), "Group 3 of the key is mistyped"),
        ("confirm", WrongKey("groups 3, 5 of the key are mistyped"), "Groups 3 and 5 of the key"),
        ("confirm", WrongKey("the key is not one of the repository"), "This does not open the backups."),
        ("confirm", UsageError("it is not the recovery key"), "it is not the recovery key"),
    ):
        assert text
        assert expected in wrong_key(endings.failed(CONFIRM, error, NOW), EN)
        assert key not in wrong_key(endings.failed(CONFIRM, error, NOW), EN)


def test_a_mistyped_group_is_named_as_the_engine_names_it() -> None:
    """The words of the engine are what the group is found by."""
    from litekeep.formats.printedkey import Mistyped, read_key

    key = print_key(bytes(range(32)))
    wrong = key[:18] + ("1" if key[18] != "1" else "2") + key[19:]
    with pytest.raises(Mistyped) as caught:
        read_key(wrong)
    told = wrong_key(endings.failed(CONFIRM, WrongKey(str(caught.value)), NOW), FR)
    assert told.startswith("Le groupe 3")


def test_a_new_passphrase() -> None:
    assert passphrase_flaw("short", "short", EN) == "It needs at least 8 characters."
    assert passphrase_flaw("long enough", "long enuogh", EN) == "The two are not the same."
    assert passphrase_flaw("long enough", "long enough", EN) == ""


def test_the_sheet_is_to_be_deleted() -> None:
    assert "delete it" in sheet_card("/tmp/sheet.html", EN).hint
