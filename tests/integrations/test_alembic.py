"""Alembic's commands on a migration environment as `alembic init` makes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, exc

from litekeep.errors import NotProtected, UsageError
from litekeep.integrations import alembic as integration
from litekeep.integrations.sqlalchemy import attach

from .conftest import App

PLAIN = "with context.begin_transaction():\n            context.run_migrations()"
GUARDED = """from litekeep.integrations.alembic import before_upgrade
        with before_upgrade(config.attributes["manager"], context, **config.attributes["options"]):
            with context.begin_transaction():
                context.run_migrations()"""
EMAIL = 'op.add_column("person", sa.Column("email", sa.Text))', 'op.drop_column("person", "email")'
NOTES = 'op.create_table("note", sa.Column("text", sa.Text))', 'op.drop_table("note")'
FAILS = 'op.execute("DELETE FROM person"); op.execute("INSERT INTO nosuchtable VALUES (1)")', "pass"


@pytest.fixture
def config(app: App) -> Config:
    """An environment whose env.py has before_upgrade, and two migrations."""
    folder = app.folder / "alembic"
    made = Config(str(app.folder / "alembic.ini"))
    command.init(made, str(folder))
    made = Config(str(app.folder / "alembic.ini"))
    made.attributes["configure_logger"] = False
    made.set_main_option("sqlalchemy.url", f"sqlite:///{app.database}")
    made.attributes.update(manager=app.manager, options={})
    env = folder / "env.py"
    program = env.read_text("utf-8").replace("fileConfig(config.config_file_name)", "pass")
    assert PLAIN in program
    env.with_name("plain.py").write_text(program, "utf-8")
    env.write_text(program.replace(f"        {PLAIN}", f"        {GUARDED}"), "utf-8")
    revision(app, "001", None, EMAIL)
    revision(app, "002", "001", NOTES)
    return made


def revision(app: App, name: str, after: str | None, steps: tuple[str, str]) -> None:
    """Add a migration."""
    program = f"""
from alembic import op
import sqlalchemy as sa
revision, down_revision = {name!r}, {after!r}
def upgrade():
    {steps[0]}
def downgrade():
    {steps[1]}
"""
    (app.folder / "alembic" / "versions" / f"{name}.py").write_text(program, "utf-8")


def without_guard(app: App) -> None:
    """Take before_upgrade out of env.py."""
    env = app.folder / "alembic" / "env.py"
    env.write_text(env.with_name("plain.py").read_text("utf-8"), "utf-8")


def programmatic(app: App, config: Config) -> None:
    """Through integrations.alembic.upgrade."""
    without_guard(app)
    integration.upgrade(app.manager, config, **config.attributes["options"])


def from_env(app: App, config: Config) -> None:
    """Through env.py."""
    command.upgrade(config, "head")


def both(app: App, config: Config) -> None:
    """Through both: the second guard finds the first one's backup."""
    integration.upgrade(app.manager, config, **config.attributes["options"])


both_ways = pytest.mark.parametrize("upgrade", [from_env, programmatic, both])


@both_ways
def test_one_backup_holds_the_state_before_the_first_migration(app: App, config: Config, upgrade: Any) -> None:
    upgrade(app, config)
    (snapshot,) = app.before_migrations()
    restored = app.restored(snapshot)
    assert app.tables(restored) == {"person"}
    assert app.columns("person", restored) == ["name"]
    assert app.tables() == {"person", "note", "alembic_version"}


@both_ways
def test_nothing_pending_needs_no_backup(app: App, config: Config, upgrade: Any) -> None:
    upgrade(app, config)
    upgrade(app, config)
    assert len(app.manager.list_backups()) == 1


@both_ways
def test_without_a_backup_no_migration_begins(app: App, config: Config, upgrade: Any) -> None:
    app.lose_backups()
    before = app.content()
    with pytest.raises(NotProtected, match="was not begun"):
        upgrade(app, config)
    assert app.content() == before


@both_ways
@pytest.mark.parametrize("journal_mode", ["delete", "wal"])
def test_a_failing_migration_is_taken_back(app: App, config: Config, upgrade: Any, journal_mode: str) -> None:
    app.execute(f"PRAGMA journal_mode = {journal_mode}")
    revision(app, "003", "002", FAILS)
    config.attributes["options"] = {"on_error": "restore"}
    with pytest.raises(exc.OperationalError, match="nosuchtable") as caught:
        upgrade(app, config)
    assert any("brought back" in note for note in caught.value.__notes__)
    assert app.tables() == {"person"}
    assert app.columns("person") == ["name"]


def test_a_failing_migration_names_the_restore_point(app: App, config: Config) -> None:
    revision(app, "003", "002", FAILS)
    with pytest.raises(exc.OperationalError) as caught:
        command.upgrade(config, "head")
    (snapshot,) = app.before_migrations()
    assert snapshot.short_id in caught.value.__notes__[0]
    assert "note" in app.tables()  # SQLite's driver ends transactions at DDL: what was done before stays


def test_relative_steps_and_downgrades(app: App, config: Config) -> None:
    command.upgrade(config, "+1")
    assert app.columns("person") == ["name", "email"]
    assert len(app.before_migrations()) == 1
    command.upgrade(config, "001")
    assert len(app.before_migrations()) == 1
    command.downgrade(config, "base")
    assert len(app.before_migrations()) == 2
    assert app.columns("person", app.restored(app.before_migrations()[-1])) == ["name", "email"]
    without_guard(app)
    command.upgrade(config, "head")
    integration.downgrade(app.manager, config, "-1")
    assert len(app.before_migrations()) == 3
    assert "note" not in app.tables()


def test_commands_that_look_make_no_backup(app: App, config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    before = app.content()
    command.current(config)
    command.upgrade(config, "head", sql=True)
    assert app.content() == before
    command.history(config, indicate_current=True)
    command.revision(config, "more", autogenerate=False)
    assert app.manager.list_backups() == []
    assert capsys.readouterr().out.count("CREATE TABLE note") == 1


def test_a_new_installation_has_nothing_to_back_up(app: App, config: Config) -> None:
    app.database.unlink()
    revision(app, "001", None, ('op.create_table("person", sa.Column("name", sa.Text))', "pass"))
    command.upgrade(config, "head")
    assert app.manager.list_backups() == []
    assert app.tables() == {"person", "note", "alembic_version"}


@both_ways
def test_the_migrations_of_another_database_are_refused(app: App, config: Config, upgrade: Any) -> None:
    other = app.folder / "other.db"
    config.set_main_option("sqlalchemy.url", f"sqlite:///{other}")
    with pytest.raises(UsageError, match=r"Alembic uses .*other\.db"):
        upgrade(app, config)
    assert app.tables(other) == set()


def test_a_connection_that_the_program_shares(app: App, config: Config) -> None:
    env = app.folder / "alembic" / "env.py"
    program = env.read_text("utf-8")
    begin, end = program.index("    connectable = engine"), program.index("    with connectable.connect()")
    program = program[:begin] + program[end:].replace(
        "with connectable.connect() as connection:", 'for connection in [config.attributes["connection"]]:'
    )
    env.write_text(program, "utf-8")
    revision(app, "003", "002", FAILS)
    engine = create_engine(f"sqlite:///{app.database}")
    attach(app.manager, engine)
    config.attributes["options"] = {"on_error": "restore"}
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "001")
        with pytest.raises(exc.OperationalError), connection.begin():
            command.upgrade(config, "head")
    engine.dispose()
    assert app.columns("person") == ["name", "email"]
    assert "note" not in app.tables()
    assert Path(app.database).exists()
