"""manage.py litekeep_migrate."""

from __future__ import annotations

from typing import Any

from django.core.management.commands.migrate import Command as Migrate

from litekeep.integrations.django.before_migrate import migrations


class Command(Migrate):
    """Django's migrate, and the way back."""

    help = "As migrate; if a migration fails, the database is brought back to the state before all of them."

    def handle(self, *arguments: Any, **options: Any) -> None:
        """Raises what migrate raises."""
        with migrations.restoring(options["database"]):
            super().handle(*arguments, **options)
