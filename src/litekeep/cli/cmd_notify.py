"""litekeep notify: test, send."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from litekeep.cli.channels import Named, channel_options, recipients_of, settings_of
from litekeep.cli.exits import OK, WARNINGS
from litekeep.cli.place import holds_repository
from litekeep.cli.session import Session
from litekeep.cli.verb import HELP, verb
from litekeep.journal import history
from litekeep.journal.journal import Journal, failing_channels, notification_row, overdue_row

if TYPE_CHECKING:
    from litekeep.config import Settings
    from litekeep.notify.delivery import Delivery
    from litekeep.notify.message import Situation

TOLD_OVERDUE_FOR = timedelta(hours=23)


@click.group("notify", context_settings=HELP)
def command() -> None:
    """Send notifications: a test through every channel, or what is due now.

    Channels are those of the settings file and those that the options name.
    """


@verb(
    "test",
    examples=[
        ("litekeep notify test", "every channel of the settings file"),
        ("litekeep notify test --desktop", "does it work on this desktop?"),
        ("litekeep notify test --ntfy https://ntfy.sh/my-topic", "before it gets into the settings"),
    ],
    exits=[3],
)
@channel_options
def test(session: Session, **options: Any) -> int:
    """Send a test message through every channel, and say for each what happened.

    A heartbeat gets the ping of a run that began: a test must not say that the backups are good.
    """
    from litekeep.notify.trial import test_channels

    named = Named(**options)
    found = recipients_of(named, settings_of(named))
    deliveries = test_channels(found.channels(), host=platform.node(), clock=session.clock)
    return _tell(session, "notify-test", deliveries)


@verb(
    "send",
    examples=[
        ("litekeep notify send", "for cron: what is due by the settings file"),
        ("litekeep notify send --desktop --max-age 2", "overdue after two hours"),
        ("litekeep notify send --heartbeat https://hc-ping.com/ID", "good, bad, or silence"),
    ],
    exits=[3],
)
@click.option(
    "--max-age",
    type=click.FloatRange(min=0.01),
    default=26.0,
    metavar="HOURS",
    help="Older than this, the last good backup is overdue [default: 26].",
)
@channel_options
def send(session: Session, max_age: float, **options: Any) -> int:
    """Look at the backups and send what is due: a failure, an overdue backup or damage at once and then daily, and one
    message when it is over. Nothing is sent if nothing is new, so run it as often as you like.

    Heartbeats are pinged every time: with success only if the newest backup of every database is verified and recent.
    """
    named = Named(**options)
    settings = settings_of(named)
    found = recipients_of(named, settings)
    if settings is not None and session.settings.repository is None:
        session.settings.repository = settings.backup.backup_directory
    from litekeep.cli.status_facts import gather

    gathered = gather(session, timedelta(hours=max_age))
    folder, now = gathered.folder or session.settings.repository or Path(), session.clock.now()
    there = holds_repository(folder)
    spare = _spare(needed=not there)
    journal = Journal(folder, spare, ready=lambda: there)
    situations = gathered.situations(journal.rows(), _name_for(session, settings))
    from litekeep.notify.notifier import Notifier

    notifier = Notifier(found, folder if there else spare, session.clock, platform.node(), spare)
    deliveries = notifier.tell(situations)
    if notifier.problem:
        session.telling.warn("notices", notifier.problem)
    _remember(journal, deliveries, situations, now)
    return _tell(session, "notify-send", deliveries)


def _name_for(session: Session, settings: Settings | None) -> str:
    """What a database is called whose repository is not there."""
    if session.settings.source is not None:
        return session.settings.source
    if settings is not None and settings.database is not None:
        return settings.database.stem
    return str(session.settings.repository or "the database")


def _spare(*, needed: bool) -> Path:
    """A folder of this user, for what cannot be written beside the backups while their drive is not there."""
    folder = Path(click.get_app_dir("litekeep"))
    if needed:
        with suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _remember(journal: Journal, deliveries: Sequence[Delivery], situations: Sequence[Situation], now: datetime) -> None:
    """Rows for what was delivered or not (of heartbeats only changes), and for what is overdue."""
    from litekeep.notify.conditions import is_overdue

    rows = journal.rows()
    failing = failing_channels(rows)
    for each in deliveries:
        if each.detail or each.channel in failing or not each.channel.startswith("heartbeat"):
            journal.append(notification_row(each.channel, each.detail, each.attempts, now))
    told = {
        row.source
        for row in rows
        if row.outcome is history.Outcome.OVERDUE and timedelta(0) <= now - row.at < TOLD_OVERDUE_FOR
    }
    for situation in situations:
        if is_overdue(situation, now) and not situation.missing and situation.source not in told:
            since = situation.last_good_at
            why = f"the last good backup is of {since:%Y-%m-%d %H:%M}" if since else "there is no good backup yet"
            journal.append(overdue_row(situation.source, now, why))


def _tell(session: Session, name: str, deliveries: Sequence[Delivery]) -> int:
    out = session.out
    for each in deliveries:
        if each.result == "ok":
            out.good(f"{each.channel}: delivered")
        elif each.result == "unavailable":
            out.care(f"{each.channel}: not available: {each.detail}")
        else:
            out.bad(f"{each.channel}: not delivered: {each.detail}")
    if not deliveries:
        out.line("Nothing is due.")
    exit_code = OK if all(each.result == "ok" for each in deliveries) else WARNINGS
    told = [
        {"channel": each.channel, "result": each.result.value, "detail": each.detail, "attempts": each.attempts}
        for each in deliveries
    ]
    session.result(name, exit_code, deliveries=told)
    return exit_code


for each in (test, send):
    command.add_command(each)
