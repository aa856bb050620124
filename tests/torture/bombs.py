"""Small inputs that claim or unfold to much, for the decoders where that could hurt."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable

from litekeep.blocks.compress import compress

DEEP = 100_000
NUMBER = b"9" * 100_000
JSON_TEXTS: tuple[bytes, ...] = (
    b"[" * DEEP,
    b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    b"[" * 900 + b"]" * 900,
    b'{"snapshot":' + b"[" * 900 + b"]" * 900 + b"}",
    b'{"sequence":' + NUMBER + b"}",
    b'{"sequence":1e999}',
    b"[" + b"[]," * 300_000 + b"[]]",
    b'{"a":' + b"{}" + b"".join(b',"%d":{}' % number for number in range(50_000)) + b"}",
    b'{"a":"' + b"\\u0000" * 100_000 + b'"}',
)
FRAME = b"\x28\xb5\x2f\xfd"


def declared(size: int) -> bytes:
    """A zstd frame that says it holds so many bytes, and holds none."""
    return FRAME + b"\xe0" + struct.pack("<Q", size) + b"\x01\x00\x00"


def unfolding(size: int, *, honest: bool) -> bytes:
    """A zstd frame of so many equal bytes, as run-length blocks of 128 KiB; honest: it also says so."""
    blocks, rest = divmod(size, 1 << 17)
    head = FRAME + (b"\xe0" + struct.pack("<Q", size) if honest else b"\xe0" + struct.pack("<Q", 100))
    body = b"".join(struct.pack("<I", (1 << 17) << 3 | 2)[:3] + b"\0" for _ in range(blocks))
    return head + body + struct.pack("<I", rest << 3 | 3)[:3] + b"\0"


def _index(**counts: int) -> bytes:
    """The head of an index with such counts, and nothing behind."""
    given = {"block_bytes": 4096, "frames": 1, "blocks": 1, "base_packs": 0, "bases": 0, **counts}
    return struct.pack("<5I", *given.values())


def _facts(**changes: object) -> Callable[[], bytes]:
    def make() -> bytes:
        from torture.decoders.objects import facts_seeds

        facts = json.loads(facts_seeds()[1])
        facts["members"][0].update(changes)
        return json.dumps(facts).encode()

    return make


_MOST = (1 << 32) - 1
_JSON: tuple[str, ...] = (
    "receipt",
    "mark",
    "plan",
    "facts of a manifest",
    "repository.json",
    "key slot",
    "settings file",
    "fingerprint",
)
_JSON += ("sightings", "journal", "notices", "memory of the window", "memory of a copy", "lock")
_XML = b"HTTP/1.1 207 X\r\nConnection: close\r\n\r\n"
_MULTI = _XML + b'<d:multistatus xmlns:d="DAV:">'
_ENTITIES = b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 12))

BOMBS: tuple[tuple[str, Callable[[], bytes]], ...] = (
    *((name, lambda text=text: text) for name in _JSON for text in JSON_TEXTS),
    ("facts of a manifest", lambda: b"[" + b"[]," * 5_000_000 + b"[]]"),
    ("facts of a manifest", lambda: b'{"a":"' + b" " * 15_000_000 + b'"}'),
    ("facts of a manifest", _facts(image_bytes=1 << 60, page_count=1 << 51)),
    ("facts of a manifest", _facts(image_bytes=1 << 48, page_count=1 << 39, page_size=512)),
    ("facts of a manifest", _facts(image_bytes=10**4000, page_count=10**4000)),
    *(("zstd frame", lambda size=size: declared(size)) for size in (1 << 30, 1 << 40, (1 << 63) - 1, (1 << 64) - 2)),
    ("zstd frame", lambda: unfolding(4 << 30, honest=True)),
    ("zstd frame", lambda: unfolding(1 << 30, honest=False)),
    ("zstd frame", lambda: unfolding(1 << 20, honest=True)),
    ("zstd frame", lambda: compress(bytes(1 << 24), 19) * 3),
    *(
        ("page map", lambda counts=counts: struct.pack("<2I", *counts))
        for counts in ((_MOST, _MOST), (0, _MOST), (_MOST, 0))
    ),
    ("page map", lambda: bytes(100 << 20)),
    ("page map", lambda: struct.pack("<2I", 1, 1) + bytes(8) + bytes(4) + bytes(4) + b"\xff" * 4),
    ("index of a pack", lambda: _index(frames=_MOST, blocks=_MOST)),
    ("index of a pack", lambda: _index(frames=1, blocks=1 << 16)),
    ("index of a pack", lambda: _index(base_packs=_MOST, bases=_MOST)),
    (
        "index of a pack",
        lambda: _index(frames=1 << 16, blocks=1 << 16, bases=1 << 18) + bytes(4 * (6 * 65536 + 2 * 262144)),
    ),
    ("index of a pack", lambda: _index() + bytes(1 << 23)),
    ("database header", lambda: b"\0" * (1 << 20)),
    ("database header", lambda: b"a" * (1 << 20)),
    ("printed key", lambda: b"0" * (1 << 20)),
    ("printed key", lambda: "\u0130".encode() * 100_000),
    ("URL of a place", lambda: b"s3://b?" + b"a=b&" * 100_000),
    ("URL of a place", lambda: b"sftp://" + b"@" * 100_000 + b"/"),
    ("URL of a place", lambda: b"s3://b/" + b"a/" * 100_000),
    ("name", lambda: b"A" * (1 << 18)),
    ("name", lambda: b"snapshots/" + b"a" * (1 << 20)),
    ("message", lambda: b"https://" * 30_000),
    ("message", lambda: b"password" * 30_000),
    ("message", lambda: b"a://" + b"b:" * 100_000),
    ("message", lambda: b"token=" * 40_000),
    ("message", lambda: b"Bearer " * 40_000),
    ("message", lambda: b"?" + b"sig=&" * 50_000),
    ("schedule", lambda: b"*," * 90 + b"* * * * *"),
    ("schedule", lambda: b"0 0 30 2 *"),
    ("schedule", lambda: b"0 0 29 2 1#5"),
    ("schedule", lambda: b"0 0 31 4,6,9,11 *"),
    ("schedule", lambda: b"59 23 29 2 *"),
    ("schedule", lambda: b"* * 29 2 *"),
    ("time zone", lambda: b"a/" * 50_000),
    ("WebDAV answer", lambda: _XML + b'<!DOCTYPE a [<!ENTITY e0 "xxxxxxxxxx">' + _ENTITIES + b"]><a>&e11;</a>"),
    (
        "WebDAV answer",
        lambda: _XML + b'<!DOCTYPE a [<!ENTITY e "' + b"x" * 50_000 + b'">]><a>' + b"&e;" * 20_000 + b"</a>",
    ),
    ("WebDAV answer", lambda: _MULTI + b"<a>" * 50_000),
    ("WebDAV answer", lambda: _MULTI + b"<a>" * 50_000 + b"</a>" * 50_000 + b"</d:multistatus>"),
    ("WebDAV answer", lambda: b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999999\r\n\r\nx"),
    ("WebDAV answer", lambda: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFF\r\nx"),
    ("WebDAV answer", lambda: b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 50_000),
    ("WebDAV answer", lambda: b"HTTP/1.1 " + b"2" * 200_000),
    ("S3 error", lambda: b"<Code>" * 10_000),
    ("S3 error", lambda: b"status code: 40 " * 10_000),
    ("S3 error", lambda: b"https://" * 10_000),
    ("memory of the catalog", lambda: b"\n" * (1 << 20)),
    ("journal", lambda: b"{}\n" * 50_000),
    *((name, lambda text=text: text) for name in ("restore.py, facts", "restore.py, mark") for text in JSON_TEXTS),
    ("restore.py, facts", _facts(image_bytes=1 << 60, page_count=1 << 51)),
    ("restore.py, page map", lambda: struct.pack("<2I", _MOST, _MOST)),
    ("restore.py, page map", lambda: bytes(100 << 20)),
)
