#!/usr/bin/env python3
"""Get databases back out of this backup folder (a Litekeep repository) without Litekeep.

    python restore.py                               list the snapshots, that is, the backups in this folder
    python restore.py ID OUT.db                     write snapshot ID (four digits of it are enough) to the new file OUT.db
    python restore.py latest OUT.db --source NAME   write the newest one; with only one database, --source is not needed
    Add --repository DIR to read the folder DIR instead of the one in which this script lies.

Needs Python 3.9 or newer, and zstd: part of Python 3.14, else `python -m pip install backports.zstd`. The repository is
only read. Every byte is checked against hashes taken when the backup was made; OUT.db appears only when it is complete
and proven, and never replaces a file. Exit codes: 0 done, 1 something is damaged, missing or full, 2 wrong request.

Written from the specification, sharing no code with Litekeep. The specification is the text at the head of the modules in
litekeep/formats and litekeep/blocks, and docs/reference in Litekeep's source. In brief (numbers are little-endian):

repository.json  the repository's id and secret. From the secret come two BLAKE3 keys, "seal" and "block identity".
block            one page of a database; small pages are grouped to 4 KiB. Its name: 16 bytes of its keyed BLAKE3.
part             a piece of an object (file) and its seal: 16 bytes of the keyed BLAKE3 of the piece and where it belongs.
snapshots/       manifests: "LTKPM", version, flags; number and lengths of the parts; three parts: facts (JSON, with a
                 digest over the names of all blocks), page map (zstd: runs of blocks in packs), hints for writers.
packs/           "LTKPP", version, flags; frames, each a part; index, a part; its length; "LTKE". A frame is zstd of up to
                 1 MiB of blocks; a delta frame has other blocks, its bases, as prefix. The index tells the numbers,
                 lengths, names and bases of blocks. Of several generations (number after the dash) the highest counts.
marks/           labels given later, and what is in the trash ("latest" passes it over).
"""

from __future__ import annotations

import argparse
import json
import mmap
import os
import re
import shutil
import struct
import sys
import tempfile
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import accumulate
from typing import IO, Any

try:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
except ImportError:
    sys.exit("restore.py: this Python lacks zstd; nothing was changed; run: python -m pip install backports.zstd")

CHUNK_START, CHUNK_END, PARENT, ROOT, KEYED_HASH, KEY_CONTEXT, KEY_MATERIAL = 1, 2, 4, 8, 16, 32, 64
IV = struct.pack("<8I", 0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
PERMUTATION = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
STEPS = [(i % 4, 4 + (i + i // 4) % 4, 8 + (i + i // 4 * 2) % 4, 12 + (i + i // 4 * 3) % 4) for i in range(8)]
DAMAGE = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RecursionError,
    struct.error,
    zstd.ZstdError,
)


SAFE = "nothing was changed and no database was written"
Address = tuple[bytes, int]  # a pack's id and the number of a block, or of a frame, in it
Runs = Iterator[tuple[bytes, int, int, int]]  # pack id, first number, count, position in the image


class Stop(Exception):
    """Ends the program: (what happened, what to do, exit code)."""


def lanes(data: bytes, width: int) -> list[int]:
    """Turn n items of `width` 32-bit words into `width` big numbers; each holds one word of all items, 64 bits apart."""
    words, apart = memoryview(data).cast("I"), memoryview(bytearray(len(data) // width * 2)).cast("I")
    result = []
    for place in range(width):
        apart[::2] = words[place::width]
        result.append(int.from_bytes(apart, "little"))
    return result


def compress(chains: bytes, blocks: bytes, counters: Sequence[int], length: int, flags: int) -> bytes:
    """BLAKE3's compression function for many inputs at once: carries go to the upper halves of the lanes, then away."""
    ones = int.from_bytes(struct.pack("<Q", 1) * len(counters), "little")
    counter, mask = int.from_bytes(struct.pack(f"<{len(counters)}Q", *counters), "little"), 0xFFFFFFFF * ones
    v = lanes(chains, 8) + lanes(IV[:16] * len(counters), 4)
    v += [counter & mask, counter >> 32 & mask, length * ones, flags * ones]
    words = lanes(blocks, 16)
    for _ in range(7):
        for step, (a, b, c, d) in enumerate(STEPS):
            for word, right_d, right_b in ((words[2 * step], 16, 12), (words[2 * step + 1], 8, 7)):
                v[a] = v[a] + v[b] + word & mask
                turn = v[d] ^ v[a]
                v[d] = (turn >> right_d | turn << 32 - right_d) & mask
                v[c] = v[c] + v[d] & mask
                turn = v[b] ^ v[c]
                v[b] = (turn >> right_b | turn << 32 - right_b) & mask
        words = [words[place] for place in PERMUTATION]
    result = memoryview(bytearray(len(chains))).cast("I")
    for place in range(8):
        result[place::8] = memoryview((v[place] ^ v[place + 8]).to_bytes(8 * len(counters), "little")).cast("I")[::2]
    return result.tobytes()


def chunks(pieces: Sequence[bytes], counters: Sequence[int], key: bytes, flags: int, root: int) -> bytes:
    """The chaining values of chunks of equal length."""
    result, size = [], len(pieces[0]) if pieces else 0
    for start in range(0, len(pieces), 1024):  # more at once would leave the processor's cache
        some, numbers = pieces[start : start + 1024], counters[start : start + 1024]
        chains = key * len(some)
        for at in range(0, max(1, size), 64):
            now = flags | (0 if at else CHUNK_START) | (CHUNK_END | root if at + 64 >= size else 0)
            blocks = b"".join(piece[at : at + 64].ljust(64, b"\0") for piece in some)
            chains = compress(chains, blocks, numbers, min(64, size - at), now)
        result.append(chains)
    return b"".join(result)


def blake3_of(inputs: Sequence[bytes | memoryview], key: bytes = IV, flags: int = 0) -> list[bytes]:
    """The BLAKE3 hash of each input: of chunks of 1024 bytes, then of a binary tree over them."""
    if len(sizes := {len(item) for item in inputs}) > 1:  # inputs of equal length go together
        alike = {size: iter(blake3_of([i for i in inputs if len(i) == size], key, flags)) for size in sizes}
        return [next(alike[len(item)]) for item in inputs]
    last = max(0, max(sizes) - 1) // 1024  # number of the last chunk
    pieces = [bytes(item[at * 1024 : at * 1024 + 1024]) for item in inputs for at in range(last)]
    heads = chunks(pieces, [*range(last)] * len(inputs), key, flags, 0)
    tails = chunks([bytes(i[last * 1024 :]) for i in inputs], [last] * len(inputs), key, flags, 0 if last else ROOT)
    rows = [heads[i * last * 32 : (i + 1) * last * 32] + tails[i * 32 : i * 32 + 32] for i in range(len(inputs))]
    while len(rows[0]) > 32:
        half, root = len(rows[0]) // 64 * 32, ROOT if len(rows[0]) == 64 else 0
        pairs = b"".join(row[: 2 * half] for row in rows)
        values = compress(key * (len(pairs) // 64), pairs, [0] * (len(pairs) // 64), 64, flags | PARENT | root)
        rows = [values[i * half : (i + 1) * half] + row[2 * half :] for i, row in enumerate(rows)]
    return rows


def keyed_hashes(key: bytes, inputs: Sequence[bytes | memoryview]) -> list[bytes]:
    """The keyed BLAKE3 hash of each input."""
    return [native(item, key=key).digest() for item in inputs] if native else blake3_of(inputs, key, KEYED_HASH)


def derive_key(secret: bytes, purpose: str) -> bytes:
    """BLAKE3's key derivation."""
    return blake3_of([secret], blake3_of([f"litekeep 2026-11 {purpose}".encode()], IV, KEY_CONTEXT)[0], KEY_MATERIAL)[0]


native: Any = None  # the package blake3 only saves time: it may be missing, or no longer be what it was
with suppress(Exception):
    import blake3

    if blake3.blake3(b"test", key=IV).digest() == keyed_hashes(IV, [b"test"])[0]:
        native = blake3.blake3


def decompress(frame: bytes, low: int, high: int, prefix: bytes = b"") -> bytes:
    """Decode one zstd frame that declares, and then gives, from `low` to `high` bytes."""
    declared = zstd.get_frame_info(frame).decompressed_size or 0
    if not low <= declared <= high:
        raise ValueError(f"{declared} bytes where {low} to {high} are allowed")
    decoder = zstd.ZstdDecompressor(zstd_dict=zstd.ZstdDict(prefix, is_raw=True).as_prefix if len(prefix) > 7 else None)
    plain = decoder.decompress(frame, max_length=declared)
    plain += b"" if decoder.eof else decoder.decompress(b"", max_length=1)
    if not decoder.eof or decoder.unused_data or len(plain) != declared:
        raise ValueError("compressed data of the wrong length")
    return plain


def columns(data: bytes, start: int, *counts: int) -> list[array[int]]:
    """Columns of 32-bit numbers: in each, the lowest bytes of all numbers, then the second, third and highest."""
    if start + 4 * sum(counts) != len(data):
        raise ValueError("impossible counts")
    result = []
    for count in counts:
        raw = bytearray(4 * count)
        for plane in (0, 1, 2, 3) if sys.byteorder == "little" else (3, 2, 1, 0):
            raw[plane::4] = data[start : start + count]
            start += count
        result.append(array("I", bytes(raw)))
    return result


class Repository:
    """A repository; `at` is the object that was read last, to be named when something is wrong with it."""

    at = "repository.json"

    def __init__(self, folder: str) -> None:
        self.folder, self.index = folder, lru_cache(maxsize=64)(lambda pack: Index(self, pack))
        facts = json.loads(data := self.read("repository.json", limit=1 << 20))
        texts = [json.dumps(facts, indent=2, sort_keys=True, ensure_ascii=False).encode() + b"\n"]
        checksum = facts.pop("checksum")
        texts += [json.dumps(facts, indent=2, sort_keys=True, ensure_ascii=False).encode() + b"\n"]
        if texts[0] != data or blake3_of(texts)[1].hex() != checksum:
            raise ValueError("its checksum does not fit")
        if (facts["magic"], facts["format"], facts["encryption"]) != ("litekeep repository", 1, None):
            raise Stop("this repository has another format", "use the restore.py in it, or the newest Litekeep", 1)
        self.id, secret = bytes.fromhex(facts["id"]), bytes.fromhex(facts["secret"])
        self.seal_key, self.name_key = derive_key(secret, "seal"), derive_key(secret, "block identity")
        packs = self.objects("packs", "([0-9a-f]{16})-(0|[1-9][0-9]{0,8})")
        self.packs = {bytes.fromhex(pack): name for _, pack, name in sorted((int(g), p, n) for n, _, p, g in packs)}

    def objects(self, kind: str, pattern: str) -> Iterator[tuple[str, ...]]:
        """(name, folder, groups of the pattern) of each object of a kind; files of other names are passed over."""
        top = os.path.join(self.folder, kind)
        for folder in os.listdir(top) if os.path.isdir(top) else ():
            inside = os.path.join(top, folder)
            for file in os.listdir(inside) if os.path.isdir(inside) else ():
                if match := re.fullmatch(pattern, file):
                    yield (f"{kind}/{folder}/{file}", folder, *match.groups())

    def read(self, name: str, start: int = 0, length: int = -1, limit: int = 1 << 30) -> bytes:
        """`length` bytes of an object, or all; `start` counts from its end if it is negative."""
        Repository.at, path = name, os.path.join(self.folder, *name.split("/"))
        if not os.path.isfile(path) or os.path.getsize(path) + min(start, 0) < 0:
            raise ValueError("missing, or cut short")
        with open(path, "rb") as file:
            file.seek(start, os.SEEK_END if start < 0 else os.SEEK_SET)
            length = os.path.getsize(path) if length < 0 else length
            data = file.read(length) if length <= limit else b""
        if len(data) != length:
            raise ValueError("too long, or cut short")
        return data

    def unseal(self, head: bytes, kind: bytes, part: int, sealed: bytes) -> bytes:
        """A part of the object `at`, which begins with `head`, if its seal fits."""
        if head[:5] == b"LTKP" + kind and head[5:6] > b"\1":
            raise Stop(f"{self.at}: written by a newer Litekeep", "use that, or the restore.py in the repository", 1)
        if head[:8] != b"LTKP" + kind + b"\1\0\0":
            raise ValueError("not an object of this kind")
        name = self.at.encode()
        context = self.id + struct.pack("<H", len(head)) + head + struct.pack("<H", len(name)) + name
        message = b"".join((sealed[:-16], context, struct.pack("<2I", part, len(context) + 4)))
        if keyed_hashes(self.seal_key, [message])[0][:16] != sealed[-16:]:
            raise ValueError("its seal does not fit: damaged, or not the object of this name")
        return sealed[:-16]

    def record(self, name: str, kind: bytes) -> list[bytes]:
        """The parts of a manifest or mark."""
        data = self.read(name)
        lengths = struct.unpack_from(f"<{data[8]}I", data, 9)
        ends = list(accumulate(lengths, initial=9 + 4 * len(lengths)))
        if ends[-1] != len(data) or len(lengths) > 8:
            raise ValueError("of the wrong length")
        return [self.unseal(data[: ends[0]], kind, i, data[ends[i] : ends[i + 1]]) for i in range(len(lengths))]

    def snapshots(self) -> list[tuple[str, ...]]:
        """(name, folder, time, sequence, id) of each, the newest of each source last."""
        found = self.objects("snapshots", "([0-9]{8}T[0-9]{6}Z)-([0-9]{6,12})-([0-9a-f]{16})")
        return sorted(found, key=lambda one: (one[1], int(one[3]), one[2]))

    def facts(self, name: str) -> dict[str, Any]:
        """What a manifest says about its snapshot."""
        return dict(json.loads(self.record(name, b"M")[0]))

    def marks(self) -> dict[str, dict[str, Any]]:
        """What was said about snapshots later, by id: of each key the newest value. Damaged marks say nothing."""
        marks, found = [], dict[str, dict[str, Any]]()
        for name, *_ in self.objects("marks", "[0-9a-f]{16}-[0-9a-f-]+"):
            with suppress(*DAMAGE):
                mark = json.loads(self.record(name, b"K")[0])
                marks.append((int(mark["sequence"]), str(mark["at"]), name, str(mark["snapshot"]), dict(mark["set"])))
        for *_, snapshot, changes in sorted(marks):
            found.setdefault(snapshot, {}).update(changes)
        return found


class Index:
    """The index of a pack. What frame n has: bytes ends[n] to ends[n + 1], blocks first[n] to first[n + 1], bases alike."""

    def __init__(self, repository: Repository, pack: bytes) -> None:
        Repository.at = f"pack {pack.hex()}"
        self.name = repository.packs[pack]
        length, magic = struct.unpack("<I4s", repository.read(self.name, -8))
        self.head, sealed = repository.read(self.name, 0, 8), repository.read(self.name, -8 - length, length, 1 << 23)
        plain = repository.unseal(self.head, b"P", (1 << 32) - 1, sealed)
        end = 4 + int.from_bytes(plain[:4], "little")
        packed, self.names = decompress(plain[4:end], 20, 1 << 23), plain[end:]
        self.block_bytes, frames, blocks, packs, bases = struct.unpack_from("<5I", packed)
        counts = (frames, frames, frames, blocks, blocks, blocks, bases, bases)
        stored, blocks_in, bases_in, steps, short, _, base_pack, base_steps = columns(packed, 20 + 8 * packs, *counts)
        self.ends, self.first, self.first_base = (
            list(accumulate(column, initial=start)) for column, start in ((stored, 8), (blocks_in, 0), (bases_in, 0))
        )
        self.numbers = array("I", accumulate(steps, lambda last, step: last + step + 1))
        self.lengths = array("I", (self.block_bytes - missing for missing in short))
        last, self.bases = [-1] * packs, []
        for place, step in zip(base_pack, base_steps):
            last[place] = last[place] + step + 1 & 0xFFFFFFFF
            self.bases.append((packed[20 + 8 * place : 28 + 8 * place], last[place]))
        if (magic, self.first[-1], self.first_base[-1], len(self.names)) != (b"LTKE", blocks, bases, 16 * blocks):
            raise ValueError("impossible counts")

    def find(self, number: int) -> tuple[int, int]:
        """(frame, position in the index) of a block."""
        Repository.at, position = self.name, bisect_left(self.numbers, number)
        if self.numbers[position : position + 1] != array("I", [number]):
            raise ValueError(f"lacks block {number}")
        return bisect_right(self.first, position) - 1, position

    def bases_of(self, frame: int) -> list[Address]:
        """The blocks that a delta frame is built on."""
        return self.bases[self.first_base[frame] : self.first_base[frame + 1]]


def page_map(part: bytes, blocks: int) -> Runs:
    """The runs of blocks that make up the image, pack by pack."""
    plain = decompress(part, 8, min(1 << 29, 8 + 20 * blocks))
    packs, runs = struct.unpack_from("<2I", plain)
    pack_of, steps, counts = columns(plain, 8 + 8 * packs, runs, runs, runs)
    expected, firsts = [0] * packs, array("I")
    for pack, step, count in zip(pack_of, steps, counts):
        firsts.append(expected[pack] + step & 0xFFFFFFFF)
        expected[pack] = firsts[-1] + count
    positions = array("Q", accumulate(counts, initial=0))
    if positions[-1] != blocks:
        raise ValueError("its page map and its page count do not fit")
    for run in sorted(range(runs), key=pack_of.__getitem__):
        place = 8 + 8 * pack_of[run]
        yield plain[place : place + 8], firsts[run], counts[run], positions[run]


def plan(repository: Repository, runs: Runs) -> tuple[dict[Address, array[int]], dict[Address, set[Address]]]:
    """What to write of each frame, as triples (position in the index, count, position in the image); what it needs."""
    wanted: dict[Address, array[int]] = {}
    needs: dict[Address, set[Address]] = {}
    for pack, number, count, place in runs:
        index = repository.index(pack)
        while count:
            frame, position = index.find(number)
            some = min(count, index.first[frame + 1] - position)
            if index.find(number + some - 1)[1] != position + some - 1:
                raise ValueError(f"lacks blocks after {number}")
            wanted.setdefault((pack, frame), array("Q")).extend((position, some, place))
            number, count, place = number + some, count - some, place + some
    todo = list(wanted)
    while todo:
        here = todo.pop()
        if here not in needs:
            bases = repository.index(here[0]).bases_of(here[1])
            needs[here] = {(pack, repository.index(pack).find(number)[0]) for pack, number in bases}
            todo.extend(needs[here])
    return wanted, needs


def in_order(needs: dict[Address, set[Address]]) -> Iterator[Address]:
    """All frames, each after those that it needs; without recursion, since chains may be long."""
    done, begun, stack = set[Address](), set[Address](), list(needs)
    while stack:
        here = stack.pop()
        missing = needs[here] - done
        if here not in done and not missing:
            done.add(here)
            yield here
        elif missing and here in begun:
            raise ValueError("its frames need each other in a circle")
        elif missing:
            begun.add(here)
            stack += [here, *missing]


def decode(repository: Repository, here: Address, kept: dict[Address, int], spool: IO[bytes]) -> bytes:
    """The bytes of a frame: seal, length and the name of every block are checked."""
    index, frame = repository.index(here[0]), here[1]
    lengths, prefix, prefix_bytes = index.lengths[index.first[frame] : index.first[frame + 1]], [], 0
    for pack, number in index.bases_of(frame):
        base = repository.index(pack)
        base_frame, position = base.find(number)
        spool.seek(kept[pack, base_frame] + sum(base.lengths[base.first[base_frame] : position]))
        prefix.append(spool.read(base.lengths[position]))
        prefix_bytes += len(prefix[-1])
        if prefix_bytes > 1 << 24:
            raise ValueError("has a frame with too many bases")
    size, sealed = (
        sum(lengths),
        repository.read(index.name, index.ends[frame], index.ends[frame + 1] - index.ends[frame]),
    )
    if size > (1 << 20) + (1 << 16):
        raise ValueError("has a frame that is too large")
    plain = decompress(repository.unseal(index.head, b"P", frame, sealed), size, size, b"".join(prefix))
    ends = list(accumulate(lengths, initial=0))
    names = keyed_hashes(repository.name_key, [plain[a:b] for a, b in zip(ends, ends[1:])])
    if b"".join(name[:16] for name in names) != index.names[16 * index.first[frame] : 16 * index.first[frame + 1]]:
        raise ValueError("holds other blocks than were written")
    return plain


def rebuild(repository: Repository, name: str, output: IO[bytes], folder: str) -> dict[str, Any]:
    """Write the image of a snapshot and prove it; returns the snapshot's facts."""
    part, facts = repository.record(name, b"M")[1], repository.facts(name)
    page, size, block = (int(facts["members"][0][key]) for key in ("page_size", "image_bytes", "block_bytes"))
    if page not in (0, *(512 << shift for shift in range(8))) or block != max(page, 4096) or size % (page or size + 1):
        raise ValueError("its sizes do not fit")
    if shutil.disk_usage(folder).free < size:
        raise Stop(f"{size} bytes are needed in {folder}, which has less", "make room, or choose another place", 1)
    wanted, needs = plan(repository, page_map(part, -(-size // block)))
    bases, kept = set[Address]().union(*needs.values()), dict[Address, int]()
    with tempfile.TemporaryFile(dir=folder) as spool, tempfile.TemporaryFile(dir=folder) as names:
        for here in in_order(needs):
            plain, index = decode(repository, here, kept, spool), repository.index(here[0])
            if here in bases:
                kept[here] = spool.seek(0, os.SEEK_END)
                spool.write(plain)
            first, triples = index.first[here[1]], iter(wanted.get(here, ()))
            for position, count, place in zip(triples, triples, triples):
                start = sum(index.lengths[first:position])
                end = start + sum(index.lengths[position : position + count])
                if end - start != min((place + count) * block, size) - place * block:
                    raise ValueError("holds a block of another length than the snapshot")
                output.seek(place * block)
                output.write(plain[start:end])
                names.seek(16 * place)
                names.write(index.names[16 * position : 16 * (position + count)])
        Repository.at = name
        if names.seek(0, os.SEEK_END) != 16 * -(-size // block):
            raise ValueError("its blocks are not complete")
        names.flush()
        joined: Any = mmap.mmap(names.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
        if keyed_hashes(repository.name_key, [memoryview(joined)])[0].hex() != facts["members"][0]["digest"]:
            raise ValueError("its blocks are not those of the database that was backed up")
    return facts


def publish(temporary: str, target: str) -> None:
    """Give the finished file its name, never in the place of another one."""
    refuse_existing(target)
    try:
        if os.name == "nt":
            os.rename(temporary, target)  # refuses an existing name there, as link does elsewhere
        else:
            os.link(temporary, target)
    except FileExistsError:
        refuse_existing(target)
        raise
    except OSError:  # a file system without links
        refuse_existing(target)
        os.rename(temporary, target)


def refuse_existing(target: str) -> None:
    """Stop if the file, or a file that SQLite would take for a part of it, exists."""
    for path in (target, target + "-wal", target + "-shm", target + "-journal"):
        if os.path.lexists(path):
            raise Stop(f"{path} exists already", "choose another name, or move that file away first", 2)
    if not os.path.isdir(os.path.dirname(os.path.abspath(target))):
        raise Stop(f"the folder of {target} does not exist", "make it first, or choose another one", 2)


def restore(repository: Repository, name: str, target: str) -> str:
    """Write a snapshot to a new file."""
    folder = os.path.dirname(os.path.abspath(target))
    descriptor, temporary = tempfile.mkstemp(prefix=".litekeep-", suffix=".tmp", dir=folder)
    try:
        with open(descriptor, "w+b") as output:
            facts = rebuild(repository, name, output, folder)
            output.flush()
            os.fsync(output.fileno())
        publish(temporary, target)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
    if os.name != "nt":
        descriptor = os.open(folder, os.O_RDONLY)
        os.fsync(descriptor)  # now the name survives a power cut, too
        os.close(descriptor)
    return (
        f"{target}: {facts['source']} as of {facts['created_at']}, {os.path.getsize(target)} bytes, every page checked"
    )


def choose(repository: Repository, wanted: str, source: str | None) -> str:
    """The name of the one manifest that is meant."""
    coded = "".join(
        c if re.fullmatch("[a-z0-9-]", c) else "".join(f"_{b:02x}" for b in c.encode()) for c in source or ""
    )
    found = [one for one in repository.snapshots() if source is None or one[1] == coded]
    if wanted == "latest":
        marks = repository.marks()
        found = [one for one in found if not marks.get(one[4], {}).get("trashed_at")]
        if len({one[1] for one in found}) > 1:
            raise Stop("there are several databases in this repository", "name one of them with --source", 2)
        found = found[-1:]
    else:
        found = [one for one in found if len(wanted) >= 4 and one[4].startswith(wanted.lower())]
    if len(found) != 1:
        raise Stop(f"{len(found)} snapshots answer to {wanted!r}", "run this script without arguments to see all", 2)
    return found[0][0]


def show(text: object) -> str:
    """Text from the repository, without what could confuse a terminal."""
    plain = "".join(c if c.isprintable() else "?" for c in str(text))
    return plain.encode(sys.stdout.encoding or "ascii", "replace").decode(sys.stdout.encoding or "ascii")


def list_snapshots(repository: Repository) -> int:
    """One line for each snapshot; returns the exit code."""
    code, marks = 0, repository.marks()
    for name, _, _, _, snapshot in repository.snapshots():
        try:
            facts, mark = repository.facts(name), marks.get(snapshot, {})
            size, label = int(facts["members"][0]["image_bytes"]), mark.get("label", facts["label"])
            note = " (in the trash)" if mark.get("trashed_at") else ""
            line = (
                f"{snapshot}  {facts['source']}  {facts['created_at']}  {size} bytes  {facts['reason']}  {label}{note}"
            )
            print(show(line))
        except DAMAGE as error:
            print(show(f"{snapshot}  cannot be restored: {name}: {error}"))
            code = 1
    return code


def main() -> int:
    """Read the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="List or restore the snapshots of a Litekeep repository.")
    parser.add_argument("id", nargs="?", help="id of a snapshot, its first digits, or: latest")
    parser.add_argument("target", nargs="?", metavar="OUT.db", help="the file to be written; it must not exist")
    parser.add_argument("--source", help="name of the database")
    parser.add_argument("--repository", default=os.path.dirname(os.path.abspath(__file__)), help="default: here")
    options = parser.parse_args()
    if options.id and not options.target:
        parser.error("name the file to be written, too")
    try:
        if options.target:
            refuse_existing(options.target)
        repository = Repository(options.repository)
        if not options.id:
            return list_snapshots(repository)
        print(show(restore(repository, choose(repository, options.id, options.source), options.target)))
        return 0
    except Stop as error:
        what, do, code = error.args
    except DAMAGE as error:
        what, code = f"{Repository.at}: {str(error) or type(error).__name__}", 1
        do = "take this object from another copy of the repository, or restore another snapshot"
    except (OSError, MemoryError) as error:
        what, do, code = str(error) or type(error).__name__, "remove the cause and try again", 1
    except KeyboardInterrupt:
        what, do, code = "interrupted", "run it again", 1
    print(show(f"restore.py: {what}; {SAFE}; {do}"), file=sys.stderr)
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
