"""Facts with copies in other places, around the fixed moment: up to date, behind, never sent to, being sent to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from litekeep.config.load import parse_settings
from litekeep.operations.copymemory import CopyState
from litekeep.operations.spread import Holder, Location, measure
from litekeep.operations.status import MAX_AGE, Verdict
from litekeep.ui.presenter.facts import Sending, ViewFacts
from ui.presenter.made import NOW, at
from ui.view.states import HEALTHY, LAST, TESTED, of, status

CLOUD: dict[str, Any] = {"name": "cloud", "url": "webdavs://ana@cloud.example.org/remote.php/dav/files/ana/backups"}
DRIVE: dict[str, Any] = {"name": "drive", "url": "file:///media/ana/drive/backups"}
NAS: dict[str, Any] = {"name": "nas", "url": "sftp://ana@nas.local/backups", "off_site": False, "unencrypted": True}
_MB = 1_000_000


def entries(*copies: dict[str, Any]) -> Any:
    """The settings with these copies."""
    return parse_settings({"backup": {"copies": list(copies)}}, Path("/data"), {}).backup


def state(entry: dict[str, Any], **given: Any) -> CopyState:
    """Of a copy that had everything two hours ago."""
    shown = entries(entry).copies[0].shown
    values: dict[str, Any] = {
        "attempted_at": NOW - timedelta(hours=2),
        "synced_at": NOW - timedelta(hours=2),
        "newest_at": LAST,
        "snapshots": 63,
        "stored_bytes": 41_800_000,
        "proven_at": TESTED,
        "requests": 212,
        "sent_bytes": 6 * _MB,
        **given,
    }
    return CopyState(entry["name"], shown, **values)


def behind(entry: dict[str, Any], **given: Any) -> CopyState:
    """Nothing has arrived for four days."""
    since = at("2026-09-20")
    late = {"synced_at": since, "failing_since": since, "newest_at": since, "problem_code": "unreachable"}
    return state(
        entry,
        **{**late, "problem": "no answer", "waiting_objects": 12, "waiting_bytes": 3 * _MB, "proven_at": None, **given},
    )


def places(base: ViewFacts, *copies: tuple[dict[str, Any], CopyState]) -> ViewFacts:
    """Facts with these copies; database and backups on one disk, each copy on a device of its own."""
    there = [
        Location("database", Holder.DATABASE, base.database, "1"),
        Location("repository", Holder.REPOSITORY, base.folder, "1", newest_at=LAST, synced_at=LAST),
    ]
    chosen = entries(*(entry for entry, _ in copies)).copies
    for copy, (_, known) in zip(chosen, copies, strict=True):
        place = Location(copy.name, Holder.COPY, copy.shown, copy.name, copy.is_off_site, newest_at=known.newest_at)
        there.append(place)
    found = replace(base.settings, copies=chosen)
    return replace(base, settings=found, copies=tuple(known for _, known in copies), spread=measure(there, MAX_AGE))


NONE = places(HEALTHY)
GOOD = places(HEALTHY, (CLOUD, state(CLOUD)))
AWAY = places(of(status(Verdict.COPY_UNREACHABLE)), (CLOUD, behind(CLOUD)), (NAS, state(NAS)))
NEW = places(HEALTHY, (CLOUD, state(CLOUD)), (DRIVE, CopyState("drive", "file:///media/ana/drive/backups")))
SENDING = replace(
    NEW,
    sending=Sending(
        *("sync", "drive", NOW - timedelta(seconds=9), "sync", 12 * _MB, 41 * _MB, "bytes"),
        phase_began=NOW - timedelta(seconds=9),
    ),
)
