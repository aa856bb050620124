"""manage.py litekeep_verify."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from litekeep.errors import VerificationFailed
from litekeep.integrations.django.command import LitekeepCommand
from litekeep.manager.manager import BackupManager


class Command(LitekeepCommand):
    """Read a backup back."""

    help = "Read a backup back and compare every page; with --drill also restore it into a scratch place."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which, and how much."""
        super().add_arguments(parser)
        parser.add_argument("snapshot", nargs="?", default="latest", help="The beginning of its id [default: latest].")
        parser.add_argument("--drill", action="store_true", help="Rehearse a restore too.")

    def act(self, manager: BackupManager, options: dict[str, Any]) -> None:
        """Raises UnknownSnapshot; VerificationFailed if something is damaged."""
        test = manager.test_restore if options["drill"] else manager.verify_backup
        result = test(options["snapshot"])
        if result.damage:
            raise VerificationFailed(
                f"backup {result.snapshot.short_id} is damaged: {'; '.join(result.damage)}",
                safe="The database is not affected.",
                hint="Make a new backup: damaged pages are stored anew.",
            )
        for problem in result.problems:
            self.stderr.write(self.style.WARNING(f"The database in it has a problem: {problem}"))
        self.stdout.write(self.style.SUCCESS(f"Backup {result.snapshot.short_id} is what was backed up"))
