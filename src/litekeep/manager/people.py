"""Who is told, and when: after every run, and every quarter of an hour although nothing runs.

The clock matters: a backup that is overdue makes no event. Deliveries go on in the background, and how they ended is in
the journal; of heartbeats only what changed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from litekeep.clock import Clock
from litekeep.journal.journal import failing_channels, notification_row
from litekeep.manager.diary import keep
from litekeep.manager.situations import overdue_rows, situation_of
from litekeep.notify.delivery import Delivered, Delivery
from litekeep.notify.notifier import Notifier
from litekeep.operations.status import Facts, Status
from litekeep.worker.jobs import Place

TICK_SECONDS = 900.0


def tell_people(
    notifier: Notifier, place: Place, known: tuple[Facts, Status], clock: Clock, warn: Callable[[str, str], None]
) -> threading.Thread:
    """Send what is due, in the background; write down at once what is overdue. Returns the thread that sends."""
    journal = place.journal()
    rows, now = journal.rows(), clock.now()
    situation = situation_of(*known, rows, place.name)
    for row in overdue_rows([situation], rows, now):
        keep(place, row, clock)
    return notifier.tell_in_background(
        [situation], lambda deliveries: _delivered(deliveries, place, notifier, clock.now(), warn)
    )


def _delivered(
    deliveries: list[Delivery], place: Place, notifier: Notifier, now: datetime, warn: Callable[[str, str], None]
) -> None:
    journal = place.journal()
    failing = failing_channels(journal.rows()) if deliveries else {}
    for each in deliveries:
        detail = "" if each.result is Delivered.OK else each.detail or each.result.value
        if detail or each.channel in failing or not each.channel.startswith("heartbeat"):
            journal.append(notification_row(each.channel, detail, each.attempts, now))
        if detail:
            warn("notification", f"{each.channel}: {detail}")
    if notifier.problem:
        warn("notices", notifier.problem)


class Ticker:
    """Calls `action` again and again until it is closed, on a thread of its own. One that raises is called again."""

    def __init__(self, action: Callable[[], object], seconds: float = TICK_SECONDS) -> None:
        self._action = action
        self._seconds = seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="litekeep-clock", daemon=True)

    def start(self) -> None:
        """Once; the first call comes after one period."""
        self._thread.start()

    def close(self) -> None:
        """No more calls; one that goes on is not waited for."""
        self._over.set()

    def _loop(self) -> None:
        while not self._over.wait(self._seconds):
            try:
                self._action()
            except Exception:  # noqa: BLE001, S112 - the thread must outlive everything: silence is what it is against
                continue
