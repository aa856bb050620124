"""litekeep show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from litekeep.cli import describe, words
from litekeep.cli.exits import OK, STORED
from litekeep.cli.session import Session
from litekeep.cli.verb import verb
from litekeep.errors import CorruptObject
from litekeep.model import Snapshot
from litekeep.repository.layout import parse_snapshot_key
from litekeep.retention import RetentionPolicy, plan_retention

if TYPE_CHECKING:
    from litekeep.formats.receipt import Receipt
    from litekeep.repository.repository import Repository

RECEIPTS = {
    "verify": "verified",
    "drill": "restore tested",
    "unchanged": "found unchanged",
    "restore": "made before a restore",
}


@verb(
    "show",
    examples=[
        ("litekeep show latest", "the newest backup"),
        ("litekeep show 7f3a", "the one whose id begins with 7f3a"),
        ("litekeep show latest~1", "the one before the newest"),
    ],
    exits=[4, *STORED],
)
@click.argument("name", metavar="ID")
def command(session: Session, name: str) -> int:
    """Show everything about one backup: what was backed up, what it added, the rows of each table, every proof, and why
    it is kept.

    ID is the id or its beginning (four digits or more), `latest`, or `latest~1` for the one before.
    """
    repository = session.open(session.find())
    catalog = session.catalog(repository)
    snapshot = session.snapshot(catalog, name)
    receipts = _receipts(session, repository, snapshot)
    plan = plan_retention(catalog.of(snapshot.source), RetentionPolicy(), session.clock.now())
    why = next(decision for decision in plan.decisions if decision.snapshot.id == snapshot.id)
    _tell(session, snapshot)
    if receipts:
        session.out.line("Proofs")
    for receipt in receipts:
        session.out.line(f"  {words.local(receipt.at)}  {_receipt(receipt)}")
    session.out.line("Kept because" if why.keep else "The next prune removes it because")
    for text in why.reasons:
        session.out.line(f"  {text}")
    session.result(
        "show",
        OK,
        snapshot=describe.snapshot_json(snapshot),
        receipts=[
            {
                "at": describe.moment_json(receipt.at),
                "kind": receipt.kind,
                "level": describe.level_word(receipt.level),
                "problems": list(receipt.problems),
                "damage": list(receipt.damage),
            }
            for receipt in receipts
        ],
        keep=why.keep,
        reasons=[{"code": item.code.value, "text": item.text} for item in why.whys],
    )
    return OK


def _receipts(session: Session, repository: Repository, snapshot: Snapshot) -> list[Receipt]:
    key = parse_snapshot_key(snapshot.key)
    try:
        return repository.receipts_of(key) if key else []
    except CorruptObject as error:
        session.telling.warn("damaged", error.message)
        return []


def _receipt(receipt: Receipt) -> str:
    text = RECEIPTS.get(receipt.kind, receipt.kind)
    if receipt.kind == "verify":
        text += f" ({describe.level_word(receipt.level)})"
    if receipt.damage:
        return f"{receipt.kind} found damage: {receipt.damage[0]}"
    return f"{text}; the source has problems: {receipt.problems[0]}" if receipt.problems else text


def _tell(session: Session, snapshot: Snapshot) -> None:
    out, database = session.out, snapshot.database
    out.line(f"Backup {snapshot.id}" + (f"  {snapshot.label}" if snapshot.label else ""))
    facts = [
        ("Database", f"{snapshot.source}  ({snapshot.source_path})"),
        ("Made", f"{words.local(snapshot.created_at)}, {describe.reason(snapshot)}"),
        ("State", describe.state(snapshot)),
        ("Size", f"{words.size(database.size_bytes)} ({database.page_count:,} pages of {database.page_size:,} bytes)"),
        ("Added", f"{words.size(snapshot.new_bytes)} ({words.count(snapshot.changed_pages, 'changed page')})"),
        ("Journal mode", database.journal_mode),
        ("Pinned", "yes" if snapshot.pinned else "no"),
    ]
    if snapshot.trashed_at:
        facts.append(("In the trash", f"since {words.local(snapshot.trashed_at)}"))
    facts += [("Problem", text) for text in snapshot.problems]
    facts += [("Damage", text) for text in snapshot.damage]
    for name, text in facts:
        out.line(f"  {name:13} {text}")
    if snapshot.tables is None:
        out.line("Rows are counted by a full verification: litekeep verify " + snapshot.short_id)
        return
    out.line(f"Rows  ({describe.content(snapshot.tables)})")
    for name, rows in snapshot.tables:
        out.line(f"  {rows:>13,}  {name}")
