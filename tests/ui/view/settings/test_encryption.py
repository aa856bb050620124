"""The section of encryption, and the panels of its keys."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from litekeep.errors import Refused, WrongKey
from litekeep.manager.keys import KeyInfo, KeysReport
from litekeep.ui.bridge import endings
from litekeep.ui.presenter.encryption import CHANGE, CONFIRM, SHEET, TEST
from litekeep.ui.presenter.models import Action
from ui.bridge.conftest import World
from ui.conftest import AssertGolden
from ui.presenter.made import NOW, at
from ui.view.settings.conftest import Open
from ui.view.settings.sitting import Sitting
from ui.view.settings.test_looks import FULL
from ui.view.test_deeds import Given

Make = Callable[..., Any]
Wait = Callable[..., None]
KEYS = "settings-keys"
PAPER = KeyInfo("b" * 16, "recovery", "", at("2026-09-01"))
MACHINE = KeyInfo("c" * 16, "key", "employees.key", at("2026-09-01"), in_use=True)
PHRASE = KeyInfo("a" * 16, "passphrase", "Ana", at("2026-09-12"))
REPORT = KeysReport(True, (PHRASE, PAPER, MACHINE), unconfirmed=True)


@pytest.fixture
def still() -> Sitting:
    still = Sitting(FULL)
    still.report = None
    return still


@pytest.fixture
def page(open_page: Open, still: Sitting, wait_until: Wait) -> Any:
    page = open_page(still, theme="own")
    still.answer(KEYS, REPORT)
    wait_until(lambda: page.encryption.model.open)
    return page


def offered(card: Any) -> list[str]:
    return [] if card.flow.hidden else [each.text for each in card.offered]


def test_what_opens_the_backups(page: Any) -> None:
    card = page.encryption
    assert [each.line.name for each in card.lines.winfo_children()] == ["Passphrase", "Recovery key", "Key file"]
    assert offered(card) == ["Confirm recovery key…", "Save recovery sheet…", "Change passphrase…", "Test a key…"]


@pytest.mark.parametrize("lang", ["fr"])
def test_it_looks_as_it_should(
    open_page: Open, still: Sitting, wait_until: Wait, assert_golden: AssertGolden, lang: str
) -> None:
    page = open_page(still, width=800, height=600, lang=lang, theme="own")
    still.answer(KEYS, REPORT)
    wait_until(lambda: page.encryption.model.open)
    page.encryption.confirm.invoke()
    page.stage.update()
    assert_golden(page.stage, f"view-panel-recovery-{lang}")


def test_not_encrypted(open_page: Open, still: Sitting, wait_until: Wait) -> None:
    page = open_page(still)
    still.answer(KEYS, KeysReport(encrypted=False))
    card = page.encryption
    wait_until(lambda: not card.command.hidden)
    assert offered(card) == []
    card.copy.invoke()
    assert card.clipboard_get() == card.model.command
    assert card.copy.text == "Copied"


def test_it_asks_again_when_the_keys_may_be_others(page: Any, still: Sitting, wait_until: Wait) -> None:
    asked = [each for each in still.asked if each == ("ask", KEYS)]
    still.put(replace(FULL, examined_at=NOW))
    wait_until(lambda: page.doctor._facts.examined_at == NOW)
    assert [each for each in still.asked if each == ("ask", KEYS)] == asked, "nothing of keys is new"
    still.put(replace(FULL, folder="/other/backups"))
    wait_until(lambda: [each for each in still.asked if each == ("ask", KEYS)] != asked)


def test_the_sheet(page: Any, still: Sitting, wait_until: Wait) -> None:
    page.stage.files = Given(None)
    page.encryption.sheet.invoke()
    assert SHEET not in still.questions
    page.stage.files = Given(Path("/home/ana"))
    page.encryption.sheet.invoke()
    still.answer(SHEET, Path("/home/ana/recovery-sheet.html"))
    wait_until(lambda: page.stage.head.notice is not None)
    assert "delete it" in page.stage.head.notice.model.hint


def test_confirm(page: Any, still: Sitting, wait_until: Wait) -> None:
    view = page.stage
    page.encryption.confirm.invoke()
    panel = view.panel
    assert not panel.go.enabled
    panel.entry.set_text("1234")
    panel.confirm()
    still.answer(CONFIRM, None, endings.failed(CONFIRM, WrongKey("group 2 of the key is mistyped"), NOW))
    wait_until(lambda: "Group 2" in panel.told.text)
    assert panel.go.enabled
    panel.go.invoke()
    still.answer(CONFIRM, replace(PAPER, confirmed=True))
    wait_until(lambda: view.panel is None)
    assert view.head.notice.model.what == "That is the recovery key."
    assert still.asked[-1] == ("refresh",)


def test_a_new_passphrase(page: Any, still: Sitting, wait_until: Wait) -> None:
    view = page.stage
    page.encryption.change.invoke()
    panel = view.panel
    assert panel.first.entry.cget("show") == "•"
    panel.first.set_text("another horse")
    panel.go.invoke()
    assert panel.told.text == "The two are not the same."
    panel.second.set_text("another horse")
    panel.go.invoke()
    still.answer(CHANGE, None, endings.failed(CHANGE, Refused("no"), NOW))
    wait_until(lambda: "itself opens the backups" in panel.told.text)
    panel.go.invoke()
    still.answer(CHANGE, PHRASE)
    wait_until(lambda: view.panel is None)
    assert view.head.notice.model.what == "The passphrase was changed."


def test_try_a_key(page: Any, still: Sitting, wait_until: Wait) -> None:
    page.encryption.test.invoke()
    panel = page.stage.panel
    panel.entry.set_text("anything")
    panel.try_it()
    still.answer(TEST, PHRASE)
    wait_until(lambda: panel.told.text == "It opens the backups: Passphrase “Ana”.")
    panel.try_it()
    still.answer(TEST, None, endings.failed(TEST, WrongKey("no"), NOW))
    wait_until(lambda: panel.told.text == "This does not open the backups.")


def test_from_the_verdict_to_a_confirmed_key(world: World, make_view: Make, wait_until: Wait, tmp_path: Path) -> None:
    """With real encrypted backups, and what a person presses and types."""
    shutil.rmtree(world.folder / "backups", ignore_errors=True)
    recovery = world.manager.make_encrypted(tmp_path / "own" / "app.key")
    world.manager.create_backup()
    view = make_view(world.manager)
    wait_until(lambda: view.head.hero.model.state == "key_unconfirmed", 20)
    view.perform(Action.RECOVERY_KEY)
    panel = view.panel
    view.files = Given(tmp_path)
    panel.sheet.invoke()
    wait_until(lambda: not panel.sheet_told.hidden, 20)
    page = (tmp_path / "recovery-sheet.html").read_text("utf-8")
    assert recovery.split("-")[3] in page
    panel.entry.set_text(recovery.lower())
    panel.confirm()
    wait_until(lambda: view.panel is None, 20)
    wait_until(lambda: view.head.hero.model.state != "key_unconfirmed", 20)
    view.go("settings")
    expected = ["Save recovery sheet…", "Add a passphrase…", "Test a key…"]
    wait_until(lambda: offered(view.pages["settings"].encryption) == expected, 20)
