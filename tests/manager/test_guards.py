"""Guards: a verified backup before something dangerous, and the way back."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from typing import Any

import pytest

from litekeep.errors import NotProtected, VerificationFailed
from litekeep.model import Level, Reason
from litekeep.monitor import Fact

from .conftest import Application


def point_of(error: BaseException) -> Any:
    return error.restore_point  # type: ignore[attr-defined]


def test_the_state_before_the_block_can_be_had_back(app: Application) -> None:
    manager = app.manager()
    app.write("before")
    with manager.protect("import") as guard:
        assert guard.restore_point is not None
        assert guard.restore_point.reason is Reason.PRE_OPERATION
        assert guard.restore_point.label == "before import"
        app.write("imported")
    assert guard.restore_point is None
    manager.restore_backup(manager.list_backups()[0])
    assert app.notes() == ["before"]


def test_an_error_names_the_restore_point(app: Application) -> None:
    manager = app.manager()
    with pytest.raises(ZeroDivisionError) as caught, manager.protect("import"):
        raise ZeroDivisionError
    (only,) = manager.list_backups()
    assert point_of(caught.value).id == only.id
    assert only.short_id in caught.value.__notes__[0]
    assert "'import'" in caught.value.__notes__[0]


def test_as_a_decorator(app: Application) -> None:
    manager = app.manager()

    @manager.protect("import")
    def bring_in(text: str, *, twice: bool = False) -> int:
        """Writes."""
        app.write(text)
        return 2 if twice else 1

    assert bring_in("a", twice=True) == 2
    assert (bring_in.__name__, bring_in.__doc__) == ("bring_in", "Writes.")
    assert bring_in("b") == 1
    assert [each.label for each in manager.list_backups()] == ["before import"] * 2


def test_asynchronous(app: Application) -> None:
    manager = app.manager()
    ticks = 0

    @manager.protect("import")
    async def bring_in() -> str:
        app.write("decorated")
        return "done"

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.005)

    async def main() -> None:
        beat = asyncio.create_task(tick())
        async with manager.protect("import") as guard:
            assert guard.restore_point
            assert ticks > 3  # the loop went on during the backup
            app.write("in a block")
        assert await bring_in() == "done"
        with pytest.raises(KeyError) as caught:
            async with manager.protect("import"):
                raise KeyError("x")
        assert point_of(caught.value)
        beat.cancel()

    asyncio.run(main())
    assert len(manager.list_backups()) == 3


def test_nested_and_repeated_guards_of_an_unchanged_database_share_a_backup(app: Application) -> None:
    manager = app.manager()
    with manager.protect("outer") as outer, manager.protect("inner") as inner:
        assert outer.restore_point
        assert inner.restore_point
        assert inner.restore_point.id == outer.restore_point.id
    with manager.protect("again"):
        pass
    assert len(manager.list_backups()) == 1
    app.write("a change")
    with manager.protect("again"):
        pass
    assert len(manager.list_backups()) == 2


def test_calls_may_overlap(app: Application) -> None:
    manager = app.manager()

    @manager.protect("recursion")
    def down(depth: int) -> None:
        if depth:
            app.write(str(depth))
            down(depth - 1)

    down(3)
    assert len(manager.list_backups()) == 4


def test_without_the_backup_the_block_is_not_entered(app: Application) -> None:
    manager = app.manager()
    manager.create_backup()
    shutil.rmtree(app.backups)
    with pytest.raises(NotProtected) as caught, manager.protect("import"):
        app.write("unprotected")
    assert "not begun" in str(caught.value)
    assert caught.value.safe
    assert caught.value.hint
    assert app.notes() == []
    assert not app.backups.exists()


def test_where_a_warning_is_enough(app: Application) -> None:
    manager = app.manager()
    manager.create_backup()
    shutil.rmtree(app.backups)
    warnings: list[dict[str, Fact]] = []
    manager.subscribe(lambda name, facts: warnings.append(facts) if name == "warning" else None)
    with manager.protect("import", policy="warn") as guard:
        assert guard.restore_point is None
        app.write("all the same")
    assert app.notes() == ["all the same"]
    assert "not_protected" in [each["code"] for each in warnings]


def test_a_guard_takes_a_verified_backup_whatever_the_settings_say_of_others(app: Application) -> None:
    manager = app.manager(verify_after_backup="none")
    assert manager.create_backup().verified is Level.NONE
    app.write("x")
    with manager.protect("import") as guard:
        assert guard.restore_point
        assert guard.restore_point.verified >= Level.WRITTEN


def test_brought_back_before_the_error_goes_on(app: Application) -> None:
    manager = app.manager()
    app.write("before")
    with pytest.raises(RuntimeError, match="half way") as caught, manager.protect("import", on_error="restore"):
        app.write("half")
        raise RuntimeError("half way")
    assert app.notes() == ["before"]
    assert "brought back" in caught.value.__notes__[-1]
    manager.undo_restore()
    assert app.notes() == ["before", "half"]


def test_brought_back_also_where_the_database_had_problems_before(app: Application) -> None:
    manager = app.manager(checks=["SELECT count(*) > 1000000 FROM item"])
    app.write("before")
    with pytest.raises(RuntimeError) as caught, manager.protect("import", on_error="restore"):
        app.write("half")
        raise RuntimeError("half way")
    assert app.notes() == ["before"], caught.value.__notes__


@pytest.mark.parametrize("how", ["the folder is gone", "a hook raises"])
def test_a_restore_that_fails_does_not_hide_the_error(app: Application, how: str) -> None:
    manager = app.manager()
    warnings: list[Fact] = []
    manager.subscribe(lambda name, facts: warnings.append(facts.get("code")) if name == "warning" else None)

    def refuse() -> None:
        raise OSError("a window is open")

    with pytest.raises(RuntimeError, match="half way") as caught, manager.protect("import", on_error="restore"):
        app.write("half")
        if how == "a hook raises":
            manager.before_restore = refuse
        else:
            app.backups.rename(app.folder / "away")
        raise RuntimeError("half way")
    assert "could not be brought back" in caught.value.__notes__[-1]
    assert point_of(caught.value)
    assert "not_restored" in warnings
    assert app.notes() == ["half"]


def test_an_interruption_is_not_answered_with_a_restore(app: Application) -> None:
    manager = app.manager()
    with pytest.raises(KeyboardInterrupt), manager.protect("import", on_error="restore"):
        app.write("half")
        raise KeyboardInterrupt
    assert app.notes() == ["half"]


def test_settings_choose_the_operations(app: Application) -> None:
    manager = app.manager(backup_before_operations=["bulk_delete"])
    with manager.protect("import") as guard:
        assert guard.restore_point is None
    with manager.protect("bulk_delete") as guard:
        assert guard.restore_point
    disabled = app.manager(enabled=False)
    with disabled.protect("bulk_delete") as guard:
        assert guard.restore_point is None


def test_migrations(app: Application) -> None:
    manager = app.manager()
    with manager.before_migration(pending=False) as guard:
        assert guard.restore_point is None
    with manager.before_migration(pending=[]) as guard:
        assert guard.restore_point is None
    with manager.before_migration(pending=["0002"]) as guard:
        assert guard.restore_point
        assert guard.restore_point.reason is Reason.PRE_MIGRATION
    with app.manager(backup_before_migration=False).before_migration() as guard:
        assert guard.restore_point is None


def test_pending_migrations_are_asked_for_when_the_migration_begins(app: Application) -> None:
    manager, pending = app.manager(), list[str]()

    @manager.before_migration(lambda: pending)
    def migrate() -> None:
        app.db.execute(f"PRAGMA user_version={len(pending)}")

    migrate()
    assert manager.list_backups() == []
    pending.append("0001")
    migrate()
    (only,) = manager.list_backups()
    assert only.database.user_version == 0


def test_a_failed_migration_is_taken_back(app: Application) -> None:
    manager = app.manager()
    with pytest.raises(sqlite3.OperationalError), manager.before_migration(on_error="restore"):
        app.db.execute("ALTER TABLE note ADD COLUMN author TEXT")
        app.db.execute("ALTER TABLE nowhere ADD COLUMN author TEXT")
    assert [row[1] for row in app.db.execute("PRAGMA table_info(note)")] == ["text"]


def test_a_backup_that_cannot_be_read_back_protects_nothing(app: Application) -> None:
    manager = app.manager()
    first = manager.create_backup()
    for pack in app.backups.rglob("*"):
        if pack.is_file() and "packs" in pack.parts:
            pack.write_bytes(bytes(len(pack.read_bytes())))
    assert manager.verify_backup(first).damage
    with manager.protect("import") as guard:
        assert guard.restore_point
        assert guard.restore_point.id != first.id
        assert manager.verify_backup(guard.restore_point).damage == ()
    with pytest.raises(VerificationFailed):
        manager.restore_backup(first)
