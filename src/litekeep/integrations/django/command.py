"""What the management commands share: which database, and errors in Django's way."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS

from litekeep.errors import LitekeepError
from litekeep.integrations.django.before_migrate import told
from litekeep.integrations.django.managers import manager_for
from litekeep.manager.manager import BackupManager


class LitekeepCommand(BaseCommand):
    """A command about one database. It never starts a schedule."""

    requires_system_checks: ClassVar[list[str]] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The database."""
        parser.add_argument(
            "--database", default=DEFAULT_DB_ALIAS, metavar="ALIAS", help="Its name in DATABASES [default: default]."
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Run; what Litekeep raises becomes a CommandError with the exit code of the command line."""
        try:
            self.act(manager_for(options["database"]), options)
        except LitekeepError as error:
            raise CommandError(told(error), returncode=error.exit_code) from error

    def act(self, manager: BackupManager, options: dict[str, Any]) -> None:
        """What the command does."""
        raise NotImplementedError
