"""What an application embeds: BackupManager, and what it gives out.

    application -> manager (queue, schedule, guards, notifications) -> worker (a process of its own) -> operations

Nothing here opens the application's database: see litekeep.worker.
"""

from litekeep.manager.guard import Guard
from litekeep.manager.manager import BackupManager
from litekeep.manager.queue import BackupFuture

__all__ = ["BackupFuture", "BackupManager", "Guard"]
