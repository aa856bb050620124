"""manage.py litekeep_restore."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from litekeep.integrations.django.command import LitekeepCommand
from litekeep.manager.manager import BackupManager


class Command(LitekeepCommand):
    """Restore, over the database or to a new file."""

    help = "Bring a backup back: over the database, which may be in use, or to a new file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What, and where to."""
        super().add_arguments(parser)
        parser.add_argument("snapshot", nargs="?", help="The beginning of its id, or latest.")
        parser.add_argument("--to", metavar="FILE", help="A new file, instead of over the database.")
        parser.add_argument("--undo", action="store_true", help="Take the last restore back.")
        parser.add_argument("--accept-problems", action="store_true", help="Also if the database in it has problems.")
        parser.add_argument("--noinput", "--no-input", action="store_false", dest="interactive", help="Do not ask.")

    def act(self, manager: BackupManager, options: dict[str, Any]) -> None:
        """Raises UnknownSnapshot, VerificationFailed, Refused and its kinds."""
        name, target = options["snapshot"], options["to"]
        if bool(name) == options["undo"]:
            raise CommandError("Name a backup, or give --undo.", returncode=2)
        if not target and options["interactive"]:
            self._ask(manager)
        if options["undo"]:
            result = manager.undo_restore()
        else:
            result = manager.restore_backup(name, target, accept_problems=options["accept_problems"])
        self.stdout.write(self.style.SUCCESS(f"Restored to {result.target}"))
        if result.safety_copy is not None:
            told = f"The state before is backup {result.safety_copy.short_id}"
            self.stdout.write(f"{told}; litekeep_restore --undo brings it back.")

    def _ask(self, manager: BackupManager) -> None:
        answer = input(f"This replaces what is in {manager.database} now. Type yes to go on: ")
        if answer.strip().lower() != "yes":
            raise CommandError("Nothing was changed.", returncode=6)
