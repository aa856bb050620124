"""A manager's hooks around restores: each integration adds its own, and keeps those that are there."""

from __future__ import annotations

from collections.abc import Callable

from litekeep.manager.manager import BackupManager


def around_restores(manager: BackupManager, before: Callable[[], None], after: Callable[[], None]) -> None:
    """Call `before` and `after` around every restore over the database, nested as they were added."""
    outer_before, outer_after = manager.before_restore, manager.after_restore

    def begin() -> None:
        if outer_before:
            outer_before()
        before()

    def end() -> None:
        try:
            after()
        finally:
            if outer_after:
                outer_after()

    manager.before_restore, manager.after_restore = begin, end
