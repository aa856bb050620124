"""litekeep status."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from litekeep.cli import describe, words
from litekeep.cli.exits import AT_RISK, NOT_PROTECTED, OK
from litekeep.cli.output import is_terminal
from litekeep.cli.parameters import PATH, max_age_option
from litekeep.cli.session import Session
from litekeep.cli.verb import verb

if TYPE_CHECKING:
    from litekeep.cli.status_facts import Gathered
    from litekeep.operations.spread import Spread
    from litekeep.operations.status import Facts, Status

EXITS = (OK, AT_RISK, NOT_PROTECTED)
HEADLINES = (("PROTECTED", "green"), ("AT RISK", "yellow"), ("NOT PROTECTED", "red"))


@verb(
    "status",
    examples=[
        ("litekeep status", "one line per database"),
        ("litekeep status --max-age 2", "at risk if the last good backup is older than two hours"),
        ("litekeep status -c backup.json", "at risk if a backup of the settings' schedule is two hours late"),
        ("litekeep status -q || alert", "for monitors: only the exit code"),
        ("litekeep status --prometheus", "for Prometheus, on stdout"),
    ],
    exits=[20, 21],
)
@max_age_option
@click.option("--prometheus", is_flag=True, help="Print metrics in Prometheus's text format instead.")
@click.option(
    "--prometheus-file",
    type=PATH,
    metavar="FILE",
    help="Write the metrics to a file in one step, for the textfile collector of node_exporter (name it *.prom).",
)
def command(session: Session, max_age: float | None, *, prometheus: bool, prometheus_file: Path | None) -> int:
    """Say for every database whether it is protected: is there a recent, verified backup, and was a restore tested?

    The exit code is that of the worst one: 0 protected, 20 at risk, 21 not protected; a repository that is not there
    counts as not protected.
    """
    from litekeep.cli.status_facts import gather

    gathered = gather(session, session.max_age(max_age))
    exit_code = EXITS[gathered.worst]
    if prometheus or prometheus_file is not None:
        _metrics(session, gathered, exit_code, prometheus_file, shown=prometheus)
    if not prometheus:
        _tell_all(session, gathered)
    session.result(
        "status",
        exit_code,
        repository=gathered.place.shown if gathered.place else None,
        stored_bytes=gathered.stored_bytes,
        sources=[_json(each, status, gathered.spreads.get(each.source)) for each, status in gathered.pairs],
    )
    return exit_code


def _metrics(session: Session, gathered: Gathered, exit_code: int, file: Path | None, *, shown: bool) -> None:
    from litekeep.cli.status_facts import metrics

    page = metrics(gathered, exit_code, session.clock.now())
    if shown and not session.out.json_mode:
        seen = is_terminal(sys.stdout)
        click.echo("\n".join(map(words.plain, page.split("\n"))) if seen else page, nl=False)
    if file is not None:
        from litekeep.errors import UsageError
        from litekeep.notify.textfile import write_page

        try:
            write_page(file, page)
        except OSError as error:
            raise UsageError(f"{file} cannot be written: {error.strerror or error}") from error


def _tell_all(session: Session, gathered: Gathered) -> None:
    for each, status in gathered.pairs:
        _tell(session, each, status, gathered.spreads.get(each.source))
    if gathered.place is not None and gathered.stored_bytes is not None:
        stored = words.size(gathered.stored_bytes)
        session.out.line(f"  The repository in {gathered.place.name} takes {stored}.")


def _tell(session: Session, facts: Facts, status: Status, spread: Spread | None) -> None:
    word, colour = HEADLINES[status.protection]
    name = f"{status.source}: " if status.source else ""
    session.out.headline(word, colour, f"{name}{status.sentence}")
    if facts.snapshots:
        oldest = words.local_day(facts.snapshots[0].created_at)
        session.out.line(f"  {words.count(len(facts.snapshots), 'backup')}, the oldest of {oldest}.")
        if spread is not None:
            session.out.line(f"  3-2-1: {spread.sentence}. {' '.join(gap.text for gap in spread.missing)}".rstrip())


def _json(facts: Facts, status: Status, spread: Spread | None) -> dict[str, Any]:
    return {
        "source": status.source,
        "verdict": status.verdict.value,
        "protection": status.protection.name.lower(),
        "sentence": status.sentence,
        "snapshots": len(facts.snapshots),
        "last_good_at": describe.moment_json(status.last_good_at),
        "drilled_at": describe.moment_json(status.drilled_at),
        "spread": None if spread is None else _spread_json(spread),
    }


def _spread_json(spread: Spread) -> dict[str, Any]:
    return {
        "holds": spread.holds,
        "copies": spread.copies,
        "devices": spread.devices,
        "off_site": spread.off_site,
        "missing": [{"code": gap.code.value, "text": gap.text, "places": list(gap.places)} for gap in spread.missing],
        "places": [
            {
                "name": each.name,
                "kind": each.kind.value,
                "place": each.place,
                "device": each.device,
                "off_site": each.off_site,
                "counts": each.counts,
                "stale": each.stale,
                "newest_at": describe.moment_json(each.newest_at),
                "synced_at": describe.moment_json(each.synced_at),
                "proven_at": describe.moment_json(each.proven_at),
                "problem": each.problem,
            }
            for each in spread.places
        ],
    }
