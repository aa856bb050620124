"""The card of the copies and the form for another one: on a real manager with a real folder and a real server."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from litekeep.ui.presenter.facts import Sending
from litekeep.ui.presenter.models import Action, Tone
from litekeep.worker.probing import Content, ProbeResult
from storage.remote.servers import wsgidav
from ui.bridge.conftest import World
from ui.conftest import AssertGolden
from ui.presenter.made import NOW
from ui.view.copystates import AWAY, GOOD, NONE, SENDING
from ui.view.settings.conftest import Open, written
from ui.view.settings.sitting import Sitting
from ui.view.settings.test_looks import _pieces as pieces_of
from ui.view.settings.test_page import type_into
from ui.view.test_deeds import Given

Wait = Callable[..., None]
Press = Callable[..., None]


def form_of(page: Any, kind: str = "folder", **typed: str) -> Any:
    """The form, opened by the card's own button, with this typed in."""
    page.copies.add.invoke()
    panel = page.stage.panel
    panel.kind.choose(kind)
    for key, text in typed.items():
        type_into(panel.lines[key].entry, text)
    panel.update()
    return panel


def told(page: Any, wait_until: Wait, text: str) -> None:
    """Wait until the card below the hero begins with this."""
    head = page.stage.head
    wait_until(lambda: head.notice is not None and head.notice.model.what.startswith(text), 20)


# On a real manager


def test_a_folder_becomes_a_copy_and_is_sent_to(world: World, open_page: Open, wait_until: Wait) -> None:
    world.manager.create_backup()
    page = open_page(world.manager)
    assert "survives a dead drive" in page.copies.none.text
    place = world.folder / "usb"
    panel = form_of(page, folder=str(place / "copy"))
    panel.test.invoke()
    wait_until(lambda: panel.answer == ("It cannot be used: the folder is not there.",))
    assert panel.add.text == "Add all the same"
    place.mkdir()
    panel.test.invoke()
    wait_until(lambda: len(panel.answer) == 2 and panel.answer[0] == "The place is there, and empty.")
    assert "dies with it" in panel.answer[1]
    assert panel.add.text == "Add and send"
    assert "copies" not in written(world)
    type_into(panel.lines["name"].entry, "usb")
    wait_until(lambda: not panel.answer)  # what was found held for what was typed then
    panel.add.invoke()
    wait_until(lambda: page.stage.panel is None)
    told(page, wait_until, "Everything is in usb now.")
    assert written(world)["copies"] == [{"name": "usb", "url": (place / "copy").as_uri()}]
    wait_until(lambda: page.copies.blocks["usb"].line.tone is Tone.OK)
    block = page.copies.blocks["usb"]
    assert block.line.place == (place / "copy").as_uri()
    assert "1 request" not in block.line.facts
    block.test.invoke()
    told(page, wait_until, "Restore test passed.")
    wait_until(lambda: "restore tested from it" in page.copies.blocks["usb"].line.facts)


def test_a_server_with_a_password(world: World, open_page: Open, wait_until: Wait, tmp_path: Path) -> None:
    world.manager.create_backup()
    page = open_page(world.manager)
    (tmp_path / "dav").mkdir()
    with wsgidav(tmp_path / "dav") as server:
        address = f"http://127.0.0.1:{server.port}/backups"
        panel = form_of(page, "webdav", address=address, user="u", password="wrong")
        assert panel.lines["password"].entry.entry.cget("show") == "•"
        panel.add.invoke()
        assert panel.open_error.text == "Say yes to this, or encrypt the backups first."
        panel.open_talk.invoke()
        panel.add.invoke()
        wait_until(lambda: panel.answer == ("It cannot be used: the user, key or password is not accepted.",), 30)
        assert not (world.folder / "secrets").exists()
        type_into(panel.lines["password"].entry, "secret-p")
        wait_until(lambda: panel.form.get("password") == "secret-p")
        panel.add.invoke()
        wait_until(lambda: page.stage.panel is None, 30)
        told(page, wait_until, "Everything is in cloud now.")
        entry = written(world)["copies"][0]
        assert entry == {
            "name": "cloud",
            "url": f"webdav://u@127.0.0.1:{server.port}/backups",
            "unencrypted": True,
            "credentials": {"password": {"file": "./secrets/cloud.password"}},
        }
        kept = world.folder / "secrets" / "cloud.password"
        assert kept.read_text() == "secret-p"
        assert sys.platform == "win32" or stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert (server.folder / "backups" / "repository.json").exists()
        wait_until(lambda: page.copies.blocks["cloud"].line.tone is Tone.OK)
        tile = page.stage.bridge.facts.spread
        assert (tile.copies, tile.off_site) == (3, 1)


def test_other_backups_are_not_written_over(world: World, open_page: Open, wait_until: Wait) -> None:
    world.manager.create_backup()
    other = world.folder / "other"
    other.mkdir()
    document = json.loads((world.manager.repository / "repository.json").read_text())
    (other / "repository.json").write_text(json.dumps(document))
    (other / "snapshots").mkdir()
    page = open_page(world.manager)
    panel = form_of(page, folder=str(world.manager.repository))
    panel.add.invoke()
    wait_until(lambda: panel.answer == ("These backups themselves are there. Choose another place.",))
    panel.add.invoke()
    assert page.stage.panel is panel
    assert "copies" not in written(world)


def test_a_drive_that_is_not_connected_now_may_be_added(world: World, open_page: Open, wait_until: Wait) -> None:
    world.manager.create_backup()
    page = open_page(world.manager)
    panel = form_of(page, folder=str(world.folder / "away" / "copy"))
    panel.add.invoke()
    wait_until(lambda: panel.add.text == "Add all the same")
    assert page.stage.panel is panel
    panel.add.invoke()
    wait_until(lambda: page.stage.panel is None)
    wait_until(lambda: "drive" in page.copies.blocks)
    assert written(world)["copies"][0]["name"] == "drive"


def test_what_is_wrong_is_said_at_the_field_and_nothing_is_asked(open_page: Open) -> None:
    page = open_page(Sitting(GOOD))
    panel = form_of(page, "sftp", host="ana@nas.local", name="cloud")
    panel.accept()
    errors = {key: line.error.text for key, line in panel.lines.items() if not line.error.hidden}
    assert set(errors) == {"host", "user", "folder", "name"}
    assert errors["name"] == "Another copy has this name."
    assert not panel.open_error.hidden
    assert not [each for each in page.stage.bridge.asked if each[0] == "ask" and each[1].startswith("copy")]


def test_an_unknown_server_is_trusted_by_a_person_only(open_page: Open, wait_until: Wait) -> None:
    still = Sitting(replace(NONE, encrypted=True))
    page = open_page(still)
    panel = form_of(page, "sftp", host="nas.local", user="ana", folder="/backups")
    assert panel.open_talk.hidden
    panel.accept()
    still.answer("copy-probe", ProbeResult(code="wrong_server", fingerprint="SHA256:abc"))
    wait_until(lambda: not panel.trust.hidden)
    assert "SHA256:abc" in panel.answer[0]
    panel.accept()
    assert ("ask", "copy-add") not in still.asked
    panel.trust.invoke()
    assert panel.form.host_key == "SHA256:abc"
    still.answer("copy-probe", ProbeResult(Content.EMPTY, exclusive=True))
    wait_until(lambda: panel.answer == ("The place is there, and empty.",))
    panel.accept()
    assert ("ask", "copy-add") in still.asked
    still.answer("copy-add", None)
    wait_until(lambda: page.stage.panel is None)
    assert ("send", ("sftp",)) in still.asked


def test_what_was_typed_stays_when_another_kind_is_looked_at(open_page: Open) -> None:
    page = open_page(Sitting(NONE))
    panel = form_of(page, "webdav", user="ana", password="pw")
    panel.kind.choose("s3")
    assert panel.form.name == "s3"
    panel.kind.choose("webdav")
    assert panel.lines["password"].entry.text == "pw"
    page.stage.files = Given(Path("/media/usb"))
    panel.kind.choose("folder")
    panel.lines["folder"].browse.invoke()
    assert panel.form.get("folder") == "/media/usb"


def test_a_copy_is_removed_and_brought_back(world: World, open_page: Open, wait_until: Wait) -> None:
    world.manager.add_copy({"name": "usb", "url": (world.folder / "usb").as_uri()})
    page = open_page(world.manager)
    wait_until(lambda: "usb" in page.copies.blocks)
    page.copies.blocks["usb"].remove.invoke()
    told(page, wait_until, "Nothing is sent to usb any more.")
    wait_until(lambda: not page.copies.blocks)
    assert written(world)["copies"] == []
    page.stage.head.notice.buttons[Action.UNDO].invoke()
    wait_until(lambda: "usb" in page.copies.blocks)


def test_what_is_sent_moves_at_its_copy_and_the_verdict_stays(world: World, open_page: Open, wait_until: Wait) -> None:
    world.manager.create_backup()
    world.manager.add_copy({"name": "usb", "url": (world.folder / "usb").as_uri()})
    page = open_page(world.manager)
    wait_until(lambda: "usb" in page.copies.blocks)
    state = page.stage.head.hero.model.state
    block = page.copies.blocks["usb"]
    world.gate.shut()
    block.send.invoke()
    wait_until(lambda: block.line.progress is not None and not block.bar.hidden)
    assert page.stage.head.hero.model.state == state
    assert page.stage.head.hero.buttons[Action.BACK_UP].enabled
    wait_until(lambda: block.bar.fraction is not None)
    block.cancel.invoke()
    told(page, wait_until, "Sending was stopped.")
    wait_until(lambda: block.line.progress is None)
    assert block.send.enabled


# On given facts


def test_the_verdict_sends_to_all(open_page: Open) -> None:
    still = Sitting(AWAY)
    page = open_page(still)
    page.stage.head.hero.buttons[Action.SYNC].invoke()
    assert ("send", ("cloud", "nas")) in still.asked


def test_the_verdict_says_that_it_is_being_sent(open_page: Open, wait_until: Wait) -> None:
    still = Sitting(AWAY)
    page = open_page(still)
    still.put(replace(AWAY, sending=Sending("sync", "cloud", NOW)))
    hero = page.stage.head.hero
    wait_until(lambda: hero.model.sub.startswith("Sending to cloud…"))
    assert not hero.buttons[Action.SYNC].enabled
    block = page.copies.blocks["cloud"]
    wait_until(lambda: block.line.progress is not None)
    still._facts = replace(AWAY, sending=Sending("sync", "cloud", NOW, "sync", 1, 4, "bytes"))  # nothing is told of it
    wait_until(lambda: block.bar.fraction == 0.25)


def test_where_the_application_has_the_settings_nothing_can_be_changed(open_page: Open) -> None:
    page = open_page(Sitting(replace(GOOD, editable=False)))
    assert not page.copies.add.enabled
    block = page.copies.blocks["cloud"]
    assert not block.remove.winfo_viewable()
    assert block.send.enabled
    page.stage.destroy()
    page = open_page(Sitting(replace(NONE, editable=False)))
    assert page.copies.none.text.endswith("Copies are set up in the application.")


def test_the_keyboard_reaches_card_and_form(open_page: Open, press_keys: Press, window: Any, wait_until: Wait) -> None:
    page = open_page(Sitting(GOOD))
    block = page.copies.blocks["cloud"]
    page.location.open.canvas.focus_force()
    reached = []
    for _ in range(5):
        press_keys("Tab")
        reached.append(window.focus_get())
    assert reached[:4] == [each.canvas for each in (page.copies.add, block.send, block.test, block.remove)]
    page.copies.add.canvas.focus_force()
    press_keys("Return")
    panel = page.stage.panel
    wait_until(lambda: window.focus_get() is panel.kind.canvas)
    press_keys("Right", "Right", "Right")
    assert panel.form.kind == "webdav"
    reached = []
    for _ in range(10):
        press_keys("Tab")
        reached.append(window.focus_get())
    wanted = [*(line.entry.entry for line in panel.lines.values()), panel.elsewhere.canvas, panel.open_talk.canvas]
    assert [each for each in reached if each in wanted] == wanted
    assert panel.add.canvas in reached
    press_keys("Escape")
    wait_until(lambda: page.stage.panel is None)


@pytest.mark.parametrize("lang", ["en", "fr", "xx"])
def test_nothing_is_wider_than_the_card(open_page: Open, lang: str) -> None:
    page = open_page(Sitting(replace(AWAY, sending=SENDING.sending)), width=800, height=600, lang=lang)
    page.update()
    card = page.copies
    for piece in pieces_of(card):
        if piece.winfo_viewable():
            assert piece.winfo_rootx() + piece.winfo_width() <= card.winfo_rootx() + card.winfo_width(), piece


# How it looks


@pytest.mark.parametrize(("mode", "lang"), [("light", "en"), ("dark", "fr")])
def test_the_card_looks_as_it_should(
    open_page: Open, appearance: Callable[[str], None], assert_golden: AssertGolden, mode: str, lang: str
) -> None:
    appearance(mode)
    facts = replace(AWAY, sending=Sending("sync", "nas", NOW, "sync", 12_000_000, 41_000_000, "bytes"))
    page = open_page(Sitting(facts), width=1040, height=980, lang=lang, theme="own")
    page.update()
    assert_golden(page.copies, f"copies-card-{mode}-{lang}")


@pytest.mark.parametrize(("mode", "lang", "kind"), [("light", "fr", "sftp"), ("dark", "en", "webdav")])
def test_the_form_looks_as_it_should(
    open_page: Open,
    appearance: Callable[[str], None],
    assert_golden: AssertGolden,
    wait_until: Wait,
    mode: str,
    lang: str,
    kind: str,
) -> None:
    appearance(mode)
    still = Sitting(NONE)
    page = open_page(still, lang=lang, theme="own")
    given = (
        {"address": "https://cloud.example.org/dav", "user": "ana", "password": "secret"} if kind == "webdav" else {}
    )
    panel = form_of(page, kind, **given)
    if given:
        panel.open_talk.invoke()
    panel.accept()
    if given:
        still.answer("copy-probe", ProbeResult(code="unreachable"))
        wait_until(lambda: len(panel.answer) == 1 and not panel._busy)
    top = page.stage.winfo_toplevel()
    top.focus_set()
    wait_until(lambda: top.focus_get() is top)
    assert_golden(page.stage, f"copies-form-{kind}-{mode}-{lang}")
