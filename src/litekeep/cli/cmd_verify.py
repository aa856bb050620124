"""litekeep verify."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from litekeep.cli import describe, words
from litekeep.cli.exits import OK, STORED, VERIFICATION, WARNINGS
from litekeep.cli.parameters import checks as checks_option
from litekeep.cli.parameters import scratch as scratch_option
from litekeep.cli.place import Place
from litekeep.cli.session import Session, outcome_of
from litekeep.cli.verb import verb
from litekeep.errors import ObjectMissing, UsageError
from litekeep.model import Level

if TYPE_CHECKING:
    from litekeep.model import Snapshot
    from litekeep.operations.scrub import ScrubReport
    from litekeep.operations.verify import VerifyResult
    from litekeep.repository.catalog import Catalog
    from litekeep.repository.repository import Repository


@verb(
    "verify",
    examples=[
        ("litekeep verify", "the newest backup of each database"),
        ("litekeep verify 7f3a 91c2", "these two"),
        ("litekeep verify --stored", "read every stored object once: finds bad disks"),
        ("litekeep verify --all", "both, for every backup"),
    ],
    exits=[3, 4, *STORED, 14],
)
@click.argument("names", metavar="[ID]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every stored object, and every backup.")
@click.option(
    "--level",
    type=click.Choice(["full", "written"]),
    default="full",
    help="Every page and SQLite's checks, or only what the backup itself wrote [default: full].",
)
@click.option("--stored", is_flag=True, help="Read every stored object once, whatever backup it belongs to.")
@checks_option
@scratch_option
def command(
    session: Session, names: tuple[str, ...], level: str, *, everything: bool, stored: bool, **rest: object
) -> int:
    """Read backups back from the repository and check them: every page against the hash taken when the database was
    read, then SQLite's integrity and foreign key checks on the rebuilt copy.

    Without an ID the newest backup of each database is verified. The result is remembered and shown by `list`.
    """
    if names and (everything or stored):
        raise UsageError("an id cannot be combined with --all or --stored", hint="Name backups, or take all of them.")
    place = session.find()
    repository = session.open(place)
    with session.recorded("verify", place, session.settings.source or "") as row:
        catalog = session.catalog(repository)
        report = _scrub(session, repository) if everything or stored else None
        chosen = [] if stored and not everything else _choose(session, catalog, names, everything=everything)
        checks = session.checks(rest["checks"])
        scratch = rest["scratch"] if isinstance(rest["scratch"], Path) else None
        results = _verify(session, repository, place, chosen, Level[level.upper()], checks, scratch)
        if not results and report is None:
            session.out.care("There is no backup to verify")
        exit_code = _exit_code(catalog, report, results)
        row.exit_code, row.outcome = exit_code, outcome_of(exit_code)
        row.message = "; ".join(text for result in results for text in (*result.damage, *result.problems))
        row.facts |= {"snapshots": len(results), "damaged": sum(bool(result.damage) for result in results)}
        if report is not None:
            row.facts |= {"objects": report.objects, "damaged_objects": len(report.damaged)}
    session.result("verify", exit_code, **_json(report, results))
    return exit_code


def _choose(session: Session, catalog: Catalog, names: tuple[str, ...], *, everything: bool) -> list[Snapshot]:
    if names:
        return [session.snapshot(catalog, name) for name in names]
    wanted = session.settings.source
    live = [each for each in catalog.snapshots if each.trashed_at is None and wanted in (None, each.source)]
    return live if everything else list({each.source: each for each in live}.values())


def _scrub(session: Session, repository: Repository) -> ScrubReport:
    from litekeep.operations.scrub import scrub

    report = scrub(repository, clock=session.clock, monitor=session.monitor)
    session.telling.clear()
    out = session.out
    for damaged in report.damaged:
        out.bad(f"{damaged.key}: {damaged.problem}")
        if damaged.snapshots:
            out.line(f"  needed by {words.joined([name[:8] for name in damaged.snapshots])}")
    if not report.damaged:
        objects, size = words.count(report.objects, "stored object"), words.size(report.stored_bytes)
        out.good(f"Read {objects} ({size}) in {words.seconds(report.elapsed_seconds)}: all are as they were written")
    if report.foreign:
        out.care(f"{words.count(len(report.foreign), 'file')} in the repository not made by it: {report.foreign[0]}")
    return report


def _verify(
    session: Session,
    repository: Repository,
    place: Place,
    snapshots: Sequence[Snapshot],
    level: Level,
    checks: tuple[str, ...],
    scratch: Path | None,
) -> list[VerifyResult]:
    from litekeep.operations.verify import verify

    record = place.folder is None or os.access(place.folder, os.W_OK)
    if snapshots and not record:
        session.telling.warn("read_only", "the repository cannot be written, so the result is not remembered")
    results = []
    for snapshot in snapshots:
        clock, monitor = session.clock, session.monitor
        try:
            result = verify(
                repository,
                snapshot,
                level=level,
                checks=checks,
                scratch=scratch,
                record=record,
                clock=clock,
                monitor=monitor,
            )
        except ObjectMissing:
            session.telling.warn("forgotten", f"{describe.brief(snapshot)} was removed by another run meanwhile")
            continue
        session.telling.clear()
        _tell(session, result)
        results.append(result)
    if len(results) > 1:
        _sum_up(session, results)
    return results


def _tell(session: Session, result: VerifyResult) -> None:
    out, what = session.out, describe.brief(result.snapshot)
    if result.damage:
        out.bad(f"{what[0].upper()}{what[1:]} is damaged: {result.damage[0]}")
        out.line("  Its other parts and other backups may be good: `litekeep verify --all` tells; back up again soon.")
        return
    if result.level < Level.FULL:
        proof = "what it wrote was read back and is right"
    else:
        sound = "every page is right" + ("" if result.problems else ", integrity ok")
        proof = f"{sound}, {describe.content(result.tables)}"
    out.good(f"Verified {what}: {proof} ({words.seconds(result.elapsed_seconds)})")
    describe.tell_problems(out, "The database had a problem when it was backed up", result.problems)
    for text in result.unchecked:
        out.care(f"Not checked: {text}")


def _sum_up(session: Session, results: Sequence[VerifyResult]) -> None:
    damaged = sum(bool(result.damage) for result in results)
    if damaged:
        session.out.bad(f"{damaged} of {words.count(len(results), 'backup')} damaged; the others are intact")
    else:
        session.out.line(f"All {len(results)} backups are intact.")


def _exit_code(catalog: Catalog, report: ScrubReport | None, results: Sequence[VerifyResult]) -> int:
    if (report and report.damaged) or any(result.damage for result in results):
        return VERIFICATION
    if catalog.damaged or any(result.problems or result.unchecked for result in results):
        return WARNINGS
    return OK


def _json(report: ScrubReport | None, results: Sequence[VerifyResult]) -> dict[str, Any]:
    stored = None
    if report is not None:
        stored = {
            "objects": report.objects,
            "stored_bytes": report.stored_bytes,
            "damaged": [
                {"key": each.key, "problem": each.problem, "snapshots": list(each.snapshots)} for each in report.damaged
            ],
            "foreign": list(report.foreign),
        }
    return {
        "stored": stored,
        "snapshots": [
            {
                "id": result.snapshot.id,
                "source": result.snapshot.source,
                "level": describe.level_word(result.level),
                "damage": list(result.damage),
                "problems": list(result.problems),
                "unchecked": list(result.unchecked),
                "tables": describe.tables_json(result.tables),
                "elapsed_seconds": round(result.elapsed_seconds, 3),
            }
            for result in results
        ],
    }
