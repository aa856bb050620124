"""Every byte of every object of an encrypted repository damaged in turn, objects exchanged, cut, and put back in time.

What is asked is what test_damage_matrix asks, with one answer less: whoever has no key cannot make an object that is
believed. `--damage-all` looks at every position instead of some.
"""

from __future__ import annotations

from itertools import combinations

import pytest

from damage.world import World, flips, look, make_world, properly, quickly
from litekeep.errors import CorruptObject, NoRepository
from litekeep.formats.keyslot import KEY, PASSPHRASE, Cost
from litekeep.formats.printedkey import print_key
from litekeep.repository import keyring, layout
from litekeep.repository.keyring import NewSlot

SLOTS = (NewSlot(KEY, print_key(bytes(range(32)))), NewSlot(PASSPHRASE, "correct horse", cost=Cost(64, 1, 1)))
RECORDS = (layout.SNAPSHOTS, layout.RECEIPTS, layout.MARKS)
FOLDERS = (layout.PACKS, *RECORDS, layout.PLANS)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = make_world(tmp_path_factory.mktemp("encrypted"), SLOTS)
    repository = made.open(made.damaged({}))
    assert repository.keys
    return made


@pytest.fixture(scope="module")
def everything(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--damage-all"))


def depending(world: World, key: str) -> set[str]:
    """The snapshots that may be lost with an object."""
    parsed = layout.parse_pack_key(key)
    return world.depending_on(parsed[0]) if parsed else {key} if key.startswith(layout.SNAPSHOTS) else set()


def check(world: World, key: str, wrong: bytes) -> None:
    """No wrong byte, nothing lost that does not need the object, and every loss is CorruptObject."""
    seen = look(world, world.damaged({key: wrong}), quickly if key.startswith(layout.PACKS) else None)
    assert seen.refused is None
    assert not seen.wrong
    if key.startswith(layout.PACKS):
        assert set(world.images) - depending(world, key) <= seen.same
        assert set(seen.unreadable.values()) <= {key}
    assert seen.reported == ({key} if key.startswith(RECORDS) else set())


def test_every_flipped_byte(world: World, everything: bool) -> None:
    for folder in FOLDERS:
        for key in world.keys(folder):
            every = 1 if everything else 3 if folder == layout.PLANS else 23 if folder == layout.PACKS else 11
            for wrong in flips(world.objects[key], every, 3 if everything else 1):
                check(world, key, wrong)


def test_scrub_names_what_was_damaged(world: World, everything: bool) -> None:
    for folder in FOLDERS:
        for key in world.keys(folder)[: None if everything else 2]:
            data = world.objects[key]
            for wrong in [*flips(data, 1 if everything else max(1, len(data) // 3), 1), data[:-1], data[:8], b""]:
                damaged = world.scrub(world.damaged({key: wrong})).damaged
                assert key in {each.key for each in damaged}


def test_every_shorter_length(world: World, everything: bool) -> None:
    for folder in FOLDERS:
        key = world.keys(folder)[0]
        data = world.objects[key]
        for length in range(0, len(data), 1 if everything else 41):
            check(world, key, data[:length])
        for longer in (data + b"\0", b"\0" + data, data + data):
            check(world, key, longer)


def test_objects_in_each_others_place(world: World) -> None:
    for folder in FOLDERS:
        for one, other in combinations(world.keys(folder), 2):
            seen = look(world, world.damaged({one: world.objects[other], other: world.objects[one]}), quickly)
            assert not seen.wrong
            assert set(world.images) - depending(world, one) - depending(world, other) <= seen.same


def test_slots_in_each_others_place(world: World) -> None:
    one, other = world.keys(layout.KEYS)
    keyring._unlocked.clear()
    refused = look(world, world.damaged({one: world.objects[other], other: world.objects[one]})).refused
    assert refused is not None
    assert refused.exit_code == 12


def test_the_damaged_configuration_refuses(world: World, everything: bool) -> None:
    for wrong in flips(world.objects["repository.json"], 1 if everything else 5, 1):
        assert isinstance(look(world, world.damaged({"repository.json": wrong})).refused, CorruptObject | NoRepository)


def test_a_damaged_key_slot_is_damage_and_the_other_one_opens(world: World, everything: bool) -> None:
    for place, key in enumerate(world.keys(layout.KEYS)):
        for wrong in flips(world.objects[key], 1 if everything else 9, 1):
            keyring._unlocked.clear()
            seen = look(world, world.damaged({key: wrong}))
            assert seen.refused is None or (isinstance(seen.refused, CorruptObject) and seen.refused.key == key), place


def test_a_real_rebuild_and_the_next_backup(world: World) -> None:
    assert set(world.images) == look(world, world.damaged({}), properly).same
    storage = world.damaged({})
    assert not world.back_up(storage).damage
    assert not world.scrub(storage).damaged
