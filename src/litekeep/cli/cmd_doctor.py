"""litekeep doctor."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from litekeep import __version__
from litekeep.cli import words
from litekeep.cli.exits import OK, STORED, WARNINGS
from litekeep.cli.parameters import PATH
from litekeep.cli.place import Place
from litekeep.cli.session import Session
from litekeep.cli.verb import verb
from litekeep.errors import NoRepository

if TYPE_CHECKING:
    from litekeep.operations.doctor import Finding
    from litekeep.operations.lookback import Change
    from litekeep.repository.catalog import Catalog


@verb(
    "doctor",
    examples=[
        ("litekeep doctor app.db", "the database, and its backups in ./backups"),
        ("litekeep doctor -c backup.json", "and what the settings file promises: log, schedule"),
        ("litekeep doctor -r /mnt/usb/b", "a repository and the databases it knows"),
        ("litekeep doctor --accept-changes", "you know why backups are gone: clean-up may go on"),
    ],
    exits=[3, 6, *STORED],
)
@click.argument("database", required=False, type=PATH)
@click.option(
    "--accept-changes",
    is_flag=True,
    help="Instead: take the repository for right as it is, after backups went missing and you know why.",
)
def command(session: Session, database: Path | None, *, accept_changes: bool) -> int:
    """Look for what could go wrong, and say why it matters and what to do: database in a synced folder or on a network
    share, backups on the same drive, rights, space, left-over files, damaged or foreign files, backups that went
    missing, a wrong clock, restores that were never tested, copies that are behind.

    Nothing is changed. Packs are not read; that is `litekeep verify --stored`.
    """
    if accept_changes:
        return _accept(session, database)
    from litekeep.manager.diaries import examine_diaries
    from litekeep.operations.doctor import examine_database, examine_repository
    from litekeep.repository.catalog import load_catalog

    database = database or (session.file.database if session.file else None)
    place = _place(session, database)
    folder = place.folder if place else None
    findings: list[Finding] = []
    databases = [database] if database else []
    if place is not None:
        repository = session.open(place)
        catalog = load_catalog(repository)
        findings += examine_repository(repository, catalog, folder, session.clock)
        findings += examine_diaries(place.diaries)
        findings += _promised(session, place)
        databases = databases or _known(catalog, session.settings.source)
    for each in databases:
        findings += examine_database(each, folder)
    findings.sort(key=lambda finding: finding.severity.value, reverse=True)
    _tell(session, findings, databases, place)
    exit_code = WARNINGS if findings else OK
    session.result(
        "doctor",
        exit_code,
        versions=versions(),
        repository=place.shown if place else None,
        databases=[str(each) for each in databases],
        findings=[asdict(finding) for finding in findings],
    )
    return exit_code


def _accept(session: Session, database: Path | None) -> int:
    """Leave off missing what is gone: with a row in the journal."""
    from litekeep.operations.lookback import accept, look

    place = session.find(database or (session.file.database if session.file else None))
    repository = session.open(place)
    changes = look(repository, session.clock.now())
    if changes:
        with session.recorded("accept", place) as row:
            row.message = "; ".join(change.text for change in changes)
            accept(repository, session.clock.now(), session.monitor)
    for change in changes:
        session.out.good(f"Accepted: {change.text}")
    if not changes:
        session.out.line("There is nothing to accept: no backup that was seen here is missing.")
    session.result("doctor", OK, accepted=[_change_json(change) for change in changes])
    return OK


def _change_json(change: Change) -> dict[str, object]:
    return {
        "source": change.source,
        "code": change.wrong.value,
        "text": change.text,
        "missing": list(change.missing),
        "since": change.since.isoformat(timespec="seconds"),
    }


def _promised(session: Session, place: Place) -> Iterator[Finding]:
    """What a settings file says should be so."""
    if session.file is None:
        return
    from litekeep.cli.status_facts import gather
    from litekeep.manager.diaries import examine_ages, examine_log
    from litekeep.operations.doctor import examine_spread

    yield from examine_log(session.log_path(place))
    gathered = gather(session, session.max_age(None))
    yield from examine_ages(gathered.pairs)
    for spread in gathered.spreads.values():
        yield from examine_spread(spread)


def _place(session: Session, database: Path | None) -> Place | None:
    try:
        return session.find(database)
    except NoRepository:
        if database is None or session.settings.repository is not None:
            raise
        return None


def _known(catalog: Catalog, source: str | None) -> list[Path]:
    newest = {each.source: Path(each.source_path) for each in catalog.snapshots if source in (None, each.source)}
    return list(newest.values())


def versions() -> dict[str, str]:
    """What a report about a mistake needs."""
    import platform
    import sqlite3

    return {
        "litekeep": __version__,
        "python": sys.version.split()[0],
        "sqlite": sqlite3.sqlite_version,
        "system": platform.platform(),
    }


def _tell(session: Session, findings: list[Finding], databases: list[Path], place: Place | None) -> None:
    out = session.out
    out.line(", ".join(f"{name} {version}" for name, version in versions().items()))
    looked = [*map(str, databases), *([str(place.folder or place.name)] if place else [])]
    out.line(f"Looked at: {words.joined(looked)}")
    for finding in findings:
        tell = out.bad if finding.severity.value == "problem" else out.care
        tell(words.sentence(finding.what))
        out.line(f"  Why it matters: {finding.why}.")
        out.line(f"  What to do: {finding.fix}.")
    if not findings:
        out.good("Nothing to complain about")
    else:
        problems = sum(finding.severity.value == "problem" for finding in findings)
        advice = len(findings) - problems
        out.line(f"{words.count(problems, 'problem')}, {words.count(advice, 'piece', 'pieces')} of advice.")
