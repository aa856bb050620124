"""litekeep watch."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from litekeep.cli.exits import OK, STORED
from litekeep.cli.main import INTERRUPTED
from litekeep.cli.parameters import PATH
from litekeep.cli.session import Session
from litekeep.cli.systemd import tell_systemd
from litekeep.cli.verb import verb
from litekeep.clock import SystemClock
from litekeep.errors import LitekeepError, UsageError

if TYPE_CHECKING:
    from litekeep.cli.told_watch import Teller
    from litekeep.cli.watched import Watched

LOOK_SECONDS = 1.0
STOP_SECONDS = 5.0
"""A running job has this long to come to a safe point: containers are killed after ten seconds."""
LAST_BACKUP_SECONDS = 60.0
_POLL_SECONDS = 0.2


@verb(
    "watch",
    examples=[
        ("litekeep watch --config backup.json", "until Ctrl-C or SIGTERM"),
        ("litekeep watch -c one.json -c two.json", "several databases"),
        ("litekeep watch app.db -r /backups", "every night at two, with all defaults"),
        ("litekeep watch -c backup.json --once", "what is due now, then end: for a container's cron"),
    ],
    exits=[4, 5, *STORED, 11, 14],
)
@click.argument("database", required=False, type=PATH)
@click.option(
    "-c",
    "--config",
    "files",
    type=PATH,
    multiple=True,
    metavar="FILE",
    help="Settings file of a database; may be given several times [default: LITEKEEP_CONFIG].",
)
@click.option("--once", is_flag=True, help="Run what is due now, and end.")
@click.option("--backup-on-stop", is_flag=True, help="Make a last backup when it is stopped, if something changed.")
def command(session: Session, database: Path | None, files: tuple[Path, ...], *, once: bool, **rest: bool) -> int:
    """Back up when it is due, test restores, remove old backups and notify, as the settings say: in the foreground, for
    servers and containers.

    One line tells of everything that happens; with --json each is a JSON object. What was missed while it did not run
    is made up for, once, also beside other programs with the same schedule. A backup folder that is not there is waited
    for. SIGHUP reads the settings again, and so does a change of the file; settings with mistakes are told and not
    used. SIGTERM ends it with exit code 0, Ctrl-C with 130: what runs stops at a safe point.
    """
    from litekeep.cli.told_watch import Teller
    from litekeep.cli.watched import Watched

    given = _given(session, database, files)
    teller, clock = Teller(session.out, SystemClock()), SystemClock()
    watched = [Watched(database, config, session.settings.source, teller, clock) for config in given]
    for each in watched:
        each.begin()
    if once:
        _until(session, [each.manager.run_due for each in watched])
        for each in watched:
            each.tell_next()
    else:
        _watch(session, watched)
    code = _exit_code(session, watched, once=once)
    _stop(session, watched, teller, backup=rest["backup_on_stop"], code=code)
    return code


def _given(session: Session, database: Path | None, files: tuple[Path, ...]) -> Sequence[Path | dict[str, Any]]:
    """The settings of each database."""
    folder = session.only_folder("litekeep watch")
    named = [*files] or ([session.settings.config] if session.settings.config is not None else [])
    if named and session.settings.repository_named:
        raise UsageError("--repository and a settings file contradict each other", hint="The file names the folder.")
    if named and (database is None or len(named) == 1):
        return [Path(os.path.abspath(each)) for each in named]
    if database is None:
        raise UsageError("there is nothing to watch", hint="Name a database, or a settings file with --config.")
    if named:
        raise UsageError("a database and several settings files", hint="Each of the files names its own database.")
    if folder is None:
        return [{}]
    return [{"backup": {"backup_directory": os.path.abspath(folder)}}]


def _watch(session: Session, watched: Sequence[Watched]) -> None:
    """Until somebody wants to stop."""
    from litekeep.manager.people import Ticker

    asked = threading.Event()

    def look() -> None:
        reload = asked.is_set()
        asked.clear()
        for each in watched:
            each.look(reload=reload)
        tell_systemd("WATCHDOG=1")

    ticker = Ticker(look, LOOK_SECONDS)
    with _hangup() as hung_up:
        for each in watched:
            each.manager.start()
        ticker.start()
        tell_systemd("READY=1")
        while not session.interrupt.wanted:
            if hung_up:
                hung_up.clear()
                asked.set()
            SystemClock().sleep(_POLL_SECONDS)
    ticker.close()


@contextmanager
def _hangup() -> Iterator[list[int]]:
    """A list that is not empty after SIGHUP; a handler must not touch locks, so it is not an Event."""
    received: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        received.append(number)

    if sys.platform == "win32":
        yield received
        return
    before = signal.signal(signal.SIGHUP, handle)
    try:
        yield received
    finally:
        signal.signal(signal.SIGHUP, before)


def _until(session: Session, actions: Sequence[Callable[[], None]]) -> None:
    """Run these, each on a thread, until all have ended or somebody wants to stop."""
    threads = [threading.Thread(target=action, daemon=True) for action in actions]
    for each in threads:
        each.start()
    while any(each.is_alive() for each in threads) and not session.interrupt.wanted:
        SystemClock().sleep(_POLL_SECONDS / 4)


def _exit_code(session: Session, watched: Sequence[Watched], *, once: bool) -> int:
    if session.interrupt.wanted:
        return OK if session.interrupt.number == signal.SIGTERM else INTERRUPTED
    return max((each.exit_code for each in watched), default=OK) if once else OK


def _stop(session: Session, watched: Sequence[Watched], teller: Teller, *, backup: bool, code: int) -> None:
    """Come to an end in bounded time, whatever hangs: what is cut off is what the next run tidies up."""
    seconds = LAST_BACKUP_SECONDS if backup else STOP_SECONDS
    tell_systemd("STOPPING=1")
    if session.interrupt.wanted:
        teller.tell("", "watch_stopping", {"message": "stopping"})
    guard = threading.Timer(seconds + 2, os._exit, (code,))
    guard.daemon = True
    guard.start()
    _until_closed([partial(_close, each, seconds, backup=backup) for each in watched])
    guard.cancel()


def _close(watched: Watched, seconds: float, *, backup: bool) -> None:
    try:
        watched.manager.close(timeout_seconds=seconds, backup=backup)
    except LitekeepError as error:
        watched.manager.warn("shutdown", error.message)


def _until_closed(actions: Sequence[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=action, daemon=True) for action in actions]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
