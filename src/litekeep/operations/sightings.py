"""What this machine saw of a repository when it last looked: a small file of this user, outside of the repository.

One JSON file for each repository and place of it, `seen/<repository id>-<16 digits of the place>.json` in the folder
where programs of the user keep their state (config.userfolders): which snapshots of which source were there, by
sequence and id, which of them were in the trash, and what was found to be gone. It holds what the names of objects
tell, and nothing that an encrypted repository hides but what is in the trash. What it is for, and why it may be
believed, is told in operations.lookback.

It is replaced in one step. Missing, damaged, of another version, or impossible to write: then this machine is one that
looks for the first time.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from blake3 import blake3

from litekeep.model import read_moment
from litekeep.records import dataclass
from litekeep.repository.repository import Repository
from litekeep.storage.durable import make_folders

SCHEMA = "litekeep.seen/1"
FOLDER = "seen"
_TOKEN = re.compile(r"[0-9]{1,9}-[0-9a-f]{16}")


def token(sequence: int, snapshot_id: str) -> str:
    """A snapshot in a word: "7-3f62ab0c11d09e45"."""
    return f"{sequence}-{snapshot_id}"


def sequence_of(seen: str) -> int:
    """Of a token."""
    return int(seen.partition("-")[0])


def id_of(seen: str) -> str:
    """Of a token."""
    return seen.partition("-")[2]


class Wrong(StrEnum):
    """What is wrong; see operations.lookback."""

    ROLLED_BACK = "rolled_back"
    FORKED = "forked"
    MISSING = "snapshots_missing"


@dataclass(frozen=True, slots=True)
class SourceSeen:
    """known: tokens of the snapshots of one source; True: it was in the trash. wrong, since: what was found, and when.

    As long as something is wrong, `known` also has what is gone.
    """

    known: dict[str, bool] = field(default_factory=dict)
    wrong: Wrong | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sightings:
    """at: when this machine last wrote it down. sources: by the name of their folder."""

    at: datetime
    sources: dict[str, SourceSeen]


def place_of(repository: Repository) -> str:
    """The place in which a repository is: a copy of it elsewhere has a history of its own."""
    place = repository.storage.description
    return os.path.normcase(os.path.realpath(place)) if Path(place).is_absolute() else place


def remember_in(state_folder: Path, repository: Repository) -> None:
    """Let operations on this repository look back and remember; without this they do not."""
    digits = blake3(place_of(repository).encode("utf-8", "surrogatepass")).hexdigest(8)
    repository.sightings = state_folder / FOLDER / f"{repository.config.id.hex()}-{digits}.json"


def remember_beside(repository: Repository, copy: Repository) -> None:
    """The same for a copy of a repository: in the same folder, in a file of its own."""
    if repository.sightings is not None:
        remember_in(repository.sightings.parent.parent, copy)


def read(path: Path) -> Sightings | None:
    """What was remembered; None if there is nothing, or nothing that can be read."""
    try:
        found = json.loads(path.read_bytes())
        if found["schema"] != SCHEMA:
            return None
        sources = {str(name): _source(facts) for name, facts in found["sources"].items()}
        return Sightings(read_moment(found["at"]), sources)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def write(path: Path, sightings: Sightings, repository: Repository) -> None:
    """Remember; failing to is harmless."""
    facts = {
        "schema": SCHEMA,
        "place": place_of(repository),
        "at": sightings.at.isoformat(),
        "sources": {name: _facts(source) for name, source in sorted(sightings.sources.items())},
    }
    with suppress(OSError):
        make_folders(path.parent)
        _replace(path, json.dumps(facts, indent=1).encode("ascii") + b"\n")


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_name(f"{path.name}.{os.urandom(4).hex()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _facts(source: SourceSeen) -> dict[str, str]:
    return {
        "known": _joined(each for each, trashed in source.known.items() if not trashed),
        "trash": _joined(each for each, trashed in source.known.items() if trashed),
        "wrong": source.wrong or "",
        "since": source.since.isoformat() if source.since else "",
    }


def _source(facts: dict[str, Any]) -> SourceSeen:
    known = dict.fromkeys(facts["known"].split(), False) | dict.fromkeys(facts["trash"].split(), True)
    if not all(map(_TOKEN.fullmatch, known)):
        raise ValueError("no token")
    if not facts["wrong"]:
        return SourceSeen(known)
    return SourceSeen(known, Wrong(facts["wrong"]), read_moment(facts["since"]))


def _joined(tokens: Iterable[str]) -> str:
    return " ".join(tokens)
