"""Killed at every place: before and after each operation on the storage, and between any two calls to the system.

A killed process leaves what it had asked for. So one run that is filmed (crash.film), and one that strace writes down
(syscalls), give the outcome of a kill at every place of that run. States that are the same are judged once. That a real
SIGKILL leaves the same is shown by tests/crash/test_sigkill.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from crash.film import State, in_memory
from crash.oracle import digest_of, require_nothing_lost, require_proofs_by_reading, require_recovery
from torture.aftermath import Aftermath
from torture.campaign import Campaign, Shard, Size, Tally
from torture.disk import Disk
from torture.recorded import recordings
from torture.scenes import SCENES, Elsewhere, Stage, opened, parts_of, scene, stage, wanted_of
from torture.syscalls import Cut, Event, Mark, Names, Recording, Sync, Write
from torture.verdicts import Verdicts

STORAGE, SYSTEM = "storage", "system"
SYSTEM_SCENES = ("plain",)
CI_OPERATIONS = {
    STORAGE: ("incremental backup", "prune that drops packs", "restore over damage", "sync to a copy", "pin"),
    SYSTEM: ("pin", "restore to a new path"),
}
STORAGE_OPERATIONS = ("put", "get", "get_range", "size", "list", "delete", "lock")
CALLS = ("a new name", "a removed name", "a rename", "a write", "a new length", "a flush")
TORN = "in the middle of a write"
KILL_POINTS = {Size.CI: 250, Size.NIGHTLY: 20_000, Size.RELEASE: 200_000}


def shards(size: Size, seed: int) -> Sequence[Shard]:
    """(kind of place, scene, seed, operations...)."""
    if size is Size.CI:
        return [(kind, "plain", seed, *names) for kind, names in CI_OPERATIONS.items()]
    found: list[Shard] = []
    for number in range(seed, seed + (10 if size is Size.RELEASE else 1)):
        for each in SCENES:
            for kind in (STORAGE, SYSTEM) if each.name in SYSTEM_SCENES else (STORAGE,):
                found += [(kind, each.name, number, *names) for names in parts_of(each)]
    return found


def run(shard: Shard, tally: Tally, folder: Path) -> None:
    """Some operations of one scene."""
    kind, name, seed, *names = shard
    chosen = scene(str(name), int(seed))
    with opened(chosen):
        operations = wanted_of(chosen, names, tally)
        stages = [stage(chosen, each, folder / str(number)) for number, each in enumerate(operations)]
        if kind == STORAGE:
            for each in stages:
                kill_at_storage_operations(each, tally)
        elif stages:
            for each, recording in recordings(stages, folder):
                kill_between_calls(each, recording, tally, folder / "scratch")


def kill_at_storage_operations(each: Stage, tally: Tally) -> None:
    """Before and after each."""
    world, reference, verdicts = each.world, each.reference, Verdicts()
    for frame in reference.frames:
        for moment, state in (("before", frame.before), ("after", frame.after)):
            case = f"{each.title}/{frame.number} {moment}"
            if tally.wants(case):
                with tally.case(case, f"{moment} {frame.operation}"):
                    key = digest_of(state, frame.files)
                    verdicts.require(key, partial(_look, each, state, frame.files, frame.number))
    tally.figures["different states"] += len(verdicts)
    if not isinstance(world, Elsewhere):  # there, receipts come with what they are about
        with tally.case(f"{each.title}/proofs", count=0):
            require_proofs_by_reading(reference.frames, world)


def _look(each: Stage, state: State, files: State, number: int) -> None:
    each.world.reset(files or None)
    require_nothing_lost(each.world, each.reference, in_memory(state))
    require_recovery(each.operation, each.world, each.reference, in_memory(state), seed=100 + number)


def kill_between_calls(each: Stage, recording: Recording, tally: Tally, scratch: Path) -> None:
    """After each call, and in the middle of each write."""
    disk, aftermath, returned = Disk.of(recording), Aftermath(each, scratch), False
    scratch.mkdir(exist_ok=True)
    for number, event in enumerate(recording.events):
        case = f"{each.title}/call {number}"
        if isinstance(event, Write) and tally.wants(f"{case} torn"):
            with tally.case(f"{case} torn", TORN):
                tree = disk.torn(event)
                aftermath.require_sound(tree.fingerprint(), tree, returned=False)
        disk.tell(event)
        returned = returned or isinstance(event, Mark)
        if tally.wants(case):
            with tally.case(case, f"after {call_of(event)}"):
                tree = disk.after_kill()
                aftermath.require_sound(tree.fingerprint(), tree, returned=returned)
    tally.figures["different states"] += len(aftermath.verdicts)


def call_of(event: Event) -> str:
    """What kind of call it was."""
    match event:
        case Names():
            if len(event.changes) > 1:
                return "a rename"
            return "a removed name" if event.changes[0][2] is None else "a new name"
        case Write():
            return "a write"
        case Cut():
            return "a new length"
        case Sync():
            return "a flush"
        case Mark():
            return "the return"


KILL = Campaign(
    "kill",
    "G1",
    "A kill at any place of any operation loses no snapshot, and the next run goes on by itself.",
    "kill points",
    KILL_POINTS,
    shards,
    run,
    frozenset({f"{moment} {each}" for moment in ("before", "after") for each in STORAGE_OPERATIONS})
    | frozenset({f"after {each}" for each in CALLS if each != "a new length"})
    | {TORN},
)
