"""What goes on, folded from the manager's events and from what a person asked for here. Pure: values in, values out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from litekeep.model import Snapshot
from litekeep.monitor import Fact
from litekeep.ui.presenter.facts import Work

SHOWN = frozenset({"backup", "verify", "drill", "restore", "undo", "export", "prune"})
"""Verbs that the hero shows. Others (pin, preview ...) take a moment, and a busy hero would only flicker."""
JOB_EVENTS = frozenset({"job_started", "job_finished", "job_failed", "progress"})


@dataclass(frozen=True, slots=True)
class Scene:
    """queued: what the manager's queue runs, whoever began it; over: it has ended, and facts are not gathered yet.

    own: what a person asked for in a window, from the click until the facts are gathered after it.
    """

    queued: Work | None = None
    over: bool = False
    own: Work | None = None

    @property
    def running(self) -> str:
        """The verb of the queue's job; empty if it has none."""
        return self.queued.verb if self.queued and not self.over else ""

    @property
    def shown(self) -> Work | None:
        """What the window says that goes on. A person's own job comes first, with the queue's progress if it is its."""
        if self.own is None:
            return self.queued if self.queued and self.queued.verb in SHOWN else None
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
    """After an event of the manager."""
    verb = str(facts.get("verb", ""))
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
