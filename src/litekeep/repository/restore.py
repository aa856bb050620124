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
import struct
import sys
import tempfile
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
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
DAMAGE = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError, struct.error, zstd.ZstdError)


class Stop(Exception):
    """Ends the program: (what happened and what to do, exit code)."""


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
