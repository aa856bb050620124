"""Snapshots, rows and facts for the presenter's tests, around one fixed moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from litekeep.config.load import parse_settings
from litekeep.config.settings import BackupSettings
from litekeep.journal.history import Outcome, Row
from litekeep.model import DatabaseFacts, Level, Reason, Snapshot
from litekeep.retention import RetentionPlan, RetentionPolicy, plan_retention
from litekeep.ui.language import Language, language
from litekeep.ui.presenter.facts import ViewFacts

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 9, 24, 9, 46, tzinfo=PARIS)
EN: Language = language("en")
FR: Language = language("fr")
PAGE = 4096


def at(text: str) -> datetime:
    """A moment in Paris: "2026-09-24" is 02:00 of that day."""
    return datetime.fromisoformat(f"{text}T02:00" if len(text) == 10 else text).replace(tzinfo=PARIS)


def snap(sequence: int, made: str | datetime = "2026-09-24", **given: Any) -> Snapshot:
    """A scheduled backup that was fully verified; `given` are fields. size: of the database in bytes."""
    moment = at(made) if isinstance(made, str) else made
    size = given.pop("size", 48_300_032)
    database = DatabaseFacts(PAGE, size // PAGE, user_version=given.pop("user_version", 0))
    values: dict[str, Any] = {
        "id": f"{sequence:08x}aabbccdd",
        "source": "app",
        "created_at": moment,
        "zone": "Europe/Paris",
        "reason": Reason.SCHEDULED,
        "sequence": sequence,
        "parent": None,
        "label": "",
        "database": database,
        "source_path": "/data/app.db",
        "changed_pages": 48,
        "new_bytes": 194_500,
        "key": f"snapshots/{sequence}",
        "verified": Level.FULL,
        "verified_at": moment + timedelta(seconds=3),
        **given,
    }
    return Snapshot(**values)


def days(count: int, last: str = "2026-09-24", **given: Any) -> tuple[Snapshot, ...]:
    """One backup a day, oldest first."""
    end = at(last)
    return tuple(snap(n + 1, end - timedelta(days=count - 1 - n), **given) for n in range(count))


def run(when: str, outcome: Outcome = Outcome.FAILED, code: str = "no_space", **given: Any) -> Row:
    """A backup run of the journal."""
    values = {"verb": "backup", "source": "app", "exit_code": 1, "message": "no room left on the drive", **given}
    return Row(at(when), outcome=outcome, code=code, **values)


def settings(**backup: Any) -> BackupSettings:
    """The settings with these keys of the section backup."""
    return parse_settings({"backup": backup}, Path("/data"), {}).backup


def facts(snapshots: tuple[Snapshot, ...] = (), **given: Any) -> ViewFacts:
    """Facts at NOW, with the plan of the settings' own policy unless another one is given."""
    chosen = given.pop("settings", None) or settings()
    trash = given.pop("trash", ())
    if "plan" not in given:
        given["plan"] = planned((*snapshots, *trash), chosen.retention)
    return ViewFacts(
        now=given.pop("now", NOW),
        name="app",
        database="/data/app.db",
        folder="/data/backups",
        settings=chosen,
        snapshots=snapshots,
        trash=trash,
        **given,
    )


def planned(snapshots: tuple[Snapshot, ...], policy: RetentionPolicy | None = None) -> RetentionPlan:
    """The plan for these backups at NOW."""
    return plan_retention(snapshots, policy or RetentionPolicy(), NOW)


def among(others: tuple[Snapshot, ...], made: str, **given: Any) -> tuple[Snapshot, tuple[Snapshot, ...]]:
    """A backup in the place of the one of that day, with its number, and all of them; before all if there is none."""
    place = next((each.sequence for each in others if each.created_at.date() == at(made).date()), 0)
    one = snap(place, made, **given)
    return one, (one, *(each for each in others if each.sequence != place))
