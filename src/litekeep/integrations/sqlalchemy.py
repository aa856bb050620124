"""SQLAlchemy: connections let go while a restore goes over the database. For its migrations: integrations.alembic.

engine = create_engine("sqlite:///app.db")
attach(manager, engine)
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from litekeep.errors import UsageError
from litekeep.integrations.extras import library
from litekeep.integrations.hooks import around_restores
from litekeep.integrations.migrating import file_of, require_same
from litekeep.manager.manager import BackupManager

if TYPE_CHECKING:
    from sqlalchemy import Engine

EXTRA = "sqlalchemy"


def attach(manager: BackupManager, engine: Engine) -> None:
    """Close the engine's pooled connections before a restore goes over the database; new ones open when needed.

    A connection that somebody uses at that moment stays open: it sees the restored data with its next transaction, but
    a Session keeps the objects that it has loaded until they expire. Raises UsageError if it is no engine, an
    asynchronous one, or that of another database.
    """
    if not isinstance(engine, library("sqlalchemy", EXTRA).Engine):
        if inspect.iscoroutinefunction(getattr(engine, "dispose", None)):
            hint = "Dispose of it yourself: await engine.dispose() before and after restore_backup."
            raise UsageError("an asynchronous engine cannot be attached", hint=hint)
        raise UsageError(f"{type(engine).__name__} is no Engine of SQLAlchemy")
    require_same(manager, file_of(engine.url.database), "the engine")
    around_restores(manager, engine.dispose, engine.dispose)
