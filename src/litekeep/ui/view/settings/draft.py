"""What is edited and not saved, as a value: forms on the settings they began from. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, Self, TypeVar

from litekeep.config.settings import BackupSettings
from litekeep.records import dataclass
from litekeep.retention import RetentionPolicy
from litekeep.ui.language.words import Language
from litekeep.ui.presenter.notifications import desktop_changes, notifications_form
from litekeep.ui.presenter.retention import retention_changes
from litekeep.ui.presenter.schedule import ScheduleForm, form_of
from litekeep.ui.presenter.schedule import changes as schedule_changes
from litekeep.ui.presenter.schedule import problem as schedule_problem

Value = TypeVar("Value")
Numbers = tuple[int, int, int, int]
"""days, weeks, months, keep_last."""


@dataclass(frozen=True, slots=True)
class Draft:
    """settings: what it began from. numbers: of the retention, each 0 or more. desktop: messages on this desktop."""

    settings: BackupSettings
    form: ScheduleForm
    numbers: Numbers
    desktop: bool

    @classmethod
    def of(cls, settings: BackupSettings, say: Language) -> Self:
        """Nothing is edited yet."""
        kept = settings.retention
        numbers = (kept.days, kept.weeks, kept.months, kept.keep_last)
        return cls(settings, form_of(settings), numbers, notifications_form(settings, say).desktop)

    @property
    def policy(self) -> RetentionPolicy | None:
        """None: it would keep nothing."""
        if not any(self.numbers):
            return None
        days, weeks, months, keep_last = self.numbers
        return replace(self.settings.retention, days=days, weeks=weeks, months=months, keep_last=keep_last)

    @property
    def other_numbers(self) -> bool:
        """How long to keep was edited."""
        return self.policy != self.settings.retention

    @property
    def lower_numbers(self) -> bool:
        """One of them is lower than it was."""
        kept = self.settings.retention
        before = (kept.days, kept.weeks, kept.months, kept.keep_last)
        return any(now < then for now, then in zip(self.numbers, before, strict=True))

    def problems(self, say: Language) -> dict[str, str]:
        """What keeps it from being saved: "schedule" or "retention" -> a sentence."""
        found = {"schedule": schedule_problem(self.form, say)}
        if self.policy is None:
            found["retention"] = say("At least one of these numbers must be more than 0, or nothing would be kept.")
        return {where: text for where, text in found.items() if text}

    def changes(self) -> dict[str, Any]:
        """What is to be written: key path -> JSON value. It must be without problems."""
        found = schedule_changes(self.form, self.settings)
        if self.policy is not None and self.other_numbers:
            before = retention_changes(self.settings.retention)
            after = retention_changes(self.policy)
            found |= {key: value for key, value in after.items() if value != before[key]}
        return found | desktop_changes(self.settings, desktop=self.desktop)

    def changed(self, say: Language) -> bool:
        """Something is edited: also if it cannot be saved as it is."""
        return bool(self.problems(say) or self.changes())

    def onto(self, settings: BackupSettings, say: Language, since: Draft | None = None) -> Draft:
        """The same edits on other settings. since: only what was edited after that."""
        base, new = since or Draft.of(self.settings, say), Draft.of(settings, say)
        numbers = [_edited(*three) for three in zip(self.numbers, base.numbers, new.numbers, strict=True)]
        return Draft(
            settings,
            _edited_form(self.form, base.form, new.form),
            (numbers[0], numbers[1], numbers[2], numbers[3]),
            _edited(self.desktop, base.desktop, new.desktop),
        )


def _edited(mine: Value, base: Value, new: Value) -> Value:
    return new if mine == base else mine


def _edited_form(mine: ScheduleForm, base: ScheduleForm, new: ScheduleForm) -> ScheduleForm:
    names = [field.name for field in fields(ScheduleForm)]
    return replace(new, **{name: _edited(*(getattr(form, name) for form in (mine, base, new))) for name in names})


def fields_of(problems: Sequence[str]) -> dict[str, str]:
    """Where problems of the settings file belong, as their texts begin with the key: "schedule", "retention" ..."""
    found: dict[str, str] = {}
    for text in problems:
        key = text.split(" ", 1)[0].removeprefix("backup.")
        place = next((place for start, place in _PLACES if key.startswith(start)), "")
        found.setdefault(place, text)
    return found


_PLACES = (
    ("backup_time", "schedule"),
    ("schedule", "schedule"),
    ("timezone", "schedule"),
    ("retention_", "retention"),
    ("keep_last", "retention"),
    ("notifications", "notifications"),
)
