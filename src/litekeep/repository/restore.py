#!/usr/bin/env python3
"""Get databases back out of this backup folder (a Litekeep repository) without Litekeep.

    python restore.py                               list the snapshots, that is, the backups in this folder
    python restore.py ID OUT.db                     write snapshot ID (four digits are enough) to the new file OUT.db
    python restore.py latest OUT.db --source NAME   write the newest; with one database only, --source is not needed
    Add --repository DIR to read the folder DIR instead of the one in which this script lies. If it is encrypted, the
    passphrase or the recovery key is asked for; --key-file FILE takes either from a file.

Needs Python 3.9 or newer, and zstd: part of Python 3.14, else `python -m pip install backports.zstd`. For an encrypted
repository also cryptography 44 or newer: `python -m pip install cryptography`. The repository is only read. Every byte
is checked against hashes taken when the backup was made; OUT.db appears only when it is complete and proven, and never
replaces a file. Exit codes: 0 done, 1 something is damaged, missing or full, 2 wrong request or key.

Written from the specification, sharing no code with Litekeep. The specification is the text at the head of the modules
in litekeep/formats and litekeep/blocks, and docs/reference/format.md in its source. In brief (numbers little-endian):

repository.json  the repository's id and secret. From the secret come two BLAKE3 keys, "seal" and "block identity".
block            one page of a database; small pages are grouped to 4 KiB. Its name: 16 bytes of its keyed BLAKE3.
part             a piece of an object (file) and its seal: 16 bytes of keyed BLAKE3 of the piece and where it belongs.
snapshots/       manifests: "LTKPM", version, flags; number and lengths of the parts; parts: facts (JSON in zstd, with
                 a digest over the names of all blocks), page map (zstd: runs of blocks in packs), hints for writers.
packs/           "LTKPP", version, flags; frames, each a part; index, a part; its length; "LTKE". A frame is zstd of up
                 to 1 MiB of blocks; a delta frame has other blocks, its bases, as prefix; they lie in packs whose id
                 begins with a lower number. The index tells the numbers, lengths, names and bases of all blocks.
                 When a pack is there twice, the higher number after the dash counts.
marks/           labels given later, and what is in the trash ("latest" passes it over).
keys/            only if encrypted: the master key, wrapped by AES-GCM under keys made of a passphrase (Argon2id) or of
                 a printed key. Then a salt of 32 bytes follows the first 8 of each object, and parts are sealed by
                 AES-256-GCM: its key comes from a subkey of the master key and the salt, its nonce is the part's
                 number. Manifests and marks are one sealed part, which holds the lengths too; so is the length of an
                 index; zeros fill objects up.
"""

from __future__ import annotations

import argparse
import getpass
import hashlib
import hmac
import json
import mmap
import os
import re
import shutil
import struct
import sys
import tempfile
import unicodedata
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import accumulate
from typing import IO, Any, TextIO

try:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
except ImportError:
    sys.exit("restore.py: this Python lacks zstd; nothing was changed; run: python -m pip install backports.zstd")

DAMAGE: tuple[type[Exception], ...] = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError)
DAMAGE += (RecursionError, struct.error, zstd.ZstdError)
FRAME_BYTES = (1 << 20) + (1 << 16)  # no frame gives more, none is built on more
Address = tuple[bytes, int]  # a pack's id and the number of a block, or of a frame, in it


class Stop(Exception):
    """Ends the program: (what happened, what to do, exit code)."""


INSTALL = "install cryptography 44 or newer: python -m pip install --upgrade cryptography"
NEEDS = Stop("this repository is encrypted, and this Python lacks what decrypts it", INSTALL, 2)

# BLAKE3 in plain Python, many inputs at once. Source: "BLAKE3", O'Connor, Aumasson, Neves, Wilcox-O'Hearn, section 2.
CHUNK_START, CHUNK_END, PARENT, ROOT, KEYED_HASH, KEY_CONTEXT, KEY_MATERIAL = 1, 2, 4, 8, 16, 32, 64
IV = struct.pack("<8I", 0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
PERMUTATION = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
STEPS = [(i % 4, 4 + (i + i // 4) % 4, 8 + (i + i // 4 * 2) % 4, 12 + (i + i // 4 * 3) % 4) for i in range(8)]


def lanes(data: bytes, width: int) -> list[int]:
    """Turn items of `width` 32-bit words into `width` big numbers: each holds one word of all items, 64 bits apart."""
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


def columns(data: bytes, start: int, packs: int, *counts: int) -> tuple[list[bytes], list[array[int]]]:
    """Pack ids, then columns of 32-bit numbers: the lowest bytes of all, then the second, third and highest."""
    if start + 8 * packs + 4 * sum(counts) != len(data):
        raise ValueError("impossible counts")
    found, random = [], start + 4 * packs
    for count in (packs, packs, *counts):
        raw = bytearray(4 * count)
        for plane in range(4) if sys.byteorder == "little" else (3, 2, 1, 0):
            raw[plane::4] = data[start : start + count]
            start += count
        found.append(array("I", bytes(raw)))
    sequences = [sequence & 0xFFFFFFFF for sequence in accumulate(found[0])]
    ids = [n.to_bytes(4, "big") + data[random + 4 * i : random + 4 * i + 4] for i, n in enumerate(sequences)]
    return ids, found[2:]


def hkdf(key: bytes, salt: bytes, info: str, more: bytes = b"") -> bytes:
    """HKDF-SHA256 (RFC 5869) with 32 bytes of output."""
    extracted = hmac.new(salt or bytes(32), key, hashlib.sha256).digest()
    return hmac.new(extracted, f"litekeep 2026-11 {info}".encode() + more + b"\1", hashlib.sha256).digest()


def aes_gcm(key: bytes, nonce: bytes, sealed: bytes, associated: bytes) -> bytes:
    """Decrypt and check."""
    try:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError:
        raise NEEDS from None
    try:
        return bytes(AESGCM(key).decrypt(nonce, sealed, associated))
    except InvalidTag:
        raise ValueError("its seal does not fit: damaged, or not the object of this name") from None


def printed_key(text: str) -> bytes | None:
    """The 32 bytes of a key in 8 groups of 8 characters, the last of each a check; None if it is something else."""
    digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    plain = re.sub(r"[\s-]", "", text.upper()).translate(str.maketrans("OIL", "011"))
    if len(plain) != 64 or not set(plain) <= set(digits):
        return None
    groups = [plain[at : at + 8] for at in range(0, 64, 8)]
    checks = [digits[hashlib.sha256(bytes([n]) + g[:7].encode()).digest()[0] & 31] for n, g in enumerate(groups, 1)]
    wrong = [str(n) for n, (group, check) in enumerate(zip(groups, checks), 1) if group[7] != check]
    number = sum(digits.index(c) << 5 * n for n, c in enumerate(reversed("".join(group[:7] for group in groups))))
    key, check = number.to_bytes(35, "big")[:32], number.to_bytes(35, "big")[32:]
    if len(wrong) > 4:
        return None
    if wrong or hashlib.sha256(b"litekeep key " + key).digest()[:3] != check:
        raise Stop(f"the key is mistyped{' in group ' if wrong else ''}{', '.join(wrong)}", "type it again", 2)
    return key


def stretched(passphrase: str, salt: bytes, cost: dict[str, int]) -> bytes:
    """What Argon2id makes of a passphrase."""
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
    except ImportError:
        raise NEEDS from None
    memory, rounds, lanes = cost["memory_kib"], cost["iterations"], cost["lanes"]
    if not (1 <= rounds <= 16 and 1 <= lanes <= 16 and 8 * lanes <= memory <= 1 << 21):
        raise ValueError("parameters of Argon2id beyond the limits")
    plain = unicodedata.normalize("NFC", passphrase).encode()
    try:
        return bytes(Argon2id(salt=salt, length=32, iterations=rounds, lanes=lanes, memory_cost=memory).derive(plain))
    except UnsupportedAlgorithm:
        raise NEEDS from None


def canonical(facts: dict[str, Any]) -> bytes:
    """The one form of JSON in which repository.json and key slots are written."""
    return json.dumps(facts, indent=2, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def ask() -> str:
    """The passphrase or key, typed or from a pipe."""
    if sys.stdin is None:
        raise Stop("this repository is encrypted", "name a file with the passphrase or key: --key-file", 2)
    if sys.stdin.isatty():
        return getpass.getpass("Passphrase or recovery key (it is not shown): ")
    return sys.stdin.readline().rstrip("\r\n")


class Repository:
    """A repository; `at` is the object that was read last, to be named when something is wrong with it."""

    at = "repository.json"

    def __init__(self, folder: str, key_file: str | None = None) -> None:
        self.folder, self.index = folder, lru_cache(maxsize=64)(lambda pack: Index(self, pack))
        facts = json.loads(data := self.read("repository.json", limit=1 << 20))
        require_checksum(facts, data)
        known = (("litekeep repository", 1, None), ("litekeep repository", 2, {"cipher": "aes-256-gcm"}))
        if (facts["magic"], facts["format"], facts["encryption"]) not in known:
            raise ValueError("another format; the restore.py in that repository, or the newest Litekeep, can read it")
        self.id, self.encrypted = bytes.fromhex(facts["id"]), facts["format"] == 2
        self.head = 40 if self.encrypted else 8  # length of what objects begin with
        if self.encrypted:
            text = ask() if key_file is None else read_key_file(key_file)
            master = self.master_key(text, printed_key(text))
            self.subkeys = {b"P": hkdf(master, b"", "data"), b"M": hkdf(master, b"", "meta")}
            self.name_key = hkdf(master, b"", "names")
        else:
            secret = bytes.fromhex(facts["secret"])
            self.seal_key, self.name_key = derive_key(secret, "seal"), derive_key(secret, "block identity")
        packs = self.objects("packs", "([0-9a-f]{16})-(0|[1-9][0-9]{0,8})")
        self.packs = {bytes.fromhex(pack): name for _, pack, name in sorted((int(g), p, n) for n, _, p, g in packs)}

    def master_key(self, text: str, key: bytes | None) -> bytes:
        """What the slot holds that the passphrase or key opens."""
        problem, top = "", os.path.join(self.folder, "keys")
        for file in sorted(os.listdir(top)) if os.path.isdir(top) else ():
            if not re.fullmatch("[0-9a-f]{16}", file):
                continue
            try:
                facts = json.loads(data := self.read(f"keys/{file}", limit=1 << 14))
                require_checksum(facts, data)
                if facts["magic"] != "litekeep key slot" or facts["format"] != 1:
                    raise ValueError("written by a newer Litekeep")
                wrapped, salt, _ = bytes.fromhex(facts.pop("wrapped")), bytes.fromhex(facts["salt"]), facts.pop("kept")
                if facts["repository"] != self.id.hex() or (facts["kind"] == "passphrase") != (key is None):
                    continue
                secret = stretched(text, salt, facts["argon2id"]) if key is None else key
            except DAMAGE as error:
                problem = f"keys/{file}: {error}"
                continue
            with suppress(ValueError):
                associated = f"keys/{file}\0".encode() + canonical(facts)
                return aes_gcm(hkdf(secret, salt, "key slot"), bytes(12), wrapped, associated)
        if problem:
            raise ValueError(f"no key slot opens, and one cannot be read: {problem}")
        what = "passphrase" if key is None else "key"
        raise Stop(f"this {what} opens no key slot", "check it, or use another one of this repository", 2)

    def objects(self, kind: str, pattern: str) -> Iterator[tuple[str, ...]]:
        """(name, folder, groups of the pattern) of each object of a kind; files of other names are passed over."""
        top = os.path.join(self.folder, kind)
        for folder in sorted(os.listdir(top)) if os.path.isdir(top) else ():
            inside = os.path.join(top, folder)
            for file in sorted(os.listdir(inside)) if os.path.isdir(inside) else ():
                if match := re.fullmatch(pattern, file):
                    yield (f"{kind}/{folder}/{file}", folder, *match.groups())

    def read(self, name: str, start: int = 0, length: int = -1, limit: int = 1 << 30) -> bytes:
        """`length` bytes of an object, or all; `start` counts from its end if it is negative."""
        Repository.at, path = name, os.path.join(self.folder, *name.split("/"))
        if not os.path.isfile(path):
            raise ValueError("missing")
        size = os.path.getsize(path)
        start, length = start + size if start < 0 else start, size if length < 0 else length
        if start < 0 or start + length > size or length > limit:
            raise ValueError("cut short, or of an impossible length")
        with open(path, "rb") as file:
            file.seek(start)
            return file.read(length)

    def unseal(self, head: bytes, kind: bytes, part: int, sealed: bytes) -> bytes:
        """A part of the object `at`, which begins with `head`, if its seal fits."""
        if head[:8] != b"LTKP" + kind + (b"\1\1\0" if self.encrypted else b"\1\0\0"):
            raise ValueError("damaged, or written by a newer Litekeep")
        name = self.at.encode()
        context = self.id + struct.pack("<H", len(head)) + head + struct.pack("<H", len(name)) + name
        if self.encrypted:
            key = hkdf(self.subkeys.get(kind, self.subkeys[b"M"]), head[8:], "object", head[:8])
            return aes_gcm(key, struct.pack(">QI", 0, part), sealed, context + struct.pack("<I", part))
        message = b"".join((sealed[:-16], context, struct.pack("<2I", part, len(context) + 4)))
        if keyed_hashes(self.seal_key, [message])[0][:16] != sealed[-16:]:
            raise ValueError("its seal does not fit: damaged, or not the object of this name")
        return sealed[:-16]

    def record(self, name: str, kind: bytes) -> list[bytes]:
        """The parts of a manifest or mark."""
        data = self.read(name)
        if self.encrypted:
            plain = self.unseal(data[:40], kind, 0, data[40:])
            ends = list(accumulate(struct.unpack_from(f"<{plain[0]}I", plain, 1), initial=1 + 4 * plain[0]))
            if ends[-1] > len(plain) or any(plain[ends[-1] :]):
                raise ValueError("of the wrong length")
            return [plain[start:end] for start, end in zip(ends, ends[1:])]
        ends = list(accumulate(struct.unpack_from(f"<{data[8]}I", data, 9), initial=9 + 4 * data[8]))
        if ends[-1] != len(data) or data[8] > 8:
            raise ValueError("of the wrong length")
        return [self.unseal(data[: ends[0]], kind, n, data[ends[n] : ends[n + 1]]) for n in range(data[8])]

    def manifest(self, name: str) -> tuple[dict[str, Any], bytes]:
        """What a manifest says about its snapshot and its one database, and the page map."""
        packed, page_map, _ = self.record(name, b"M")
        facts = json.loads(decompress(packed, 1, 1 << 24))
        (member,) = facts["members"]
        return {**facts, **member}, page_map

    def snapshots(self) -> list[tuple[str, ...]]:
        """(name, folder, time, sequence, id) of each, the newest of each source last."""
        found = self.objects("snapshots", "([0-9]{8}T[0-9]{6}Z)-([0-9]{6,12})-([0-9a-f]{16})")
        return sorted(found, key=lambda one: (one[1], int(one[3]), one[2]))

    def marks(self) -> dict[str, dict[str, Any]]:
        """What was said about snapshots later, by id: of each key the newest value. Damaged marks say nothing."""
        marks, found = [], dict[str, dict[str, Any]]()
        for name, *_ in self.objects("marks", "[0-9a-f]{16}-[0-9]{4,9}-[0-9a-f]{8}"):
            with suppress(*DAMAGE):
                mark = json.loads(self.record(name, b"K")[0])
                marks.append((int(mark["sequence"]), str(mark["at"]), name, str(mark["snapshot"]), dict(mark["set"])))
        for *_, snapshot, changes in sorted(marks):
            found.setdefault(snapshot, {}).update(changes)
        return found


def require_checksum(facts: dict[str, Any], data: bytes) -> None:
    """Raise unless these are the bytes that were written; takes the checksum out of the facts."""
    whole, checksum = canonical(facts), facts.pop("checksum")
    if whole != data or blake3_of([canonical(facts)])[0].hex() != checksum:
        raise ValueError("its checksum does not fit")


def read_key_file(path: str) -> str:
    """The first 64 KiB of a file with a passphrase or key, without a line break at the end."""
    with open(path, encoding="utf-8", newline="") as file:
        text = file.read(1 << 16)
    return text.removesuffix("\n").removesuffix("\r")


class Index:
    """The index of a pack. Frame n has the bytes from ends[n] to ends[n + 1], the blocks from first[n]; bases alike."""

    def __init__(self, repository: Repository, pack: bytes) -> None:
        Repository.at = f"pack {pack.hex()}"
        if pack not in repository.packs:
            raise ValueError("missing")
        self.name, self.pack = repository.packs[pack], pack
        self.head, tail = repository.read(self.name, 0, repository.head), 24 if repository.encrypted else 8
        footer, magic = struct.unpack(f"<{tail - 4}s4s", repository.read(self.name, -tail, tail))
        if repository.encrypted:
            footer = repository.unseal(self.head, b"P", (1 << 32) - 2, footer)
        length = int.from_bytes(footer, "little")
        sealed = repository.read(self.name, -tail - length, length, 1 << 23)
        plain = repository.unseal(self.head, b"P", (1 << 32) - 1, sealed)
        end = 4 + int.from_bytes(plain[:4], "little")
        packed = decompress(plain[4:end], 20, 1 << 23)
        self.block_bytes, frames, blocks, packs, bases = struct.unpack_from("<5I", packed)
        self.names = plain[end : end + 16 * blocks] if repository.encrypted else plain[end:]
        counts = (frames, frames, frames, blocks, blocks, blocks, bases, bases)
        ids, (stored, blocks_in, bases_in, steps, short, _, base_pack, base_steps) = columns(packed, 20, packs, *counts)
        self.ends = list(accumulate(stored, initial=repository.head))
        self.first = list(accumulate(blocks_in, initial=0))
        self.first_base = list(accumulate(bases_in, initial=0))
        self.numbers = array("I", accumulate(steps, lambda last, step: last + step + 1))
        self.lengths = array("I", (self.block_bytes - missing for missing in short))
        self.base_packs, self.base_pack, self.base_number, last = ids, base_pack, array("I"), [-1] * packs
        for place, step in zip(base_pack, base_steps):
            last[place] = last[place] + step + 1 & 0xFFFFFFFF
            self.base_number.append(last[place])
        if (magic, self.first[-1], self.first_base[-1], len(self.names)) != (b"LTKE", blocks, bases, 16 * blocks):
            raise ValueError("impossible counts")
        if max(blocks_in) > FRAME_BYTES or 0 in blocks_in or max(bases_in) * self.block_bytes > FRAME_BYTES:
            raise ValueError("impossible frames")

    def bases(self, frame: int) -> list[Address]:
        """The blocks that a frame is built on."""
        places = range(self.first_base[frame], self.first_base[frame + 1])
        return [(self.base_packs[self.base_pack[place]], self.base_number[place]) for place in places]

    def find(self, number: int) -> tuple[int, int]:
        """(frame, position in the index) of a block."""
        Repository.at, position = self.name, bisect_left(self.numbers, number)
        if position == len(self.numbers) or self.numbers[position] != number:
            raise ValueError(f"lacks block {number}")
        return bisect_right(self.first, position) - 1, position


def plan(repository: Repository, page_map: bytes, blocks: int) -> tuple[dict[Address, array[int]], set[Address]]:
    """What to write of each frame, as triples (position in the index, count, place in the image); frames with bases."""
    plain = decompress(page_map, 8, min(1 << 29, 8 + 20 * blocks))
    packs, runs = struct.unpack_from("<2I", plain)
    ids, (pack_of, steps, counts) = columns(plain, 8, packs, runs, runs, runs)
    expected, firsts, places = [0] * packs, array("I"), array("Q", accumulate(counts, initial=0))
    for which, step, count in zip(pack_of, steps, counts):
        firsts.append(expected[which] + step & 0xFFFFFFFF)
        expected[which] = firsts[-1] + count
    if places[-1] != blocks:
        raise ValueError("its page map and its page count do not fit")
    wanted, bases = dict[Address, "array[int]"](), set[Address]()
    for run in sorted(range(runs), key=pack_of.__getitem__):
        number, end, place = firsts[run], firsts[run] + counts[run], places[run]
        while number < end:
            index = repository.index(ids[pack_of[run]])
            frame, position = index.find(number)
            count = min(end - number, index.first[frame + 1] - position)
            if index.find(number + count - 1)[1] != position + count - 1:
                raise ValueError(f"lacks blocks behind {number}")
            wanted.setdefault((index.pack, frame), array("Q")).extend((position, count, place))
            number, place = number + count, place + count
    todo = list(wanted)
    while todo:
        pack, frame = todo.pop()
        index = repository.index(pack)
        for base_pack, number in index.bases(frame):
            base = repository.index(base_pack)
            if base_pack[:4] >= pack[:4] or base.block_bytes != index.block_bytes:
                raise ValueError(f"cannot be what {index.name} is built on")
            needed = (base_pack, base.find(number)[0])
            bases.add(needed)
            if needed not in wanted:
                wanted[needed] = array("Q")
                todo.append(needed)
    return wanted, bases


def decode(repository: Repository, pack: bytes, frame: int, kept: dict[Address, int], spool: IO[bytes]) -> bytes:
    """The bytes of a frame, its seal, its length and the name of every block proven."""
    index, prefix = repository.index(pack), []
    for base_pack, number in index.bases(frame):
        base = repository.index(base_pack)
        base_frame, position = base.find(number)
        spool.seek(kept[base_pack, base_frame] + sum(base.lengths[base.first[base_frame] : position]))
        prefix.append(spool.read(base.lengths[position]))
    ends = list(accumulate(index.lengths[index.first[frame] : index.first[frame + 1]], initial=0))
    if ends[-1] > FRAME_BYTES:
        raise ValueError("a frame is too large")
    sealed = repository.read(index.name, index.ends[frame], index.ends[frame + 1] - index.ends[frame])
    plain = decompress(repository.unseal(index.head, b"P", frame, sealed), ends[-1], ends[-1], b"".join(prefix))
    names = keyed_hashes(repository.name_key, [plain[start:end] for start, end in zip(ends, ends[1:])])
    if b"".join(name[:16] for name in names) != index.names[16 * index.first[frame] : 16 * index.first[frame + 1]]:
        raise ValueError("holds other blocks than were written")
    return plain


def rebuild(repository: Repository, name: str, output: IO[bytes], folder: str) -> dict[str, Any]:
    """Write the database into a file of the folder, and prove it; returns the facts of the snapshot."""
    facts, page_map = repository.manifest(name)
    page, size, block = facts["page_size"], facts["page_size"] * facts["page_count"], facts["block_bytes"]
    blocks = -(-size // block)
    if page not in (0, *(512 << n for n in range(8))) or (size, block) != (facts["image_bytes"], max(page, 4096)):
        raise ValueError("its sizes do not fit")
    if not 0 <= size <= shutil.disk_usage(folder).free:
        raise Stop(f"{folder} has no room for {size} bytes", "make room, or choose another folder", 1)
    wanted, bases = plan(repository, page_map, blocks)
    kept: dict[Address, int] = {}
    with tempfile.TemporaryFile(dir=folder) as spool, tempfile.TemporaryFile(dir=folder) as names:
        for pack, frame in sorted(wanted):  # what others are built on lies in packs with lower ids
            index, plain = repository.index(pack), decode(repository, pack, frame, kept, spool)
            if (pack, frame) in bases:
                kept[pack, frame] = spool.seek(0, os.SEEK_END)
                spool.write(plain)
            triples = iter(wanted[pack, frame])
            for position, count, place in zip(triples, triples, triples):
                start = sum(index.lengths[index.first[frame] : position])
                end = start + sum(index.lengths[position : position + count])
                if index.block_bytes != block or end - start != min(size - place * block, count * block):
                    raise ValueError("holds blocks of another length than the database needs")
                output.seek(place * block)
                output.write(plain[start:end])
                names.seek(16 * place)
                names.write(index.names[16 * position : 16 * (position + count)])
        Repository.at = name
        names.flush()
        joined: Any = mmap.mmap(names.fileno(), 16 * blocks, access=mmap.ACCESS_READ) if blocks else b""
        if keyed_hashes(repository.name_key, [memoryview(joined)])[0].hex() != facts["digest"]:
            raise ValueError("its blocks are not those of the database that was backed up")
        if blocks:
            joined.close()
    return facts


def refuse_existing(target: str) -> None:
    """Stop if the file exists, or one that SQLite would take for a part of it."""
    for path in (target, f"{target}-wal", f"{target}-shm", f"{target}-journal"):
        if os.path.lexists(path):
            raise Stop(f"{path} exists already", "choose another name, or move that file away first", 2)


def restore(repository: Repository, name: str, target: str) -> str:
    """Write a snapshot to a new file, which gets its name when it is complete and safe on the disk."""
    folder = os.path.dirname(os.path.abspath(target))
    descriptor, temporary = tempfile.mkstemp(prefix=".litekeep-", suffix=".tmp", dir=folder)
    try:
        with open(descriptor, "w+b") as output:
            facts = rebuild(repository, name, output, folder)
            told = f"{facts['source']} of {facts['created_at']}, {facts['image_bytes']} bytes, every page checked"
            output.flush()
            os.fsync(descriptor)
        refuse_existing(target)
        try:
            (os.rename if os.name == "nt" else os.link)(temporary, target)  # neither ever replaces a file
        except FileExistsError:
            refuse_existing(target)
            raise
        except OSError:  # no links on this file system: what remains is a moment between looking and renaming
            refuse_existing(target)
            os.rename(temporary, target)
    finally:
        with suppress(OSError):
            os.unlink(temporary)
    with suppress(OSError):  # Windows cannot do this, and need not: the name survives a power cut, too
        descriptor = os.open(folder, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
    return f"{target}: {told}"


def choose(repository: Repository, wanted: str, source: str | None) -> str:
    """The name of the one manifest that is meant."""
    found = [one for one in repository.snapshots() if source in (None, source_of(one[1]), one[1])]
    if wanted == "latest":
        marks = repository.marks()
        found = [one for one in found if not marks.get(one[4], {}).get("trashed_at")]
        if len({one[1] for one in found}) > 1:
            raise Stop("there are several databases in this repository", "name one of them with --source", 2)
        found = found[-1:]
    else:
        found = [one for one in found if len(wanted) >= 4 and one[4].startswith(wanted.lower())]
    if len(found) != 1:
        raise Stop(f"{len(found)} snapshots answer to {wanted!r}", "run this without arguments to see all of them", 2)
    return found[0][0]


def source_of(folder: str) -> str:
    """The name of a database, from that of its folder, where "_" and two digits stand for a byte."""
    plain = re.sub(b"_([0-9a-f]{2})", lambda byte: bytes.fromhex(byte[1].decode()), folder.encode())
    return plain.decode(errors="replace")


def show(text: str, file: TextIO) -> None:
    """Print one line, without what could confuse a terminal."""
    plain = "".join(c if c.isprintable() else "?" for c in text).encode(file.encoding or "utf-8", "replace")
    print(plain.decode(file.encoding or "utf-8"), file=file)


def list_snapshots(repository: Repository) -> int:
    """One line for each snapshot; returns the exit code."""
    code, marks = 0, repository.marks()
    for name, _, _, _, snapshot in repository.snapshots():
        try:
            facts, mark = repository.manifest(name)[0], marks.get(snapshot, {})
            label = f"{mark.get('label', facts['label'])}{' (in the trash)' if mark.get('trashed_at') else ''}"
            size = f"{facts['image_bytes']} bytes"
            show("  ".join((snapshot, facts["source"], facts["created_at"], size, facts["reason"], label)), sys.stdout)
        except DAMAGE as error:
            show(f"{snapshot}  cannot be restored: {name}: {error}", sys.stdout)
            code = 1
    return code


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="List or restore the snapshots in a Litekeep repository.")
    parser.add_argument("id", nargs="?", help="id of a snapshot, or its first four digits or more, or: latest")
    parser.add_argument("target", nargs="?", metavar="OUT.db", help="the file to be written; it must not exist")
    parser.add_argument("--source", metavar="NAME", help="name of the database")
    parser.add_argument("--repository", metavar="DIR", default=os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("--key-file", metavar="FILE", help="file with the passphrase or key, if it is encrypted")
    options = parser.parse_args(arguments)
    if options.id is not None and not options.target:
        parser.error("name the file that shall be written, too")
    try:
        if options.target:
            refuse_existing(options.target)
        repository = Repository(options.repository, options.key_file)
        if options.id is None:
            return list_snapshots(repository)
        show(restore(repository, choose(repository, options.id, options.source), options.target), sys.stdout)
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
    show(f"restore.py: {what}; nothing was changed and no database was written; {do}", sys.stderr)
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
