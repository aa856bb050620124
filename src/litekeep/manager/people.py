"""Who is told, and when: after every run, and every quarter of an hour although nothing runs.

The clock matters: a backup that is overdue makes no event. Deliveries go on in the background, and how they ended is in
the journal; of heartbeats only what changed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from litekeep.clock import Clock
from litekeep.journal.journal import failing_channels, notification_row
from litekeep.manager.diary import keep
from litekeep.manager.situations import overdue_rows, situation_of
from litekeep.notify.deliver import LIMIT_SECONDS
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
    situation = situation_of(*known, rows, now, place.name)
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


class Announcer:
    """Tells people after a run that somebody asked for, and keeps nobody waiting: all of it is done on its own thread.

    Runs that end while it is at work are told together, in one more round. What was sent is remembered by the notifier,
    so that rounds without news send nothing.

    tell: looks what is due, and returns the thread that sends it.
    """

    def __init__(self, tell: Callable[[], threading.Thread]) -> None:
        self._tell = tell
        self._guard = threading.Lock()
        self._wanted = False
        self._thread: threading.Thread | None = None
        self.sending: threading.Thread | None = None
        """The newest thread that sends."""

    def soon(self) -> None:
        """Begin, or go round once more; returns at once.

        Never raises: where no thread can be started any more, because Python is ending, the next start tells.
        """
        with self._guard:
            self._wanted = True
            if self._thread is None:
                thread = threading.Thread(target=self._loop, name="litekeep-people", daemon=True)
                with suppress(RuntimeError):
                    thread.start()
                    self._thread = thread

    def wait(self, seconds: float, clock: Clock) -> None:
        """Until all is told, but no longer."""
        until = clock.monotonic() + seconds
        with self._guard:  # one that is being started cannot be joined
            threads = (self._thread, self.sending)
        for thread in threads:
            if thread is not None and thread is not threading.current_thread():
                thread.join(max(0.0, until - clock.monotonic()))

    def _loop(self) -> None:
        while True:
            with self._guard:
                if not self._wanted:
                    self._thread = None
                    return
                self._wanted = False
            try:
                self.sending = self._tell()
                self.sending.join(LIMIT_SECONDS)
            except Exception:  # noqa: BLE001, S112 - the run itself has its row; the next round tries again
                continue


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
