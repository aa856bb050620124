"""manage.py litekeep_backup."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from litekeep.integrations.django.command import LitekeepCommand
from litekeep.manager.manager import BackupManager
from litekeep.wording import size


class Command(LitekeepCommand):
    """Back up now."""

    help = "Back up a database now, and read the backup back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The database and a label."""
        super().add_arguments(parser)
        parser.add_argument("--label", default="", help="A few words to find it again.")
        parser.add_argument("--pin", action="store_true", help="Keep it until it is unpinned.")

    def act(self, manager: BackupManager, options: dict[str, Any]) -> None:
        """Raises BackupFailed and its kinds."""
        snapshot = manager.create_backup(options["label"], pinned=options["pin"])
        told = f"Backup {snapshot.short_id}: {size(snapshot.database.size_bytes)}, {snapshot.verified.name.lower()}"
        self.stdout.write(self.style.SUCCESS(f"{told} verification, in {manager.repository}"))
        for problem in snapshot.problems:
            self.stderr.write(self.style.WARNING(f"The database has a problem: {problem}"))
