"""litekeep undo."""

from __future__ import annotations

from litekeep.cli import describe, words
from litekeep.cli.exits import OK, STORED, WARNINGS
from litekeep.cli.parameters import yes as yes_option
from litekeep.cli.session import Session
from litekeep.cli.told_restore import restore_json, tell_restored
from litekeep.cli.verb import verb
from litekeep.errors import UsageError
from litekeep.journal.history import Outcome


@verb(
    "undo",
    examples=[
        ("litekeep undo", "the database as it was before the last restore"),
        ("litekeep undo --yes", "the same, without being asked"),
    ],
    exits=[3, 4, 5, 6, *STORED, 11, 14],
)
@yes_option
def command(session: Session, *, yes: bool) -> int:
    """Take the last restore over a database back.

    Every restore with --replace first backs up what was there; undo restores that. It makes a safety copy itself, so a
    second undo brings back what the first one took away.
    """
    from litekeep.operations.restore import RestoreOptions, find_undo, is_still_there, restore_over

    if session.settings.copy is not None:
        hint = "Leave --copy out: what a restore saves goes into the repository."
        raise UsageError("there is nothing to undo in a copy", safe="Nothing was changed.", hint=hint)
    place = session.find()
    repository = session.open(place)
    wanted = session.settings.source
    snapshots = [each for each in session.catalog(repository).snapshots if wanted in (None, each.source)]
    clock, monitor = session.clock, session.monitor
    snapshot, target = find_undo(
        snapshots, lambda found: is_still_there(repository, found, clock=clock, monitor=monitor)
    )
    session.telling.clear()
    when = words.local(snapshot.created_at)
    session.confirm(f"Bring {target} back to its state of {when}?", f"undoing the restore of {target}", yes=yes)
    with session.recorded("undo", place, snapshot.source) as row:
        options = RestoreOptions(accept_problems=True)
        monitor = session.monitor  # from here on the journal listens too
        result = restore_over(repository, snapshot, target, options=options, clock=clock, monitor=monitor)
        exit_code = WARNINGS if result.problems else OK
        row.exit_code, row.outcome = exit_code, Outcome.WARNINGS if exit_code else Outcome.OK
        row.message = "; ".join(result.problems)
    tell_restored(session, describe.brief(snapshot), result)
    session.result("undo", exit_code, **restore_json(result))
    return exit_code
