"""Put images into a repository and get them back, with the calls that a backup and a restore make."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from litekeep.blocks.split import Geometry
from litekeep.formats.manifest import Manifest
from litekeep.monitor import Monitor, Silent
from litekeep.repository import layout
from litekeep.repository.changes import ImageFile, find_changes, scan_bytes_for
from litekeep.repository.packs import PackTable
from litekeep.repository.rebuild import rebuild
from litekeep.repository.repository import Repository
from litekeep.repository.versions import Written, write_changes, write_first
from litekeep.storage.base import Storage
from litekeep.storage.memory import MemoryStorage

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def new_repository(storage: Storage | None = None) -> Repository:
    """An empty repository."""
    return Repository.create(storage or MemoryStorage(), NOW)


def facts_of(page_bytes: int, image: bytes, written: Written, sequence: int, source: str = "app") -> dict[str, object]:
    """What a manifest of this image says."""
    geometry = Geometry(page_bytes, len(image))
    member = {
        "kind": "sqlite", "page_size": page_bytes, "page_count": len(image) // page_bytes if page_bytes else 0,
        "image_bytes": len(image), "block_bytes": geometry.block_bytes, "digest": written.digest.hex(),
        "encoding": "UTF-8", "journal_mode": "wal", "user_version": 0, "application_id": 0, "schema_version": 1,
        "auto_vacuum": 0, "freelist_pages": 0,
    }  # fmt: skip
    return {
        "litekeep": "0.1.0", "source": source, "source_path": f"/srv/{source}.db", "host": "here",
        "created_at": (NOW + timedelta(days=sequence)).isoformat(), "zone": "UTC", "reason": "scheduled", "label": "",
        "sequence": sequence, "parent": None, "members": [member], "changed_pages": written.changed_blocks,
        "new_bytes": written.stored_bytes, "scan_bytes": scan_bytes_for(len(image)), "fingerprint": None,
        "new_packs": [pack.rpartition("/")[2].partition("-")[0] for pack, _ in written.packs],
    }  # fmt: skip


def write_image(
    repository: Repository, image: Path, page_bytes: int, before: Manifest | None, sequence: int, monitor: Monitor
) -> Written:
    """Store what changed, as operations.backup decides it."""
    geometry = Geometry(page_bytes, image.stat().st_size)
    if before is None or before.facts["members"][0]["block_bytes"] != geometry.block_bytes:
        with ImageFile(image) as file:
            return write_first(repository, file, geometry, sequence, monitor)
    table, scan = PackTable(repository), (before.facts["scan_bytes"], before.scan)
    with ImageFile(image) as file:
        changes = find_changes(file, geometry, repository.identity, table, before.page_map, scan, monitor)
    folder = image.parent
    return write_changes(repository, table, image, geometry, before.page_map, changes, sequence, folder, monitor)


def save(
    repository: Repository,
    folder: Path,
    image: bytes,
    page_bytes: int = 4096,
    before: str | None = None,
    source: str = "app",
    monitor: Monitor | None = None,
) -> str:
    """A new snapshot of `image`, based on the snapshot `before`; returns its key."""
    path = folder / "image.db"
    path.write_bytes(image)
    manifest = repository.read_manifest(before) if before else None
    sequence = 1 + max((key.sequence for key in repository.snapshot_keys(layout.source_dir(source))), default=0)
    written = write_image(repository, path, page_bytes, manifest, sequence, monitor or Silent())
    key = layout.snapshot_key(source, NOW + timedelta(days=sequence), sequence, layout.new_id())
    facts = facts_of(page_bytes, image, written, sequence, source)
    repository.write_manifest(key, Manifest(facts, written.page_map, written.scan))
    return key


def load(repository: Repository, folder: Path, key: str, table: PackTable | None = None) -> bytes:
    """The image of a snapshot."""
    path = folder / "rebuilt.db"
    path.write_bytes(b"")
    table = table or PackTable(repository)
    rebuild(repository, table, key, repository.read_manifest(key), path, Silent())
    return path.read_bytes()


def random_image(rng: random.Random, pages: int, page_bytes: int) -> bytes:
    """Pages that compress a little, some of them equal."""
    return b"".join(random_page(rng, page_bytes) for _ in range(pages))


def random_page(rng: random.Random, page_bytes: int) -> bytes:
    """One page: zeros, one of a few that repeat, or random text before zeros."""
    kind = rng.random()
    if kind < 0.1:
        return bytes(page_bytes)
    if kind < 0.2:
        return bytes([rng.randrange(4)]) * page_bytes
    filled = rng.randrange(16, page_bytes // 2)
    return rng.randbytes(filled) + bytes(page_bytes - filled)


def mutate(rng: random.Random, image: bytes, page_bytes: int) -> bytes:
    """What happens to a database between two backups: rows change, pages move, the file grows or shrinks."""
    pages = [image[at : at + page_bytes] for at in range(0, len(image), page_bytes)]
    for _ in range(rng.choice([0, 1, 1, 2, 8])):
        if pages:
            at, offset = rng.randrange(len(pages)), rng.randrange(page_bytes - 8)
            pages[at] = pages[at][:offset] + rng.randbytes(8) + pages[at][offset + 8 :]
    what = rng.choice(["grow", "shrink", "move", "insert", "nothing", "nothing", "empty"])
    if what == "grow":
        pages += [random_page(rng, page_bytes) for _ in range(rng.randrange(1, 20))]
    elif what == "shrink" and pages:
        del pages[rng.randrange(len(pages)) :]
    elif what == "move" and len(pages) > 1:
        a, b = sorted(rng.sample(range(len(pages) + 1), 2))
        part = pages[a:b]
        del pages[a:b]
        place = rng.randrange(len(pages) + 1)
        pages[place:place] = part
    elif what == "insert":
        pages.insert(rng.randrange(len(pages) + 1), random_page(rng, page_bytes))
    elif what == "empty" and rng.random() < 0.3:
        pages = []
    return b"".join(pages)
