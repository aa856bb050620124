"""What is known about all databases of a repository: for `status`, for metrics, and for notifications."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from litekeep.cli.session import Session
from litekeep.errors import NoRepository, StorageError
from litekeep.journal import history

if TYPE_CHECKING:
    from litekeep.notify.message import Situation
    from litekeep.operations.status import Facts, Status


@dataclass(frozen=True, slots=True)
class Gathered:
    """pairs: the facts and the verdict of each database. folder, stored_bytes: None if the repository is not there."""

    pairs: tuple[tuple[Facts, Status], ...]
    folder: Path | None
    stored_bytes: int | None

    @property
    def worst(self) -> int:
        """0 protected, 1 at risk, 2 not protected."""
        return max((int(status.protection) for _, status in self.pairs), default=2)

    def situations(self, rows: Sequence[history.Row], name: str) -> list[Situation]:
        """For notifications; rows: the journal. name: of the database, if the repository is not there to tell."""
        from litekeep.manager.situations import situation_of

        return [situation_of(facts, status, rows, name) for facts, status in self.pairs]


def gather(session: Session, max_age: timedelta) -> Gathered:
    """Look at the repository; one that is not there is a fact, not an error."""
    from litekeep.manager.situations import backup_runs
    from litekeep.operations.status import Facts, assess, gather_facts

    now = session.clock.now()
    folder, stored_bytes = session.settings.repository, None
    try:
        folder = session.find()
        repository = session.open(folder)
        catalog = session.catalog(repository)
        facts = gather_facts(repository, catalog, backup_runs(history.read(folder)), now, max_age=max_age)
        stored_bytes = sum(entry.size_bytes for entry in repository.storage.list())
    except (NoRepository, StorageError) as error:
        facts = [Facts("", missing=error.message, max_age=max_age)]
    wanted = session.settings.source
    pairs = tuple((each, assess(each, now)) for each in facts if wanted in (None, each.source) or each.missing)
    return Gathered(pairs, folder, stored_bytes)


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
