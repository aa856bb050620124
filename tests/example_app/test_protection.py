"""The example is protected: its migrations, a mass delete, and the past that its sample comes with."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path

import peewee
import pytest
from examples.employees import models, office, past, upgrades
from examples.employees.protection import protect

from litekeep.errors import NotProtected
from litekeep.model import Level, Reason

from .conftest import PEOPLE, Company, execute

FAILS = """
def migrate(migrator, database, **rest):
    migrator.sql("DELETE FROM employees")
    migrator.sql("INSERT INTO nosuchtable VALUES (1)")
"""


def test_the_pending_migration_runs_behind_a_backup(company: Company) -> None:
    before = {each.id: each.phone for each in models.Employee.select()}
    assert [(each.name, each.pending) for each in upgrades.upgrades()] == [("001_phone_numbers", True)]
    assert upgrades.run(company.manager) == ["001_phone_numbers"]
    assert not any(each.pending for each in upgrades.upgrades())
    for each in models.Employee.select():
        old = before[each.id]
        assert each.phone == f"+33 {old[1]} {old[2:4]} {old[4:6]} {old[6:8]} {old[8:]}"
    (point,) = company.manager.list_backups()
    assert point.reason is Reason.PRE_MIGRATION


def test_a_migration_that_fails_is_taken_back(company: Company, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(upgrades.FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "002_fails.py").write_text(FAILS, "utf-8")
    before = company.names()
    phone = models.Employee.get().phone
    with pytest.raises(peewee.OperationalError, match="nosuchtable"):
        upgrades.run(company.manager, folder)
    assert company.names() == before
    assert models.Employee.get().phone == phone
    assert [each.pending for each in upgrades.upgrades(folder)] == [True, True]


def test_without_a_backup_no_migration_begins(company: Company) -> None:
    company.manager.create_backup()
    shutil.rmtree(company.manager.repository)
    with pytest.raises(NotProtected):
        upgrades.run(company.manager)
    assert upgrades.upgrades()[0].pending


def test_everybody_is_back_after_a_mass_delete_and_an_undo_takes_that_back(company: Company) -> None:
    before = company.names()
    with company.manager.protect("bulk_delete") as guard:
        point = guard.restore_point
        assert office.delete_all() == PEOPLE
    assert point is not None
    assert company.names() == []
    company.manager.restore_backup(point)
    assert company.names() == before
    assert execute("PRAGMA foreign_key_check") == []
    company.manager.undo_restore()
    assert company.names() == []


def test_the_settings_file_is_written_once_and_names_the_database(tmp_path: Path) -> None:
    path = tmp_path / "data" / "people.db"
    models.open_database(path)
    protect(path).close(backup=False)
    file = path.with_name("backup.json")
    written = json.loads(file.read_text("utf-8"))
    assert written["database"] == "./people.db"
    written["backup"]["retention_days"] = 5
    file.write_text(json.dumps(written), "utf-8")
    manager = protect(path)
    assert manager.settings.backup.retention_days == 5
    manager.close(backup=False)
    models.database.close()


def test_the_sample_has_a_past_that_can_be_restored(tmp_path: Path) -> None:
    path = tmp_path / "data" / "employees.db"
    told: list[tuple[int, int]] = []
    past.make(path, days_ago=(8, 2, 1), told=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    with pytest.raises(FileExistsError):
        past.make(path)
    models.open_database(path)
    manager = protect(path)
    found = manager.list_backups()
    today = office.today()
    assert [today - each.created_at.date() for each in found] == [timedelta(days=ago) for ago in (8, 2, 1)]
    assert {each.verified >= Level.FULL for each in found} == {True}
    assert {each.reason for each in found} == {Reason.SCHEDULED}
    office.delete_all()
    manager.restore_backup(found[-1])
    assert office.count() == 250
    manager.close(backup=False)
    models.database.close()
