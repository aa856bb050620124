"""A disk that is told the events of a recording, and what may be on it after a kill or a power cut.

After a kill everything is there that was asked for: the system goes on. After a power cut the model is the weakest one
that file systems with a journal for their names keep to (POSIX fsync; Pillai and others, All file systems are not
created equal, OSDI 2014, the "abstract persistence model"; linux Documentation/filesystems/ext4, data=writeback):

* What was flushed stays: the bytes of a file after an fsync of that file, the names in a folder after an fsync of that
  folder. Flushing a file does not make its name durable, and flushing a name not its bytes.
* Every change of a name that was not flushed is there or not, each by itself, so in any order; only changes of one and
  the same name keep theirs. A rename is one step: both its names change, or none, and flushing either folder makes it
  durable. A folder whose own name is lost is lost with all that is in it.
* Bytes that were not flushed may be lost; there; there up to any byte; of the right length and zero; of the right
  length and rubbish; or each sector of 512 bytes old or new by itself. Bytes that were not written to stay.

Not modelled: drives that lie about a flush, and bytes that were flushed and rot (campaign damage).

Private folders for working copies are as after a kill: whatever is in them is removed by the next run, unread.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from crash.film import State
from torture.syscalls import TOP, Cut, Entries, Event, Mark, Names, Recording, Sync, Write

SECTOR = 512
FEW = 3
"""Of so many unflushed changes of names, every choice is tried; of more, those that make the difference, and some."""
_RANDOM = re.compile(r"(\.tmp-|litekeep-scratch-|\.litekeep-|\.before-restore-)[0-9a-z_]+")
_SCRATCH = "litekeep-scratch-"
_NOISE = re.compile(r"(.*/)?(lock|[^/]*-shm|[^/]*\.lock|\.cache/.*)")
"""Files that are memory only. Their bytes are lost at random, and states that differ in them alone count as one."""


class Loss(StrEnum):
    """What a power cut does to bytes, or to names, that were not flushed."""

    KEPT = "bytes kept"
    LOST = "bytes lost"
    SHORT = "bytes kept up to a point"
    ZEROS = "zeros instead of bytes"
    RUBBISH = "rubbish instead of bytes"
    TORN = "sectors old and new"
    NAME = "name not changed"
    ORDER = "later name changed, earlier one not"
    FOLDER = "folder lost with its content"


BYTES = (Loss.KEPT, Loss.LOST, Loss.SHORT, Loss.ZEROS, Loss.RUBBISH, Loss.TORN)


@dataclass(frozen=True, slots=True)
class Tree:
    """All files by path, and the folders. linked: the paths of each file that has several."""

    files: State
    folders: tuple[str, ...] = ()
    linked: tuple[tuple[str, ...], ...] = ()

    def lay_out(self, top: Path) -> None:
        """Make exactly this in a folder, which is empty."""
        for folder in self.folders:
            (top / folder).mkdir(exist_ok=True, mode=0o700)
        others = {path: paths[0] for paths in self.linked for path in paths[1:]}
        for path in self.files.keys() - others.keys():
            (top / path).write_bytes(self.files[path])
        for path, first in others.items():
            (top / path).hardlink_to(top / first)

    def fingerprint(self) -> tuple[object, ...]:
        """Equal for trees that differ in random names, and in what nobody reads, only."""
        files = sorted((_plain(path), hash(content) if _matters(path) else 0) for path, content in self.files.items())
        return (tuple(files), tuple(sorted(map(_plain, self.folders))))


@lru_cache(1 << 16)
def _plain(path: str) -> str:
    return _RANDOM.sub(r"\1", path)


@lru_cache(1 << 16)
def _matters(path: str) -> bool:
    return _SCRATCH not in path and not _NOISE.fullmatch(path)


def _applied(content: bytes, event: Write | Cut) -> bytes:
    if isinstance(event, Cut):
        return content[: event.length].ljust(event.length, b"\0")
    end = event.offset + len(event.content)
    return content[: event.offset].ljust(event.offset, b"\0") + event.content + content[end:]


@dataclass(slots=True)
class Disk:
    """live: as programs see it. safe: as it is for certain after a power cut; the rest is pending, in order.

    names: changes of names that were not flushed. unsafe: the same of bytes, by file. scratch: private folders.
    """

    live: Entries
    live_contents: dict[int, bytes]
    safe: Entries
    safe_contents: dict[int, bytes]
    folders: frozenset[int]
    names: list[Names] = field(default_factory=list)
    unsafe: dict[int, list[Write | Cut]] = field(default_factory=dict)
    scratch: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, recording: Recording) -> Disk:
        """At the start, when everything is safe."""
        entries, contents = recording.entries, recording.contents
        return cls(_copied(entries), dict(contents), _copied(entries), dict(contents), recording.folders)

    def tell(self, event: Event) -> None:
        """The next event."""
        match event:
            case Names():
                self._rename(event)
            case Write() | Cut():
                self.live_contents[event.node] = _applied(self.live_contents.get(event.node, b""), event)
                self.unsafe.setdefault(event.node, []).append(event)
            case Sync():
                self._flush(event.node)
            case Mark():
                pass

    def _rename(self, event: Names) -> None:
        for folder, name, node in event.changes:
            if node in self.folders:
                if name.startswith(_SCRATCH) or folder in self.scratch:
                    self.scratch.add(node)
            elif node is not None:
                self.live_contents.setdefault(node, b"")
                self.safe_contents.setdefault(node, b"")
        _change(self.live, event)
        if all(folder in self.scratch or name.startswith(_SCRATCH) for folder, name, _ in event.changes):
            _change(self.safe, event)
        else:
            self.names.append(event)

    def _flush(self, node: int) -> None:
        for change in self.unsafe.pop(node, ()):
            self.safe_contents[node] = _applied(self.safe_contents[node], change)
        touched = {(folder, name) for event in self.names for folder, name, _ in event.changes if folder == node}
        while True:  # what precedes a flushed change of the same name is flushed with it
            flushed = [event for event in self.names if any((f, n) in touched for f, n, _ in event.changes)]
            more = {(folder, name) for event in flushed for folder, name, _ in event.changes}
            if more <= touched:
                break
            touched |= more
        for event in flushed:
            _change(self.safe, event)
            self.names.remove(event)

    def after_kill(self) -> Tree:
        """What the next program finds."""
        return _tree(self.live, self.live_contents)

    def torn(self, event: Write) -> Tree:
        """The same, killed in the middle of a write."""
        half = Write(event.node, event.offset, event.content[: len(event.content) // 2])
        before = self.live_contents[event.node]
        return _tree(self.live, {**self.live_contents, event.node: _applied(before, half)})

    @property
    def pending(self) -> bool:
        """True if a power cut can take anything away."""
        return bool(self.names or self.unsafe)

    def after_power_cut(self, chance: random.Random, mixed: int) -> Iterator[tuple[Tree, set[Loss]]]:
        """States that are legal now, each with what happened. mixed: states with random losses, for each of names."""
        for kept in _choices(self.names, chance):
            entries = _copied(self.safe)
            for event in kept:
                _change(entries, event)
            losses = self._losses_of_names(kept)
            reached = _reached(entries)
            if any(node in self.folders for node in _reached(self.live).keys() - reached.keys()):
                losses.add(Loss.FOLDER)
            torn = [node for node in self.unsafe if node in reached and _SCRATCH not in reached[node]]
            noise = [node for node in torn if not _matters(reached[node])]
            for kind in BYTES if len(torn) > len(noise) else BYTES[:1]:
                kinds = dict.fromkeys(torn, kind) | {node: chance.choice(BYTES) for node in noise}
                yield self._state(entries, kinds, chance, losses)
            for _ in range(mixed if len(torn) > len(noise) else 0):
                yield self._state(entries, {node: chance.choice(BYTES) for node in torn}, chance, losses)

    def _losses_of_names(self, kept: Sequence[Names]) -> set[Loss]:
        lost = [number for number, event in enumerate(self.names) if event not in kept]
        there = [number for number, event in enumerate(self.names) if event in kept]
        found = {Loss.NAME} if lost else set()
        return found | ({Loss.ORDER} if lost and there and min(lost) < max(there) else set())

    def _state(
        self, entries: Entries, kinds: dict[int, Loss], chance: random.Random, losses: set[Loss]
    ) -> tuple[Tree, set[Loss]]:
        contents = {**self.live_contents, **{node: self._bytes(node, kind, chance) for node, kind in kinds.items()}}
        return _tree(entries, contents), losses | set(kinds.values())

    def _bytes(self, node: int, kind: Loss, chance: random.Random) -> bytes:
        old, new, events = self.safe_contents[node], self.live_contents[node], self.unsafe[node]
        match kind:
            case Loss.KEPT:
                return new
            case Loss.LOST:
                return old
            case Loss.SHORT:
                return _up_to_a_point(old, events, chance)
            case Loss.TORN:
                return _torn(old.ljust(len(new), b"\0")[: len(new)], new, chance)
            case _:
                return _instead(new, events, chance if kind is Loss.RUBBISH else None)


def _copied(entries: Entries) -> Entries:
    return {folder: dict(inside) for folder, inside in entries.items()}


def _change(entries: Entries, event: Names) -> None:
    for folder, name, node in event.changes:
        inside = entries.setdefault(folder, {})
        if node is None:
            inside.pop(name, None)
        else:
            inside[name] = node


def _choices(names: Sequence[Names], chance: random.Random) -> Iterator[list[Names]]:
    """Which changes of names are there."""
    count = len(names)
    if count <= FEW:
        chosen = set(range(1 << count))
    else:
        everything = (1 << count) - 1
        chosen = {(1 << number) - 1 for number in range(count + 1)}  # in order up to a point
        chosen |= {everything & ~(1 << number) for number in range(count)} | {1 << number for number in range(count)}
        chosen |= {chance.getrandbits(count) for _ in range(count)}
    for bits in sorted(chosen):
        yield [event for number, event in enumerate(names) if bits >> number & 1]


def _up_to_a_point(old: bytes, events: Sequence[Write | Cut], chance: random.Random) -> bytes:
    number = chance.randrange(len(events))
    for event in events[:number]:
        old = _applied(old, event)
    last = events[number]
    if isinstance(last, Cut):
        return old
    return _applied(old, Write(last.node, last.offset, last.content[: chance.randrange(len(last.content) + 1)]))


def _torn(old: bytes, new: bytes, chance: random.Random) -> bytes:
    sectors = range(0, len(new), SECTOR)
    return b"".join((old if chance.getrandbits(1) else new)[start : start + SECTOR] for start in sectors)


def _instead(new: bytes, events: Sequence[Write | Cut], chance: random.Random | None) -> bytes:
    content = bytearray(new)
    for event in events:
        if isinstance(event, Write):
            end = min(len(new), event.offset + len(event.content))
            length = max(0, end - event.offset)
            content[event.offset : end] = chance.randbytes(length) if chance else bytes(length)
    return bytes(content)


def _reached(entries: Entries) -> dict[int, str]:
    """Nodes that have a name, each with one of its paths."""
    found: dict[int, str] = {}
    todo = [(TOP, "")]
    while todo:
        folder, below = todo.pop()
        for name, node in entries.get(folder, {}).items():
            found[node] = below + name
            todo.append((node, f"{below}{name}/"))
    return found


def _tree(entries: Entries, contents: dict[int, bytes]) -> Tree:
    files: State = {}
    folders: list[str] = []
    paths: dict[int, tuple[str, ...]] = {}
    todo = [(TOP, "")]
    while todo:
        folder, below = todo.pop()
        for name, node in entries.get(folder, {}).items():
            path = below + name
            if node in contents:
                files[path] = contents[node]
                paths[node] = (*paths.get(node, ()), path)
            else:
                folders.append(path)
                todo.append((node, f"{path}/"))
    return Tree(files, tuple(folders), tuple(each for each in paths.values() if len(each) > 1))
