"""A Django project, run as manage.py in processes of its own."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from litekeep import BackupManager
from litekeep.clock import SystemClock
from litekeep.model import Reason, Snapshot
from litekeep.monitor import Silent
from litekeep.operations.backup import backup
from litekeep.operations.create import create_repository
from litekeep.testing import ManualClock

MANAGE = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "project_settings"
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""
SETTINGS = """
from pathlib import Path
BASE_DIR = Path(__file__).parent
SECRET_KEY = "only for a test"
INSTALLED_APPS = ["litekeep.integrations.django", "django.contrib.contenttypes", "people"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "app.db"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
LITEKEEP = {"default": {"backup": {"backup_directory": BASE_DIR / "kept", "restore_test": "never"}}}
"""
INITIAL = """
from django.db import migrations, models

class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.CreateModel("Person", [("id", models.BigAutoField(primary_key=True)),
                                                    ("name", models.TextField())])]
"""
NEXT = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("people", "{after}")]
    operations = [{operation}]
"""
EMAIL = 'migrations.AddField("Person", "email", models.TextField(default=""))'
PROGRAM = """
from django.db import transaction
from litekeep.errors import UsageError
from litekeep.integrations.django import manager_for
from people.models import Person

manager = manager_for()
assert manager is manager_for()
manager.create_backup()
assert manager.next_runs() == []
Person.objects.create(name="Grace")
try:
    with transaction.atomic():
        Person.objects.count()
        manager.restore_backup("latest")
except UsageError as error:
    print(error)
manager.restore_backup("latest")
print(list(Person.objects.values_list("name", flat=True)))
"""
FAILS = 'migrations.RunSQL("DELETE FROM people_person; INSERT INTO nosuchtable VALUES (1)")'


class Project:
    """A project in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "app.db"
        self.kept = folder / "kept"
        (folder / "manage.py").write_text(MANAGE, "utf-8")
        (folder / "people" / "migrations").mkdir(parents=True)
        for name in ("people/__init__.py", "people/migrations/__init__.py"):
            (folder / name).touch()
        (folder / "people" / "models.py").write_text(
            "from django.db import models\nclass Person(models.Model):\n    name = models.TextField()\n", "utf-8"
        )
        self.settings()
        self.migration("0001_initial", INITIAL)

    def settings(self, more: str = "") -> None:
        (self.folder / "project_settings.py").write_text(SETTINGS + more, "utf-8")

    def migration(self, name: str, program: str) -> None:
        (self.folder / "people" / "migrations" / f"{name}.py").write_text(program, "utf-8")

    def grow(self, *operations: str) -> None:
        """Add migrations after the first."""
        after = "0001_initial"
        for number, operation in enumerate(operations, 2):
            name = f"{number:04}_more"
            self.migration(name, NEXT.format(after=after, operation=operation))
            after = name

    def manage(self, *arguments: str, exit_code: int = 0, answer: str = "") -> str:
        """What a command prints; it must end with that exit code."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LITEKEEP_")}
        done = subprocess.run(
            [sys.executable, "-W", "error", "manage.py", *arguments],
            cwd=self.folder,
            env=environment,
            input=answer,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == exit_code, done.stdout
        return done.stdout

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            return connection.execute(statement).fetchall()

    def tables(self, database: Path | None = None) -> set[str]:
        with closing(sqlite3.connect(database or self.database)) as connection:
            return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def columns(self, database: Path | None = None) -> list[str]:
        with closing(sqlite3.connect(database or self.database)) as connection:
            return [row[1] for row in connection.execute("PRAGMA table_info(people_person)")]

    @property
    def manager(self) -> BackupManager:
        return BackupManager(self.database, {"backup": {"backup_directory": str(self.kept)}}, environment={})

    def snapshots(self) -> list[Snapshot]:
        return self.manager.list_backups()

    def restored(self, snapshot: Snapshot) -> Path:
        """What a backup holds, as a file."""
        manager, target = self.manager, self.folder / "restored.db"
        manager.restore_backup(snapshot, target)
        manager.close(backup=False)
        return target


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Migrated once, with one row."""
    made = Project(tmp_path)
    made.manage("migrate")
    made.execute("INSERT INTO people_person (name) VALUES ('Ada')")
    return made


def test_a_new_installation_has_nothing_to_back_up(project: Project) -> None:
    assert not project.kept.exists()
    assert "people_person" in project.tables()


def test_migrate_is_preceded_by_one_backup_of_the_state_before(project: Project) -> None:
    project.grow(EMAIL, 'migrations.CreateModel("Note", [("id", models.BigAutoField(primary_key=True))])')
    printed = project.manage("migrate")
    (snapshot,) = project.snapshots()
    assert snapshot.reason is Reason.PRE_MIGRATION
    assert f"Litekeep: backup {snapshot.short_id} is the state before." in printed
    target = project.restored(snapshot)
    assert project.columns(target) == ["id", "name"]
    assert "people_note" not in project.tables(target)
    assert project.columns() == ["id", "name", "email"]
    project.manage("migrate")
    project.manage("migrate", "--plan")
    assert len(project.snapshots()) == 1
    project.manage("migrate", "people", "0001")
    assert len(project.snapshots()) == 2


def test_the_first_migration_of_a_filled_database_comes_after_the_backup(project: Project) -> None:
    project.execute("DROP TABLE django_migrations")
    project.manage("migrate", "--fake")
    (snapshot,) = project.snapshots()
    target = project.restored(snapshot)
    assert "django_migrations" not in project.tables(target)
    assert "django_migrations" in project.tables()


def test_without_a_backup_no_migration_begins(project: Project) -> None:
    project.manage("litekeep_backup")
    shutil.rmtree(project.kept)
    project.grow(EMAIL)
    before = project.database.read_bytes()
    printed = project.manage("migrate", exit_code=6)
    assert "was not begun, because the backup before it failed" in printed
    assert "Traceback" not in printed
    assert project.database.read_bytes() == before
    assert not project.kept.exists()


@pytest.mark.parametrize("journal_mode", ["delete", "wal"])
def test_litekeep_migrate_takes_a_failing_migration_back(project: Project, journal_mode: str) -> None:
    project.execute(f"PRAGMA journal_mode = {journal_mode}")
    project.grow(EMAIL, FAILS)
    printed = project.manage("litekeep_migrate", exit_code=1)
    assert "The database was brought back to that state." in printed
    assert project.columns() == ["id", "name"]
    assert project.execute("SELECT name FROM people_person") == [("Ada",)]
    project.manage("migrate", exit_code=1)
    assert project.columns() == ["id", "name", "email"]
    project.grow(EMAIL)
    (project.folder / "people" / "migrations" / "0003_more.py").unlink()
    assert "No migrations to apply" in project.manage("litekeep_migrate")


def test_the_commands(project: Project) -> None:
    assert "NOT PROTECTED" in project.manage("litekeep_status", exit_code=21)
    printed = project.manage("litekeep_backup", "--label", "by hand", "--pin")
    (snapshot,) = project.snapshots()
    assert snapshot.short_id in printed
    assert snapshot.pinned
    listed = project.manage("litekeep_list")
    assert f"{snapshot.short_id}  " in listed
    assert "pinned by hand" in listed
    assert "1 backup in" in listed
    assert snapshot.short_id in project.manage("litekeep_verify")
    assert snapshot.short_id in project.manage("litekeep_verify", snapshot.short_id, "--drill")
    assert "PROTECTED" in project.manage("litekeep_status")
    project.manage("litekeep_verify", "ffffffff", exit_code=2)
    assert len(project.snapshots()) == 1


def test_restore_over_the_database_and_back(project: Project) -> None:
    project.manage("litekeep_backup")
    project.execute("DELETE FROM people_person")
    assert "Nothing was changed" in project.manage("litekeep_restore", "latest", exit_code=6, answer="no\n")
    assert project.execute("SELECT count(*) FROM people_person") == [(0,)]
    project.manage("litekeep_restore", "latest", answer="yes\n")
    assert project.execute("SELECT name FROM people_person") == [("Ada",)]
    project.manage("litekeep_restore", "--undo", "--noinput")
    assert project.execute("SELECT count(*) FROM people_person") == [(0,)]
    project.manage("litekeep_restore", "latest", "--to", "copy.db")
    assert (project.folder / "copy.db").exists()
    project.manage("litekeep_restore", exit_code=2)
    project.manage("litekeep_restore", "latest", "--undo", exit_code=2)


def test_a_damaged_backup_is_told(project: Project) -> None:
    project.manage("litekeep_backup")
    pack = next(path for path in (project.kept / "packs").rglob("*") if path.is_file())
    pack.chmod(0o600)
    data = bytearray(pack.read_bytes())
    data[len(data) // 2] ^= 1
    pack.write_bytes(data)
    assert "is damaged" in project.manage("litekeep_verify", exit_code=4)
    assert "litekeep.W005" in project.manage("check")


def test_checks_tell_what_is_wrong(project: Project) -> None:
    assert "litekeep.W001" in project.manage("check")
    project.manage("litekeep_backup")
    assert "no issues" in project.manage("check")
    project.settings('MEDIA_ROOT = BASE_DIR\nMEDIA_URL = "/media/"\n')
    assert "litekeep.W004" in project.manage("check")
    project.settings('STATICFILES_DIRS = [("all", BASE_DIR / "kept")]\n')
    assert "inside STATICFILES_DIRS" in project.manage("check")
    project.settings()
    shutil.rmtree(project.kept)
    assert "litekeep.W003" in project.manage("check")
    project.settings('LITEKEEP["default"]["backup"]["enabled"] = False\n')
    assert "no issues" in project.manage("check")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("LITEKEEP = []", "litekeep.E001"),
        ("LITEKEEP = {'other': {}}", "litekeep.E002"),
        ("LITEKEEP = {'default': 3}", "must be a settings file, or a dict of settings"),
        ("LITEKEEP = {'default': {'backup': {'retention_day': 3}}}", "did you mean backup.retention_days"),
        ("LITEKEEP = {'default': {'database': 'other.db'}}", "but this BackupManager protects"),
        ("LITEKEEP = {'default': BASE_DIR / 'none.json'}", "there is no settings file"),
        ("DATABASES['default']['NAME'] = ':memory:'", "litekeep.E002"),
    ],
)
def test_checks_refuse_settings_that_cannot_be(project: Project, more: str, told: str) -> None:
    project.settings(more)
    assert told in project.manage("check", exit_code=1)


def test_an_overdue_backup_is_told(project: Project) -> None:
    clock, monitor = ManualClock(SystemClock().now() - timedelta(days=3)), Silent()
    repository = create_repository(project.kept, project.database, clock=clock, monitor=monitor)
    backup(repository, project.database, clock=clock, monitor=monitor)
    assert "litekeep.W002" in project.manage("check")


def test_a_settings_file_is_shared_with_the_command_line(project: Project) -> None:
    text = '{"database": "app.db", "backup": {"backup_directory": "elsewhere", "restore_test": "never"}}'
    (project.folder / "backup.json").write_text(text, "utf-8")
    project.settings('LITEKEEP = {"default": BASE_DIR / "backup.json"}\n')
    project.manage("litekeep_backup")
    command = [sys.executable, "-m", "litekeep", "list", "-r", str(project.folder / "elsewhere")]
    assert "1 backup" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_second_database_and_unprotected_ones(project: Project) -> None:
    project.settings(
        'DATABASES["audit"] = {**DATABASES["default"], "NAME": BASE_DIR / "audit.db"}\n'
        'DATABASES["cache"] = {**DATABASES["default"], "NAME": BASE_DIR / "cache.db"}\n'
        'LITEKEEP["audit"] = {"backup": {"backup_directory": BASE_DIR / "kept-audit"}}\n'
    )
    for alias in ("audit", "cache"):
        project.manage("migrate", "--database", alias)
    project.grow(EMAIL)
    for alias in ("audit", "cache"):
        project.manage("migrate", "--database", alias)
    assert "before_migration" not in project.manage("litekeep_list")
    assert "pre_migration" in project.manage("litekeep_list", "--database", "audit")
    assert "does not name" in project.manage("litekeep_list", "--database", "cache", exit_code=2)


@pytest.mark.parametrize("test_database", ["", 'DATABASES["default"]["TEST"] = {"NAME": BASE_DIR / "test.db"}\n'])
def test_the_databases_of_a_test_runner_are_left_alone(project: Project, test_database: str) -> None:
    project.settings(test_database)
    (project.folder / "people" / "tests.py").write_text(
        "from django.test import TestCase\nfrom people.models import Person\n"
        "class Some(TestCase):\n    def test_it(self):\n        self.assertEqual(Person.objects.count(), 0)\n",
        "utf-8",
    )
    assert "OK" in project.manage("test", "--noinput")
    assert not project.kept.exists()


def test_no_schedule_is_started_and_no_backup_made_at_the_end(project: Project) -> None:
    printed = project.manage("shell", "-c", PROGRAM)
    assert "inside a transaction" in printed
    assert "['Ada']" in printed
    assert [each.reason for each in project.snapshots()] == [Reason.MANUAL, Reason.PRE_RESTORE]
