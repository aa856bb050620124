"""Every object of two small repositories damaged as disks, copies and mix-ups damage: all of it is noticed.

Each mutation is judged by what reading that object does: opening, the catalog, verify, a restore and scrub all read in
this way. A sample is judged by all of them together: a scrub must name the object, a restore and the independent
restore.py must give each snapshot right or not at all, and those that do not need the object must be there.

tests/damage asks more of fewer mutations; what is missing altogether is asked there.
"""

from __future__ import annotations

import io
import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import pytest
from blake3 import blake3

from damage.world import World, flipped, look, make_world, properly
from litekeep.errors import CorruptObject, NoRepository, WrongKey
from litekeep.formats.keyslot import KEY, PASSPHRASE, Cost, decode_slot
from litekeep.formats.pack import Address, PackIndex
from litekeep.formats.printedkey import print_key
from litekeep.formats.repoconfig import KEY as CONFIG
from litekeep.formats.repoconfig import decode_config
from litekeep.repository import keyring, layout, restore
from litekeep.repository.keyring import NewSlot
from litekeep.repository.packs import load_index
from litekeep.repository.reader import frame_offsets, open_frame, require_names
from litekeep.repository.repository import HELPER_FILES, Repository
from litekeep.storage.memory import MemoryStorage
from torture.campaign import Campaign, Shard, Size, Tally

CASES = {Size.CI: 20_000, Size.NIGHTLY: 4_000_000, Size.RELEASE: 40_000_000}
VALUES = {Size.CI: 1, Size.NIGHTLY: 255, Size.RELEASE: 255}
"""Of the 255 other values that a byte can have, how many it is given; of those of README.txt and restore.py, fewer."""
HELPER_VALUES = {Size.CI: 1, Size.NIGHTLY: 3, Size.RELEASE: 255}
EVERY = {Size.CI: 23, Size.NIGHTLY: 1, Size.RELEASE: 1}
"""At every so many-th place something begins that is longer than a byte."""
BURSTS = {Size.CI: 20, Size.NIGHTLY: 4_000, Size.RELEASE: 1_000_000}
"""For each object."""
SAMPLE = {Size.CI: 1_000, Size.NIGHTLY: 4_000, Size.RELEASE: 20_000}
"""Every so many-th mutation is judged by everything together, every tenth of these by restore.py as well."""
PARTS = 4
LENGTHS = (2, 16, 512)
MASKS = tuple(157 * number % 256 for number in range(1, 256))
"""All bytes but 0, those with few bits and those with many mixed."""

PLAIN, ENCRYPTED = "plain", "encrypted"
SLOTS = (NewSlot(KEY, print_key(bytes(range(32)))), NewSlot(PASSPHRASE, "correct horse", cost=Cost(64, 1, 1)))
HELPERS = "helper files"
KINDS = (
    layout.PACKS,
    layout.SNAPSHOTS,
    layout.RECEIPTS,
    layout.MARKS,
    layout.PLANS,
    layout.KEYS,
    CONFIG,
    HELPERS,
)
BYTE, BURST, ZEROS, ONES = "another byte", "burst of bits", "range of zeros", "range of ones"
CUT, LONGER, GONE, TWICE = "cut short", "made longer", "bytes removed", "bytes repeated"
LIKE, FOREIGN, OTHER = "another one of its kind", "one of another repository", "one of another kind"
WAYS = (BYTE, BURST, ZEROS, ONES, CUT, LONGER, GONE, TWICE, LIKE, FOREIGN, OTHER)
NOTICED = (CorruptObject, NoRepository, WrongKey)


@dataclass(frozen=True, slots=True)
class Ground:
    """A world ready to be damaged. repository: open on `storage`. blocks, indexes: right. foreign: others."""

    world: World
    storage: MemoryStorage
    repository: Repository
    blocks: dict[Address, bytes]
    indexes: dict[str, PackIndex]
    foreign: World

    def keys(self, kind: str) -> list[str]:
        """The objects of one kind."""
        return list(HELPER_FILES) if kind == HELPERS else self.world.keys(kind)


@lru_cache
def ground(seal: str) -> Ground:
    """Made once in each process, in all of them with the same names."""
    slots = SLOTS if seal == ENCRYPTED else ()
    world, foreign = seeded_world(1, slots), seeded_world(2, slots)
    storage = world.damaged({})
    made = Ground(world, storage, world.open(storage), {}, {}, foreign)
    for key in sorted(world.keys(layout.PACKS), key=lambda key: key.rpartition("/")[2]):
        read_pack(made, key, 0)
    return made


def seeded_world(seed: int, slots: Sequence[NewSlot]) -> World:
    """A repository whose names and salts follow from a number."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(layout, "random_bytes", random.Random(seed).randbytes)
        return make_world(Path(folder), slots)


def shards(size: Size, seed: int) -> Sequence[Shard]:
    """Kinds of objects, ways to damage them, and every so many-th place in them."""
    several = (BYTE, BURST, ZEROS, ONES, CUT, LONGER, GONE, TWICE)
    return [
        (size.value, seed, seal, kind, way, part)
        for seal in (PLAIN, ENCRYPTED)
        for kind in KINDS
        if seal == ENCRYPTED or kind != layout.KEYS
        for way in WAYS
        for part in range(PARTS if way in several else 1)
    ]


def run(shard: Shard, tally: Tally, folder: Path) -> None:
    """Every object of one kind, damaged in one way."""
    size, seed, seal, kind, way, part = Size(str(shard[0])), *map(str, shard[1:5]), int(shard[5])
    here = ground(seal)
    for key in here.keys(kind):
        chance = random.Random(f"{seed} {seal} {key} {way} {part}")
        number = chance.randrange(10 * SAMPLE[size])
        for label, at, wrong in mutations(here, key, way, size, part, chance):
            case = f"{seal} {key} {way} {label}"
            if wrong == here.world.objects[key] or not tally.wants(case):
                continue
            number += 1
            with tally.case(case, way):
                read_must_fail(here, key, at, wrong)
                if number % SAMPLE[size] == 0 or tally.only:
                    tally.figures["judged by everything together"] += 1
                    together(here, key, wrong, way, folder)
                if number % (10 * SAMPLE[size]) == 0 or tally.only:
                    tally.figures["judged by restore.py"] += 1
                    independently(here, {key: wrong}, folder / "repository")


def mutations(
    here: Ground, key: str, way: str, size: Size, part: int, chance: random.Random
) -> Iterator[tuple[str, int, bytes]]:
    """(what was done, the first place that it touched, the wrong bytes); some may be the right ones."""
    data = here.world.objects[key]
    helper = key in HELPER_FILES
    places = range(part, len(data), PARTS)
    if way == BYTE:
        for at in places[:: 31 if helper and size is Size.CI else 1]:
            for number in range((HELPER_VALUES if helper else VALUES)[size]):
                mask = MASKS[(at + number) % len(MASKS)]
                yield f"{at}^{mask:02x}", at, flipped(data, at, mask)
    elif way == BURST:
        for number in range(part, BURSTS[size], PARTS):
            at, bits = chance.randrange(len(data)), chance.randrange(1, 1 << 32).to_bytes(4, "little")
            changed = bytes(a ^ b for a, b in zip(data[at : at + 4], bits, strict=False))
            yield str(number), at, data[:at] + changed + data[at + 4 :]
    elif way in (LIKE, FOREIGN, OTHER):
        for other, wrong in others(here, key, way):
            yield other, 0, wrong
    else:
        for at in places[:: EVERY[size] * (37 if helper else 1)]:
            for number, wrong in enumerate(longer_than_a_byte(data, at, way, chance)):
                yield f"{at}.{number}", at, wrong


def longer_than_a_byte(data: bytes, at: int, way: str, chance: random.Random) -> Iterator[bytes]:
    """What happens to a stretch that begins at one place."""
    if way == CUT:
        yield data[:at]
    elif way == LONGER:
        yield from (
            data + bytes(at + 1),
            data + chance.randbytes(at % 64 + 1),
            data[-at - 1 :] + data,
            data + data[at:],
        )
    elif way == TWICE:
        yield from (data[: at + length] + data[at:] for length in LENGTHS if at + length <= len(data))
    elif way == GONE:
        yield from (data[:at] + data[at + length :] for length in LENGTHS)
    else:
        fill = b"\0" if way == ZEROS else b"\xff"
        for length in LENGTHS:
            yield data[:at] + fill * min(length, len(data) - at) + data[at + length :]


def others(here: Ground, key: str, way: str) -> Iterator[tuple[str, bytes]]:
    """Objects that may lie in the place of this one."""
    kind = next((each for each in KINDS if key.startswith(each)), HELPERS)
    mine = here.keys(kind)
    if way == LIKE:
        yield from ((other, here.world.objects[other]) for other in mine if other != key)
    elif way == FOREIGN and kind not in (CONFIG, HELPERS):  # those of another repository are whole in themselves
        yield from ((other, here.foreign.objects[other]) for other in here.foreign.keys(kind))
    elif way == OTHER:
        yield from ((other, data) for other, data in sorted(here.world.objects.items()) if other not in mine)


def read_must_fail(here: Ground, key: str, at: int, wrong: bytes) -> None:
    """The mutation is noticed by whoever reads the object."""
    objects = here.storage._objects
    right, objects[key] = objects[key], wrong
    try:
        read(here, key, at)
    except NOTICED as error:
        blamed = getattr(error, "key", key)
    else:
        blamed = ""
    finally:
        objects[key] = right
    assert blamed == key, f"another object is blamed: {blamed}" if blamed else "was not noticed"


def read(here: Ground, key: str, at: int) -> None:
    """Read an object as Litekeep does."""
    repository, config = here.repository, here.repository.config
    if key == CONFIG:
        decode_config(here.storage.get(key))
    elif key in HELPER_FILES:
        if blake3(here.storage.get(key)).hexdigest() != dict(config.files)[key]:
            raise CorruptObject(key, "is not the file that was put here")
    elif key.startswith(layout.PACKS):
        read_pack(here, key, at)
    elif key.startswith(layout.SNAPSHOTS):
        repository.read_manifest(key)
    elif key.startswith(layout.RECEIPTS):
        repository.read_receipt(key)
    elif key.startswith(layout.MARKS):
        repository.read_mark(key)
    elif key.startswith(layout.PLANS):
        repository.read_plan(key)
    else:
        decode_slot(key, here.storage.get(key))
        texts = [slot.secret for slot in SLOTS]
        if key not in [keyring.unlock(here.storage, config, text, fresh=True).found.name for text in texts]:
            raise WrongKey("none of the keys opens it")


def read_pack(here: Ground, key: str, at: int) -> None:
    """The index, and every frame, the one with the place that was touched first; what was known must come out again."""
    repository, index = here.repository, index_of(here, key)
    for frame in sorted(index.frames, key=lambda frame: not frame.offset <= at < frame.offset + frame.stored_bytes):
        sealed = here.storage.get_range(key, frame.offset, frame.stored_bytes)
        plain = open_frame(index, frame, sealed, b"".join(here.blocks[base] for base in index.bases(frame)))
        require_names(repository, index, frame, plain, [(frame.first, frame.blocks)])
        offsets = frame_offsets(index, frame)
        for place, position in enumerate(index.frame_blocks(frame)):
            block, address = plain[offsets[place] : offsets[place + 1]], (index.pack_id, index.numbers[position])
            assert here.blocks.setdefault(address, block) == block, "another block than was stored"


def index_of(here: Ground, key: str) -> PackIndex:
    """The index of a pack, read anew unless all that is read for it, which is all but the frames, is as it was."""
    right, data, known = here.world.objects[key], here.storage.get(key), here.indexes.get(key)
    if known is not None and len(data) == len(right):
        start, end = known.frames[0].offset, known.frames[-1].offset + known.frames[-1].stored_bytes
        if data[:start] == right[:start] and data[end:] == right[end:]:
            return known
    found = load_index(here.repository, key, {})
    return here.indexes.setdefault(key, found)


def together(here: Ground, key: str, wrong: bytes, way: str, folder: Path) -> None:
    """Open, list, restore all, scrub."""
    keyring._unlocked.clear()
    world = replace(here.world, folder=folder)
    storage = world.damaged({key: wrong})
    seen = look(world, storage, properly)
    assert not seen.wrong
    if seen.refused is not None:
        assert key == CONFIG or key.startswith(layout.KEYS), seen.refused
        return
    parsed = layout.parse_pack_key(key)
    assert set(world.images) - (world.depending_on(parsed[0]) if parsed else {key}) <= seen.same
    left_over = key.startswith(layout.KEYS) and way in (LIKE, FOREIGN)  # whole, but of no use: found when it is needed
    assert left_over or key in {each.key for each in world.scrub(storage).damaged}


def independently(here: Ground, changes: dict[str, bytes], root: Path) -> None:
    """restore.py gives every snapshot right or not at all."""
    for key, data in {**here.world.objects, **changes}.items():
        root.joinpath(key).parent.mkdir(parents=True, exist_ok=True)
        root.joinpath(key).write_bytes(data)
    key_file, target = root.parent / "key", root.parent / "restored.db"
    key_file.write_text(SLOTS[0].secret)
    for key, image in here.world.images.items():
        arguments = [key[-16:], str(target), "--repository", str(root), "--key-file", str(key_file)]
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as said:
            code = restore.main(arguments)
        assert code == (0 if target.exists() else code or 1), said.getvalue()
        assert code or target.read_bytes() == image, "wrong bytes"
        target.unlink(missing_ok=True)


DAMAGE = Campaign(
    "damage",
    "G5",
    "Every mutation of every object is noticed, and no wrong byte is ever restored.",
    "mutations",
    CASES,
    shards,
    run,
    frozenset(WAYS),
)
