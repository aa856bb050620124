"""What a program asks of the file system, call by call, as strace sees it: SQLite's own writes too.

Only what changes files or makes them durable is kept, as events about numbered nodes (files and folders), so that a
file that is renamed or has two names stays one. The program says where it is with `mark`.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from crash.film import State

TOP = 0
"""The node of the folder that is watched."""
_MARK = "/no folder of this name/"
_CALLS = (
    "open,openat,creat,close,dup,dup2,dup3,fcntl,lseek,write,pwrite64,writev,pwritev,pwritev2,ftruncate,truncate,fallocate,"
    "fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,symlink,symlinkat,"
    "copy_file_range,sendfile,splice"
)
_LINE = re.compile(r"\d+ +(\w+)\((.*)\) += (-?\d+)(?: .*)?")
_UNFINISHED = re.compile(r"(\d+) +(.*) <unfinished \.\.\.>")
_RESUMED = re.compile(r"(\d+) +<\.\.\. \w+ resumed>(.*)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass(frozen=True, slots=True)
class Names:
    """Names that come to lead to a node, or to nothing: (folder, name, node). A rename changes two in one step."""

    changes: tuple[tuple[int, str, int | None], ...]


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes of a file."""

    node: int
    offset: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Cut:
    """A file gets another length."""

    node: int
    length: int


@dataclass(frozen=True, slots=True)
class Sync:
    """A file or folder is flushed."""

    node: int


@dataclass(frozen=True, slots=True)
class Mark:
    """The program got so far."""

    text: str


Event: TypeAlias = Names | Write | Cut | Sync | Mark
Entries: TypeAlias = dict[int, dict[str, int]]
"""By folder: its names, and the nodes that they lead to."""


@dataclass(slots=True)
class Recording:
    """What was there at the start, and what happened. folders: the nodes that are folders, also those made later."""

    entries: Entries
    contents: dict[int, bytes]
    folders: frozenset[int]
    events: list[Event]


def mark(text: str) -> None:
    """Say where the program is: a call that fails, and that nobody else makes."""
    with suppress(OSError):
        Path(_MARK + text).rmdir()


def record(command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
    """Run a command to its end; raises CalledProcessError."""
    strace = ["strace", "-f", "-qq", "--seccomp-bpf", "-xx", "-s", "100000000", "-e", "signal=none"]
    subprocess.run([*strace, "-e", f"trace={_CALLS}", "-o", str(log), *command], check=True, env=environment)


def read(log: Path, top: Path, start: State, folders: Iterable[Path], *, between: tuple[str, str]) -> Recording:
    """What happened below `top` between two marks. start, folders: files by their path in `top`, and all folders."""
    reader = _Reader(top, start, sorted(folders))
    began = False
    with log.open(encoding="ascii") as lines:
        for name, arguments, result in calls(lines):
            text = mark_in(name, arguments)
            if began and text is None:
                reader.call(name, arguments, result)
            elif began and text is not None:
                reader.events.append(Mark(text))
            began = (began or text == between[0]) and text != between[1]
    return Recording(reader.start, reader.at_start, frozenset(reader.names), reader.events)


def mark_in(name: str, arguments: str) -> str | None:
    """The text of a mark, if this is one."""
    if name == "rmdir" and (text := _strings(arguments)[0].decode()).startswith(_MARK):
        return text.removeprefix(_MARK)
    return None


def calls(lines: Iterable[str]) -> Iterator[tuple[str, str, int]]:
    """(name, arguments, result) of each call, in the order of their ends.

    But a descriptor is free from the beginning of its closing on: another thread may get it before the end.
    """
    begun: dict[str, str] = {}
    for line in lines:
        text = line.rstrip("\n")
        if found := _UNFINISHED.fullmatch(text):
            begun[found[1]] = found[2]
            if closed := re.fullmatch(r"close\((\d+)", found[2]):
                yield "close", closed[1], 0
            continue
        if found := _RESUMED.fullmatch(text):
            text = f"{found[1]} {begun.pop(found[1])}{found[2]}"
            if text.split(" ", 1)[1].startswith("close("):
                continue
        if found := _LINE.fullmatch(text):
            yield found[1], found[2], int(found[3])


def _strings(arguments: str) -> list[bytes]:
    return [bytes.fromhex(text.replace("\\x", "")) for text in _TEXT.findall(arguments)]


@dataclass(slots=True)
class _Open:
    node: int
    appends: bool
    position: int = 0


@dataclass(slots=True)
class _Reader:
    """Follows names and descriptors."""

    top: Path
    given: State
    folders: list[Path]
    events: list[Event] = field(default_factory=list)
    start: Entries = field(default_factory=dict)
    at_start: dict[int, bytes] = field(default_factory=dict)
    names: Entries = field(default_factory=dict)
    lengths: dict[int, int] = field(default_factory=dict)
    descriptors: dict[int, _Open] = field(default_factory=dict)
    nodes: int = TOP

    def __post_init__(self) -> None:
        self.names[TOP] = {}
        for folder in self.folders:
            self._add(folder.relative_to(self.top).as_posix(), None)
        for path, content in self.given.items():
            self._add(path, content)
        self.start = {folder: dict(inside) for folder, inside in self.names.items()}

    def _add(self, path: str, content: bytes | None) -> None:
        *folders, name = path.split("/")
        at = TOP
        for folder in folders:
            at = self.names[at].get(folder) or self._new(at, folder, None)
        self._new(at, name, content)

    def _new(self, folder: int, name: str, content: bytes | None) -> int:
        self.nodes += 1
        self.names[folder][name] = self.nodes
        if content is None:
            self.names[self.nodes] = {}
        else:
            self.at_start[self.nodes], self.lengths[self.nodes] = content, len(content)
        return self.nodes

    def call(self, name: str, arguments: str, result: int) -> None:
        """One call, if it succeeded and is about something below the top."""
        if result < 0:
            return
        if handler := getattr(self, f"_{name}", None):
            handler(arguments, result)
        else:
            first, *more = (self.descriptors.get(int(number)) for number in re.findall(r"\b\d+\b", arguments)[:3])
            assert first is None, f"{name} is not understood"
            assert not any(more), f"{name} is not understood"

    # Names

    def _place(self, text: bytes, at: str = "AT_FDCWD") -> tuple[int, str] | None:
        """(folder, name) of a path; None outside of the top."""
        path = os.fsdecode(text)
        if not path.startswith("/"):
            held = self.descriptors.get(int(at)) if at.isdigit() else None
            return (held.node, path) if held else None
        if not path.startswith(f"{self.top}/"):
            return None
        *folders, name = [part for part in path[len(str(self.top)) + 1 :].split("/") if part]
        node = TOP
        for folder in folders:
            node = self.names[node][folder]
        return node, name

    def _change(self, *changes: tuple[tuple[int, str] | None, int | None]) -> None:
        inside = tuple((*place, node) for place, node in changes if place)
        for folder, name, node in inside:
            if node is None:
                self.names[folder].pop(name, None)
            else:
                self.names[folder][name] = node
        if inside:
            self.events.append(Names(inside))

    def _at(self, place: tuple[int, str]) -> int | None:
        return self.names[place[0]].get(place[1])

    def _openat(self, arguments: str, result: int) -> None:
        at, _, flags = arguments.partition(",")
        self._opened(self._place(_strings(arguments)[0], at), flags, result)

    def _open(self, arguments: str, result: int) -> None:
        self._opened(self._place(_strings(arguments)[0]), arguments, result)

    def _opened(self, place: tuple[int, str] | None, flags: str, result: int) -> None:
        self.descriptors.pop(result, None)
        if place is None:
            if str(self.top).encode() in _strings(flags):
                self.descriptors[result] = _Open(TOP, appends=False)
            return
        node = self._at(place)
        if node is None:
            assert "O_CREAT" in flags, place
            self.nodes += 1
            node = self.nodes
            self.lengths[node] = 0
            self._change((place, node))
        elif "O_TRUNC" in flags and self.lengths[node]:
            self._cut(node, 0)
        self.descriptors[result] = _Open(node, "O_APPEND" in flags)

    def _close(self, arguments: str, result: int) -> None:
        self.descriptors.pop(int(arguments), None)

    def _dup(self, arguments: str, result: int) -> None:
        held = self.descriptors.get(int(arguments.partition(",")[0]))
        self.descriptors.pop(result, None)
        if held:
            self.descriptors[result] = held

    _dup2 = _dup3 = _dup

    def _fcntl(self, arguments: str, result: int) -> None:
        if "F_DUPFD" in arguments:
            self._dup(arguments, result)

    def _rename(self, arguments: str, result: int) -> None:
        self._renamed([self._place(text) for text in _strings(arguments)])

    def _renameat(self, arguments: str, result: int) -> None:
        self._renamed(self._two(arguments))

    _renameat2 = _renameat

    def _two(self, arguments: str) -> list[tuple[int, str] | None]:
        ats = re.findall(r"(AT_FDCWD|\d+), \"", arguments)
        return [self._place(text, at) for at, text in zip(ats, _strings(arguments), strict=True)]

    def _renamed(self, places: list[tuple[int, str] | None]) -> None:
        old, new = places
        assert (old is None) == (new is None), "renamed across the border of what is watched"
        if old and new:
            self._change((old, None), (new, self._at(old)))

    def _link(self, arguments: str, result: int) -> None:
        self._linked([self._place(text) for text in _strings(arguments)])

    def _linkat(self, arguments: str, result: int) -> None:
        self._linked(self._two(arguments))

    def _linked(self, places: list[tuple[int, str] | None]) -> None:
        old, new = places
        if old and new:
            self._change((new, self._at(old)))

    def _unlink(self, arguments: str, result: int) -> None:
        self._change((self._place(_strings(arguments)[0]), None))

    _rmdir = _unlink

    def _unlinkat(self, arguments: str, result: int) -> None:
        self._change((self._place(_strings(arguments)[0], arguments.partition(",")[0]), None))

    def _mkdir(self, arguments: str, result: int) -> None:
        self._made(self._place(_strings(arguments)[0]))

    def _mkdirat(self, arguments: str, result: int) -> None:
        self._made(self._place(_strings(arguments)[0], arguments.partition(",")[0]))

    def _made(self, place: tuple[int, str] | None) -> None:
        if place:
            self.nodes += 1
            self.names[self.nodes] = {}
            self._change((place, self.nodes))

    # Contents

    def _held(self, arguments: str) -> _Open | None:
        return self.descriptors.get(int(arguments.partition(",")[0]))

    def _lseek(self, arguments: str, result: int) -> None:
        if held := self._held(arguments):
            held.position = result

    def _write(self, arguments: str, result: int) -> None:
        if held := self._held(arguments):
            offset = self.lengths[held.node] if held.appends else held.position
            self._written(held.node, offset, b"".join(_strings(arguments))[:result])
            held.position = offset + result

    _writev = _write

    def _pwrite64(self, arguments: str, result: int) -> None:
        if held := self._held(arguments):
            offset = int(arguments.rpartition(",")[2])
            self._written(held.node, offset, b"".join(_strings(arguments))[:result])

    _pwritev = _pwrite64

    def _written(self, node: int, offset: int, content: bytes) -> None:
        self.lengths[node] = max(self.lengths[node], offset + len(content))
        self.events.append(Write(node, offset, content))

    def _ftruncate(self, arguments: str, result: int) -> None:
        if held := self._held(arguments):
            self._cut(held.node, int(arguments.rpartition(",")[2]))

    def _truncate(self, arguments: str, result: int) -> None:
        place = self._place(_strings(arguments)[0])
        node = self._at(place) if place else None
        if node is not None:
            self._cut(node, int(arguments.rpartition(",")[2]))

    def _fallocate(self, arguments: str, result: int) -> None:
        if held := self._held(arguments):
            _, how, offset, length = arguments.split(", ")
            assert how == "0", how
            if int(offset) + int(length) > self.lengths[held.node]:
                self._cut(held.node, int(offset) + int(length))

    def _cut(self, node: int, length: int) -> None:
        self.lengths[node] = length
        self.events.append(Cut(node, length))

    def _fsync(self, arguments: str, result: int) -> None:
        if held := self._held(arguments):
            self.events.append(Sync(held.node))

    _fdatasync = _fsync
