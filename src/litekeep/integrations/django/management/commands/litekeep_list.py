"""manage.py litekeep_list."""

from __future__ import annotations

from typing import Any

from litekeep.integrations.django.command import LitekeepCommand
from litekeep.manager.manager import BackupManager
from litekeep.model import Snapshot
from litekeep.wording import count, size


class Command(LitekeepCommand):
    """List the backups."""

    help = "List the backups of a database, oldest first."

    def act(self, manager: BackupManager, options: dict[str, Any]) -> None:  # noqa: ARG002 - of all commands
        """One line for each."""
        snapshots = manager.list_backups()
        for each in snapshots:
            self.stdout.write(_line(each))
        self.stdout.write(f"{count(len(snapshots), 'backup')} in {manager.repository}")


def _line(snapshot: Snapshot) -> str:
    when = snapshot.created_at.strftime("%Y-%m-%d %H:%M")
    state = "damaged" if snapshot.damage else "has problems" if snapshot.problems else snapshot.verified.name.lower()
    marks = "pinned " if snapshot.pinned else ""
    parts = (snapshot.short_id, when, f"{size(snapshot.database.size_bytes):>9}", f"{state:<12}")
    return "  ".join((*parts, f"{snapshot.reason.value:<13}", f"{marks}{snapshot.label}")).rstrip()
