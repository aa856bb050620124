"""The nouns: immutable values that every part of Litekeep speaks in. No I/O here."""

from __future__ import annotations

from datetime import MAXYEAR, MINYEAR, datetime
from enum import IntEnum, StrEnum

from litekeep.records import dataclass


def read_moment(text: str) -> datetime:
    """A stored moment; raises ValueError, TypeError if it is none, lacks its offset, or some zone could not show it."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or not MINYEAR < moment.year < MAXYEAR:
        raise ValueError(f"not a moment with an offset: {text}")
    return moment


class Reason(StrEnum):
    """Why a snapshot was made; it decides how long it is kept (retention)."""

    MANUAL = "manual"
    SCHEDULED = "scheduled"
    SHUTDOWN = "shutdown"
    PRE_MIGRATION = "pre_migration"
    PRE_OPERATION = "pre_operation"
    PRE_RESTORE = "pre_restore"


class Level(IntEnum):
    """How much of a snapshot has been read back and proven; each level includes the ones below.

    NONE: nothing. WRITTEN: every block that its own backup wrote was read back from the repository and compared.
    FULL: every page was read back, compared with the hash taken while reading the source, and the rebuilt file passed
    SQLite's checks. DRILL: FULL, on a file restored into a scratch place, as a real restore would do it.
    """

    NONE = 0
    WRITTEN = 1
    FULL = 2
    DRILL = 3


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """What the 100-byte header and a few pragmas say about a database.

    Source: sqlite.org fileformat2 section 1.3. page_count counts pages of page_size bytes; both are 0 for a file of
    0 bytes, which is a valid empty database.
    """

    page_size: int
    page_count: int
    encoding: str = "UTF-8"
    journal_mode: str = "delete"
    user_version: int = 0
    application_id: int = 0
    freelist_pages: int = 0
    schema_version: int = 0
    auto_vacuum: int = 0

    @property
    def size_bytes(self) -> int:
        """Length of the database file."""
        return self.page_size * self.page_count


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One restorable state of a source, as the catalog of a repository tells it.

    created_at is aware and carries the offset of its own zone at that moment; `zone` names the zone. sequence counts
    the snapshots of one source from 1 without gaps. new_bytes: what this backup added to the repository's packs.
    verified: the highest level that a receipt proves. problems: what is wrong with the source itself (a faithful copy
    of a damaged database). damage: what the newest verification found wrong with the stored objects.
    tables: row counts taken when the snapshot was last fully verified, None until then. slot: the planned moment that
    it was made for, None if it was not scheduled; when it was really made is created_at. anomaly: what went missing
    right after it; it is then pinned, and rotation rests until a person pins, unpins or restores it.
    """

    id: str
    source: str
    created_at: datetime
    zone: str
    reason: Reason
    sequence: int
    parent: str | None
    label: str
    database: DatabaseFacts
    source_path: str
    changed_pages: int
    new_bytes: int
    key: str
    pinned: bool = False
    trashed_at: datetime | None = None
    verified: Level = Level.NONE
    verified_at: datetime | None = None
    drilled_at: datetime | None = None
    problems: tuple[str, ...] = ()
    damage: tuple[str, ...] = ()
    tables: tuple[tuple[str, int], ...] | None = None
    slot: datetime | None = None
    anomaly: str = ""

    @property
    def short_id(self) -> str:
        """The first eight digits, enough for people."""
        return self.id[:8]

    @property
    def sound(self) -> bool:
        """True if it counts as good for retention: read back, undamaged, and the source itself was without problems."""
        return self.verified >= Level.WRITTEN and not self.problems and not self.damage
