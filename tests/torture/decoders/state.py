"""Local state: files beside the repository or of this user. Damaged or planted, they count as empty; nothing fails."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path

from blake3 import blake3

from litekeep.clock import SystemClock
from litekeep.errors import LitekeepError, Locked, ObjectMissing
from litekeep.journal import history
from litekeep.journal.history import Outcome, Row
from litekeep.notify import sent
from litekeep.notify.message import State
from litekeep.operations import copymemory, sightings
from litekeep.operations.copymemory import CopyMemory, CopyState, read_states
from litekeep.repository import memo
from litekeep.repository.memo import CatalogMemo
from litekeep.sqlite import replace as replace_files
from litekeep.storage import oslock
from litekeep.storage.base import Entry
from litekeep.storage.remote.lease import Leases
from litekeep.storage.remote.wire import Found
from litekeep.ui.app import remembered
from torture.decoders.decoder import Decoder, names_in, show
from torture.decoders.objects import snapshot

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
REPOSITORY = bytes(16)
KEY = "snapshots/app/20260102T000000Z-000001-0123456789abcdef"


def catalog(data: bytes, folder: Path) -> object:
    """The memory of the catalog."""
    path, entry = folder / "catalog", Entry(KEY, 700)
    memo._parsed.clear()
    path.write_bytes(data)
    remembered_one = CatalogMemo(path, REPOSITORY)
    found = remembered_one.recall(entry, [])
    if found is not None:
        show(found.created_at, found.trashed_at, found.verified_at, found.drilled_at, found.slot)
    known = replace(snapshot(), key=KEY)
    remembered_one.remember(entry, [], known)
    remembered_one.save()
    memo._parsed.clear()
    assert CatalogMemo(path, REPOSITORY).recall(entry, []) in (None, found, known)  # behind a torn line, none
    return found is None


def catalogs() -> list[bytes]:
    """With one snapshot."""
    identity = CatalogMemo(Path("x"), REPOSITORY)._identity
    row = [memo._signature(Entry(KEY, 700), []), memo._to_row(snapshot())]
    return [memo._line(identity) + memo._line((KEY, row))]


def seal_catalog(data: bytes) -> bytes:
    """The checks of all lines, put right."""
    return b"".join(
        blake3(line[16:]).hexdigest(8).encode() + line[16:] + b"\n" for line in data.split(b"\n") if line[16:]
    )


def copy(data: bytes, folder: Path) -> object:
    """What is remembered of a copy: state and list of objects, apart by a zero byte."""
    state, _, keys = data.partition(b"\0")
    inside = folder / copymemory.FOLDER
    inside.mkdir(parents=True, exist_ok=True)
    (inside / "nas.json").write_bytes(state)
    (inside / "nas.keys").write_bytes(keys)
    states = read_states(folder)
    found = CopyMemory(folder, "nas", "s3://b", REPOSITORY)
    for each in (*states.values(), found.state):
        show(*(getattr(each, name) for name in copymemory._MOMENTS))
        assert all(type(getattr(each, field.name)) is type(field.default) for field in _PLAIN_FIELDS), each
        assert type(each.name) is str
    assert all(size >= 0 for size in (found.known or {}).values())
    found.count(1, 2, NOW)
    found.save()
    return not states


_PLAIN_FIELDS = [each for each in fields(CopyState) if isinstance(each.default, int | str | tuple)]


def copies() -> list[bytes]:
    """One that was sent to."""
    identity = {"version": 1, "repository": REPOSITORY.hex(), "place": "s3://b"}
    state = copymemory._to_json(CopyState("nas", "s3://b", NOW, NOW, snapshots=3, warnings=("x",)))
    facts = {**identity, "state": state, "left_out": ["0123"], "exclusive": True, "tally": {"2026-05-01": [3, 4]}}
    return [json.dumps(facts).encode() + b"\0" + json.dumps({**identity, "keys": 1}).encode() + b"\n12 packs/x\n"]


def seen(data: bytes, folder: Path) -> object:
    """What this machine saw of a repository."""
    path = folder / "seen.json"
    path.write_bytes(data)
    found = sightings.read(path)
    if found is None:
        return None
    show(found.at, *(source.since for source in found.sources.values()))
    for source in found.sources.values():
        for token in source.known:
            assert sightings.token(sightings.sequence_of(token), sightings.id_of(token))
    return len(found.sources)


def sightings_seeds() -> list[bytes]:
    """Of a healthy and of a rolled back source."""
    known = {"known": "1-0123456789abcdef 2-0123456789abcdee", "trash": "3-0123456789abcded"}
    sources = {"app": {**known, "wrong": "", "since": ""}, "b": {**known, "wrong": "forked", "since": NOW.isoformat()}}
    return [json.dumps({"schema": sightings.SCHEMA, "place": "/x", "at": NOW.isoformat(), "sources": sources}).encode()]


def journal(data: bytes, folder: Path) -> object:
    """The journal, as a table."""
    (folder / history.NAME).write_bytes(data)
    rows = history.history_table(history.read(folder), since=NOW)
    show(*(row.at for row in rows))
    return len(rows)


def journals() -> list[bytes]:
    """Two runs."""
    row = Row(NOW, "backup", "app", Outcome.OK, 0, "", "done", 1.5, {"new_bytes": 3})
    return [history._encode(row, ()) + b"\n" + history._encode(row, ()) + b"\n"]


def notices(data: bytes, folder: Path) -> object:
    """What people were told."""
    (folder / sent.NAME).write_bytes(data)
    found = sent.read(folder)
    show(*(each.at for each in found))
    return len(found)


def notice_seeds() -> list[bytes]:
    """One that something is wrong."""
    states = [each.value for each in State]
    facts = {"at": NOW.isoformat(), "channel": "mail", "source": "app", "topic": "backup"}
    return [b"".join(json.dumps({**facts, "state": each}).encode() + b"\n" for each in states)]


def window(data: bytes, folder: Path) -> object:
    """What the window remembers."""
    path = folder / "window.json"
    path.write_bytes(data)
    found = remembered.load(path)
    remembered.save(path, found)
    return len(found.databases)


def windows() -> list[bytes]:
    """One database."""
    known = [{"database": "/a/app.db", "settings": "/a/litekeep.json"}]
    return [
        json.dumps({"schema": remembered.SCHEMA, "databases": known, "shown": "/a/app.db", "geometry": "1x1"}).encode()
    ]


def lock(data: bytes, folder: Path) -> object:
    """The record of who holds a lock, on a disk and on a server."""
    (folder / "lock").write_bytes(data)
    for error in (oslock._locked(str(folder / "lock")), Leases(_Marks(data), SystemClock())._locked(["lock/x.0"])):
        assert isinstance(error, Locked)
        assert len(error.message) < 3000
    return True


def intent(data: bytes, folder: Path) -> object:
    """What an interrupted replacement of a database left beside it, and its end; the database is whole in any case."""
    inside = folder / "interrupted"
    inside.mkdir()
    try:
        database, prepared = inside / "app.db", inside / ".litekeep-new"
        database.write_bytes(b"old")
        prepared.write_bytes(b"new")
        replace_files._intent_file(database).write_bytes(data)
        outcome = replace_files.finish_interrupted(database)
        assert database.read_bytes() in (b"old", b"new")
        return outcome
    finally:
        shutil.rmtree(inside)


def intents() -> list[bytes]:
    """One of a database that was there, and one of none."""
    facts = {"target": b"app.db".hex(), "id": "0123456789abcdef", "prepared": ".litekeep-new", "had_target": True}
    return [json.dumps(facts).encode(), json.dumps({**facts, "had_target": False}).encode()]


class _Marks:
    """A server with one lease."""

    description = "s3://b"

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read_mark(self, name: str) -> bytes:
        return self._data

    def write_mark(self, name: str, data: bytes) -> None: ...

    def remove_mark(self, name: str) -> None: ...

    def marks(self, prefix: str) -> Sequence[Found]:
        raise ObjectMissing("none")


MOMENTS = names_in("at since null 2026-05-01T12:00:00+00:00")


def _state(name: str, decode: Callable[[bytes, Path], object], seeds: Callable[[], list[bytes]], words: str) -> Decoder:
    return Decoder(name, decode, (), seeds, (*names_in(words), *MOMENTS), weight=3)


STATE = (
    Decoder("memory of the catalog", catalog, (), catalogs, (b"\n", KEY.encode()), seal_catalog, 2),
    _state("memory of a copy", copy, copies, "version repository place state left_out exclusive tally keys warnings"),
    _state("sightings", seen, sightings_seeds, "schema sources known trash wrong since rolled_back forked 1-0 x-1"),
    _state("journal", journal, journals, "verb source outcome exit_code code message elapsed_seconds facts ok failed"),
    _state("notices", notices, notice_seeds, "channel source topic state"),
    _state("memory of the window", window, windows, "schema databases database settings shown geometry"),
    Decoder(
        "interrupted restore",
        intent,
        (LitekeepError,),
        intents,
        names_in("target id prepared had_target .litekeep- .. / \\u0000 .litekeep-intent app.db"),
        weight=2,
    ),
    _state("lock", lock, lambda: [b'{"owner": "me", "since": "2026"}', b"pid 7, since 2026"], "owner since"),
)
