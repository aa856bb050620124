"""litekeep prune."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from litekeep.cli.exits import OK, REFUSED, STORED
from litekeep.cli.output import is_terminal
from litekeep.cli.parameters import yes as yes_option
from litekeep.cli.session import Session
from litekeep.cli.told_prune import plan_json, tell_plan, tell_result, tell_waiting
from litekeep.cli.verb import verb
from litekeep.journal.history import Outcome
from litekeep.retention import RetentionPolicy

if TYPE_CHECKING:
    from litekeep.operations.prune import PruneOptions, PrunePlan, PruneResult
    from litekeep.repository.repository import Repository

NUMBER = click.IntRange(min=0)


@verb(
    "prune",
    examples=[
        ("litekeep prune --dry-run", "what would go, and why"),
        ("litekeep prune --dry-run -v", "and why everything else stays"),
        ("litekeep prune", "do it"),
        ("litekeep prune -c backup.json", "by the policy of the settings file, for its database"),
        ("litekeep prune --keep-days 14 --keep-weeks 8", "with another policy"),
    ],
    exits=[4, 6, *STORED, 11, 14],
)
@click.option("--dry-run", is_flag=True, help="Show the plan, and change nothing.")
@yes_option
@click.option(
    "--keep-days", type=NUMBER, metavar="N", help="All backups of the N days before the newest [default: 30]."
)
@click.option("--keep-weeks", type=NUMBER, metavar="N", help="The newest of each of N weeks [default: 12].")
@click.option("--keep-months", type=NUMBER, metavar="N", help="The newest of each of N months [default: 12].")
@click.option("--keep-last", type=NUMBER, metavar="N", help="The N newest, whatever their age [default: 7].")
@click.option("--no-compact", is_flag=True, help="Do not rewrite packs to give back scattered space.")
def command(session: Session, *, dry_run: bool, yes: bool, no_compact: bool, **keep: int | None) -> int:
    """Remove old backups by the retention policy: into the trash, and for good what was there for seven days.

    Backups made by hand, pinned ones and the newest verified one are never removed. Everything is decided first; a plan
    that would remove unusually much, or that comes at a wrong clock or after a backup with problems, waits for a yes
    (exit code 6), and nothing of that database is touched until then.
    """
    from litekeep.operations.prune import PruneOptions, plan_prune

    given = {name.removeprefix("keep_"): value for name, value in keep.items() if value is not None}
    if "last" in given:
        given["keep_last"] = given.pop("last")
    policy = replace(_policy(session), **given)
    place = session.find()
    repository = session.open(place)
    session.catalog(repository)  # tells of damaged records
    compact = not no_compact and session.may_compact
    options = PruneOptions(policy, confirmed=yes, source=session.settings.source, compact=compact)
    plan = plan_prune(repository, options, clock=session.clock, monitor=session.monitor)
    session.telling.clear()
    if dry_run:
        tell_plan(session, plan)
        session.out.line("Nothing was changed.")
        session.result("prune", OK, dry_run=True, **plan_json(plan))
        return OK
    if session.verbose:
        tell_plan(session, plan)
    options = _confirmed(session, options, plan)
    with session.recorded("prune", place, session.settings.source or "") as row:
        with session.removing(repository):
            result = _prune(session, repository, options, plan)
        exit_code = REFUSED if result.waiting else OK
        row.exit_code, row.outcome = exit_code, Outcome.REFUSED if result.waiting else Outcome.OK
        row.message = "; ".join(text for _, texts in result.waiting for text in texts)
    tell_result(session, result)
    tell_waiting(session, result)
    session.result("prune", exit_code, dry_run=False, **_json(result))
    return exit_code


def _policy(session: Session) -> RetentionPolicy:
    """That of the settings file; a copy has its own."""
    if session.file is None:
        return RetentionPolicy()
    backup = session.file.backup
    if session.settings.copy is None:
        return backup.retention
    from litekeep.config.copies import copy_named

    return copy_named(backup.copies, session.settings.copy).policy(backup)


def _confirmed(session: Session, options: PruneOptions, plan: PrunePlan) -> PruneOptions:
    """Ask a person about the plans that wait, where there is one."""
    import sys

    waiting = [(source, decided) for source, decided in plan.retention if decided.needs_confirmation]
    asked = is_terminal(sys.stdin) and is_terminal(sys.stderr) and not session.settings.json
    if options.confirmed or not waiting or not asked:
        return options
    tell_plan(session, plan)
    with session.interrupt.at_a_safe_point():
        agreed = click.confirm("Prune as planned?", err=True)
    return replace(options, confirmed=agreed)


def _prune(session: Session, repository: Repository, options: PruneOptions, plan: PrunePlan) -> PruneResult:
    from litekeep.operations.prune import prune

    return prune(repository, options, plan, clock=session.clock, monitor=session.monitor)


def _json(result: PruneResult) -> dict[str, Any]:
    return {
        "trashed": [each.id for each in result.trashed],
        "forgotten": [each.id for each in result.forgotten],
        "waiting": [{"source": source, "reasons": list(texts)} for source, texts in result.waiting],
        "dropped_packs": result.dropped_packs,
        "rewritten_packs": result.rewritten_packs,
        "freed_bytes": result.freed_bytes,
        "stored_bytes": result.stored_bytes,
        "kept_by_lock": list(result.kept_by_lock),
        "elapsed_seconds": round(result.elapsed_seconds, 3),
    }
