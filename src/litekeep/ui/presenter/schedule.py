"""The schedule as a form: settings -> form -> changes of the settings; times as people type them; the next runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, time, tzinfo
from enum import StrEnum
from itertools import islice
from typing import Any

from litekeep.config.settings import ANY_OPERATION, BackupSettings
from litekeep.errors import UsageError
from litekeep.records import dataclass
from litekeep.scheduling.rule import Rule, parse_rule, slot_after
from litekeep.scheduling.task import NextRun, Phase
from litekeep.scheduling.zone import zone_named
from litekeep.ui.language.words import Language
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.runs import BACKUP

RUNS_SHOWN = 3
_TYPED = re.compile(
    r"(?P<hour>\d{1,2})(?:\s*(?:[:.h]|heures?)\s*(?P<minute>\d{2})?)?\s*(?:min)?\s*(?P<half>am|pm|a\.m\.|p\.m\.)?"
)
_DIGITS = re.compile(r"(\d{1,2})(\d{2})")
_PLAIN_TIME = re.compile(r"\d{1,2}:\d{2}")


class Mode(StrEnum):
    """When scheduled backups are made."""

    DAILY = "daily"
    CUSTOM = "custom"
    """By a cron expression, which is shown and can be edited as it is."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ScheduleForm:
    """What the page shows and edits. time: "HH:MM", as typed while it is edited; custom: the cron expression.

    enabled: the switch over all of it. before_operations: any at all; operations: which ones, empty for all.
    """

    enabled: bool
    mode: Mode
    time: str
    custom: str
    before_migration: bool
    before_operations: bool
    on_shutdown: bool
    catch_up: bool
    operations: tuple[str, ...] = ()


def form_of(settings: BackupSettings) -> ScheduleForm:
    """The form for these settings."""
    given = (settings.schedule or "").strip()
    at = time.fromisoformat(f"{given:0>5}") if _PLAIN_TIME.fullmatch(given) else settings.backup_time
    custom = "" if _PLAIN_TIME.fullmatch(given) else given
    mode = Mode.CUSTOM if custom else Mode.DAILY
    named = settings.backup_before_operations
    return ScheduleForm(
        enabled=settings.enabled,
        mode=mode if settings.automatic_daily else Mode.NONE,
        time=at.strftime("%H:%M"),
        custom=custom,
        before_migration=settings.backup_before_migration,
        before_operations=bool(named),
        on_shutdown=settings.backup_on_shutdown,
        catch_up=settings.catch_up,
        operations=() if ANY_OPERATION in named else named,
    )


def changes(form: ScheduleForm, settings: BackupSettings) -> dict[str, Any]:
    """What config.edit is to change so that the settings are as the form; nothing for what is the same.

    The form must be without `problem`.
    """
    before = form_of(settings)
    found: dict[str, Any] = {}
    for key, value, old in (
        ("enabled", form.enabled, before.enabled),
        ("automatic_daily", form.mode is not Mode.NONE, before.mode is not Mode.NONE),
        ("backup_before_migration", form.before_migration, before.before_migration),
        ("backup_on_shutdown", form.on_shutdown, before.on_shutdown),
        ("catch_up", form.catch_up, before.catch_up),
    ):
        if value is not old:
            found[f"backup.{key}"] = value
    if form.before_operations != before.before_operations:
        found["backup.backup_before_operations"] = [ANY_OPERATION] if form.before_operations else []
    found.update(_times(form, before, settings))
    return found


def _times(form: ScheduleForm, before: ScheduleForm, settings: BackupSettings) -> dict[str, Any]:
    if form.mode is Mode.CUSTOM:
        custom = form.custom.strip()
        return {} if custom == before.custom else {"backup.schedule": custom}
    if form.mode is Mode.NONE:
        return {}
    at = parse_time(form.time)
    found: dict[str, Any] = {}
    if at is not None and at.strftime("%H:%M") != before.time:
        found["backup.backup_time"] = at.strftime("%H:%M")
    if settings.schedule is not None and (found or before.custom):  # it stands above backup_time
        found = {"backup.schedule": None, "backup.backup_time": at.strftime("%H:%M") if at else before.time}
    return found


def parse_time(text: str) -> time | None:
    """A time of the day as people type it: "2", "2:00", "02.00", "0200", "14h30", "2 pm"; None if it is none."""
    typed = text.strip().lower().replace("\u202f", " ").replace("\u00a0", " ")
    found = _DIGITS.fullmatch(typed)
    if found:
        hour, minute, half = int(found[1]), int(found[2]), ""
    elif match := _TYPED.fullmatch(typed):
        hour, minute = int(match["hour"]), int(match["minute"] or 0)
        half = (match["half"] or "").replace(".", "")
    else:
        return None
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def problem(form: ScheduleForm, say: Language) -> str:
    """What is wrong with the form, as a sentence; empty if it can be saved."""
    if form.mode is Mode.DAILY and parse_time(form.time) is None:
        typed = form.time.strip()
        if not typed:
            return say("Write a time of the day, such as 02:00.")
        return say("{text} is not a time of the day. Write it as 02:00.", text=say.quoted(typed))
    if form.mode is Mode.CUSTOM and _rule(form) is None:
        return say("This is not a schedule. Write five fields as in cron, such as 0 2 * * 1-5, or choose every day.")
    return ""


def mode_names(say: Language) -> tuple[tuple[Mode, str], ...]:
    """What can be chosen."""
    return (
        (Mode.DAILY, say("Every day")),
        (Mode.CUSTOM, say("Custom")),
        (Mode.NONE, say("No scheduled backups")),
    )


def next_runs(form: ScheduleForm, facts: ViewFacts) -> tuple[datetime, ...]:
    """The next planned moments of a form, which may not be saved yet; none if nothing is planned or it is not valid."""
    rule = _rule(form)
    if rule is None or not form.enabled:
        return ()
    return tuple(islice(_slots(rule, facts.now, _zone(facts)), RUNS_SHOWN))


def next_runs_text(facts: ViewFacts, say: Language, form: ScheduleForm | None = None) -> str:
    """The next runs in a sentence. form: one that is being edited; None: the settings, and what the scheduler says."""
    shown = form or form_of(facts.settings)
    if problem(shown, say):
        return ""
    if not shown.enabled or shown.mode is Mode.NONE:
        return say("No backup is planned.")
    if form is None and facts.paused:
        return say("Paused: no backup is made until you resume.")
    runs = list(next_runs(shown, facts))
    planned = _scheduled(facts) if form is None else None
    if planned is not None:
        late = planned.at.timestamp()
        runs = [planned.at, *(run for run in runs if run.timestamp() > late)][:RUNS_SHOWN]
    if not runs:
        return say("No backup is planned.")
    times = say.listed([_when(run, facts.now, say) for run in runs])
    return say("Next: {times}.", times=times)


def _when(run: datetime, now: datetime, say: Language) -> str:
    return say("now") if run.timestamp() <= now.timestamp() else say.when(run, now)


def _scheduled(facts: ViewFacts) -> NextRun | None:
    found = (each for each in facts.next_runs if each.task == BACKUP and each.phase is not Phase.PAUSED)
    return next(found, None)


def _rule(form: ScheduleForm) -> Rule | None:
    if form.mode is Mode.NONE:
        return None
    text = form.custom
    if form.mode is Mode.DAILY:
        at = parse_time(form.time)
        text = at.strftime("%H:%M") if at else ""
    try:
        return parse_rule(text, catch_up=form.catch_up)
    except UsageError:
        return None


def _slots(rule: Rule, now: datetime, zone: tzinfo) -> Iterator[datetime]:
    moment = now
    while True:
        try:
            moment = slot_after(rule, moment, zone)
        except UsageError:  # none within fifty years
            return
        yield moment


def _zone(facts: ViewFacts) -> tzinfo:
    """Of the settings; else the one in which people read times."""
    if facts.settings.timezone:
        return zone_named(facts.settings.timezone)
    zone = facts.now.tzinfo
    assert zone is not None
    return zone
