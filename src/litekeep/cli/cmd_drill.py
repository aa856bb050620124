"""litekeep drill."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from litekeep.cli import describe, words
from litekeep.cli.exits import OK, STORED, VERIFICATION, WARNINGS
from litekeep.cli.parameters import checks as checks_option
from litekeep.cli.parameters import scratch as scratch_option
from litekeep.cli.session import Session, outcome_of
from litekeep.cli.verb import verb

if TYPE_CHECKING:
    from litekeep.operations.drill import DrillResult


@verb(
    "drill",
    examples=[
        ("litekeep drill", "the backup that was not tested for the longest time"),
        ("litekeep drill latest", "the newest one"),
        ('litekeep drill --check "SELECT count(*) > 0 FROM employees"', "with a check of your own"),
    ],
    exits=[3, 4, *STORED, 11, 14],
)
@click.argument("name", metavar="[ID]", required=False)
@checks_option
@scratch_option
def command(session: Session, name: str | None, checks: tuple[str, ...], scratch: Path | None) -> int:
    """Rehearse a restore: bring a backup back into a scratch place as a real restore would, prove it, throw it away.

    Without an ID the backup that was tested least recently is taken, so that regular drills test every backup in time.
    Run it about once a week: a backup that was never restored is only a hope.
    """
    import random

    from litekeep.operations.drill import choose_for_drill, drill

    place = session.find()
    repository = session.open(place)
    catalog = session.catalog(repository)
    wanted = session.settings.source
    candidates = [each for each in catalog.snapshots if wanted in (None, each.source)]
    snapshot = session.snapshot(catalog, name) if name else choose_for_drill(candidates, random.SystemRandom())
    with session.recorded("drill", place, snapshot.source) as row:
        result = drill(
            repository,
            snapshot,
            checks=session.checks(checks),
            scratch=scratch,
            clock=session.clock,
            monitor=session.monitor,
        )
        row.exit_code = exit_code = VERIFICATION if result.damage else WARNINGS if result.problems else OK
        row.outcome = outcome_of(exit_code)
        row.message = "; ".join((*result.damage, *result.problems))
    _tell(session, result)
    session.result(
        "drill",
        exit_code,
        snapshot=describe.snapshot_json(snapshot),
        damage=list(result.damage),
        problems=list(result.problems),
        tables=describe.tables_json(result.tables),
        restored_bytes=result.restored_bytes,
        elapsed_seconds=round(result.elapsed_seconds, 3),
    )
    return exit_code


def _tell(session: Session, result: DrillResult) -> None:
    out, what = session.out, describe.brief(result.snapshot)
    if result.damage:
        out.bad(f"The test restore of {what} failed: {result.damage[0]}")
        out.line("  `litekeep verify --all` shows which backups are good.")
        return
    size, took = words.size(result.restored_bytes), words.seconds(result.elapsed_seconds)
    out.good(f"Test restore of {what} passed in {took}: {size}, {describe.content(result.tables)}")
    describe.tell_problems(out, "The database had a problem when it was backed up", result.problems)
