"""peewee and peewee_migrate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import peewee
import pytest
from peewee_migrate import Router
from playhouse.pool import PooledSqliteDatabase

from litekeep.errors import NotProtected, UsageError
from litekeep.integrations.peewee import attach, pending, protect_migrations

from .conftest import App

ADD_EMAIL = """
def migrate(migrator, database, **rest):
    migrator.sql("ALTER TABLE person ADD COLUMN email TEXT")

def rollback(migrator, database, **rest):
    migrator.sql("ALTER TABLE person DROP COLUMN email")
"""
ADD_NOTES = """
def migrate(migrator, database, **rest):
    migrator.sql("CREATE TABLE note (text TEXT)")
"""
FAILS = """
def migrate(migrator, database, **rest):
    migrator.sql("DELETE FROM person")
    migrator.sql("INSERT INTO nosuchtable VALUES (1)")
"""


@pytest.fixture
def database(app: App) -> Iterator[Any]:
    """The application's peewee database."""
    made = peewee.SqliteDatabase(str(app.database))
    yield made
    made.close()


def router_with(app: App, database: Any, **migrations: str) -> Router:
    folder = app.folder / "migrations"
    folder.mkdir(exist_ok=True)
    for name, program in migrations.items():
        (folder / f"{name.lstrip('_')}.py").write_text(program, "utf-8")
    return Router(database, migrate_dir=folder)


def test_one_backup_holds_the_state_before_the_first_migration(app: App, database: Any) -> None:
    router = protect_migrations(
        app.manager, router_with(app, database, _001_email=ADD_EMAIL, _002_notes=ADD_NOTES), name="schema 2"
    )
    assert router.run() == ["001_email", "002_notes"]
    (snapshot,) = app.before_migrations()
    assert snapshot.label == "before schema 2"
    restored = app.restored(snapshot)
    assert app.tables(restored) == {"person"}
    assert app.columns("person", restored) == ["name"]
    assert app.tables() == {"person", "note", "migratehistory"}


def test_nothing_pending_needs_no_backup_and_touches_nothing(app: App, database: Any) -> None:
    empty = protect_migrations(app.manager, router_with(app, database))
    before = app.content()
    assert empty.run() == []
    assert app.content() == before
    router = protect_migrations(app.manager, router_with(app, database, _001_email=ADD_EMAIL))
    router.run()
    assert router.run() == []
    assert router.diff == []
    assert len(app.before_migrations()) == 1


def test_pending_makes_no_table_and_leaves_the_connection_as_it_was(app: App, database: Any) -> None:
    router = router_with(app, database, _001_email=ADD_EMAIL)
    assert pending(router) == ["001_email"]
    assert database.is_closed()
    assert app.tables() == {"person"}
    database.connect()
    assert pending(router) == ["001_email"]
    assert not database.is_closed()
    router.run()
    assert pending(router) == []


def test_without_a_backup_no_migration_begins(app: App, database: Any) -> None:
    router = protect_migrations(app.manager, router_with(app, database, _001_email=ADD_EMAIL))
    app.lose_backups()
    before = app.content()
    with pytest.raises(NotProtected, match="was not begun"):
        router.run()
    with pytest.raises(NotProtected):
        router.rollback()
    assert app.content() == before
    assert not app.manager.repository.exists()


def test_policy_warn_goes_on(app: App, database: Any) -> None:
    router = protect_migrations(app.manager, router_with(app, database, _001_email=ADD_EMAIL), policy="warn")
    app.lose_backups()
    assert router.run() == ["001_email"]


@pytest.mark.parametrize("attached", [False, True])
def test_a_failing_migration_is_taken_back(app: App, database: Any, attached: bool) -> None:
    if attached:
        attach(app.manager, database)
    database.connect()
    router = protect_migrations(
        app.manager, router_with(app, database, _001_email=ADD_EMAIL, _002_fails=FAILS), on_error="restore"
    )
    with pytest.raises(peewee.OperationalError, match="nosuchtable") as caught:
        router.run()
    assert any("brought back" in note for note in caught.value.__notes__)
    assert app.columns("person") == ["name"]
    assert app.tables() == {"person"}
    assert database.execute_sql("SELECT count(*) FROM person").fetchone() == (2,)


def test_a_failing_migration_names_the_restore_point(app: App, database: Any) -> None:
    router = protect_migrations(app.manager, router_with(app, database, _001_email=ADD_EMAIL, _002_fails=FAILS))
    with pytest.raises(peewee.OperationalError) as caught:
        router.run()
    (snapshot,) = app.before_migrations()
    assert snapshot.short_id in caught.value.__notes__[0]
    assert app.columns("person") == ["name", "email"]


def test_rollback_and_single_migrations_are_guarded_too(app: App, database: Any) -> None:
    router = protect_migrations(app.manager, router_with(app, database, _001_email=ADD_EMAIL, _002_notes=ADD_NOTES))
    router.run("001_email")
    assert len(app.before_migrations()) == 1
    router.rollback()
    assert len(app.before_migrations()) == 2
    assert app.columns("person") == ["name"]
    router.run_one("002_notes", router.migrator, fake=False)
    assert "note" in app.tables()
    assert len(app.before_migrations()) == 3
    router.run_one("002_notes", router.migrator)
    assert len(app.before_migrations()) == 3


def test_a_new_installation_has_nothing_to_back_up(app: App, database: Any) -> None:
    app.database.unlink()
    create = 'def migrate(migrator, database, **rest):\n    migrator.sql("CREATE TABLE person (name TEXT)")\n'
    router = protect_migrations(app.manager, router_with(app, database, _001_first=create))
    assert router.run() == ["001_first"]
    assert app.manager.list_backups() == []


def test_the_router_of_another_database_is_refused(app: App) -> None:
    for other in (peewee.SqliteDatabase(":memory:"), peewee.SqliteDatabase(str(app.folder / "other.db"))):
        with pytest.raises(UsageError, match="but this BackupManager protects"):
            protect_migrations(app.manager, router_with(app, other))
    with pytest.raises(UsageError, match="no Router"):
        protect_migrations(app.manager, object())
    with pytest.raises(UsageError, match="no SqliteDatabase"):
        attach(app.manager, object())


def test_a_proxy_stands_for_its_database(app: App, database: Any) -> None:
    proxy = peewee.DatabaseProxy()
    proxy.initialize(database)
    attach(app.manager, proxy)
    router = protect_migrations(app.manager, router_with(app, proxy, _001_email=ADD_EMAIL))
    assert router.run() == ["001_email"]
    assert len(app.before_migrations()) == 1


def test_a_restore_closes_the_connection_and_opens_it_again(app: App, database: Any) -> None:
    attach(app.manager, database)
    snapshot = app.manager.create_backup()
    for was_open in (True, False):
        if was_open:
            database.connect()
        app.execute("DELETE FROM person")
        app.manager.restore_backup(snapshot)
        assert database.is_closed() is not was_open
        database.connect(reuse_if_open=True)
        assert database.execute_sql("SELECT count(*) FROM person").fetchone() == (2,)
        database.close()


def test_a_pool_lets_go_of_its_idle_connections(app: App) -> None:
    database = PooledSqliteDatabase(str(app.database))
    attach(app.manager, database)
    snapshot = app.manager.create_backup()
    with database.connection_context():
        database.execute_sql("DELETE FROM person")
    app.manager.restore_backup(snapshot)
    assert not database._connections
    with database.connection_context():
        assert database.execute_sql("SELECT count(*) FROM person").fetchone() == (2,)
    database.close_all()


def test_inside_a_transaction_no_restore_begins(app: App, database: Any) -> None:
    attach(app.manager, database)
    snapshot = app.manager.create_backup()
    with database.atomic(), pytest.raises(UsageError, match="inside a transaction"):
        app.manager.restore_backup(snapshot)
    assert Path(app.database).exists()


def test_hooks_that_were_there_stay(app: App, database: Any) -> None:
    told: list[str] = []
    app.manager.before_restore = lambda: told.append("before")
    app.manager.after_restore = lambda: told.append("after")
    attach(app.manager, database)
    app.manager.restore_backup(app.manager.create_backup())
    assert told == ["before", "after"]
