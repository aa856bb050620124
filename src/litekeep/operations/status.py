"""Status: is this database protected? Facts are gathered first; the verdict is a pure function of them and of now.

Overdue is computed from the clock, never from events: a scheduler that died reports nothing, and that is the point.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from litekeep.errors import CorruptObject, Locked, NotADatabase, SourceMissing, StorageError
from litekeep.model import Level, Snapshot
from litekeep.operations.lookback import look
from litekeep.records import dataclass
from litekeep.repository.catalog import Catalog
from litekeep.repository.layout import parse_snapshot_key
from litekeep.repository.repository import Repository
from litekeep.storage.local import LocalStorage
from litekeep.storage.memory import MemoryStorage

MAX_AGE = timedelta(hours=26)
"""A daily backup that is two hours late."""
PROOF_AGE = timedelta(days=30)
"""A test restore counts for so long."""
FORGOTTEN_AFTER = timedelta(days=7)
"""A database that never had a backup is forgotten so long after the last attempt."""
MISTYPED = frozenset({SourceMissing.code, NotADatabase.code})
"""An attempt that ended so is no sign of a database, if the repository has others."""
CLOCK_SLACK = timedelta(minutes=5)
COPY_PATIENCE = timedelta(days=3)
"""A copy that nothing reaches for longer is an alarm: a network may be away for a weekend."""


class Verdict(StrEnum):
    """The state in a word; more may be added."""

    NEVER = "never"
    HEALTHY = "healthy"
    UNPROVEN = "unproven"
    OVERDUE = "overdue"
    FAILING = "failing"
    DAMAGED = "damaged"
    SUSPICIOUS = "suspicious"
    ALTERED = "altered"
    COPY_UNREACHABLE = "copy_unreachable"
    KEY_UNCONFIRMED = "key_unconfirmed"
    RUNNING = "running"
    KEY_NEEDED = "key_needed"
    REPOSITORY_MISSING = "repository_missing"


class Protection(IntEnum):
    """How much the verdict matters; the higher, the worse."""

    PROTECTED = 0
    AT_RISK = 1
    NOT_PROTECTED = 2


@dataclass(frozen=True, slots=True)
class Run:
    """One backup run of the journal. ok: a new snapshot, or the proof that none was needed."""

    source: str
    at: datetime
    ok: bool
    message: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class CopyFacts:
    """What is known of one copy.

    synced_at: when all was there that should be. failing_since: when attempts to send began to fail; problem: why the
    last one did. behind: how much older its newest backup is than the newest one here, if that is too much
    (operations.spread).
    """

    name: str
    synced_at: datetime | None = None
    failing_since: datetime | None = None
    problem: str = ""
    behind: timedelta | None = None

    def trouble(self, now: datetime) -> str:
        """What is wrong with it for so long that people should know, without a full stop; "" if nothing is."""
        why = f": {self.problem}" if self.problem else ""
        if self.failing_since is not None and now - self.failing_since > COPY_PATIENCE:
            since = _span(now - (self.synced_at or self.failing_since))
            return f"nothing {'arrived' if self.synced_at else 'could be sent'} for {since}{why}"
        if self.behind is not None:
            return f"its newest backup is {_span(self.behind)} older than the newest one here{why}"
        return ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about one source. snapshots: outside the trash, oldest first.

    seen_at: when a run last found the database as it is in the newest snapshot. runs: its backup runs, oldest first.
    unreadable: objects of the repository that cannot be read. busy: who holds the repository, or empty.
    missing: why the repository cannot be used, or empty; then nothing else is known. key_needed: it is there, and
    encrypted, and no key that fits was given. key_unconfirmed: it is encrypted, and nobody typed its recovery key back.
    altered: what is gone of it that nobody removed (operations.lookback), or empty. copies: that are in use.
    """

    source: str
    snapshots: tuple[Snapshot, ...] = ()
    seen_at: datetime | None = None
    runs: tuple[Run, ...] = ()
    unreadable: int = 0
    busy: str = ""
    missing: str = ""
    max_age: timedelta = MAX_AGE
    key_needed: bool = False
    key_unconfirmed: bool = False
    altered: str = ""
    copies: tuple[CopyFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """The answer: one sentence for people. last_good_at: when the newest sound snapshot was made or found unchanged."""

    source: str
    verdict: Verdict
    protection: Protection
    sentence: str
    last_good_at: datetime | None = None
    drilled_at: datetime | None = None


def assess(facts: Facts, now: datetime) -> Status:
    """Judge. The worst finding decides; a run that is going on is told with what holds without it."""
    status = _at_rest(facts, now)
    if not facts.busy or facts.missing:
        return status
    sentence = f"A run is going on: {facts.busy}. Until it ends: {status.sentence[0].lower()}{status.sentence[1:]}"
    return Status(status.source, Verdict.RUNNING, status.protection, sentence, status.last_good_at, status.drilled_at)


def _at_rest(facts: Facts, now: datetime) -> Status:
    good = [snapshot for snapshot in facts.snapshots if snapshot.sound]
    drills = [snapshot.drilled_at for snapshot in facts.snapshots if snapshot.drilled_at and not snapshot.damage]
    good_at = _good_at(facts, good)
    for finding in _FINDINGS:
        found = finding(facts, good, max(drills, default=None), good_at, now)
        if found is not None:
            return Status(facts.source, *found, last_good_at=good_at, drilled_at=max(drills, default=None))
    assert good_at is not None
    sentence = f"Last backup {_ago(good_at, now)}, verified; a test restore passed {_ago(max(drills), now)}."
    return Status(facts.source, Verdict.HEALTHY, Protection.PROTECTED, sentence, good_at, max(drills))


def _good_at(facts: Facts, good: Sequence[Snapshot]) -> datetime | None:
    """When the newest sound state was last known to be the database's state."""
    if not good:
        return None
    newest = good[-1]
    if facts.seen_at is not None and facts.snapshots[-1].id == newest.id:
        return max(newest.created_at, facts.seen_at)
    return newest.created_at


Found = tuple[Verdict, Protection, str] | None


def _missing(facts: Facts, _g: Sequence[Snapshot], _d: datetime | None, _a: datetime | None, _n: datetime) -> Found:
    if not facts.missing:
        return None
    if facts.key_needed:
        text = f"The backups cannot be opened: {facts.missing}. The database itself is not affected."
        return Verdict.KEY_NEEDED, Protection.NOT_PROTECTED, text
    text = f"The backups are not there: {facts.missing}. The database itself is not affected."
    return Verdict.REPOSITORY_MISSING, Protection.NOT_PROTECTED, text


def _altered(facts: Facts, good: Sequence[Snapshot], _d: datetime | None, _a: datetime | None, now: datetime) -> Found:
    """Before all that is judged by what is there."""
    if not facts.altered:
        return None
    told = f"{facts.altered[0].upper()}{facts.altered[1:]}"
    if not good:
        return Verdict.ALTERED, Protection.NOT_PROTECTED, f"{told}; no verified backup is left."
    made = _ago(good[-1].created_at, now)
    text = f"{told}. The newest good backup was made {made}; nothing is removed until somebody has looked."
    return Verdict.ALTERED, Protection.AT_RISK, text


def _never(facts: Facts, _g: Sequence[Snapshot], _d: datetime | None, _a: datetime | None, now: datetime) -> Found:
    if facts.snapshots or facts.unreadable:
        return None
    text = "No backup has been made yet."
    if facts.runs and not facts.runs[-1].ok:
        text = f"No backup has been made yet; the last attempt {_ago(facts.runs[-1].at, now)} failed: "
        text += f"{facts.runs[-1].message}."
    return Verdict.NEVER, Protection.NOT_PROTECTED, text


def _damaged(facts: Facts, good: Sequence[Snapshot], _d: datetime | None, _a: datetime | None, now: datetime) -> Found:
    damaged = sum(bool(snapshot.damage) for snapshot in facts.snapshots)
    if not damaged and not facts.unreadable:
        return None
    total = len(facts.snapshots)
    what = f"{damaged} of {total} backups {'is' if damaged == 1 else 'are'} damaged" if damaged else ""
    if facts.unreadable:
        objects = "one stored object is" if facts.unreadable == 1 else f"{facts.unreadable} stored objects are"
        what = f"{what}, and {objects} unreadable" if what else f"{objects[0].upper()}{objects[1:]} unreadable"
    if not good:
        return Verdict.DAMAGED, Protection.NOT_PROTECTED, f"{what}; no verified backup is left."
    text = f"{what}; the newest good one was made {_ago(good[-1].created_at, now)}."
    return Verdict.DAMAGED, Protection.AT_RISK, text


def _unverified(
    facts: Facts, good: Sequence[Snapshot], _d: datetime | None, _a: datetime | None, now: datetime
) -> Found:
    newest = facts.snapshots[-1]
    if newest.sound:
        return None
    rest = f"the newest good backup was made {_ago(good[-1].created_at, now)}" if good else "there is no good backup"
    protection = Protection.AT_RISK if good else Protection.NOT_PROTECTED
    if newest.problems:
        text = f"The database itself has problems ({newest.problems[0]}); {rest}."
        return Verdict.FAILING, protection, text
    return Verdict.UNPROVEN, Protection.AT_RISK, f"The newest backup has not been verified; {rest}."


def _failing(
    facts: Facts, _g: Sequence[Snapshot], _d: datetime | None, good_at: datetime | None, now: datetime
) -> Found:
    if not facts.runs or facts.runs[-1].ok or (good_at is not None and good_at > facts.runs[-1].at):
        return None
    last = facts.runs[-1]
    text = f"The last attempt {_ago(last.at, now)} failed: {last.message}."
    if good_at is not None:
        text += f" The newest good backup was made {_ago(good_at, now)}."
    return Verdict.FAILING, Protection.AT_RISK, text


def _suspicious(facts: Facts, _g: Sequence[Snapshot], _d: datetime | None, _a: datetime | None, now: datetime) -> Found:
    """Rows went missing as when somebody deletes by mistake; until a person pins, unpins or restores the one before."""
    held = [place for place, snapshot in enumerate(facts.snapshots) if snapshot.anomaly]
    if not held:
        return None
    before = facts.snapshots[held[-1]]
    made = _ago(before.created_at, now)
    where = "in the newest backup" if held[-1] == len(facts.snapshots) - 2 else f"after the backup made {made}"
    text = f"Many rows went missing {where}: {before.anomaly}. The state before, made {made}, is pinned; nothing is "
    text += "removed until somebody has looked and unpinned it."
    return Verdict.SUSPICIOUS, Protection.AT_RISK, text


def _overdue(
    facts: Facts, _g: Sequence[Snapshot], _d: datetime | None, good_at: datetime | None, now: datetime
) -> Found:
    if good_at is None:
        return None
    if good_at > now + CLOCK_SLACK:
        text = f"The newest backup is dated {good_at:%Y-%m-%d}, which has not come yet: the clock is or was wrong."
        return Verdict.OVERDUE, Protection.AT_RISK, text
    if now - good_at <= facts.max_age:
        return None
    text = f"No backup for {_span(now - good_at)}; one is expected every {_span(facts.max_age)}."
    return Verdict.OVERDUE, Protection.AT_RISK, text


def _copies(
    facts: Facts, _g: Sequence[Snapshot], _d: datetime | None, good_at: datetime | None, now: datetime
) -> Found:
    """Copies that nothing reaches, or that are far behind: after a fire they would be all there is."""
    told = [f"Copy {each.name}: {trouble}." for each in facts.copies if (trouble := each.trouble(now))]
    if not told or good_at is None:
        return None
    return Verdict.COPY_UNREACHABLE, Protection.AT_RISK, f"{' '.join(told)} Last backup {_ago(good_at, now)}."


def _unconfirmed(
    facts: Facts, _g: Sequence[Snapshot], _d: datetime | None, good_at: datetime | None, now: datetime
) -> Found:
    """Backups that nobody can open any more are none."""
    if not facts.key_unconfirmed or good_at is None:
        return None
    text = f"Last backup {_ago(good_at, now)}, verified; but nobody has confirmed to have the recovery key."
    return Verdict.KEY_UNCONFIRMED, Protection.AT_RISK, text


def _unproven(
    _f: Facts, good: Sequence[Snapshot], drilled_at: datetime | None, good_at: datetime | None, now: datetime
) -> Found:
    """Without a test restore. A young history is given time: its backups were read back all the same."""
    if drilled_at is not None and now - drilled_at <= PROOF_AGE:
        return None
    assert good_at is not None
    fresh = now - good[0].created_at <= PROOF_AGE and good[-1].verified >= Level.FULL
    tested = f"the last test restore passed {_ago(drilled_at, now)}" if drilled_at else "no restore has been tested yet"
    text = f"Last backup {_ago(good_at, now)}, verified; {tested}."
    return Verdict.UNPROVEN, Protection.PROTECTED if fresh else Protection.AT_RISK, text


_FINDINGS = (
    *(_missing, _altered, _never, _damaged, _unverified, _failing, _suspicious, _overdue, _copies, _unconfirmed),
    _unproven,
)
"""The first that finds something decides."""


def gather_facts(
    repository: Repository,
    catalog: Catalog,
    runs: Iterable[Run],
    now: datetime,
    *,
    max_age: timedelta = MAX_AGE,
    copies: tuple[CopyFacts, ...] = (),
) -> list[Facts]:
    """The facts of every source that has a snapshot, or had one, or lately tried to get its first one.

    If there is none at all: one Facts without a name. Raises StorageError.
    """
    altered = {change.source: change.text for change in look(repository, now, catalog=catalog)}
    history, busy = list(runs), _holder(repository)
    lately = [run for run in history if run.source and now - run.at < FORGOTTEN_AFTER]
    tried = {run.source for run in lately if run.code not in MISTYPED}
    names = sorted({*catalog.sources(), *altered, *tried}) or sorted({run.source for run in lately})
    facts, unconfirmed = [], repository.keys is not None and repository.keys.unconfirmed
    for name in names or [""]:
        live = tuple(snapshot for snapshot in catalog.of(name) if snapshot.trashed_at is None)
        mine = tuple(run for run in history if run.source == name)
        seen = _seen_at(repository, live[-1]) if live else None
        damaged = len(catalog.damaged)
        facts.append(
            Facts(
                *(name, live, seen, mine, damaged, busy, "", max_age),
                key_unconfirmed=unconfirmed,
                altered=altered.get(name, ""),
                copies=copies,
            )
        )
    return facts


def _holder(repository: Repository) -> str:
    """Who holds the repository; empty if nobody does, if it cannot be known, or only by requests to a server."""
    if not isinstance(repository.storage, LocalStorage | MemoryStorage):
        return ""
    try:
        with repository.lock("status", 0.0):
            return ""
    except Locked as error:
        return error.message
    except StorageError:
        return ""


def _seen_at(repository: Repository, snapshot: Snapshot) -> datetime | None:
    key = parse_snapshot_key(snapshot.key)
    try:
        receipts = repository.receipts_of(key) if key else []
    except CorruptObject:
        return None
    return max((receipt.at for receipt in receipts if receipt.kind == "unchanged"), default=None)


def _ago(moment: datetime, now: datetime) -> str:
    passed = now - moment
    return "just now" if passed < timedelta(minutes=1) else f"{_span(passed)} ago"


def _span(passed: timedelta) -> str:
    minutes = int(passed.total_seconds()) // 60
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 72 * 60 else f"{minutes // 1440} days"
