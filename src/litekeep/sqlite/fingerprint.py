"""When is a database provably the same as at an earlier backup? Facts in, a decision with its reason out.

A Fingerprint is taken by `capture.pin` while its read transaction is held, and stored with the snapshot. The rule
(`unchanged`) claims equality only when every way a change could hide is excluded, because a wrong "unchanged" is a lost
backup, while a wrong "changed" costs one local read:

* Commits in rollback mode write the main file: mtime and ctime move. `utime` and `cp -p` can set mtime back but not
  ctime; a replaced file has another inode or ctime.
* Commits in WAL mode do not touch the main file at all: the wal-index header (mxFrame, salts, checksum of the last
  frame) and the -wal's size and mtime move. When the -wal is emptied or removed, its content was first written to the
  main file. Hence a -wal of 0 bytes and no -wal are the same state: None.
* File systems may tick coarsely and a commit may land between our read transaction's start and our reading of these
  facts: so change times must be at least 2 s older than the start of the earlier snapshot ("racy git").
* A clock that was set back can repeat a time: wall clock and the clock since boot must have advanced equally.
* Anything a platform does not tell (boot id, kind of file system) means "not provable".

One fingerprint may vouch for several captures of one source, if each of them started after it was taken and the pin
that it belongs to still stood; `snapshot_started` is then the start of that pin.

Source: sqlite.org walformat section 2 (wal-index header), fileformat2 section 1.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any

from litekeep.clock import BootTime
from litekeep.model import read_moment
from litekeep.records import dataclass
from litekeep.sqlite.wal import INDEX_BYTES, INDEX_LAYOUT, VERSION

# Age of every change time at the earlier snapshot's start: coarser than any tick of a local file system.
RACY_SECONDS = 2.0
# How far wall clock and boot clock may drift apart, as a share and as a base: NTP slews by at most 500 ppm.
DRIFT_SHARE = 0.0005
DRIFT_SECONDS = 1.0
FULL_READ_HOURS = 24


@dataclass(frozen=True, slots=True)
class WalState:
    """Where the write-ahead log ends: from the wal-index header and the -wal file.

    max_frame, pages, checksum, salts: mxFrame, nPage, aFrameCksum, aSalt (hex). size_bytes and mtime_ns of the -wal.
    """

    max_frame: int
    pages: int
    checksum: str
    salts: str
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What identifies one state of a database file without reading its pages.

    device, inode, size_bytes, mtime_ns, ctime_ns: of the main file. header: its first 100 bytes (hex). wal: None
    without frames. taken: wall time (aware, ISO 8601) just before the file was opened, and boot_id, boot_seconds at
    that moment. local: True on a local file system; None: not known, or the facts are of a working copy.
    """

    device: int
    inode: int
    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    header: str
    wal: WalState | None
    taken: str
    boot_id: str
    boot_seconds: float
    local: bool | None

    def to_json(self) -> dict[str, object]:
        """A plain dict of JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> Fingerprint:
        """The inverse of to_json; raises ValueError for anything else."""
        try:
            inner = value["wal"]
            wal = WalState(**_exact(WalState, inner)) if isinstance(inner, Mapping) else None
            made = cls(**{**_exact(cls, value), "wal": wal})
            if inner is not None and wal is None:
                raise ValueError("wal is not an object")
            read_moment(made.taken)
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a fingerprint: {error}") from error
        return made

    @property
    def boot(self) -> BootTime:
        """Time since the machine's start when the fingerprint was taken."""
        return BootTime(self.boot_id, self.boot_seconds)


_TYPES: dict[str, tuple[type, ...]] = {"int": (int,), "str": (str,), "float": (float, int)}


def _exact(cls: type[Fingerprint | WalState], value: Mapping[str, object]) -> dict[str, Any]:
    """The dataclass's fields from `value`, each of the declared type; unknown names are left out."""
    found: dict[str, Any] = {}
    for field in fields(cls):
        item = value[field.name]
        wanted = _TYPES.get(str(field.type))
        if wanted and (not isinstance(item, wanted) or isinstance(item, bool)):
            raise TypeError(f"{field.name} is {type(item).__name__}")
        if isinstance(item, int) and abs(item) >= 1 << 64:
            raise TypeError(f"{field.name} is beyond all bounds")
        if field.name == "local" and item not in (True, False, None):
            raise TypeError("local is neither true, false nor null")
        found[field.name] = item
    return found


def parse_wal_index(first: bytes, wal_size_bytes: int, wal_mtime_ns: int) -> WalState | None:
    """The WAL's state from the first 96 bytes of -shm, or None if its two copies differ (a commit is under way).

    Raises ValueError if it is not an initialised wal-index of a known version.
    """
    size = INDEX_BYTES
    if len(first) < 2 * size or first[:size] != first[size : 2 * size]:
        return None
    (version, _unused, _change, initialised, _big_endian, _page_size, max_frame, pages, sum1, sum2, salt1, salt2, _c1,
     _c2) = INDEX_LAYOUT.unpack(first[:size])  # fmt: skip
    if not initialised or version != VERSION:
        raise ValueError("the wal-index is not initialised")
    return WalState(max_frame, pages, f"{sum1:08x}{sum2:08x}", f"{salt1:08x}{salt2:08x}", wal_size_bytes, wal_mtime_ns)


def unchanged(
    earlier: Fingerprint, snapshot_started: datetime, now: Fingerprint, last_full_read: datetime, now_time: datetime
) -> tuple[bool, str]:
    """Tell whether the database is provably what it was when `earlier` was taken.

    snapshot_started: when the capture of `earlier` began; last_full_read: when every page of the database was last
    read; now_time: the present. Returns (True, "") or (False, the reason). That the snapshot is
    still listed and verified is for the caller to know.
    """
    reason = (
        _difference(earlier, now)
        or _racy(earlier, snapshot_started)
        or _clock_trouble(earlier, now)
        or _unknown_place(earlier, now)
        or _too_long_ago(last_full_read, now_time)
    )
    return not reason, reason


def _difference(earlier: Fingerprint, now: Fingerprint) -> str:
    words = {
        "device": "it lies on another device",
        "inode": "the file was replaced by another",
        "size_bytes": "its size changed",
        "mtime_ns": "it was written to",
        "ctime_ns": "the file was changed",
        "header": "its header changed",
        "wal": "its write-ahead log changed",
    }
    return next((text for name, text in words.items() if getattr(earlier, name) != getattr(now, name)), "")


def _racy(earlier: Fingerprint, snapshot_started: datetime) -> str:
    started = min(snapshot_started, datetime.fromisoformat(earlier.taken)).timestamp()
    newest = max(earlier.ctime_ns, earlier.mtime_ns, earlier.wal.mtime_ns if earlier.wal else 0)
    if newest > (started - RACY_SECONDS) * 1e9:
        return "it was changed within two seconds of the earlier backup's start, or later"
    return ""


def _clock_trouble(earlier: Fingerprint, now: Fingerprint) -> str:
    if not earlier.boot_id or not now.boot_id:
        return "this system does not tell when it was started"
    if earlier.boot_id != now.boot_id:
        return "the machine was restarted since"
    boot = now.boot_seconds - earlier.boot_seconds
    wall = (datetime.fromisoformat(now.taken) - datetime.fromisoformat(earlier.taken)).total_seconds()
    if boot < 0 or wall < 0 or abs(wall - boot) > DRIFT_SECONDS + DRIFT_SHARE * boot:
        return "the clock was set since"
    return ""


def _unknown_place(earlier: Fingerprint, now: Fingerprint) -> str:
    if earlier.local is not True or now.local is not True:
        return "its file system is not known to be local"
    return ""


def _too_long_ago(last_full_read: datetime, now_time: datetime) -> str:
    if now_time < last_full_read:
        return "the last full read is dated in the future"
    if now_time - last_full_read >= timedelta(hours=FULL_READ_HOURS):
        return f"the last full read was more than {FULL_READ_HOURS} hours ago"
    return ""
