"""The first 100 bytes of a database, in: bytes, out: a Header or NotADatabase. Pure.

Source: sqlite.org fileformat2 section 1.3 (header), 1.3.6 (change counter), 1.3.2 (page size), 1.4 (lock-byte
page). All numbers are big-endian. Only facts that every SQLite since 3.0 writes are demanded; the in-header page count
is trusted when SQLite trusts it too: "version valid for" equals the change counter.
"""

from __future__ import annotations

import struct

from litekeep.errors import NotADatabase
from litekeep.model import DatabaseFacts
from litekeep.records import dataclass

HEADER_BYTES = 100
MAGIC = b"SQLite format 3\x00"
# Byte offset of the page that SQLite never stores data in, because locks live there: 1 GiB.
PENDING_BYTE = 0x40000000
SMALLEST_PAGE = 512
LARGEST_PAGE = 65536
# What user and application may put into a page's reserved tail leaves at least this many usable bytes.
SMALLEST_USABLE = 480

SCHEMA_COOKIE_OFFSET = 40

_ENCODINGS = {0: "UTF-8", 1: "UTF-8", 2: "UTF-16le", 3: "UTF-16be"}
_LAYOUT = struct.Struct(">16sHBBBBBB9IiIi20xII")


@dataclass(frozen=True, slots=True)
class Header:
    """The header's fields under plain names.

    page_size, reserved_bytes are bytes; page_count is the in-header count and 0 when SQLite would not trust it either.
    write_version and read_version: 1 rollback journal, 2 write-ahead log. auto_vacuum: 0 none, 1 full, 2 incremental.
    """

    page_size: int
    write_version: int
    read_version: int
    reserved_bytes: int
    change_counter: int
    page_count: int
    freelist_pages: int
    schema_version: int
    encoding: str
    auto_vacuum: int
    user_version: int
    application_id: int
    sqlite_version: int

    @property
    def journal_mode(self) -> str:
        """ "wal", or "delete" for every kind of rollback journal (the file does not say which)."""
        return "wal" if self.read_version == 2 else "delete"

    def facts(self, size_bytes: int) -> DatabaseFacts:
        """The facts of a file of `size_bytes` that nothing else is part of (no -wal, no hot journal)."""
        return DatabaseFacts(
            page_size=self.page_size,
            page_count=size_bytes // self.page_size,
            encoding=self.encoding,
            journal_mode=self.journal_mode,
            user_version=self.user_version,
            application_id=self.application_id,
            freelist_pages=self.freelist_pages,
            schema_version=self.schema_version,
            auto_vacuum=self.auto_vacuum,
        )


def parse_header(first: bytes, name: str) -> Header:
    """Read the header from the file's first bytes (at least 100); `name` is for messages.

    Raises NotADatabase, saying what the file looks like instead.
    """
    if len(first) < HEADER_BYTES or first[:16] != MAGIC:
        raise not_a_database(first, name)
    fields = _LAYOUT.unpack(first[:HEADER_BYTES])
    (_, size, write, read, reserved, most, least, leaf, counter, pages, _trunk, free, cookie, schema_format, _cache,
     root, encoding, user, incremental, application, valid_for, version) = fields  # fmt: skip
    page_size = LARGEST_PAGE if size == 1 else size
    if page_size < SMALLEST_PAGE or page_size & (page_size - 1):
        raise _damaged(name, f"a page size of {page_size}")
    if page_size - reserved < SMALLEST_USABLE:
        raise _damaged(name, f"{reserved} reserved bytes in pages of {page_size}")
    if (most, least, leaf) != (64, 32, 32):
        raise _damaged(name, "payload fractions that no SQLite writes")
    if not {write, read} <= {1, 2} or schema_format > 4 or encoding not in _ENCODINGS:
        raise _damaged(name, "a file format that this program does not know")
    return Header(
        page_size=page_size,
        write_version=write,
        read_version=read,
        reserved_bytes=reserved,
        change_counter=counter,
        page_count=pages if counter == valid_for else 0,
        freelist_pages=free,
        schema_version=cookie,
        encoding=_ENCODINGS[encoding],
        auto_vacuum=0 if not root else 2 if incremental else 1,
        user_version=user,
        application_id=application,
        sqlite_version=version,
    )


def lock_byte_page(page_size: int, pending_byte: int = PENDING_BYTE) -> int:
    """The 1-based number of the page that holds the lock bytes; it exists only in files that reach that far."""
    return pending_byte // page_size + 1


def not_a_database(first: bytes, name: str) -> NotADatabase:
    """The error for a file that begins with `first`, saying what it looks like."""
    kind, hint = _looks_like(first)
    return NotADatabase(f"{name} is not an SQLite database: {kind}", safe="The file was only read.", hint=hint)


def _damaged(name: str, what: str) -> NotADatabase:
    return NotADatabase(
        f"{name} is not a readable SQLite database: its header claims {what}",
        safe="The file was only read.",
        hint="The beginning of the file is damaged; restore it from a backup.",
    )


_KNOWN = (
    (b"\x1f\x8b", "it is gzip-compressed", "Decompress it first."),
    (b"\x28\xb5\x2f\xfd", "it is zstd-compressed", "Decompress it first."),
    (b"PK\x03\x04", "it is a ZIP archive", "Unpack it first."),
    (b"** This file contains an SQLite 2", "it was written by SQLite 2", "Convert it with sqlite 2's .dump first."),
    (b"\x37\x7f\x06\x82", "it is a write-ahead log (-wal)", "Name the database itself, without -wal."),
    (b"\x37\x7f\x06\x83", "it is a write-ahead log (-wal)", "Name the database itself, without -wal."),
    (b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", "it is a rollback journal", "Name the database itself, without -journal."),
)


def _looks_like(first: bytes) -> tuple[str, str]:
    for magic, kind, hint in _KNOWN:
        if first.startswith(magic):
            return kind, hint
    if not first:
        return "it has 0 bytes", ""
    if first.startswith(MAGIC):
        return f"only {len(first)} of the header's {HEADER_BYTES} bytes are there", "The file is cut off; restore it."
    if not any(first):
        return "it begins with zeros", "The file is damaged, perhaps by a power failure; restore it from a backup."
    if _is_text(first):
        return "it is a text file", "Check the path."
    if len(set(first)) > min(len(first), HEADER_BYTES) // 2:
        return (
            "it looks encrypted (SQLCipher or similar) or is another kind of file",
            "Litekeep cannot read databases encrypted by their own program; check the path.",
        )
    return "it begins differently", "Check the path."


def _is_text(first: bytes) -> bool:
    if any(byte < 9 or 13 < byte < 32 for byte in first):
        return False
    try:
        first.decode("utf-8")
    except UnicodeDecodeError as error:
        # The last character may be cut off by the end of the sample.
        return error.start > len(first) - 4
    return True
