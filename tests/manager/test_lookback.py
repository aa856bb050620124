"""Embedded: what the helper process saw is remembered for the application's user, and told in status and messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from litekeep.errors import Refused
from litekeep.journal import history
from litekeep.manager.situations import situation_of
from litekeep.notify.conditions import conditions
from litekeep.operations.status import Verdict, assess
from litekeep.testing import ManualClock

from .conftest import Application


def manifests(app: Application) -> list[Path]:
    folder = app.backups / "snapshots" / "app"
    return sorted(folder.iterdir(), key=lambda path: path.name.split("-")[1])


def test_missing_backups_stop_rotation_until_they_are_accepted(app: Application) -> None:
    manager, told = app.manager(), list[str]()
    manager.subscribe(lambda name, facts: told.append(str(facts.get("code"))) if name == "warning" else None)
    for number in range(3):
        app.write(f"{number}")
        manager.create_backup()
    assert manager.status().verdict is Verdict.UNPROVEN
    manifests(app)[0].unlink()
    status = manager.status()
    assert status.verdict is Verdict.ALTERED
    assert "one backup of app is gone" in status.sentence.lower()
    assert manager.overview()[0].verdict is Verdict.ALTERED
    app.write("more")
    assert manager.create_backup().sound
    assert "snapshots_missing" in told
    with pytest.raises(Refused, match="gone that nobody removed"):
        manager.rotate_backups()
    assert "snapshots_missing" in [finding.code for finding in manager.examine()]
    (change,) = manager.accept_changes()
    assert (change.source, len(change.missing)) == ("app", 1)
    row = history.read(app.backups)[-1]
    assert (row.verb, row.message) == ("accept", "one backup of app is gone that nobody removed")
    assert manager.accept_changes() == ()
    assert manager.status().verdict is Verdict.UNPROVEN
    manager.rotate_backups()


def test_people_are_told(app: Application) -> None:
    manager = app.manager()
    manager.create_backup()
    app.write("x")
    manager.create_backup()
    manifests(app)[-1].unlink()
    facts, status = manager._known()
    now = ManualClock().now()
    assert assess(facts, now).verdict is Verdict.ALTERED
    situation = situation_of(facts, status, [], now)
    assert "altered" in [each.key for each in conditions(situation, now)]


def test_rotation_after_a_backup_tells_why_nothing_was_removed(app: Application) -> None:
    manager, told = app.manager(), list[str]()
    manager.create_backup()
    app.write("x")
    manager.create_backup()
    manifests(app)[0].unlink()
    manager.subscribe(lambda name, facts: told.append(f"{facts.get('code')}") if name == "warning" else None)
    app.write("y")
    manager.create_backup()
    assert told == ["snapshots_missing", "rotation"]
    row = history.read(app.backups)[-1]
    assert (row.verb, row.outcome.value) == ("prune", "refused")


def test_spread(app: Application) -> None:
    manager = app.manager(copies=[{"name": "nas", "url": "sftp://nas.invalid/b"}])
    assert manager.spread().copies == 1
    manager.create_backup()
    spread = manager.spread()
    assert (spread.copies, spread.devices, spread.off_site) == (2, 1, 0)
    assert [gap.places for gap in spread.missing] == [("nas",)] * 3
    assert manager.spread(manager.list_backups()) == spread
    assert "one_place" in [finding.code for finding in manager.examine()]
