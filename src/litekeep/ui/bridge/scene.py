"""What goes on, folded from the manager's events and from what a person asked for here. Pure: values in, values out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from litekeep.model import Snapshot
from litekeep.monitor import Fact
from litekeep.records import dataclass
from litekeep.ui.presenter.facts import Sending, Work
from litekeep.ui.presenter.working import STATES


@dataclass(frozen=True, slots=True)
class Scene:
    """queued: what the manager's queue runs, whoever began it; over: it has ended, and facts are not gathered yet.

    own: what a person asked for in a window, from the click until the facts are gathered after it. sending: what goes
    on with a copy; that is beside the queue, and in nobody's way.
    """

    queued: Work | None = None
    over: bool = False
    own: Work | None = None
    sending: Sending | None = None

    @property
    def running(self) -> str:
        """The verb of the queue's job; empty if it has none."""
        return self.queued.verb if self.queued and not self.over else ""

    @property
    def shown(self) -> Work | None:
        """What the window says that goes on. A person's own job comes first, with the queue's progress if it is its.

        Of the queue's only jobs that the hero has a state for: others take a moment, and it would only flicker.
        """
        if self.own is None:
            return self.queued if self.queued and self.queued.verb in STATES else None
        if not self.running:
            return self.own
        assert self.queued is not None
        if self.running != self.own.verb:
            return replace(self.own, waiting=True)
        newest = self.queued
        return replace(
            self.own,
            phase=newest.phase,
            done=newest.done,
            total=newest.total,
            unit=newest.unit,
            phase_began=newest.phase_began,
        )


def told(scene: Scene, name: str, facts: Mapping[str, Fact], now: datetime) -> Scene:
    """After an event of the manager. Those of jobs with copies name the copy."""
    verb = str(facts.get("verb", ""))
    if "copy" in facts and name in _OF_JOBS:
        return replace(scene, sending=_sent(scene.sending, name, verb, facts, now))
    if name == "job_started":
        return replace(scene, queued=Work(verb, now), over=False)
    if scene.queued is None or scene.queued.verb != verb or scene.over:
        return scene
    if name in ("job_finished", "job_failed"):
        return replace(scene, over=True)
    if name == "progress":
        done, total = _number(facts.get("done")), _number(facts.get("total"))
        phase, unit = str(facts.get("phase", "")), str(facts.get("unit", ""))
        begun = scene.queued.phase_began if phase == scene.queued.phase else now
        return replace(
            scene,
            queued=replace(scene.queued, phase=phase, done=done, total=total, unit=unit, phase_began=begun),
        )
    return scene


_OF_JOBS = frozenset({"job_started", "job_finished", "job_failed", "progress"})
_LOOKS = frozenset({"probe", "look", "preview_copy"})


def _sent(sending: Sending | None, name: str, verb: str, facts: Mapping[str, Fact], now: datetime) -> Sending | None:
    copy = str(facts["copy"])
    if verb in _LOOKS:
        return sending  # who asked for that waits for its answer
    if name == "job_started":
        return Sending(verb, copy, now)
    if sending is None or (sending.verb, sending.name) != (verb, copy):
        return sending
    if name != "progress":
        return None
    done, total = _number(facts.get("done")), _number(facts.get("total"))
    phase, unit = str(facts.get("phase", "")), str(facts.get("unit", ""))
    begun = sending.phase_began if phase == sending.phase else now
    return replace(sending, phase=phase, done=done, total=total, unit=unit, waiting=False, phase_began=begun)


def send_asked(scene: Scene, verb: str, name: str, now: datetime) -> Scene:
    """A person wants something of a copy; what goes on with another one is shown until it has ended."""
    if scene.sending is not None:
        return scene
    return replace(scene, sending=Sending(verb, name, now, waiting=True))


def send_over(scene: Scene, name: str) -> Scene:
    """What a person wanted of a copy has ended, also if it never began."""
    sending = scene.sending
    over = sending is not None and sending.waiting and sending.name == name
    return replace(scene, sending=None) if over else scene


def send_cancelling(scene: Scene) -> Scene:
    """A person wants it to stop."""
    return scene if scene.sending is None else replace(scene, sending=replace(scene.sending, cancelling=True))


def send_joined(scene: Scene, verb: str, name: str, now: datetime) -> Scene:
    """When a window begins to look: what goes on with the copies; since when is not known."""
    if not verb:
        return replace(scene, sending=None)
    sending = scene.sending
    same = sending is not None and (sending.verb, sending.name) == (verb, name)
    return scene if same else replace(scene, sending=Sending(verb, name, now))


def joined(scene: Scene, running: str, now: datetime) -> Scene:
    """When a window begins to look: `running` is the verb of what the queue runs; since when is not known."""
    if not running:
        return replace(scene, queued=None, over=False)
    return scene if scene.running == running else replace(scene, queued=Work(running, now), over=False)


def gathered(scene: Scene) -> Scene:
    """The facts are those after the last job."""
    return replace(scene, queued=None, over=False) if scene.over else scene


def asked(scene: Scene, verb: str, now: datetime, about: Snapshot | None = None) -> Scene:
    """A person asked for something."""
    return replace(scene, own=Work(verb, now, about=about))


def reached(scene: Scene, at: int, of: int, about: Snapshot | None) -> Scene:
    """A job on several backups has come to one of them."""
    return scene if scene.own is None else replace(scene, own=replace(scene.own, at=at, of=of, about=about))


def cancelling(scene: Scene) -> Scene:
    """A person wants it to stop."""
    if scene.own is not None:
        return replace(scene, own=replace(scene.own, cancelling=True))
    return scene if scene.queued is None else replace(scene, queued=replace(scene.queued, cancelling=True))


def ended(scene: Scene) -> Scene:
    """What a person asked for has ended."""
    return replace(scene, own=None)


def _number(value: Fact) -> int:
    return int(value) if isinstance(value, (int, float)) else 0
