"""test_channels: a message through every channel, to see now and not on the day of the failure whether it arrives."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from litekeep.clock import Clock
from litekeep.notify.channels import Channel, HeartbeatChannel
from litekeep.notify.deliver import LIMIT_SECONDS, attempt, send, within
from litekeep.notify.delivery import Delivery
from litekeep.notify.message import Message, Severity
from litekeep.notify.online import Beat, send_beat


def test_channels(
    channels: Sequence[Channel],
    *,
    host: str,
    clock: Clock,
    limit_seconds: float = LIMIT_SECONDS,  # noqa: PT028 - it is no test
) -> list[Delivery]:
    """Send a test through every channel once, all at the same time; one Delivery for each, in their order.

    A heartbeat gets "started": a test must not tell a monitor that the backups are good. Never raises.
    """
    message = Message(
        Severity.RECOVERED,
        "test message",
        "This is a test: notifications of Litekeep arrive here.",
        "Nothing happened to any database or backup.",
        "Nothing to do.",
        clock.now(),
        host,
    )
    jobs = [(channel.name, _job(channel, message, clock)) for channel in channels]
    return within(limit_seconds, jobs)


test_channels.__test__ = False  # type: ignore[attr-defined]  # its name makes pytest take it for one


def _job(channel: Channel, message: Message, clock: Clock) -> Callable[[], list[Delivery]]:
    def action() -> None:
        if isinstance(channel, HeartbeatChannel):
            send_beat(channel, Beat.START)
        else:
            send(channel, message)

    return lambda: [attempt(channel.name, action, clock, ())]
