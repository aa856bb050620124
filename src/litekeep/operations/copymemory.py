"""What is remembered of a copy, in the hidden folder of the local repository, so that looking at it costs no request.

    .cache/copies/<name>.json    the state, for people: when all was there, what is waiting, what went wrong
    .cache/copies/<name>.keys    the objects that are there, with their sizes
    .cache/copies/<name>.lock    held while objects are sent, so that two runs do not send the same

It is a memory and nothing more: lost, damaged, of another repository or of another place, it counts as empty, and the
copy is listed once. Nothing is ever deleted because of what it says.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from litekeep.clock import Clock
from litekeep.errors import Locked, StorageError
from litekeep.model import read_moment
from litekeep.records import dataclass
from litekeep.repository import layout
from litekeep.storage.base import Storage, sizes_by_key
from litekeep.storage.durable import make_folders
from litekeep.storage.oslock import hold
from litekeep.storage.regular import read_regular

FOLDER = Path(".cache") / "copies"
TALLY_DAYS = 30
_MOST_STATE_BYTES = 1 << 24
_MOST_KEYS_BYTES = 1 << 30
_VERSION = 1
_UNREADABLE = (TypeError, ValueError, LookupError, AttributeError, OverflowError)
_MOMENTS = ("attempted_at", "synced_at", "failing_since", "newest_at", "listed_at", "pruned_at", "proven_at")


@dataclass(frozen=True, slots=True)
class CopyState:
    """What is known about one copy without asking its server.

    name: in the settings. place: its URL, without secrets. attempted_at: when objects were last to be sent. synced_at:
    when last everything was there that should be. failing_since: when the first of the attempts was that failed since
    then; problem, problem_code: of the last one, empty if it succeeded. waiting_objects, waiting_bytes: what could not
    be sent yet. newest_at: when the newest snapshot was made that is whole there. snapshots, stored_bytes: what is
    there. listed_at: when the place itself was last asked what it has. pruned_at: when it was last pruned. proven_at:
    when a snapshot was last restored from there and proven; proven_id: which. last_sent: the key of the manifest that
    arrived last. requests, sent_bytes: of the last TALLY_DAYS days. warnings: what is not as it should be there.
    """

    name: str
    place: str
    attempted_at: datetime | None = None
    synced_at: datetime | None = None
    failing_since: datetime | None = None
    problem: str = ""
    problem_code: str = ""
    waiting_objects: int = 0
    waiting_bytes: int = 0
    newest_at: datetime | None = None
    snapshots: int = 0
    stored_bytes: int = 0
    listed_at: datetime | None = None
    pruned_at: datetime | None = None
    proven_at: datetime | None = None
    proven_id: str = ""
    last_sent: str = ""
    requests: int = 0
    sent_bytes: int = 0
    warnings: tuple[str, ...] = ()


class CopyMemory:
    """The memory of one copy; changes are kept by `save`, which never fails for want of a disk.

    known: key -> size in bytes of the objects that are there, or None if that is not known. left_out: ids of snapshots
    that the copy's own retention removed, and that are not sent again. exclusive: whether the server refuses to replace
    (see RemoteStorage.probe), None if nobody asked it yet.
    """

    def __init__(self, repository_folder: Path, name: str, place: str, repository_id: bytes) -> None:
        self._path = repository_folder / FOLDER / f"{name}.json"
        self._identity = {"version": _VERSION, "repository": repository_id.hex(), "place": place}
        self.state = CopyState(name, place)
        self.known: dict[str, int] | None = None
        self.left_out: set[str] = set()
        self.exclusive: bool | None = None
        self._tally: dict[str, list[int]] = {}
        self._saved_keys: dict[str, int] | None = None
        self._load()

    @contextmanager
    def lock(self, owner: str, clock: Clock, wait_seconds: float = 0.0) -> Iterator[None]:
        """Hold the copy against other runs on this machine; raises Locked. Where no file can be made, nobody can."""
        with ExitStack() as stack:
            with suppress(OSError):
                _make_folder(self._path.parent)
                stack.enter_context(hold(str(self._path.with_suffix(".lock")), owner, wait_seconds, clock))
                self._load()  # what another run has done meanwhile
            yield

    def change(self, **changes: Any) -> None:
        """Set fields of the state."""
        self.state = replace(self.state, **changes)

    def count(self, requests: int, sent_bytes: int, now: datetime) -> None:
        """Add to what was asked and sent in the last days."""
        oldest = (now - timedelta(days=TALLY_DAYS)).date().isoformat()
        day = self._tally.setdefault(now.date().isoformat(), [0, 0])
        day[0] += requests
        day[1] += sent_bytes
        self._tally = {day: counts for day, counts in self._tally.items() if day > oldest}
        total = list(map(sum, zip(*self._tally.values(), strict=True)))
        self.change(requests=total[0], sent_bytes=total[1])

    def save(self) -> None:
        """Write what is known; failing to is harmless, as it is only a memory."""
        facts = {
            **self._identity,
            "state": _to_json(self.state),
            "left_out": sorted(self.left_out),
            "exclusive": self.exclusive,
            "tally": self._tally,
        }
        with suppress(OSError):
            _make_folder(self._path.parent)
            if self.known is not None and self.known != self._saved_keys:
                lines = (f"{size} {key}\n" for key, size in sorted(self.known.items()))
                header = json.dumps({**self._identity, "keys": len(self.known)}) + "\n"
                _replace(self._path.with_suffix(".keys"), header + "".join(lines))
                self._saved_keys = dict(self.known)
            _replace(self._path, json.dumps(facts, indent=1) + "\n")

    def _load(self) -> None:
        facts = _read(self._path)
        if facts is None or any(facts.get(key) != value for key, value in self._identity.items()):
            return
        with suppress(*_UNREADABLE):
            tally = {str(day): [int(counts[0]), int(counts[1])] for day, counts in facts["tally"].items()}
            left_out, exclusive = {str(each) for each in facts["left_out"]}, facts["exclusive"]
            self.state = _from_json(facts["state"])
            self.left_out, self._tally = left_out, tally
            self.exclusive = exclusive if isinstance(exclusive, bool) else None
            self.known = self._load_keys()
            self._saved_keys = None if self.known is None else dict(self.known)

    def _load_keys(self) -> dict[str, int] | None:
        try:
            data = read_regular(self._path.with_suffix(".keys"), _MOST_KEYS_BYTES)
            header, *lines = data.decode("ascii").splitlines()
            facts = json.loads(header)
            found = {key: int(size) for size, _, key in (line.partition(" ") for line in lines)}
            whole = len(found) == facts.get("keys") and min(found.values(), default=0) >= 0
        except (OSError, ValueError, AttributeError, RecursionError):
            return None
        return found if whole and all(facts.get(key) == value for key, value in self._identity.items()) else None


@contextmanager
def noting_removals(memory: CopyMemory, storage: Storage, clock: Clock) -> Iterator[None]:
    """Around what a person has done to a copy: what goes there is not taken for lost afterwards, nor sent again.

    Where a sync is under way at this moment, it notes nothing: that one writes down what it knows.
    """
    with ExitStack() as stack:
        with suppress(Locked):
            stack.enter_context(memory.lock("removing", clock))
            if memory.known is not None:
                stack.enter_context(_noting(memory, memory.known, storage))
        yield


@contextmanager
def _noting(memory: CopyMemory, known: dict[str, int], storage: Storage) -> Iterator[None]:
    before = sizes_by_key(storage.list())
    try:
        yield
    finally:
        with suppress(StorageError):
            gone = before.keys() - sizes_by_key(storage.list()).keys()
            memory.known = {key: size for key, size in known.items() if key not in gone}
            memory.left_out |= layout.snapshot_ids(gone)
            memory.save()


def read_states(repository_folder: Path) -> dict[str, CopyState]:
    """The states of all copies of the repository in a folder, by name; a file that cannot be read is left out."""
    found = {}
    with suppress(OSError):
        for path in sorted((repository_folder / FOLDER).glob("*.json")):
            facts = _read(path)
            if facts is not None:
                with suppress(*_UNREADABLE):
                    state = _from_json(facts["state"])
                    found[state.name] = state
    return found


def forget_state(repository_folder: Path, name: str) -> None:
    """Forget what is remembered of a copy: the next run asks the place what it has."""
    for suffix in (".json", ".keys"):
        with suppress(OSError):
            os.unlink(repository_folder / FOLDER / f"{name}{suffix}")


def _to_json(state: CopyState) -> dict[str, Any]:
    facts = asdict(state)
    return {**facts, **{key: facts[key] and facts[key].isoformat() for key in _MOMENTS}}


def _from_json(facts: Mapping[str, Any]) -> CopyState:
    known = {each.name for each in fields(CopyState)}
    values = {key: value for key, value in facts.items() if key in known}
    for key in _MOMENTS:
        text = values.get(key)
        values[key] = None if text is None else read_moment(text)
    values["warnings"] = tuple(map(str, values.get("warnings", ())))
    state = CopyState(**values)
    for each in fields(CopyState):
        value = getattr(state, each.name)
        if each.type == "int" and (type(value) is not int or value < 0):
            raise ValueError(f"{each.name} is no count")
        if each.type == "str" and not isinstance(value, str):
            raise TypeError(f"{each.name} is no text")
    return state


def _make_folder(folder: Path) -> None:
    """Make it; raises OSError, also for a link in its place, which could lead anywhere."""
    for each in (folder.parent, folder):
        if not each.is_dir():
            make_folders(each)
        if each.is_symlink():
            raise OSError(errno.ELOOP, "a symbolic link", str(each))


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(read_regular(path, _MOST_STATE_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.name}.{os.urandom(4).hex()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode("ascii"))
        os.replace(temporary, path)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary)
        raise
