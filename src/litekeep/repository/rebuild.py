"""From a manifest back to the database file it describes, every byte proven on the way.

Three proofs, none of which trusts the others: each block equals the name it got when the source was read (reader), the
names in image order give the digest in the manifest, and the number of blocks fits page size, page count and length.
"""

from __future__ import annotations

from pathlib import Path

from litekeep.errors import CorruptObject
from litekeep.formats.manifest import Manifest
from litekeep.monitor import Monitor
from litekeep.repository.packs import PackTable
from litekeep.repository.reader import BlockReader, plan_read
from litekeep.repository.repository import Repository
from litekeep.sqlite.filesystem import file_errors


def require_digest(repository: Repository, table: PackTable, key: str, manifest: Manifest) -> None:
    """Raise CorruptObject unless the packs' indexes hold the names of exactly the image that the manifest describes."""
    member = manifest.facts["members"][0]
    if repository.identity.digest(table.names(manifest.page_map)).hex() != member["digest"]:
        raise CorruptObject(key, "its packs hold other pages than it describes")
    _require_lengths(table, key, manifest)


def _require_lengths(table: PackTable, key: str, manifest: Manifest) -> None:
    """Every block but the last one of the image is whole."""
    member = manifest.facts["members"][0]
    block_bytes, at = member["block_bytes"], 0
    for run in manifest.page_map.runs():
        index, position = table.locate(run.pack, run.first, run.count)
        if index.block_bytes != block_bytes:
            raise CorruptObject(key, "addresses blocks of another size")
        at += run.count * block_bytes
        missing = max(0, at - member["image_bytes"])
        lengths = index.lengths[position : position + run.count]
        if lengths[-1] != block_bytes - missing or sum(lengths) != run.count * block_bytes - missing:
            raise CorruptObject(key, "addresses blocks of other lengths than its image has")


def rebuild(
    repository: Repository,
    table: PackTable,
    key: str,
    manifest: Manifest,
    destination: Path,
    monitor: Monitor,
    phase: str = "rebuild",
) -> None:
    """Write the database into the existing empty file `destination`.

    Raises CorruptObject, StorageError, NoSpace, Cancelled; the file is then unfinished and must be thrown away. Syncing
    it is up to the caller.
    """
    require_digest(repository, table, key, manifest)
    member = manifest.facts["members"][0]
    block_bytes = member["block_bytes"]
    plan = plan_read(table, manifest.page_map.runs())
    written = 0
    with file_errors(destination.parent), destination.open("r+b", buffering=0) as file:
        file.truncate(member["image_bytes"])

        def write(position: int, blocks: memoryview) -> None:
            nonlocal written
            file.seek(position * block_bytes)
            while blocks:
                count = file.write(blocks) or 0
                written += count
                blocks = blocks[count:]

        BlockReader(repository, table, destination.parent).read(plan, write, monitor, phase)
    if written != member["image_bytes"]:
        raise CorruptObject(key, f"gave {written} bytes instead of {member['image_bytes']}")
