"""The model of a disk, and that the campaign notices when something is not flushed."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from torture.campaign import Tally
from torture.disk import Disk, Loss
from torture.power import cut
from torture.recorded import recordings
from torture.scenes import opened, operations_of, scene, stage
from torture.syscalls import TOP, Event, Names, Recording, Sync, Write

FILE, OTHER, FOLDER = 1, 2, 3
needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")


def states(*events: Event) -> set[tuple[tuple[str, bytes], ...]]:
    """What a power cut may leave after these events in a folder with the file "old"."""
    disk = Disk.of(Recording({TOP: {"old": OTHER}}, {OTHER: b"old"}, frozenset({TOP, FOLDER}), []))
    for event in events:
        disk.tell(event)
    found = disk.after_power_cut(random.Random(1), mixed=200)
    return {tuple(sorted(tree.files.items())) for tree, _ in found}


NEW = Names(((TOP, "new", FILE),))
OLD_FILE = (("old", b"old"),)


def test_what_was_flushed_stays() -> None:
    assert states() == {OLD_FILE}
    assert states(NEW, Write(FILE, 0, b"new"), Sync(FILE), Sync(TOP)) == {(("new", b"new"), *OLD_FILE)}


def test_a_name_is_durable_without_its_bytes_and_bytes_without_their_name() -> None:
    assert states(NEW, Write(FILE, 0, b"new"), Sync(FILE)) == {OLD_FILE, (("new", b"new"), *OLD_FILE)}
    unsafe = {dict(each)["new"] for each in states(NEW, Write(FILE, 0, b"new"), Sync(TOP))}
    assert {b"", b"\0\0\0", b"n", b"ne", b"new"} < unsafe
    assert any(set(content) - set(b"new\0") for content in unsafe)


def test_bytes_are_old_or_new_by_sectors() -> None:
    old = b"o" * 1024
    write = Write(FILE, 0, old)
    torn = states(NEW, write, Sync(FILE), Sync(TOP), Write(FILE, 0, b"n" * 1024))
    assert (("new", b"n" * 512 + b"o" * 512), *OLD_FILE) in torn
    assert all(len(dict(each)["new"]) == 1024 for each in torn)


def test_changes_of_names_are_lost_each_by_itself_and_a_rename_as_a_whole() -> None:
    gone, there = Names(((TOP, "old", None),)), (("new", b""), *OLD_FILE)
    assert states(NEW, gone) == {OLD_FILE, (), there, (("new", b""),)}
    renamed = Names(((TOP, "old", None), (TOP, "moved", OTHER)))
    assert states(renamed) == {OLD_FILE, (("moved", b"old"),)}
    assert states(renamed, Sync(TOP)) == {(("moved", b"old"),)}


def test_a_flush_takes_along_what_the_same_name_was_before() -> None:
    elsewhere = Names(((FOLDER, "there", OTHER), (TOP, "old", None)))
    back = Names(((TOP, "old", FILE),))
    assert states(Names(((TOP, "folder", FOLDER),)), elsewhere, back, Sync(TOP)) == {
        (("folder/there", b"old"), ("old", b""))
    }


@needs_strace
@pytest.mark.parametrize(
    "without", [(), ("litekeep.storage.local:sync_folder",), ("litekeep.storage.durable:sync_descriptor",)]
)
def test_a_flush_that_is_left_out_is_found(without: tuple[str, ...], tmp_path: Path) -> None:
    chosen, tally = scene("tiny", 1), Tally()
    with opened(chosen):
        tried = next(each for each in operations_of(chosen) if each.name == "pin")
        stages = [stage(chosen, tried, tmp_path / "world")]
        for each, recording in recordings(stages, tmp_path, without=without):
            cut(each, recording, tally, tmp_path / "scratch")
    assert tally.cases > 10
    assert tally.struck[Loss.NAME]
    assert bool(tally.deviated) == bool(without), tally.deviations[:1]
