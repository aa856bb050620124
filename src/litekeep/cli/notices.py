"""Notifications of the command line: what is due for the databases of a repository, and the rows about it."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from litekeep.cli.place import Folder, holds_repository
from litekeep.cli.session import Session
from litekeep.errors import LitekeepError
from litekeep.journal.journal import Journal, failing_channels, notification_row
from litekeep.storage.durable import make_folders

if TYPE_CHECKING:
    from litekeep.notify.delivery import Delivery
    from litekeep.notify.message import Situation
    from litekeep.notify.notifier import Recipients


def send_due(session: Session, recipients: Recipients, max_age: timedelta) -> list[Delivery]:
    """Send what is due now, and remember it."""
    from litekeep.cli.status_facts import gather
    from litekeep.notify.notifier import Notifier

    gathered = gather(session, max_age)
    place, now = gathered.place or Folder(Path()), session.clock.now()
    folder, there = place.diaries, place.has_diaries if place.folder is None else holds_repository(place.folder)
    spare = _spare(needed=not there)
    journal = Journal(folder, spare, ready=lambda: there)
    situations = gathered.situations(journal.rows(), _name_for(session))
    notifier = Notifier(recipients, folder if there else spare, session.clock, platform.node(), spare)
    deliveries = notifier.tell(situations)
    if notifier.problem:
        session.telling.warn("notices", notifier.problem)
    _remember(journal, deliveries, situations, now)
    return deliveries


def send_after_run(session: Session) -> None:
    """After a run with a settings file: what its channels are to be told. A failure of theirs is a warning."""
    from litekeep.config.recipients import recipients

    if session.file is None:
        return
    found = recipients(session.file.backup.notifications)
    if not found.channels():
        return
    try:
        for each in send_due(session, found, session.max_age(None)):
            if each.detail:
                session.telling.warn("notification", f"{each.channel}: {each.detail}")
    except (LitekeepError, OSError) as error:
        session.telling.warn("notification", f"nobody could be told: {error}")


def _name_for(session: Session) -> str:
    """What a database is called whose repository is not there."""
    if session.settings.source is not None:
        return session.settings.source
    if session.file is not None and session.file.database is not None:
        return session.file.database.stem
    return str(session.settings.repository or "the database")


def _spare(*, needed: bool) -> Path:
    """A folder of this user, for what cannot be written beside the backups while their drive is not there."""
    folder = Path(click.get_app_dir("litekeep"))
    if needed:
        with suppress(OSError):
            make_folders(folder)
    return folder


def _remember(journal: Journal, deliveries: Sequence[Delivery], situations: Sequence[Situation], now: datetime) -> None:
    """Rows for what was delivered or not (of heartbeats only changes), and for what is overdue."""
    from litekeep.manager.situations import overdue_rows

    rows = journal.rows()
    failing = failing_channels(rows)
    for each in deliveries:
        if each.detail or each.channel in failing or not each.channel.startswith("heartbeat"):
            journal.append(notification_row(each.channel, each.detail, each.attempts, now))
    for row in overdue_rows(situations, rows, now):
        journal.append(row)
