"""Deliver messages through channels: bounded in time and in attempts, and never the reason why anything else fails.

Each channel works in a thread of its own that nothing waits for longer than the limit: a server that sends one byte a
second holds up neither the run nor the end of the program (the thread is a daemon).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from litekeep.clock import Clock
from litekeep.errors import LitekeepError
from litekeep.notify.channels import (
    AppriseChannel,
    Channel,
    DesktopChannel,
    EmailChannel,
    HeartbeatChannel,
    NtfyChannel,
    WebhookChannel,
)
from litekeep.notify.delivery import Delivered, Delivery, NotDelivered
from litekeep.notify.message import Message
from litekeep.redaction import redact

RETRY_AFTER_SECONDS = (1.0, 4.0)
"""Waits between attempts, where trying again may help."""
LIMIT_SECONDS = 60.0
"""The longest that all of it may take."""


def send(channel: Channel, message: Message) -> None:
    """One attempt to send one message; raises NotDelivered. A heartbeat carries no messages."""
    if isinstance(channel, EmailChannel):
        from litekeep.notify.mail import send_email

        send_email(channel, message)
    elif isinstance(channel, WebhookChannel):
        from litekeep.notify.online import send_webhook

        send_webhook(channel, message)
    elif isinstance(channel, NtfyChannel):
        from litekeep.notify.online import send_ntfy

        send_ntfy(channel, message)
    elif isinstance(channel, DesktopChannel):
        from litekeep.notify.desktop import send_desktop

        send_desktop(channel, message)
    elif isinstance(channel, AppriseChannel):
        from litekeep.notify.through_apprise import send_apprise

        send_apprise(channel, message)
    else:
        assert isinstance(channel, HeartbeatChannel)


def attempt(name: str, action: Callable[[], None], clock: Clock, retries: Sequence[float]) -> Delivery:
    """Do it, again after each of the waits while it may help; never raises."""
    for number in range(len(retries) + 1):
        if number:
            clock.sleep(retries[number - 1])
        try:
            action()
        except NotDelivered as error:
            if error.transient and number < len(retries):
                continue
            result = Delivered.FAILED if error.available else Delivered.UNAVAILABLE
            return Delivery(name, result, redact(error.message), number + 1)
        except LitekeepError as error:  # a secret that cannot be had
            return Delivery(name, Delivered.FAILED, redact(error.message), number + 1)
        except Exception as error:  # noqa: BLE001 - a channel must never stop a run; its text may hold a secret
            return Delivery(name, Delivered.FAILED, f"unexpected {type(error).__name__}", number + 1)
        else:
            return Delivery(name, Delivered.OK, attempts=number + 1)
    raise AssertionError("the last attempt ends")


def within(limit_seconds: float, jobs: Sequence[tuple[str, Callable[[], Sequence[Delivery]]]]) -> list[Delivery]:
    """Run all jobs side by side; the deliveries of each, or "no answer" for one that does not end in time."""
    results: dict[int, Sequence[Delivery]] = {}

    def run(number: int, job: Callable[[], Sequence[Delivery]]) -> None:
        results[number] = job()

    threads = [
        threading.Thread(target=run, args=(number, job), name=f"litekeep-notify-{number}", daemon=True)
        for number, (_, job) in enumerate(jobs)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(limit_seconds)
        if thread.is_alive():
            limit_seconds = 0.0  # all had the same time
    found: list[Delivery] = []
    for number, (name, _) in enumerate(jobs):
        late = Delivery(name, Delivered.FAILED, "no answer within the time limit")
        found += results.get(number, (late,))
    return found
