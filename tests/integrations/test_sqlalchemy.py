"""SQLAlchemy's engines around a restore."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from sqlalchemy import Engine, create_engine, text

from litekeep.errors import UsageError
from litekeep.integrations.sqlalchemy import attach

from .conftest import App


@pytest.fixture
def engine(app: App) -> Iterator[Engine]:
    """The application's engine."""
    made = create_engine(f"sqlite:///{app.database}")
    yield made
    made.dispose()


def test_a_restore_closes_the_pool_and_the_engine_goes_on(app: App, engine: Engine) -> None:
    attach(app.manager, engine)
    snapshot = app.manager.create_backup()
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM person"))
    pool = cast("Any", engine.pool)
    assert pool.checkedin() == 1
    app.manager.restore_backup(snapshot)
    assert cast("Any", engine.pool).checkedin() == 0
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM person")) == 2


def test_a_connection_in_use_sees_the_restored_data(app: App, engine: Engine) -> None:
    attach(app.manager, engine)
    snapshot = app.manager.create_backup()
    with engine.connect() as connection:
        connection.execute(text("DELETE FROM person"))
        connection.commit()
        app.manager.restore_backup(snapshot)
        assert connection.scalar(text("SELECT count(*) FROM person")) == 2


def test_the_engine_of_another_database_is_refused(app: App) -> None:
    for url in ("sqlite://", f"sqlite:///{app.folder}/other.db"):
        with pytest.raises(UsageError, match="but this BackupManager protects"):
            attach(app.manager, create_engine(url))
    with pytest.raises(UsageError, match="no Engine"):
        attach(app.manager, cast("Engine", object()))


def test_an_asynchronous_engine_is_refused(app: App) -> None:
    class AsyncEngine:
        async def dispose(self) -> None:
            """As in sqlalchemy.ext.asyncio."""

    with pytest.raises(UsageError, match="asynchronous"):
        attach(app.manager, cast("Engine", AsyncEngine()))
