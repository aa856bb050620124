"""Notifier: after every run and at every tick of the clock, send what is due, remember it, and beat the heart.

For each channel on its own: what it was told before (sent.py), what is due for it (decide.py), delivery, remembering.
So a mail server that was down gets yesterday's alarm when it is back, although the desktop showed it at once. A channel
that failed is left alone for a quarter of an hour.

A notice is remembered after its message was delivered: a crash in between sends it twice, never not at all. A lock
keeps two processes from sending the same; who does not get it leaves it to the other. If the notices cannot be written,
this object still remembers them, so that a service does not repeat itself; a command that runs once may.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread

from litekeep.clock import Clock
from litekeep.errors import Locked
from litekeep.notify import sent
from litekeep.notify.channels import Channel, HeartbeatChannel
from litekeep.notify.conditions import conditions
from litekeep.notify.decide import BY_DEFAULT, REMIND_AFTER, Wishes, decide, state_of
from litekeep.notify.deliver import LIMIT_SECONDS, RETRY_AFTER_SECONDS, attempt, send, within
from litekeep.notify.delivery import Delivered, Delivery
from litekeep.notify.message import Message, Notice, Occasion, Severity, Situation, State, occasion_of
from litekeep.notify.online import Beat, send_beat
from litekeep.records import dataclass
from litekeep.storage.oslock import hold

TRY_AGAIN_AFTER = timedelta(minutes=15)
LOCK_WAIT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Route:
    """A channel, and what it is told of."""

    channel: Channel
    occasions: frozenset[Occasion] = BY_DEFAULT


@dataclass(frozen=True, slots=True)
class Recipients:
    """Who is told what; heartbeats are told whether all is good."""

    routes: tuple[Route, ...] = ()
    heartbeats: tuple[HeartbeatChannel, ...] = ()

    def named(self) -> list[tuple[str, Route]]:
        """Every route, with a name that no other has."""
        named: dict[str, Route] = {}
        for route in self.routes:
            name = route.channel.name
            count = sum(each.partition(" #")[0] == name for each in named)
            named[f"{name} #{count + 1}" if count else name] = route
        return list(named.items())

    def channels(self) -> list[Channel]:
        """Every channel, heartbeats last."""
        return [*(route.channel for route in self.routes), *self.heartbeats]


class Notifier:
    """Sends what is due.

    Args:
        recipients: the channels.
        folder: where notices are remembered, beside the journal; it is never made.
        clock: tells and passes time.
        host: the machine's name, for messages.
        spare: where they are remembered while `folder` cannot be written, because its drive is not there for one.
        ready: asked before `folder` is written; false for a folder that is there but is not the repository (the empty
            mount point of a drive that came off).
    """

    def __init__(
        self,
        recipients: Recipients,
        folder: Path,
        clock: Clock,
        host: str = "",
        spare: Path | None = None,
        ready: Callable[[], bool] = lambda: True,
    ) -> None:
        self._recipients = recipients
        self._folders = (folder,) if spare is None or spare == folder else (folder, spare)
        self._ready = ready
        self._clock = clock
        self._host = host
        self._unwritten: list[Notice] = []
        self.problem = ""
        """Why notices could not be remembered; empty if they were."""

    @property
    def has_recipients(self) -> bool:
        """False if there is nobody to tell."""
        return bool(self._recipients.channels())

    @property
    def awaits_good_news(self) -> bool:
        """True if a run that went well is something to tell: an alarm is open, or somebody wants to know of every run.

        Reads what was sent, and nothing else.
        """
        wanted = any(Occasion.SUCCESS in route.occasions for route in self._recipients.routes)
        if wanted or self._recipients.heartbeats:
            return True
        newest = {(each.channel, each.source, each.topic): each.state for each in self._sent_before()}
        return State.ALARM in newest.values()

    def began(self) -> list[Delivery]:
        """Tell the heartbeats that a run began."""
        return self._beat(Beat.START)

    def tell(self, situations: Sequence[Situation]) -> list[Delivery]:
        """Send what is due for these databases, and the heartbeat. Never raises; returns what was tried."""
        deliveries = self._tell(situations)
        beat = beat_of(situations, self._clock.now())
        return [*deliveries, *self._beat(beat)] if beat is not None else deliveries

    def tell_in_background(self, situations: Sequence[Situation], report: Callable[[list[Delivery]], None]) -> Thread:
        """The same in a thread that nobody needs to wait for; `report` gets the deliveries there."""
        thread = Thread(target=lambda: report(self.tell(situations)), name="litekeep-notify", daemon=True)
        thread.start()
        return thread

    def _tell(self, situations: Sequence[Situation]) -> list[Delivery]:
        if not self._recipients.routes:
            return []
        with ExitStack() as stack:
            try:
                self._lock(stack)
            except Locked:
                return []  # another process is at it, with the same facts
            now = self._clock.now()
            previous = self._sent_before()
            named = self._recipients.named()
            due = {name: self._due(name, route, situations, previous, now) for name, route in named}
            jobs = [(name, self._job(name, route.channel, due[name])) for name, route in named if due[name]]
            return self._remembered(within(LIMIT_SECONDS, jobs), due, now)

    def _lock(self, stack: ExitStack) -> None:
        """Keep other processes out, in the first folder that can be written; if none can, nobody can be kept out."""
        for folder in self._writable():
            with suppress(OSError):
                path = str(folder / sent.LOCK_NAME)
                stack.enter_context(hold(path, "notifications", LOCK_WAIT_SECONDS, self._clock))
                return

    def _sent_before(self) -> list[Notice]:
        """In the order in which it was sent."""
        found = [*(notice for folder in self._folders for notice in sent.read(folder)), *self._unwritten]
        return sorted(found, key=lambda each: each.at)

    def _writable(self) -> tuple[Path, ...]:
        return self._folders if self._ready() else self._folders[1:]

    def _due(
        self,
        name: str,
        route: Route,
        situations: Sequence[Situation],
        previous: Sequence[Notice],
        now: datetime,
    ) -> list[Message]:
        mine = [each for each in previous if each.channel == name and each.at <= now]
        if mine and mine[-1].state is State.UNDELIVERED and now - mine[-1].at < _pause(mine[-1]):
            return []
        known = [notice for notice in previous if notice.channel == name or _told_elsewhere(notice, route)]
        return decide(situations, known, Wishes(route.occasions, self._host), now)

    def _job(self, name: str, channel: Channel, messages: Sequence[Message]) -> Callable[[], list[Delivery]]:
        """One delivery for each message, in order; after one that failed the rest waits."""

        def run() -> list[Delivery]:
            done: list[Delivery] = []
            for message in messages:
                action = _sending(channel, message)
                done.append(attempt(name, action, self._clock, RETRY_AFTER_SECONDS))
                if done[-1].result is not Delivered.OK:
                    break
            return done

        return run

    def _remembered(self, deliveries: list[Delivery], due: dict[str, list[Message]], now: datetime) -> list[Delivery]:
        """Write a notice for each database and topic that was told, or that the channel failed."""
        left = {name: list(messages) for name, messages in due.items()}
        for delivery in deliveries:
            if delivery.result is Delivered.OK:
                message = left[delivery.channel].pop(0)
                notices = [
                    Notice(now, delivery.channel, source, topic, state_of(message)) for source, topic in message.about
                ]
            else:
                notices = [Notice(now, delivery.channel, "", delivery.result.value, State.UNDELIVERED)]
            for notice in notices:
                self._remember(notice)
        return deliveries

    def _remember(self, notice: Notice) -> None:
        """Write it, after those that could not be written before."""
        self._unwritten.append(notice)
        self.problem = ""
        while self._unwritten and not self.problem:
            self.problem = self._written(self._unwritten[0])
            if not self.problem:
                del self._unwritten[0]

    def _written(self, notice: Notice) -> str:
        """Why it could not be written anywhere; empty if it was."""
        problem = "there is no folder in which what was sent can be remembered"
        for folder in self._writable():
            try:
                sent.remember(folder, notice)
            except OSError as error:
                problem = f"what was sent cannot be remembered in {folder}: {error.strerror or error}"
            else:
                return ""
        return problem

    def _beat(self, beat: Beat) -> list[Delivery]:
        jobs = [(channel.name, self._beat_job(channel, beat)) for channel in self._recipients.heartbeats]
        return within(LIMIT_SECONDS, jobs)

    def _beat_job(self, channel: HeartbeatChannel, beat: Beat) -> Callable[[], list[Delivery]]:
        def action() -> None:
            send_beat(channel, beat)

        return lambda: [attempt(channel.name, action, self._clock, RETRY_AFTER_SECONDS)]


def beat_of(situations: Sequence[Situation], now: datetime) -> Beat | None:
    """What the heartbeat says: success only if the newest backup of every database is verified and recent.

    None: nothing is wrong, but not everything is proven either; then silence, and the monitor waits for the proof.
    """
    wrong = [each for situation in situations for each in conditions(situation, now)]
    if any(each.severity >= Severity.FAILURE for each in wrong):
        return Beat.FAIL
    proven = all(each.last_good_at and not each.unverified and not each.missing for each in situations)
    return Beat.SUCCESS if situations and proven else None


def _sending(channel: Channel, message: Message) -> Callable[[], None]:
    return lambda: send(channel, message)


def _pause(failed: Notice) -> timedelta:
    """How long a channel that failed is left alone: what is not installed will not be in a quarter of an hour."""
    return REMIND_AFTER if failed.topic == Delivered.UNAVAILABLE else TRY_AGAIN_AFTER


def _told_elsewhere(notice: Notice, route: Route) -> bool:
    """True for an alarm of another channel of which this one is told only that it is over."""
    return notice.state is State.ALARM and occasion_of(notice.topic) not in route.occasions
