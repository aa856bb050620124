"""One exclusive lock for several machines, where there is no lock but objects: leases.

A holder writes a mark "lock/<holder>.<number>", lists all marks, and holds the lock if no other live mark is there;
else it takes its own away and says who holds it. Two that come at the same moment each write before they list, so at
least one sees the other; at worst both step back, and try again after a wait of random length. Nothing here needs a
server that refuses to replace: no two ever write the same name.

A holder that dies stops renewing. A mark counts as dead when the newest mark of its holder is LEASE_SECONDS older than
the one that was just written, both by the clock of the server that stamps them: the clocks of the machines do not
matter. The next holder removes dead marks.

Where nothing may be deleted (credentials that may only add), a holder that is done writes a second mark,
"lock/<holder>.free", and its others count as dead from then on.

A holder that was suspended, or cut off, may wake up when its lease is someone else's. So before each put and delete
under the lock, a holder whose last renewal is longer ago than SAFE_SECONDS renews first, and looks before and after it
writes the new mark; it finds its old one gone, or another's beside it, and stops with Locked. Whatever such a holder
finds wrong or missing is told as Locked, too: it may be the next one's work. What remains is a request that is itself
under way for minutes. Nothing that was reported is lost by it: a delete is of what was proven dead, or of a snapshot
whose time in the trash was over, and a put is of a name of its own. But a manifest that comes so late may find the
packs of its snapshot collected; that snapshot was never reported as made, and shows as damaged.
"""

from __future__ import annotations

import json
import random
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Protocol

from litekeep.clock import Clock
from litekeep.errors import (
    Cancelled,
    Locked,
    ObjectMissing,
    PermissionRefused,
    Refused,
    StorageError,
    VerificationFailed,
)
from litekeep.storage.base import LOCK_NAME
from litekeep.storage.remote.wire import Found

LEASE_SECONDS = 180.0
SAFE_SECONDS = 90.0
RENEW_SECONDS = 30.0
_FIRST_WAIT_SECONDS = 0.2
_LONGEST_WAIT_SECONDS = 10.0
_MEETINGS = 4
"""Two that step back from each other try so often, also if they were told not to wait."""
_FOLDER = f"{LOCK_NAME}/"
_FREE = ".free"


class Marks(Protocol):
    """What leases need of a storage."""

    @property
    def description(self) -> str: ...
    def write_mark(self, name: str, data: bytes) -> None: ...
    def read_mark(self, name: str) -> bytes: ...
    def remove_mark(self, name: str) -> None: ...
    def marks(self, prefix: str) -> Sequence[Found]: ...


class Leases:
    """The lock of one storage object."""

    def __init__(self, place: Marks, clock: Clock) -> None:
        self._place = place
        self._clock = clock
        self._held: _Lease | None = None

    @contextmanager
    def hold(self, owner: str, wait_seconds: float) -> Iterator[None]:
        """Hold the lock; not re-entrant. Raises Locked, naming the holder, after `wait_seconds`."""
        lease = self._take(" ".join(owner.split()), wait_seconds)
        self._held = lease
        ended = threading.Event()
        threading.Thread(target=lease.keep, args=(ended,), name="litekeep-lease", daemon=True).start()
        try:
            yield
        except (VerificationFailed, Refused, ObjectMissing):
            with suppress(StorageError, Cancelled):
                lease.require()  # another holder's work looks like damage to one that lost the lock
            raise
        finally:
            self._held = None
            ended.set()
            lease.give_back()

    def require_held(self) -> None:
        """Raise Locked if this storage holds the lock, or held it until it was lost; silent where nobody took it."""
        held = self._held
        if held is not None:
            held.require()

    def _take(self, owner: str, wait_seconds: float) -> _Lease:
        deadline = self._clock.monotonic() + wait_seconds
        nominal, meetings = _FIRST_WAIT_SECONDS, 0
        while True:
            lease = _Lease(self._place, self._clock, owner)
            others = lease.attempt()
            if not others:
                return lease
            met = any(each.endswith(".0") for each in others)  # perhaps it steps back too
            meetings += 1
            left = deadline - self._clock.monotonic()
            if left <= 0 and not (met and meetings < _MEETINGS):
                raise self._locked(others)
            wait = nominal * random.uniform(0.5, 1.5)  # noqa: S311 - spreads two machines, guards no secret
            self._clock.sleep(wait if left <= 0 else min(wait, left))
            nominal = min(2 * nominal, _LONGEST_WAIT_SECONDS)

    def _locked(self, others: list[str]) -> Locked:
        record = "another run"
        with suppress(StorageError, ValueError, KeyError, TypeError, RecursionError):
            facts = json.loads(self._place.read_mark(others[0]))
            record = f"{str(facts['owner'])[:500]}, since {str(facts['since'])[:40]}"
        return Locked(
            f"{self._place.description} is in use by {record}",
            safe="Nothing was changed.",
            hint=f"Wait until that run ends; if it died, its lock is free {LEASE_SECONDS / 60:.0f} minutes later.",
        )


class _Lease:
    """The marks of one holder."""

    def __init__(self, place: Marks, clock: Clock, owner: str) -> None:
        self._place = place
        self._clock = clock
        self._id = secrets.token_hex(8)
        since = clock.now().isoformat(timespec="seconds")
        self._record = json.dumps({"owner": owner, "since": since}).encode()
        self._number = 0
        self._lost = False
        self._before: set[str] = set()
        """This one, and those whose marks were there, dead or freed, when the lock was taken, and may stay for ever."""
        self._renewing = threading.Lock()
        self._renewed = self._instants()

    def attempt(self) -> list[str]:
        """Write the first mark and look around; returns the marks of others that live, after taking ours back."""
        try:
            self._place.write_mark(self._name, self._record)
            live, dead = self._look()
        except (StorageError, Cancelled):
            self._withdraw()
            raise
        if live:
            self._withdraw()
        else:
            for name in dead:
                self._remove_quietly(name)
        return live

    def keep(self, ended: threading.Event) -> None:
        """Renew now and then until `ended`; failures are met again, and told, by `require`."""
        while not ended.wait(RENEW_SECONDS):
            with suppress(StorageError, Cancelled, Locked):
                self._renew()

    def require(self) -> None:
        """Raise Locked if the lease may have gone to someone else."""
        if not self._lost and self._age_seconds() > SAFE_SECONDS:
            self._renew()
        if self._lost:
            raise Locked(
                f"the lock on {self._place.description} was lost to another run while this one was held up",
                safe="Everything that was stored before is unchanged, and nothing was done after that.",
                hint="Run it again.",
            )

    def give_back(self) -> None:
        """Free the lock; what cannot be removed dies by itself."""
        self._lost = True
        renewed = self._renewing.acquire(timeout=0.3)  # else the one that renews hangs; it looks at `_lost` afterwards
        self._withdraw()
        if renewed:
            self._renewing.release()

    @property
    def _name(self) -> str:
        return f"{_FOLDER}{self._id}.{self._number}"

    def _renew(self) -> None:
        with self._renewing:
            if self._lost:
                return
            began = self._instants()
            before = self._name
            if self._was_taken(before):
                return
            self._number += 1
            try:
                self._place.write_mark(self._name, self._record)
            except BaseException:
                self._number -= 1
                raise
            if self._was_taken(before):  # just now: who takes it writes before looking, and so did we
                self._remove_quietly(before)
                return
            self._remove_quietly(before)
            self._renewed = began
            if self._lost:  # given back meanwhile
                self._remove_quietly(self._name)

    def _was_taken(self, mark: str) -> bool:
        """Whether the lock was lost while this one was held up; then our newest mark goes, too."""
        if self._age_seconds() > SAFE_SECONDS and not self._is_mine(mark):
            self._lost = True
            self._withdraw()
            return True
        return False

    def _is_mine(self, mark: str) -> bool:
        """Whether this mark of ours is still there, and nobody came since we took the lock, however they ended."""
        names = [each.name for each in self._place.marks(_FOLDER)]
        return mark in names and _holders(names) <= self._before

    def _look(self) -> tuple[list[str], list[str]]:
        """The marks of others: the newest of each that lives, and all that are dead."""
        everything = self._place.marks(_FOLDER)
        names = [each.name for each in everything]
        free, self._before = _freed(names), _holders(names)
        found = [each for each in everything if _holder(each.name)]
        stamped = next((each.modified_seconds for each in found if each.name == self._name), None)
        if stamped is None:
            raise StorageError(f"a mark just written is not listed in {self._place.description}", key=self._name)
        newest: dict[str, Found] = {}
        for each in found:
            holder = _holder(each.name)
            if holder not in {self._id, *free} and (
                holder not in newest or newest[holder].modified_seconds < each.modified_seconds
            ):
                newest[holder] = each
        live = {h: each.name for h, each in newest.items() if stamped - each.modified_seconds < LEASE_SECONDS}
        dead = [each.name for each in found if _holder(each.name) not in live and _holder(each.name) != self._id]
        return sorted(live.values()), [*dead, *(f"{_FOLDER}{holder}{_FREE}" for holder in sorted(free - {self._id}))]

    def _withdraw(self) -> None:
        """Take the mark away; where that is not allowed, say that it counts no more."""
        if not self._remove_quietly(self._name):
            with suppress(StorageError, Cancelled):
                self._place.write_mark(f"{_FOLDER}{self._id}{_FREE}", b"free")

    def _remove_quietly(self, name: str) -> bool:
        """False if that is not allowed."""
        for _ in range(2):
            try:
                self._place.remove_mark(name)
            except (ObjectMissing, Cancelled):
                return True
            except PermissionRefused:
                return False
            except StorageError:
                continue
            return True
        return True

    def _instants(self) -> tuple[float, float]:
        return self._clock.boot().seconds, self._clock.now().timestamp()

    def _age_seconds(self) -> float:
        """Since the last renewal began, by the clock that ran further: one may have stood still while asleep."""
        return max(now - then for now, then in zip(self._instants(), self._renewed, strict=True))


def _freed(names: Sequence[str]) -> set[str]:
    """The holders that said that they are done."""
    return {name.removeprefix(_FOLDER).removesuffix(_FREE) for name in names if name.endswith(_FREE)}


def _holders(names: Sequence[str]) -> set[str]:
    """All that have, or had, a mark."""
    return {holder for name in names if (holder := _holder(name))} | _freed(names)


def _holder(name: str) -> str:
    """The holder of a mark; empty if the name is none."""
    holder, dot, number = name.removeprefix(_FOLDER).rpartition(".")
    return holder if dot and number.isdecimal() and holder.isalnum() else ""
