"""manage.py litekeep_status."""

from __future__ import annotations

from typing import Any

from litekeep.integrations.django.command import LitekeepCommand
from litekeep.manager.manager import BackupManager

HEADLINES = ("PROTECTED", "AT RISK", "NOT PROTECTED")
EXIT_CODES = (0, 20, 21)
"""As those of litekeep status."""


class Command(LitekeepCommand):
    """Tell whether the database is protected."""

    help = "Tell whether a database is protected. Exit code: 0 protected, 20 at risk, 21 not protected."

    def act(self, manager: BackupManager, options: dict[str, Any]) -> None:  # noqa: ARG002 - of all commands
        """Raises SystemExit with the exit code."""
        status = manager.status()
        styles = (self.style.SUCCESS, self.style.WARNING, self.style.ERROR)
        headline = styles[status.protection](HEADLINES[status.protection])
        self.stdout.write(f"{headline}  {status.source}: {status.sentence}")
        if status.protection:
            raise SystemExit(EXIT_CODES[status.protection])
