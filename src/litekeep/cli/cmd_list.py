"""litekeep list."""

from __future__ import annotations

from collections.abc import Sequence

import click

from litekeep.cli import describe, words
from litekeep.cli.exits import OK, STORED, WARNINGS
from litekeep.cli.session import Session
from litekeep.cli.verb import verb
from litekeep.model import Snapshot

HEADS = ("ID", "MADE", "WHY", "SIZE", "NEW", "STATE", "LABEL")


@verb(
    "list",
    examples=[
        ("litekeep list", "all backups, the newest last"),
        ("litekeep list --limit 10", "the ten newest"),
        ("litekeep list --status problem", "only those that need a look"),
        ("litekeep list -q", "only the ids, for scripts"),
    ],
    exits=[3, *STORED],
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the newest N of each database.")
@click.option("--all", "with_trash", is_flag=True, help="Also those in the trash.")
@click.option("--status", type=click.Choice(["problem"]), help="Only damaged, unverified and problematic ones.")
@click.option("--pinned", is_flag=True, help="Only pinned ones.")
def command(session: Session, limit: int | None, status: str | None, *, with_trash: bool, pinned: bool) -> int:
    """List the backups: when and why each was made, its size, what it added, and how far it is proven.

    STATE: "verified" was read back completely and checked by SQLite; "restore tested" also in a drill; "partly
    verified" was read back as far as it was newly written. NEW is what it added to the repository.
    """
    place = session.find()
    repository = session.open(place)
    catalog = session.catalog(repository)
    wanted = [
        snapshot
        for snapshot in catalog.snapshots
        if (with_trash or snapshot.trashed_at is None)
        and (session.settings.source in (None, snapshot.source))
        and (status is None or not snapshot.sound)
        and (not pinned or snapshot.pinned)
    ]
    shown = []
    for source in sorted({snapshot.source for snapshot in wanted}):
        mine = [snapshot for snapshot in wanted if snapshot.source == source][-(limit or 0) :]
        shown += mine
        _tell(session, source, mine)
    stored_bytes = sum(entry.size_bytes for entry in repository.storage.list())
    if not shown:
        session.out.line(_nothing(len(catalog.snapshots), len(catalog.damaged)))
    else:
        session.out.line(
            f"{words.count(len(shown), 'backup')}; the repository in {place.name} takes {words.size(stored_bytes)}"
        )
    if session.settings.quiet:
        for snapshot in shown:
            session.out.word(snapshot.id)
    exit_code = WARNINGS if catalog.damaged else OK
    session.result(
        "list",
        exit_code,
        repository=place.shown,
        stored_bytes=stored_bytes,
        snapshots=[describe.snapshot_json(snapshot) for snapshot in shown],
        damaged=[{"key": error.key, "problem": error.problem} for error in catalog.damaged],
    )
    return exit_code


def _nothing(total: int, damaged: int) -> str:
    if damaged and not total:
        return "No backup can be read."
    if total:
        return f"No backup fits; there are {total:,} in all (`litekeep list --all`)."
    return "There are no backups yet. Make the first: litekeep backup app.db"


def _tell(session: Session, source: str, snapshots: Sequence[Snapshot]) -> None:
    path = snapshots[-1].source_path
    session.out.line(f"{source}  ({path})")
    session.out.table(HEADS, [row(snapshot) for snapshot in snapshots], frozenset({3, 4}))
    session.out.line()


def row(snapshot: Snapshot) -> tuple[str, ...]:
    """One line of the table."""
    notes = [snapshot.label] if snapshot.label else []
    notes += ["[pinned]"] if snapshot.pinned else []
    notes += ["[in the trash]"] if snapshot.trashed_at else []
    return (
        snapshot.short_id,
        words.local(snapshot.created_at),
        describe.reason(snapshot),
        words.size(snapshot.database.size_bytes),
        words.size(snapshot.new_bytes),
        describe.state(snapshot),
        " ".join(notes),
    )
