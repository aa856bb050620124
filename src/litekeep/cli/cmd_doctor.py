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
from litekeep.cli.session import Session
from litekeep.cli.verb import verb
from litekeep.errors import NoRepository

if TYPE_CHECKING:
    from litekeep.operations.doctor import Finding
    from litekeep.repository.catalog import Catalog


@verb(
    "doctor",
    examples=[
        ("litekeep doctor app.db", "the database, and its backups in ./backups"),
        ("litekeep doctor -c backup.json", "and what the settings file promises: log, schedule"),
        ("litekeep doctor -r /mnt/usb/b", "a repository and the databases it knows"),
    ],
    exits=[3, *STORED],
)
@click.argument("database", required=False, type=PATH)
def command(session: Session, database: Path | None) -> int:
    """Look for what could go wrong, and say why it matters and what to do: database in a synced folder or on a network
    share, backups on the same drive, rights, space, left-over files, damaged or foreign files, a wrong clock, restores
    that were never tested.

    Nothing is changed. Packs are not read; that is `litekeep verify --stored`.
    """
    from litekeep.manager.diaries import examine_diaries
    from litekeep.operations.doctor import examine_database, examine_repository

    database = database or (session.file.database if session.file else None)
    folder = _folder(session, database)
    findings: list[Finding] = []
    databases = [database] if database else []
    if folder is not None:
        repository = session.open(folder)
        catalog = _catalog(session, folder)
        findings += examine_repository(repository, catalog, folder, session.clock)
        findings += examine_diaries(folder)
        findings += _promised(session, folder)
        databases = databases or _known(catalog, session.settings.source)
    for each in databases:
        findings += examine_database(each, folder)
    findings.sort(key=lambda finding: finding.severity.value, reverse=True)
    _tell(session, findings, databases, folder)
    exit_code = WARNINGS if findings else OK
    session.result(
        "doctor",
        exit_code,
        versions=versions(),
        repository=str(folder.absolute()) if folder else None,
        databases=[str(each) for each in databases],
        findings=[asdict(finding) for finding in findings],
    )
    return exit_code


def _promised(session: Session, folder: Path) -> Iterator[Finding]:
    """What a settings file says should be so."""
    if session.file is None:
        return
    from litekeep.cli.status_facts import gather
    from litekeep.manager.diaries import examine_ages, examine_log

    yield from examine_log(session.log_path(folder))
    yield from examine_ages(gather(session, session.max_age(None)).pairs)


def _folder(session: Session, database: Path | None) -> Path | None:
    try:
        return session.find(database)
    except NoRepository:
        if database is None or session.settings.repository is not None:
            raise
        return None


def _catalog(session: Session, folder: Path) -> Catalog:
    from litekeep.repository.catalog import load_catalog

    return load_catalog(session.open(folder))


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


def _tell(session: Session, findings: list[Finding], databases: list[Path], folder: Path | None) -> None:
    out = session.out
    out.line(", ".join(f"{name} {version}" for name, version in versions().items()))
    out.line(f"Looked at: {words.joined([str(each) for each in (*databases, *([folder] if folder else []))])}")
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
