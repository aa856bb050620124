"""The page on a real manager, database and settings file: what is written, asked, refused and shown."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from litekeep import BackupManager
from ui.bridge.conftest import World
from ui.many import lengthen
from ui.view.settings.conftest import Open, rewrite, written
from ui.widgets.conftest import plain_window

__all__ = ["plain_window"]

Wait = Callable[..., None]


def type_into(entry: Any, text: str) -> None:
    """As the keyboard does it."""
    entry.entry.focus_force()
    entry.entry.delete(0, "end")
    entry.entry.insert("end", text)
    entry.update()


def saved(page: Any, wait_until: Wait) -> None:
    page.save_bar.save.invoke()
    wait_until(lambda: not page.editor.saving)


def test_another_time_is_written_and_the_scheduler_follows_it(world: World, open_page: Open, wait_until: Wait) -> None:
    document = json.loads(world.file.read_text("utf-8"))
    document["backup"]["checks"] = ["SELECT count(*) > 0 FROM person"]
    document = {"$schema": "./x.json", **document}
    world.file.write_text(json.dumps(document, indent=4), "utf-8")
    world.manager.reload()
    world.manager.start()
    page = open_page(world.manager)
    assert page.save_bar.hidden
    type_into(page.schedule.at.entry, "14h30")
    wait_until(lambda: "14:30" in page.schedule.next.text)
    assert page.editor.has_unsaved_changes()
    wait_until(lambda: not page.save_bar.hidden)
    assert "backup_time" not in written(world)
    saved(page, wait_until)
    wait_until(lambda: not page.editor.has_unsaved_changes())
    assert written(world)["backup_time"] == "14:30"
    assert written(world)["checks"] == document["backup"]["checks"]
    assert json.loads(world.file.read_text("utf-8"))["$schema"] == "./x.json"
    assert world.manager.settings.backup.backup_time.hour == 14
    planned = next(each for each in world.manager.next_runs() if each.task == "backup")
    assert planned.at.astimezone().strftime("%M") == "30"
    wait_until(lambda: page.save_bar.hidden)


def test_what_is_no_time_is_said_below_the_field_and_not_saved(world: World, open_page: Open, wait_until: Wait) -> None:
    page = open_page(world.manager)
    before = world.file.read_bytes()
    type_into(page.schedule.at.entry, "25:00")
    wait_until(lambda: not page.schedule.error.hidden)
    assert "25:00" in page.schedule.error.text
    assert page.schedule.next.hidden
    assert page.editor.has_unsaved_changes()
    assert page.editor.save() is False
    assert world.file.read_bytes() == before
    type_into(page.schedule.at.entry, "2")
    wait_until(lambda: page.schedule.error.hidden and not page.editor.has_unsaved_changes())
    page.schedule.switch.canvas.focus_force()
    wait_until(lambda: page.schedule.at.entry.text == "02:00")


def test_discard_brings_back_what_is_saved(world: World, open_page: Open, wait_until: Wait) -> None:
    page = open_page(world.manager)
    page.schedule.shutdown.invoke()
    page.retention.steppers["days"].step(5)
    page.notifications.desktop.invoke()
    assert page.editor.has_unsaved_changes()
    page.save_bar.discard.invoke()
    assert not page.editor.has_unsaved_changes()
    assert page.schedule.shutdown.on
    assert page.retention.steppers["days"].value == 30
    assert not page.notifications.desktop.on
    wait_until(lambda: page.save_bar.hidden)


def test_a_copy_that_is_added_meanwhile_is_no_change_by_another_program(
    world: World, open_page: Open, wait_until: Wait
) -> None:
    page = open_page(world.manager)
    page.schedule.shutdown.invoke()
    world.manager.add_copy({"name": "usb", "url": (world.folder / "usb").as_uri()})
    page.stage.bridge.refresh()
    wait_until(lambda: "usb" in page.copies.blocks)
    assert page.editor.remark is None
    assert page.stage.has_unsaved_changes()
    saved(page, wait_until)
    assert written(world)["backup_on_shutdown"] is False
    assert [each["name"] for each in written(world)["copies"]] == ["usb"]


def test_changes_stay_while_another_page_is_looked_at(world: World, open_page: Open, wait_until: Wait) -> None:
    page = open_page(world.manager)
    page.schedule.migration.invoke()
    view = page.stage
    view.go("overview")
    wait_until(lambda: not page.winfo_viewable())
    assert view.has_unsaved_changes()
    view.go("settings")
    assert page.editor.has_unsaved_changes()
    assert view.save() is True
    wait_until(lambda: written(world).get("backup_before_migration") is False)
    wait_until(lambda: not view.has_unsaved_changes())


def test_saving_goes_on_when_the_host_leaves_at_once(world: World, open_page: Open, wait_until: Wait) -> None:
    page = open_page(world.manager)
    page.schedule.shutdown.invoke()
    assert page.stage.save() is True
    assert not page.stage.has_unsaved_changes()
    page.stage.destroy()
    wait_until(lambda: written(world).get("backup_on_shutdown") is False)


def test_keeping_less_asks_with_numbers_and_the_clean_up_does_what_was_shown(
    world: World, open_page: Open, wait_until: Wait
) -> None:
    lengthen(world.manager, 60)
    page = open_page(world.manager)
    before = page.editor.preview.removes
    for name, by in (("days", -28), ("weeks", -12), ("months", -12), ("keep_last", -5)):
        page.retention.steppers[name].step(by)
    wait_until(lambda: not page.editor.counting)
    removes = page.editor.preview.removes
    assert removes > before + 10
    assert str(removes) in page.retention.sub.text
    assert len(page.retention.chart.model.ticks) == 60 - removes
    assert page.editor.save() is False
    panel = page.stage.panel
    wait_until(panel.winfo_viewable)
    panel.no.invoke()
    assert "retention_days" in written(world)
    assert written(world)["retention_days"] == 30
    assert page.editor.save() is False
    page.stage.panel.yes.invoke()
    wait_until(lambda: written(world)["retention_days"] == 2)
    wait_until(lambda: not page.editor.has_unsaved_changes() and not page.editor.saving)
    plan = world.manager.plan_rotation().plan
    done = world.manager.rotate_backups(confirmed=True)
    assert len(done.trashed) == removes
    assert {each.id for each in done.trashed} == {each.id for each in plan.removed}


def test_keeping_more_asks_nobody(world: World, open_page: Open, wait_until: Wait) -> None:
    world.manager.create_backup()
    page = open_page(world.manager)
    page.retention.preset.choose("long")
    wait_until(lambda: not page.editor.counting)
    assert page.editor.save() is True
    wait_until(lambda: written(world)["retention_days"] == 90)
    assert page.stage.panel is None


def test_numbers_that_keep_nothing_are_refused_below_them(world: World, open_page: Open, wait_until: Wait) -> None:
    page = open_page(world.manager)
    for stepper in page.retention.steppers.values():
        stepper.step(-999)
    wait_until(lambda: not page.retention.error.hidden)
    assert page.editor.save() is False
    page.retention.steppers["weeks"].step(1)
    wait_until(lambda: page.retention.error.hidden)


def test_the_wheel_does_not_change_a_number(world: World, open_page: Open) -> None:
    page = open_page(world.manager)
    stepper = page.retention.steppers["days"]
    for target in (stepper.entry, stepper.canvas):
        target.event_generate("<Button-4>", x=5, y=5)
        target.event_generate("<Button-5>", x=5, y=5)
    page.update()
    assert stepper.value == 30


class Heard(HTTPServer):
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Heard

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        self.send_response(404 if self.path.startswith("/closed") else 200)
        self.end_headers()

    do_PUT = do_POST  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def heard() -> Iterator[Heard]:
    server = Heard()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_test_message_arrives_and_each_channel_has_its_line(
    world: World, open_page: Open, wait_until: Wait, heard: Heard
) -> None:
    url = f"http://127.0.0.1:{heard.server_port}"
    told = {"on_failure": ["webhook", "ntfy"], "webhook": {"url": f"{url}/hook"}}
    told |= {"ntfy": {"url": f"{url}/closed", "topic": "backups"}}
    rewrite(world.file, notifications=told)
    world.manager.reload()
    page = open_page(world.manager)
    card = page.notifications
    assert [line.line.name for line in card.lines.winfo_children()] == ["Webhook", "ntfy"]
    card.test.invoke()
    assert not card.test.enabled
    wait_until(lambda: card.test.enabled, 30)
    assert len(heard.bodies) == 2
    lines = [line.line for line in card.results.winfo_children()]
    assert lines[0].value == "Sent"
    assert lines[1].value.startswith("Not sent")
    assert "1 test message did not arrive" in card.result.text


def test_the_desktop_switch_is_written_and_warns_when_nobody_is_left(
    world: World, open_page: Open, wait_until: Wait
) -> None:
    page = open_page(world.manager)
    card = page.notifications
    assert not card.warning.hidden
    card.desktop.invoke()
    assert card.warning.hidden
    assert not card.test.enabled
    saved(page, wait_until)
    wait_until(lambda: written(world)["notifications"]["on_failure"] == ["desktop"])
    wait_until(lambda: card.test.enabled)


def test_the_check_up_looks_by_itself_and_again(world: World, open_page: Open, wait_until: Wait) -> None:
    page = open_page(world.manager)
    card = page.doctor
    wait_until(lambda: page.stage.bridge.facts.findings is not None and card.again.enabled, 20)
    codes = {each.code for each in page.stage.bridge.facts.findings}
    assert "never" in codes
    shown = [piece.line.what for piece in card.list.winfo_children()]
    assert "No backup has been made yet." in shown
    world.manager.create_backup()
    card.again.invoke()
    assert "Looking" in card.sentence.text
    wait_until(lambda: card.again.enabled, 20)
    assert "No backup has been made yet." not in [piece.line.what for piece in card.list.winfo_children()]


def test_settings_that_came_from_code_are_shown_and_cannot_be_changed(
    world: World, open_page: Open, wait_until: Wait
) -> None:
    manager = BackupManager(world.path, {"backup": {"backup_time": "05:15", "notifications": {"on_failure": []}}})
    page = open_page(manager)
    wait_until(lambda: not page.banner.hidden)
    assert "application" in page.banner.line.text
    assert page.schedule.at.entry.text == "05:15"
    controls = [page.schedule.switch, page.schedule.mode, page.schedule.at.entry, page.schedule.catch_up]
    controls += [page.retention.preset, *page.retention.steppers.values(), page.notifications.desktop]
    assert not any(control.enabled for control in controls)
    assert page.notifications.test.enabled
    assert not page.editor.has_unsaved_changes()
    assert page.editor.save() is True
    assert page.save_bar.hidden
    manager.close(backup=False)


def test_another_program_changes_the_file_while_nothing_is_edited(
    world: World, open_page: Open, wait_until: Wait
) -> None:
    page = open_page(world.manager)
    rewrite(world.file, backup_time="23:45")
    page.show_facts(page.stage.bridge.facts)
    wait_until(lambda: page.schedule.at.entry.text == "23:45")
    assert not page.editor.has_unsaved_changes()


def test_another_program_changes_the_file_while_something_is_edited(
    world: World, open_page: Open, wait_until: Wait
) -> None:
    page = open_page(world.manager)
    page.schedule.shutdown.invoke()
    rewrite(world.file, backup_time="23:45", retention_days=60)
    page.save_bar.save.invoke()
    wait_until(lambda: not page.editor.saving)
    wait_until(lambda: page.schedule.at.entry.text == "23:45")
    assert page.editor.remark is not None
    assert "nother program" in page.save_bar.line.text
    assert written(world).get("backup_on_shutdown") is None
    assert page.editor.has_unsaved_changes()
    assert not page.schedule.shutdown.on
    assert page.retention.steppers["days"].value == 60
    saved(page, wait_until)
    wait_until(lambda: not page.editor.has_unsaved_changes())
    assert written(world)["backup_on_shutdown"] is False
    assert written(world)["backup_time"] == "23:45"


def test_a_file_that_cannot_be_read_any_more_is_said_and_nothing_is_lost(
    world: World, open_page: Open, wait_until: Wait
) -> None:
    page = open_page(world.manager)
    good = world.file.read_text("utf-8")
    rewrite(world.file, retention_days="several")
    page.show_facts(page.stage.bridge.facts)
    wait_until(lambda: not page.banner.hidden)
    assert "retention_days" in page.banner.more.text
    page.schedule.shutdown.invoke()
    page.save_bar.save.invoke()
    wait_until(lambda: not page.editor.saving)
    assert not page.retention.error.hidden
    assert page.editor.has_unsaved_changes()
    world.file.write_text(good, "utf-8")
    page.show_facts(page.stage.bridge.facts)
    wait_until(lambda: page.banner.hidden)
    page.save_bar.save.invoke()
    wait_until(lambda: written(world).get("backup_on_shutdown") is False)
