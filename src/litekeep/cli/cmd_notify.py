"""litekeep notify: test, send."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from litekeep.cli.channels import Named, channel_options, recipients_of
from litekeep.cli.exits import OK, WARNINGS
from litekeep.cli.notices import send_due
from litekeep.cli.parameters import max_age_option
from litekeep.cli.session import Session
from litekeep.cli.verb import HELP, verb

if TYPE_CHECKING:
    from litekeep.notify.delivery import Delivery


@click.group("notify", context_settings=HELP)
def command() -> None:
    """Send notifications: a test through every channel, or what is due now.

    Channels are those of the settings file and those that the options name.
    """


@verb(
    "test",
    examples=[
        ("litekeep notify test -c backup.json", "every channel of the settings file"),
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

    found = recipients_of(Named(**options), session.file)
    deliveries = test_channels(found.channels(), host=platform.node(), clock=session.clock)
    return _tell(session, "notify-test", deliveries)


@verb(
    "send",
    examples=[
        ("litekeep notify send -c backup.json", "for cron: what is due by the settings file"),
        ("litekeep notify send --desktop --max-age 2", "overdue after two hours"),
        ("litekeep notify send --heartbeat https://hc-ping.com/ID", "good, bad, or silence"),
    ],
    exits=[3],
)
@max_age_option
@channel_options
def send(session: Session, max_age: float | None, **options: Any) -> int:
    """Look at the backups and send what is due: a failure, an overdue backup or damage at once and then daily, and one
    message when it is over. Nothing is sent if nothing is new, so run it as often as you like.

    Heartbeats are pinged every time: with success only if the newest backup of every database is verified and recent.
    """
    found = recipients_of(Named(**options), session.file)
    deliveries = send_due(session, found, session.max_age(max_age))
    return _tell(session, "notify-send", deliveries)


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
