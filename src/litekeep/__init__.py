"""Litekeep: verified, incremental backups for applications whose data lives in SQLite.

The journey, which folders, documentation and tests follow:

    live database
      -> sqlite.capture          a consistent image, while writers go on writing
      -> blocks                  cut into pages, named by hash, compressed against earlier versions, sealed
      -> repository              packs, then the manifest: the single commit point
      -> storage                 a folder (later S3, SFTP, WebDAV)
      -> operations.verify       read back and compared; operations.drill: restored somewhere else and proven
      -> retention               decides what is kept, with a reason for every snapshot
      -> operations.prune        acts on that decision, and gives back space
    and back: storage -> repository -> operations.restore -> sqlite.check -> sqlite.install -> live database
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from litekeep.manager.manager import BackupManager
    from litekeep.scheduling.scheduler import BackupScheduler
    from litekeep.worker.process import freeze_support

__version__ = "0.1.0"
__all__ = ["BackupManager", "BackupScheduler", "__version__", "freeze_support"]

_HOME = {
    "BackupManager": "litekeep.manager.manager",
    "BackupScheduler": "litekeep.scheduling.scheduler",
    "freeze_support": "litekeep.worker.process",
}


def __getattr__(name: str) -> Any:
    """What applications use, imported when it is used: the command line needs little of it."""
    if name not in _HOME:
        raise AttributeError(f"module 'litekeep' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)
