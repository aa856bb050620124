"""The page on given facts: how it looks, what the keyboard reaches, and what it leaves behind."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from litekeep.ui.presenter.facts import End, Outcome
from litekeep.ui.view.settings.card import EditCard
from litekeep.ui.view.settings.columns import Columns
from litekeep.ui.view.settings.copies import CopiesCard
from litekeep.ui.view.settings.doctor import DoctorCard
from litekeep.ui.view.settings.editor import Editor
from litekeep.ui.view.settings.location import LocationCard
from litekeep.ui.view.settings.page import SettingsPage
from litekeep.ui.widgets.ctk import Piece
from ui.bridge.conftest import World
from ui.conftest import AssertGolden
from ui.presenter.made import NOW, settings
from ui.view.settings.conftest import Open
from ui.view.settings.sitting import FINDINGS, Sitting
from ui.view.states import HEALTHY, STATES
from ui.widgets.conftest import plain_window

__all__ = ["plain_window"]

Wait = Callable[..., None]
CHANNELS = {
    "on_failure": ["desktop", "email", "ntfy"],
    "email": {"host": "smtp.example.org", "from": "ana@example.org", "to": ["ana@example.org"]},
    "ntfy": {"url": "https://ntfy.sh", "topic": "backups"},
    "heartbeat_url": "https://hc-ping.com/1",
}
WELL = replace(
    HEALTHY,
    findings=(),
    examined_at=NOW - timedelta(minutes=1),
    folder="/home/ana/backups",
    database="/home/ana/app/employees.db",
)
FULL = replace(WELL, findings=FINDINGS, settings=settings(notifications=CHANNELS))


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("lang", ["en", "fr"])
def test_it_looks_as_it_should(
    open_page: Open, appearance: Callable[[str], None], assert_golden: AssertGolden, mode: str, lang: str
) -> None:
    appearance(mode)
    page = open_page(Sitting(FULL), lang=lang, theme="own")
    assert_golden(page.stage, f"settings-{mode}-{lang}")


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_edited_with_a_mistake_in_one_column(
    open_page: Open, assert_golden: AssertGolden, wait_until: Wait, lang: str
) -> None:
    page = open_page(Sitting(FULL), width=800, height=600, lang=lang, theme="own")
    page.editor.edit_form(time="25h")
    page.editor.edit_numbers((7, 4, 3, 5))
    wait_until(lambda: not page.editor.counting)
    assert not page.columns.two
    assert_golden(page.stage, f"settings-edited-{lang}")


def test_read_only_looks_as_it_should(open_page: Open, assert_golden: AssertGolden) -> None:
    page = open_page(Sitting(replace(FULL, editable=False)), theme="own")
    assert_golden(page.stage, "settings-read-only-en")


def test_before_keeping_less_it_asks(open_page: Open, assert_golden: AssertGolden, wait_until: Wait) -> None:
    page = open_page(Sitting(WELL), lang="fr", theme="own")
    page.editor.edit_numbers((7, 4, 3, 5))
    wait_until(lambda: not page.editor.counting)
    page.editor.save()
    assert_golden(page.stage, "settings-question-fr")


def test_two_columns_only_where_there_is_room(open_page: Open, window: Any, wait_until: Wait) -> None:
    page = open_page(Sitting(FULL))
    wait_until(lambda: page.columns.two)
    assert page.retention.winfo_x() > page.schedule.winfo_x()
    window.geometry("880x720")
    wait_until(lambda: not page.columns.two and page.retention.winfo_x() == page.schedule.winfo_x())
    for card in (page.schedule, page.retention, page.location, page.copies, page.notifications, page.doctor):
        wait_until(lambda card=card: card.winfo_height() == card.winfo_reqheight())
    bottoms = [card.winfo_y() + card.winfo_height() for card in (page.schedule, page.retention, page.location)]
    tops = [card.winfo_y() for card in (page.retention, page.location, page.notifications)]
    assert all(top > bottom for top, bottom in zip(tops, bottoms, strict=True))


@pytest.mark.parametrize("lang", ["en", "fr", "xx"])
@pytest.mark.parametrize("width", [800, 1040])
def test_nothing_is_wider_than_its_card(open_page: Open, wait_until: Wait, lang: str, width: int) -> None:
    page = open_page(Sitting(FULL), width=width, height=700, lang=lang)
    page.update()
    for card in (page.schedule, page.retention, page.location, page.notifications, page.doctor):
        right = card.winfo_rootx() + card.winfo_width()
        for piece in _pieces(card):
            if piece.winfo_viewable():
                assert piece.winfo_rootx() + piece.winfo_width() <= right, piece


def _pieces(widget: Any) -> list[Any]:
    found = [child for child in widget.winfo_children() if isinstance(child, Piece)]
    return found + [inner for child in found for inner in _pieces(child)]


def test_the_keyboard_reaches_and_uses_everything(
    open_page: Open, press_keys: Callable[..., None], window: Any, wait_until: Wait
) -> None:
    page = open_page(Sitting(FULL))
    page.schedule.shutdown.invoke()
    wait_until(page.save_bar.winfo_viewable)
    page.stage.tabs.canvas.focus_force()
    wanted = {
        page.schedule.switch.canvas,
        page.schedule.mode.canvas,
        page.schedule.at.entry.entry,
        page.schedule.catch_up.canvas,
        page.retention.preset.canvas,
        *(stepper.entry for stepper in page.retention.steppers.values()),
        page.retention.chart.canvas,
        page.retention.toggle.canvas,
        page.location.open.canvas,
        page.copies.add.canvas,
        page.notifications.test.canvas,
        page.notifications.desktop.canvas,
        page.doctor.again.canvas,
        page.save_bar.discard.canvas,
        page.save_bar.save.canvas,
    }
    reached = []
    for _ in range(40):
        press_keys("Tab")
        reached.append(window.focus_get())
    assert wanted <= set(reached)
    first = {widget: reached.index(widget) for widget in wanted}
    assert first[page.schedule.switch.canvas] < first[page.retention.preset.canvas] < first[page.location.open.canvas]
    page.retention.steppers["days"].entry.focus_force()
    press_keys("Up", "Up")
    assert page.editor.draft.numbers[0] == 32
    page.save_bar.save.canvas.focus_force()
    press_keys("Return")
    written = {"backup.backup_on_shutdown": False, "backup.retention_days": 32}
    assert ("change_settings", written) in page.stage.bridge.asked


def test_a_custom_rule_begins_as_the_time_that_was_there(open_page: Open, wait_until: Wait) -> None:
    page = open_page(Sitting(replace(WELL, settings=settings(backup_time="14:05"))))
    page.schedule.mode.choose("custom")
    assert page.schedule.cron.text == "5 14 * * *"
    page.schedule.cron.entry.delete(0, "end")
    page.schedule.cron.entry.insert(0, "every now and then")
    wait_until(lambda: not page.schedule.error.hidden)
    page.schedule.mode.choose("none")
    assert page.schedule.error.hidden
    assert page.schedule.next.text == "No backup is planned."


def test_a_failed_save_keeps_the_edits_and_says_why_at_the_field(open_page: Open, wait_until: Wait) -> None:
    still = Sitting(WELL)
    page = open_page(still)
    page.editor.edit_form(time="03:00")
    assert page.editor.save() is True
    assert page.editor.saving
    problem = "backup.backup_time must be a time; allowed: HH:MM"
    still.put(replace(WELL, outcome=Outcome("settings", End.FAILED, NOW, "no", code="settings", problems=(problem,))))
    wait_until(lambda: not page.editor.saving)
    assert problem in page.schedule.error.text
    assert page.editor.has_unsaved_changes()
    page.editor.edit_form(time="04:00")
    assert page.schedule.error.hidden


def test_what_the_environment_sets_is_said_after_saving(open_page: Open, wait_until: Wait) -> None:
    still = Sitting(WELL)
    page = open_page(still)
    page.editor.edit_form(time="03:00")
    page.editor.save()
    still.put(replace(WELL, outcome=Outcome("settings", End.DONE, NOW)))  # the time is as it was
    wait_until(lambda: not page.editor.saving)
    assert not page.editor.has_unsaved_changes()
    assert "environment" in page.save_bar.line.text


def test_the_tab_is_marked_while_something_is_not_saved(open_page: Open, wait_until: Wait) -> None:
    page = open_page(Sitting(WELL))
    tabs = page.stage.tabs
    page.schedule.shutdown.invoke()
    page.stage.go("backups")
    wait_until(lambda: dict(tabs.items)["settings"] == "Settings •")
    page.editor.discard()
    wait_until(lambda: dict(tabs.items)["settings"] == "Settings")


def test_the_preview_is_made_on_a_thread_and_only_the_newest_counts(
    world: World, open_page: Open, wait_until: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.manager.create_backup()
    page = open_page(world.manager)
    gate, threads, days = threading.Event(), [], []
    real = world.manager.plan_rotation

    def slow(policy: Any, **given: Any) -> Any:
        threads.append(threading.current_thread())
        days.append(policy.days)
        gate.wait(20)
        return real(policy, **given)

    monkeypatch.setattr(world.manager, "plan_rotation", slow)
    stepper = page.retention.steppers["days"]
    stepper.step(1)
    wait_until(lambda: days == [31])
    for _ in range(8):
        stepper.step(1)
    wait_until(lambda: page.retention.headline.text == "Counting…")
    assert page.editor.save() is False  # it would have to ask, perhaps; it goes on when that is known
    gate.set()
    wait_until(lambda: not page.editor.counting)
    assert days == [31, 39]
    assert threading.main_thread() not in threads
    wait_until(lambda: world.manager.settings.backup.retention_days == 39)


def test_brakes_are_shown_and_can_be_looked_at(open_page: Open, wait_until: Wait) -> None:
    few = settings(retention_days=7, retention_weeks=4, retention_months=3, keep_last=5)
    page = open_page(Sitting(replace(WELL, settings=few, plan=None)))
    wait_until(lambda: not page.retention.waits.hidden)
    review = page.retention.waits.winfo_children()[-1]
    review.invoke()
    assert page.stage.panel is not None


def test_without_backups_and_without_their_folder(open_page: Open) -> None:
    page = open_page(Sitting(replace(STATES["never"], findings=())))
    assert page.retention.headline.text == "Nothing to keep yet"
    assert page.location.open.enabled
    page.stage.destroy()
    page = open_page(Sitting(replace(STATES["missing"], findings=(), plan=None)))
    assert "cannot be read" in page.retention.headline.text
    assert not page.retention.chart.model.ticks
    assert not page.location.open.enabled
    assert "cannot be found" in page.location.room.text


def test_the_chart_as_a_table(open_page: Open) -> None:
    page = open_page(Sitting(WELL))
    card = page.retention
    card.switch()
    assert card.table is not None
    assert len(card.table.tree.get_children()) == len(card.chart.model.ticks)
    card.switch()
    assert card.table is None
    assert not card.chart.hidden


def test_nothing_is_left_of_it(window: Any, wait_until: Wait) -> None:
    from litekeep.ui import BackupView

    kinds = (SettingsPage, Editor, EditCard, DoctorCard, LocationCard, CopiesCard, Columns)

    def alive() -> int:
        gc.collect()
        return sum(isinstance(each, kinds) for each in gc.get_objects())

    def mount() -> None:
        view: Any = BackupView(window, None, bridge=Sitting(FULL))  # type: ignore[arg-type]
        view.pack(fill="both", expand=True)
        view.go("settings")
        page = view.pages["settings"]
        page.schedule.shutdown.invoke()
        page.retention.steppers["days"].step(-10)
        page.retention.switch()
        page.notifications.test.invoke()
        window.update()
        view.destroy()

    def bound() -> dict[str, str]:
        scripts = {name: str(window.tk.call("bind", str(window), name)).strip() for name in window.bind()}
        return {name: script for name, script in scripts.items() if script}

    before, bound_before = alive(), bound()
    for _ in range(5):
        mount()
    wait_until(lambda: alive() <= before)
    assert bound() == bound_before
