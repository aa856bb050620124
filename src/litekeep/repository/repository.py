"""One repository: a storage that was recognised by its repository.json, with the keys that belong to it.

Small objects (manifests, receipts, marks) are read and written here; packs are in packs, writer and reader.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blake3 import blake3

import litekeep
from litekeep.blocks.identity import Identity
from litekeep.blocks.seal import Seal, TagSeal
from litekeep.errors import CorruptObject, NoRepository, ObjectMissing, Refused, StorageError
from litekeep.formats.envelope import MAX_RECORD_BYTES, Kind, decode_json, decode_record, encode_json, encode_record
from litekeep.formats.manifest import Manifest, decode_facts, decode_manifest, encode_manifest
from litekeep.formats.receipt import Mark, Receipt, decode_mark, decode_receipt, encode_mark, encode_receipt
from litekeep.formats.repoconfig import KEY as CONFIG_KEY
from litekeep.formats.repoconfig import RepoConfig, decode_config, encode_config
from litekeep.repository import layout
from litekeep.storage.base import Entry, Storage

if TYPE_CHECKING:
    from litekeep.repository.keyring import GivenKey, Keyring, NewSlot

HELPER_FILES = ("README.txt", "restore.py")


class Repository:
    """An open repository. keys: only if it is encrypted."""

    def __init__(self, storage: Storage, config: RepoConfig, keys: Keyring | None = None) -> None:
        self.storage = storage
        self.config = config
        self.keys = keys
        self.seal: Seal = keys.seal if keys else TagSeal(config.id, config.secret)
        self.identity = Identity.keyed(keys.subkeys.names) if keys else Identity(config.secret)
        self.recent: list[Entry] = []
        """Manifests, receipts and marks that were written through this object."""
        self.cache: Path | None = None
        """Where this machine remembers the catalog of one that is on a server (repository.memo); None: nowhere."""
        self.sightings: Path | None = None
        """Where this machine remembers what it saw of the repository (operations.sightings); None: nowhere."""

    def __repr__(self) -> str:
        return f"<Repository {self.config.id.hex()[:8]} in {self.storage.description}>"

    @classmethod
    def create(cls, storage: Storage, now: datetime, *, encryption: Sequence[NewSlot] = ()) -> Repository:
        """Make a repository; raises Refused if there is one, or backups without their repository.json.

        encryption: what will open it, at least one, if it is to be encrypted; raises UsageError. What is written first
        becomes a repository with repository.json, so an interrupted or lost race for it leaves slots that nobody uses.
        """
        present = [entry.key for entry in storage.list()]
        if CONFIG_KEY in present:
            raise Refused(f"there is already a repository in {storage.description}", safe="Nothing was changed.")
        if any(key.startswith((layout.PACKS, layout.SNAPSHOTS)) for key in present):
            raise Refused(
                f"{storage.description} holds backups but its repository.json is missing",
                safe="Nothing was changed.",
                hint="Put repository.json back from a copy of the repository; a new one would not fit these backups.",
            )
        from importlib import resources  # takes 5 ms, and is needed once

        files = {name: resources.files("litekeep.repository").joinpath(name).read_bytes() for name in HELPER_FILES}
        if encryption:
            files["README.txt"] = readme_of_encrypted(files["README.txt"])
        hashes = tuple(sorted((name, blake3(data).hexdigest()) for name, data in files.items()))
        config = RepoConfig(
            layout.random_bytes(16),
            now.isoformat(timespec="seconds"),
            f"litekeep {litekeep.__version__}",
            b"" if encryption else layout.random_bytes(32),
            hashes,
            bool(encryption),
        )
        keys = None
        if encryption:
            from litekeep.repository.keyring import new_keyring

            keys = new_keyring(storage, config, encryption, now)
        for name, data in files.items():
            if name in present:  # left by an interrupted creation, perhaps of another version
                storage.delete(name)
            storage.put(name, data)
        storage.put(CONFIG_KEY, encode_config(config))
        return cls(storage, config, keys)

    @classmethod
    def open(cls, storage: Storage, key: GivenKey | None = None) -> Repository:
        """Recognise a repository; raises NoRepository, UnsupportedFormat, CorruptObject, StorageError.

        key: passphrase or printed key for an encrypted one, or what gets it; raises KeyNeeded, WrongKey. It is not
        asked for, and counts for nothing, if the repository is not encrypted.
        """
        try:
            data = storage.get(CONFIG_KEY)
        except ObjectMissing as error:
            raise NoRepository(
                f"there is no Litekeep repository in {storage.description}",
                hint="Is the drive mounted? `litekeep init` or a first `litekeep backup` makes a new one.",
            ) from error
        config = decode_config(data)
        if not config.encrypted:
            return cls(storage, config)
        from litekeep.repository.keyring import open_keyring

        return cls(storage, config, open_keyring(storage, config, key))

    def _get(self, key: str, size_bytes: int | None = None) -> bytes:
        size_bytes = self.storage.size(key) if size_bytes is None else size_bytes
        if size_bytes > MAX_RECORD_BYTES:
            raise CorruptObject(key, "is longer than any object of its kind")
        data = self.storage.get(key)
        if len(data) != size_bytes:  # an answer from somewhere on the way: that is no damage of what is stored
            raise StorageError(
                f"{key} in {self.storage.description} has {size_bytes} bytes, and {len(data)} came",
                key=key,
                safe="What is stored there is unchanged.",
                hint="Check the connection to it, then run again.",
            )
        return data

    def _put(self, key: str, data: bytes) -> None:
        self.storage.put(key, data)
        self.recent.append(Entry(key, len(data)))

    @contextmanager
    def lock(self, owner: str, wait_seconds: float) -> Iterator[None]:
        """Hold the repository against other writers; raises Locked, naming the holder."""
        with self.storage.lock(owner, wait_seconds):
            yield

    def snapshot_keys(self, source_dir: str | None = None) -> list[layout.SnapshotKey]:
        """The keys of all manifests (of one source), oldest first by sequence within a source."""
        prefix = layout.SNAPSHOTS + (f"{source_dir}/" if source_dir else "")
        keys = [layout.parse_snapshot_key(entry.key) for entry in self.storage.list(prefix)]
        return sorted((key for key in keys if key), key=layout.order)

    def read_manifest(self, key: str) -> Manifest:
        """One whole manifest; raises CorruptObject, ObjectMissing."""
        return decode_manifest(key, self._get(key), self.seal)

    def read_facts(self, key: str, size_bytes: int | None = None) -> dict[str, object]:
        """Only the facts of a manifest. size_bytes: its length, where a listing has told it."""
        return decode_facts(key, self._get(key, size_bytes), self.seal)

    def write_manifest(self, key: str, manifest: Manifest) -> None:
        """Commit a snapshot: everything it names must be durable before."""
        self._put(key, encode_manifest(key, manifest, self.seal))

    def records_of(self, prefix: str, source_dir: str, snapshot_id: str) -> list[str]:
        """The keys of all receipts (layout.RECEIPTS) or marks (layout.MARKS) about one snapshot."""
        found = self.storage.list(f"{prefix}{source_dir}/")
        return [entry.key for entry in found if layout.record_snapshot(entry.key) == snapshot_id]

    def read_receipt(self, key: str, size_bytes: int | None = None) -> Receipt:
        """One receipt; raises CorruptObject, ObjectMissing. size_bytes: its length, where a listing has told it."""
        return decode_receipt(key, self._get(key, size_bytes), self.seal)

    def write_receipt(self, source_dir: str, receipt: Receipt) -> str:
        """Store a receipt; returns its key."""
        seen = receipt.kind == "unchanged" and not receipt.facts.get("full_read")
        key = layout.receipt_key(source_dir, receipt.snapshot, seen=seen)
        self._put(key, encode_receipt(key, receipt, self.seal))
        return key

    def receipts_of(self, key: layout.SnapshotKey, *, seen: bool = True) -> list[Receipt]:
        """All receipts about one snapshot, oldest first. seen False: only those that prove something."""
        mine = self.records_of(layout.RECEIPTS, key.source_dir, key.id)
        if not seen:
            mine = [name for name in mine if not layout.is_seen(name)]
        return sorted((self.read_receipt(name) for name in mine), key=lambda receipt: receipt.at)

    def read_mark(self, key: str, size_bytes: int | None = None) -> Mark:
        """One mark; raises CorruptObject, ObjectMissing. size_bytes: its length, where a listing has told it."""
        return decode_mark(key, self._get(key, size_bytes), self.seal)

    def write_mark(self, source_dir: str, mark: Mark) -> str:
        """Store a mark; returns its key."""
        key = layout.mark_key(source_dir, mark.snapshot, mark.sequence)
        self._put(key, encode_mark(key, mark, self.seal))
        return key

    def mark(self, source: str, snapshot_id: str, by: str, changes: dict[str, Any], now: datetime) -> None:
        """Store a mark that outranks all earlier ones on this snapshot; the caller holds the lock."""
        directory = layout.source_dir(source)
        earlier = self.records_of(layout.MARKS, directory, snapshot_id)
        number = 1 + max(map(layout.mark_sequence, earlier), default=0)
        self.write_mark(directory, Mark(snapshot_id, number, now, by, changes))

    def read_plan(self, key: str) -> dict[str, Any]:
        """One prune plan; raises CorruptObject, ObjectMissing."""
        return decode_json(key, decode_record(Kind.PLAN, key, self._get(key), self.seal)[0])

    def write_plan(self, moment: datetime, facts: dict[str, Any]) -> str:
        """Say what a prune is about to do; returns the key."""
        key = layout.plan_key(moment)
        self.storage.put(key, encode_record(Kind.PLAN, key, [encode_json(facts)], self.seal))
        return key


_README_CHANGES = {
    "It is not encrypted. Whoever can read this folder can read the databases.\n": """\
It is encrypted. Nobody can read the databases without a passphrase, the
recovery key or a key file; if all of these are lost, the backups are, too.
""",
    "    restore.py         gets databases back without Litekeep\n": """\
    keys/              what passphrases and keys open; nothing works without it
    restore.py         gets databases back without Litekeep
""",
    "    python -m pip install litekeep\n": "    python -m pip install 'litekeep[encryption]'\n",
    "\n 3. Open a terminal": """
    And one that decrypts, with any Python:

        python -m pip install cryptography

 3. Open a terminal""",
    "list the backups:\n\n        python restore.py\n": """\
list the backups.
    It asks for the passphrase or the recovery key:

        python restore.py
""",
}


def readme_of_encrypted(readme: bytes) -> bytes:
    """README.txt as an encrypted repository has it."""
    text = readme.decode("utf-8")
    for plain, encrypted in _README_CHANGES.items():
        assert text.count(plain) == 1
        text = text.replace(plain, encrypted)
    return text.encode("utf-8")
