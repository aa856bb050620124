"""The power is cut at any moment: what was reported as done is there, whatever the disk made of what was not flushed.

One run of an operation is written down by strace, with SQLite's own writes. After each call that changed anything, the
states that a power cut may leave then are made (disk: the model and its sources), and of different ones each is judged:
every snapshot from before is restored byte for byte, what the operation had told as done is there, a database under a
restore is the old or the new one, and the next run does its work without anybody's help, on a folder with exactly that
content. States that differ only in what no listing shows share their verdict; and where many differ in the bytes of the
database alone, the next run is tried on some of them.
"""

from __future__ import annotations

import random
from collections.abc import Hashable, Sequence
from pathlib import Path

from torture.aftermath import Aftermath, seen_by_people
from torture.campaign import Campaign, Shard, Size, Tally
from torture.disk import Disk, Loss
from torture.recorded import recordings
from torture.scenes import Stage, opened, parts_of, scene, stage, wanted_of
from torture.syscalls import Mark, Recording

STATES = {Size.CI: 100, Size.NIGHTLY: 50_000, Size.RELEASE: 500_000}
CI_OPERATIONS = ("first backup", "restore over nothing")
SCENES = ("plain", "encrypted 512", "incremental vacuum, wal", "65536", "auto_vacuum")
MIXED = 10
"""States with random losses for each choice of names."""


def shards(size: Size, seed: int) -> Sequence[Shard]:
    """(scene, seed, operations...)."""
    if size is Size.CI:
        return [("plain", seed, *CI_OPERATIONS)]
    found: list[Shard] = []
    for number in range(seed, seed + (10 if size is Size.RELEASE else 1)):
        for name in SCENES:
            found += [(name, number, *names) for names in parts_of(scene(name, number))]
    return found


def run(shard: Shard, tally: Tally, folder: Path) -> None:
    """Some operations of one scene."""
    name, seed, *names = shard
    chosen = scene(str(name), int(seed))
    with opened(chosen):
        operations = wanted_of(chosen, names, tally)
        stages = [stage(chosen, each, folder / str(number)) for number, each in enumerate(operations)]
        for each, recording in recordings(stages, folder) if stages else ():
            cut(each, recording, tally, folder / "scratch")


def cut(each: Stage, recording: Recording, tally: Tally, scratch: Path) -> None:
    """At every moment of one recording."""
    disk, aftermath, chance = Disk.of(recording), Aftermath(each, scratch, thorough=False), random.Random(each.title)
    scratch.mkdir(exist_ok=True)
    made, returned = set[Hashable](), False
    for number, event in enumerate(recording.events):
        disk.tell(event)
        returned = returned or isinstance(event, Mark)
        for variant, (tree, losses) in enumerate(disk.after_power_cut(chance, MIXED)):
            fingerprint = (tree.fingerprint(), returned)
            if fingerprint not in made:
                made.add(fingerprint)
                if tally.wants(case := f"{each.title}/{number} {variant}"):
                    with tally.case(case, *losses):
                        aftermath.require_sound(seen_by_people(tree), tree, returned=returned)
    tally.figures["different to a reader"] += len(aftermath.verdicts)
    tally.figures["recoveries"] += aftermath.recoveries
    tally.figures["calls"] += len(recording.events)


POWER = Campaign(
    "power",
    "G2",
    "Whatever a power cut takes of what was not flushed: snapshots that were reported are whole, and the next run goes "
    "on by itself.",
    "states after a power cut",
    STATES,
    shards,
    run,
    frozenset(Loss),
)
