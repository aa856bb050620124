"""Before `migrate`: a verified backup, or no migration.

Django sends pre_migrate once for each app, all with the same plan, after it has read what is applied and before
anything is written; also its own table django_migrations is made later. The first of these signals makes the backup,
and an error that is raised in it ends the command. An empty plan needs none, and neither does a database that a test
runner made, which is another file than the one that Django started with.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import CommandError
from django.db import connections

from litekeep.errors import LitekeepError
from litekeep.integrations.django.managers import file_for, given, manager_for
from litekeep.integrations.migrating import before_migration, file_of, is_same
from litekeep.manager.guard import Guard, OnError


class Migrations:
    """The migrations of this process."""

    def __init__(self) -> None:
        self._plans: dict[str, object] = {}
        self._guards: dict[str, Guard] = {}
        self._on_error: OnError = "raise"

    def begin(self, *, using: str, plan: object, **rest: Any) -> None:
        """The receiver of pre_migrate; raises CommandError if the backup failed."""
        if not plan or self._plans.get(using) is plan:
            return
        try:
            if using in given() and _is_ours(using):
                self._back_up(using, plan, rest)
        except LitekeepError as error:
            raise CommandError(told(error), returncode=error.exit_code) from error
        self._plans[using] = plan

    def _back_up(self, alias: str, plan: object, rest: dict[str, Any]) -> None:
        guard = before_migration(manager_for(alias), lambda: plan, on_error=self._on_error)
        self._guards[alias] = guard.__enter__()  # litekeep_migrate leaves it; of `migrate` nobody hears the end
        if guard.restore_point is not None and rest.get("verbosity", 1) and rest.get("stdout"):
            rest["stdout"].write(f"Litekeep: backup {guard.restore_point.short_id} is the state before.")

    @contextmanager
    def restoring(self, alias: str) -> Iterator[None]:
        """Around a whole `migrate`: if it fails, bring the database back to where it was."""
        self._guards.pop(alias, None)
        self._on_error = "restore"
        try:
            yield
        except BaseException as error:
            if guard := self._guards.pop(alias, None):
                guard.__exit__(type(error), error, error.__traceback__)
            raise
        finally:
            self._on_error = "raise"


def _is_ours(alias: str) -> bool:
    """False for a database that was put in the place of the one that Django started with."""
    file = file_of(connections[alias].settings_dict["NAME"])
    return file is not None and is_same(file, file_for(alias))


def told(error: LitekeepError) -> str:
    """All that an error says."""
    return "\n".join(filter(None, (str(error), error.safe, error.hint)))


migrations = Migrations()
