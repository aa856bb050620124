"""peewee and peewee_migrate.

    router = protect_migrations(manager, Router(database, "migrations"))
    router.run()                       # a verified backup first, if migrations are pending
    attach(manager, database)          # the connection closes while a restore goes over the database

peewee_migrate makes its history table as soon as anything asks a Router for `diff`, `done` or `run`; making a Router
alone touches nothing. So what is pending is read here without asking the Router: the table is looked at if it exists,
and is otherwise made only after the backup. What connecting itself does (a pragma such as journal_mode, that the
application gave its Database) comes before.
"""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any, Unpack

from litekeep.errors import UsageError
from litekeep.integrations.extras import library
from litekeep.integrations.hooks import around_restores
from litekeep.integrations.migrating import GuardOptions, before_migration, file_of, holds_something, require_same
from litekeep.manager.guard import Guard
from litekeep.manager.manager import BackupManager
from litekeep.sqlite.check import quote

EXTRA = "peewee"


def protect_migrations(manager: BackupManager, router: Any, **options: Unpack[GuardOptions]) -> ProtectedRouter:
    """The router of peewee_migrate, with a backup before everything that changes the database; use it in its place.

    Raises UsageError if it is no router, or that of another database; the migrations then raise NotProtected, and do
    not begin, if the backup fails.
    """
    if not isinstance(router, library("peewee_migrate.router", EXTRA).BaseRouter):
        raise UsageError(f"{type(router).__name__} is no Router of peewee_migrate")
    require_same(manager, _file(router.database), "the router")
    return ProtectedRouter(manager, router, options)


class ProtectedRouter:
    """A Router; all that is not listed here is that of the router itself."""

    def __init__(self, manager: BackupManager, router: Any, options: GuardOptions) -> None:
        self._manager = manager
        self._router = router
        self._options = options

    def __getattr__(self, name: str) -> Any:
        return getattr(self._router, name)

    @property
    def diff(self) -> list[str]:
        """The names of pending migrations; unlike the router's own, it makes no table."""
        return pending(self._router)

    def run(self, name: str | None = None, *, fake: bool = False) -> list[str]:
        """Run pending migrations, up to `name`; without any, nothing is touched."""
        if not self.diff:
            return []
        with self._guard():
            done: list[str] = self._router.run(name, fake=fake)
        return done

    def run_one(self, name: str, migrator: Any, *, fake: bool = True, **rest: Any) -> str:
        """Run one migration; emulating it (fake) changes nothing and needs no backup."""
        with nullcontext() if fake else self._guard():
            done: str = self._router.run_one(name, migrator, fake=fake, **rest)
        return done

    def rollback(self) -> None:
        """Take the newest migration back."""
        with self._guard():
            self._router.rollback()

    def _guard(self) -> Guard:
        return before_migration(self._manager, lambda: True, **self._options)


def pending(router: Any) -> list[str]:
    """The names of the migrations that a router has not run yet; reads, and makes nothing."""
    todo: list[str] = list(router.todo)
    database, table, schema = _real(router.database), router.migrate_table, router.schema
    file = _file(database)
    if file is not None and not holds_something(file):
        return todo
    with database.connection_context() if database.is_closed() else nullcontext():
        if table not in database.get_tables(schema=schema):
            return todo
        place = f"{quote(schema)}.{quote(table)}" if schema else quote(table)
        done = {name for (name,) in database.execute_sql(f"SELECT name FROM {place}").fetchall()}
    return [name for name in todo if name not in done]


def attach(manager: BackupManager, database: Any) -> None:
    """Close the database's connection before a restore goes over it, and open it again after, if it was open.

    That is the connection of the thread that asks for the restore, and those that wait in a pool. Other threads may
    keep theirs: they see the restored data with their next transaction. Raises UsageError for another database.
    """
    database = _real(database)
    if not isinstance(database, library("peewee", EXTRA).SqliteDatabase):
        raise UsageError(f"{type(database).__name__} is no SqliteDatabase of peewee")
    require_same(manager, _file(database), "the peewee database")
    reopen = False

    def close() -> None:
        nonlocal reopen
        if not database.is_closed() and database.in_transaction():
            raise UsageError(
                "a restore was asked for inside a transaction of the same thread",
                safe="Nothing was changed.",
                hint="End the transaction first.",
            )
        reopen = database.close()
        if hasattr(database, "close_idle"):
            database.close_idle()

    def reconnect() -> None:
        if reopen:
            database.connect(reuse_if_open=True)

    around_restores(manager, close, reconnect)


def _real(database: Any) -> Any:
    """What a Proxy stands for."""
    return database.obj if isinstance(database, library("peewee", EXTRA).Proxy) else database


def _file(database: Any) -> Path | None:
    return file_of(_real(database).database)
