"""Alembic: a verified backup before its migrations.

In env.py, which every command of Alembic runs:

    with connectable.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata)
        with before_upgrade(manager, context):
            with context.begin_transaction():
                context.run_migrations()

or, for programs that leave env.py as it is, `upgrade(manager, config)` in place of alembic.command.upgrade.

What will be done is asked of Alembic itself: the same function that will list the steps is called with the revisions
that the database is at. It is called only for commands that go to a revision; for those that only look (current,
check, revision --autogenerate) and for --sql there is no backup. Alembic makes its version table when migrations begin,
which is after the backup. Commands without a revision make it too, if it is not there, and change nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Unpack

from litekeep.integrations.extras import library
from litekeep.integrations.migrating import GuardOptions, before_migration, main_file, require_same
from litekeep.manager.guard import Guard
from litekeep.manager.manager import BackupManager

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

EXTRA = "sqlalchemy"


@contextmanager
def before_upgrade(manager: BackupManager, context: Any, **options: Unpack[GuardOptions]) -> Iterator[Guard]:
    """Guard what run_migrations is about to do, be it an upgrade, a downgrade or a stamp.

    context: alembic.context, an EnvironmentContext or a MigrationContext; it must be configured. Raises NotProtected if
    the backup fails, and UsageError if the connection is that of another database; nothing has begun then.
    """
    migration = context.get_context() if hasattr(context, "get_context") else context
    steps = pending(migration)
    if steps:
        require_same(manager, _file(migration.connection), "Alembic")
    with before_migration(manager, lambda: steps, **options) as guard:
        try:
            yield guard
        except BaseException:
            if options.get("on_error") == "restore" and migration.connection is not None:
                migration.connection.rollback()  # a transaction that is open would keep the restore out
            raise


def pending(migration: Any) -> list[Any]:
    """The steps that a configured MigrationContext is about to run; empty for commands that only look."""
    wanted, connection = migration.opts, migration.connection
    if connection is None or wanted.get("as_sql") or wanted.get("dont_mutate") or not wanted.get("destination_rev"):
        return []
    began = connection.in_transaction()
    try:
        return list(wanted["fn"](migration.get_current_heads(), migration))
    finally:
        if not began:
            connection.rollback()  # ends what the look has begun, as if nobody had looked


def upgrade(manager: BackupManager, config: Config, revision: str = "heads", **options: Unpack[GuardOptions]) -> None:
    """alembic.command.upgrade with a backup first. It runs env.py twice: to look, then to migrate."""
    _run(manager, config, "upgrade", revision, options)


def downgrade(manager: BackupManager, config: Config, revision: str, **options: Unpack[GuardOptions]) -> None:
    """alembic.command.downgrade with a backup first. It runs env.py twice: to look, then to migrate."""
    _run(manager, config, "downgrade", revision, options)


def _run(manager: BackupManager, config: Config, verb: str, revision: str, options: GuardOptions) -> None:
    command = library("alembic.command", EXTRA)
    with before_migration(manager, lambda: _looked(manager, config, verb, revision), **options):
        getattr(command, verb)(config, revision)


def _looked(manager: BackupManager, config: Config, verb: str, revision: str) -> list[Any]:
    """The steps from where the database is to the revision, found through env.py's own connection."""
    script = library("alembic.script", EXTRA).ScriptDirectory.from_config(config)
    environment = library("alembic.runtime.environment", EXTRA).EnvironmentContext
    plan = script._upgrade_revs if verb == "upgrade" else script._downgrade_revs  # noqa: SLF001 - as alembic.command does
    found: list[list[Any]] = []

    def look(heads: Any, migration: Any) -> list[Any]:
        require_same(manager, _file(migration.connection), "Alembic")
        found.append(list(plan(revision, heads)))
        return []

    with environment(config, script, fn=look, dont_mutate=True):
        script.run_env()
    return found[0] if found else [revision]  # an env.py that did not tell: better a backup too many


def _file(connection: Connection) -> Any:
    return main_file(connection.exec_driver_sql("PRAGMA database_list").fetchall())
