"""What the window knows at one moment: values that the bridge gathered off the Tk thread, and nothing computed.

Snapshots never change, so these values cross threads without copying.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from litekeep.config.settings import BackupSettings
from litekeep.journal.history import Row
from litekeep.model import Snapshot
from litekeep.operations.copymemory import CopyState
from litekeep.operations.finding import Finding
from litekeep.operations.spread import Spread
from litekeep.operations.status import Status
from litekeep.records import dataclass
from litekeep.retention import RetentionPlan
from litekeep.scheduling.task import NextRun


@dataclass(frozen=True, slots=True)
class Work:
    """What is going on now. verb: of the job ("backup", "verify", "drill", "restore", "undo", "export", "prune" ...).

    phase, done, total, unit: the newest progress; total 0 while nothing is known. began: when the job started, or was
    queued. waiting: it stands behind another job. of, at: for work on several backups, how many and which one (1 ...).
    about: the backup it is about, if it is about one.
    """

    verb: str
    began: datetime
    phase: str = ""
    done: int = 0
    total: int = 0
    unit: str = ""
    waiting: bool = False
    at: int = 0
    of: int = 0
    about: Snapshot | None = None
    cancelling: bool = False
    phase_began: datetime | None = None
    """When the newest phase began: the remaining time is estimated from it. None: as the job."""


@dataclass(frozen=True, slots=True)
class Sending:
    """What goes on with a copy, beside everything else. verb: "sync", or "drill" for a test restore from it.

    name: of the copy. done, total, unit: the newest progress of `phase`; total 0 while nothing is known. waiting: it
    stands behind another copy. cancelling: a person wants it to stop.
    """

    verb: str
    name: str
    began: datetime
    phase: str = ""
    done: int = 0
    total: int = 0
    unit: str = ""
    waiting: bool = False
    cancelling: bool = False
    phase_began: datetime | None = None


class End(StrEnum):
    """How a job ended, for the card that stays until it is closed."""

    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a job that a person began in this window.

    what, safe, hint: of the error, as litekeep.errors has them; code: its word; details: the traceback or more text.
    about: the backup it was about or made. target: the file that was written. undoable: `undo_restore` takes it back.
    checked: how many backups were proven; problems: what is wrong with them or their content. several: the backups that
    were found bad, put into the trash, or taken out of it. freed_bytes: what a clean-up gave back.
    """

    verb: str
    end: End
    at: datetime
    what: str = ""
    safe: str = ""
    hint: str = ""
    code: str = ""
    details: str = ""
    about: Snapshot | None = None
    target: str = ""
    undoable: bool = False
    checked: int = 0
    problems: tuple[str, ...] = ()
    unchanged: bool = False
    """Of a backup: nothing had changed, and `about` holds the present state already."""
    several: tuple[Snapshot, ...] = ()
    freed_bytes: int = 0
    kept: str = ""
    """Of a restore from a copy: the file with what was there before, where no backup could take it."""
    sent_bytes: int = 0
    copy: str = ""
    """The name of the copy it was about; of several, with ", " between them."""
    entry: Mapping[str, Any] | None = None
    """Of a copy that was taken out of the settings: what brings it back."""


@dataclass(frozen=True, slots=True)
class ViewFacts:
    """Everything the pages show. Times are aware; `now` carries the zone in which people read times.

    name: of the database, for people. database, folder: paths. snapshots: outside the trash, oldest first. trash: in
    it. rows: the journal, newest first. plan: what the next clean-up would do, with the reasons for each snapshot;
    None while it is unknown; plan_frees_bytes: about what it gives back. space_bytes: what the backups take on disk,
    None while unknown. free_bytes: of the drive of the backups. database_bytes: of the database file, for what a first
    backup means. status None: still loading.
    """

    now: datetime
    name: str
    database: str
    folder: str
    settings: BackupSettings
    status: Status | None = None
    snapshots: tuple[Snapshot, ...] = ()
    trash: tuple[Snapshot, ...] = ()
    rows: tuple[Row, ...] = ()
    next_runs: tuple[NextRun, ...] = ()
    plan: RetentionPlan | None = None
    plan_frees_bytes: int | None = None
    space_bytes: int | None = None
    free_bytes: int | None = None
    database_bytes: int | None = None
    paused: bool = False
    started: bool = True
    work: Work | None = None
    outcome: Outcome | None = None
    findings: tuple[Finding, ...] | None = None
    examined_at: datetime | None = None
    """When the findings were found; None while nobody has looked."""
    editable: bool = False
    """The settings came from a file that the window may change."""
    copies: tuple[CopyState, ...] = ()
    """Of the settings, in their order: what is known of each without asking its server."""
    spread: Spread | None = None
    """Where the data is, for the 3-2-1 rule. None: not known yet."""
    encrypted: bool = False
    """The backups are encrypted."""
    sending: Sending | None = None
    """What goes on with the copies now."""
