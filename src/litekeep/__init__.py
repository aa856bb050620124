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

__version__ = "0.1.0"
