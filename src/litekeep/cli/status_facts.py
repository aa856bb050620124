"""What is known about all databases of a repository: for `status`, for metrics, and for notifications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from litekeep.cli.place import Place
from litekeep.cli.session import Session
from litekeep.errors import NoRepository, StorageError
from litekeep.journal import history
from litekeep.records import dataclass

if TYPE_CHECKING:
    from litekeep.config.copies import CopySettings
    from litekeep.notify.message import Situation
    from litekeep.operations.spread import Spread
    from litekeep.operations.status import Facts, Status
    from litekeep.repository.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Gathered:
    """pairs: the facts and the verdict of each database. place, stored_bytes: None if the repository is not there.

    place: also of a folder that is not there, if it was named. at: when it was looked. spreads: how the data of each
    database is spread over places (operations.spread), by its name; none for a repository on a server.
    """

    pairs: tuple[tuple[Facts, Status], ...]
    place: Place | None
    stored_bytes: int | None
    at: datetime
    spreads: Mapping[str, Spread] = field(default_factory=dict)

    @property
    def worst(self) -> int:
        """0 protected, 1 at risk, 2 not protected."""
        return max((int(status.protection) for _, status in self.pairs), default=2)

    def situations(self, rows: Sequence[history.Row], name: str) -> list[Situation]:
        """For notifications; rows: the journal. name: of the database, if the repository is not there to tell."""
        from litekeep.manager.situations import situation_of

        return [situation_of(facts, status, rows, self.at, name) for facts, status in self.pairs]


def gather(session: Session, max_age: timedelta) -> Gathered:
    """Look at the repository; one that is not there is a fact, not an error."""
    from litekeep.manager.situations import backup_runs
    from litekeep.operations.status import Facts, assess, gather_facts
    from litekeep.operations.whereabouts import copy_facts

    now = session.clock.now()
    named = session.settings.repository or session.settings.copy
    place, stored_bytes = session.place_for(None) if named else None, None
    spreads: dict[str, Spread] = {}
    try:
        place = session.find()
        repository = session.open(place)
        catalog = session.catalog(repository)
        copies = session.file.backup.copies if session.file else ()
        folder = place.folder
        told = copy_facts(folder, catalog.snapshots, copies, max_age) if folder else ()
        runs = backup_runs(history.read(place.diaries))
        facts = gather_facts(repository, catalog, runs, now, max_age=max_age, copies=told)
        if folder:
            spreads = {each.source: _spread(session, folder, catalog, each, copies) for each in facts}
        stored_bytes = sum(entry.size_bytes for entry in repository.storage.list())
    except (NoRepository, StorageError) as error:
        facts = [Facts("", missing=error.message, max_age=max_age)]
    wanted = session.settings.source
    pairs = tuple((each, assess(each, now)) for each in facts if wanted in (None, each.source) or each.missing)
    return Gathered(pairs, place, stored_bytes, now, spreads)


def _spread(session: Session, folder: Path, catalog: Catalog, facts: Facts, copies: Sequence[CopySettings]) -> Spread:
    from litekeep.operations.whereabouts import spread_of

    newest = facts.snapshots[-1].source_path if facts.snapshots else ""
    database = (session.file.database if session.file else None) or (Path(newest) if newest else None)
    return spread_of(database, folder, catalog.snapshots, copies, facts.max_age)


def metrics(gathered: Gathered, exit_code: int, now: datetime) -> str:
    """The page for Prometheus."""
    from litekeep.notify.metrics import SourceMetrics, render

    sources = []
    for facts, status in gathered.pairs:
        newest = facts.snapshots[-1] if facts.snapshots else None
        run = facts.runs[-1] if facts.runs else None
        sources.append(
            SourceMetrics(
                facts.source,
                status.verdict.value,
                int(status.protection),
                snapshots=len(facts.snapshots),
                newest_at=newest.created_at if newest else None,
                last_good_at=status.last_good_at,
                verified_at=max((each.verified_at for each in facts.snapshots if each.verified_at), default=None),
                drilled_at=status.drilled_at,
                database_bytes=newest.database.size_bytes if newest else None,
                last_run_at=run.at if run else None,
                last_run_ok=run.ok if run else None,
            )
        )
    return render(sources, gathered.stored_bytes, exit_code, now)
