"""litekeep status."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from litekeep.cli import describe, words
from litekeep.cli.exits import AT_RISK, NOT_PROTECTED, OK
from litekeep.cli.session import Session
from litekeep.cli.verb import verb
from litekeep.errors import NoRepository, StorageError
from litekeep.journal import history

if TYPE_CHECKING:
    from pathlib import Path

    from litekeep.operations.status import Facts, Run, Status

EXITS = (OK, AT_RISK, NOT_PROTECTED)
HEADLINES = (("PROTECTED", "green"), ("AT RISK", "yellow"), ("NOT PROTECTED", "red"))


@verb(
    "status",
    examples=[
        ("litekeep status", "one line per database"),
        ("litekeep status --max-age 2", "at risk if the last good backup is older than two hours"),
        ("litekeep status -q || alert", "for monitors: only the exit code"),
    ],
    exits=[20, 21],
)
@click.option(
    "--max-age",
    type=click.FloatRange(min=0.01),
    default=26.0,
    metavar="HOURS",
    help="Older than this, the last good backup is overdue [default: 26].",
)
def command(session: Session, max_age: float) -> int:
    """Say for every database whether it is protected: is there a recent, verified backup, and was a restore tested?

    The exit code is that of the worst one: 0 protected, 20 at risk, 21 not protected; a repository that is not there
    counts as not protected.
    """
    from litekeep.operations.status import assess

    facts, folder, stored_bytes = _facts(session, timedelta(hours=max_age))
    now = session.clock.now()
    wanted = session.settings.source
    pairs = [(each, assess(each, now)) for each in facts if wanted in (None, each.source) or each.missing]
    for each, status in pairs:
        _tell(session, each, status)
    if folder is not None and stored_bytes is not None:
        session.out.line(f"  The repository in {describe.folder_name(folder)} takes {words.size(stored_bytes)}.")
    worst = max((status.protection for _, status in pairs), default=2)
    session.result(
        "status",
        EXITS[worst],
        repository=str(folder.absolute()) if folder else None,
        stored_bytes=stored_bytes,
        sources=[_json(each, status) for each, status in pairs],
    )
    return EXITS[worst]


def _facts(session: Session, max_age: timedelta) -> tuple[list[Facts], Path | None, int | None]:
    from litekeep.operations.status import Facts, gather_facts

    try:
        folder = session.find()
        repository = session.open(folder)
        catalog = session.catalog(repository)
        facts = gather_facts(repository, catalog, _runs(history.read(folder)), session.clock.now(), max_age=max_age)
        return facts, folder, sum(entry.size_bytes for entry in repository.storage.list())
    except (NoRepository, StorageError) as error:
        return [Facts("", missing=error.message)], session.settings.repository, None


def _runs(rows: list[history.Row]) -> list[Run]:
    """The backup runs of the journal; those that a person stopped say nothing about the state."""
    from litekeep.operations.status import Run

    good = (history.Outcome.OK, history.Outcome.WARNINGS, history.Outcome.SKIPPED)
    return [
        Run(row.source, row.at, row.outcome in good, row.message or row.code, row.code)
        for row in rows
        if row.verb == "backup" and row.outcome is not history.Outcome.CANCELLED
    ]


def _tell(session: Session, facts: Facts, status: Status) -> None:
    word, colour = HEADLINES[status.protection]
    name = f"{status.source}: " if status.source else ""
    session.out.headline(word, colour, f"{name}{status.sentence}")
    if facts.snapshots:
        oldest = words.local_day(facts.snapshots[0].created_at)
        session.out.line(f"  {words.count(len(facts.snapshots), 'backup')}, the oldest of {oldest}.")


def _json(facts: Facts, status: Status) -> dict[str, Any]:
    return {
        "source": status.source,
        "verdict": status.verdict.value,
        "protection": status.protection.name.lower(),
        "sentence": status.sentence,
        "snapshots": len(facts.snapshots),
        "last_good_at": describe.moment_json(status.last_good_at),
        "drilled_at": describe.moment_json(status.drilled_at),
    }
