"""Make the golden repository of the present format version: `python tests/formats/make_golden.py`.

A golden repository is written once, when a format version is released, and never again: tests/formats/test_golden.py
then proves for ever that it can be opened, listed, verified and restored. While the format is not released yet, run
this again after every change of the format. Each repository is small and holds a bit of everything: chains of deltas,
a pack of the second generation, a superseded generation that an interrupted prune left behind, three page sizes, an
empty database, snapshots with a pin, a label, in the trash, and all kinds of receipts.

Format 1 is that of repositories that are not encrypted, format 2 that of encrypted ones; the keys of that one stand in
its expected.json. With a number as argument, another format than the newest is made.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path
from unittest.mock import patch

from litekeep.formats.keyslot import KEY, PASSPHRASE, RECOVERY, Cost
from litekeep.formats.printedkey import print_key
from litekeep.formats.repoconfig import FORMAT
from litekeep.model import Reason, Snapshot
from litekeep.monitor import Silent
from litekeep.operations import curate
from litekeep.operations.backup import BackupOptions, backup
from litekeep.operations.prune import PruneOptions, prune
from litekeep.operations.verify import verify
from litekeep.repository.catalog import load_catalog
from litekeep.repository.keyring import NewSlot
from litekeep.repository.packs import PackTable
from litekeep.repository.rebuild import rebuild
from litekeep.repository.repository import Repository
from litekeep.retention import RetentionPolicy
from litekeep.storage.local import LocalStorage
from litekeep.storage.readonly import ReadOnly
from litekeep.testing import ManualClock

GOLDEN = Path(__file__).resolve().parents[2] / "testdata" / "repositories"
MAX_BYTES = 200_000
DAY_SECONDS = 86400.0
POLICY = RetentionPolicy(days=4, weeks=0, months=0, keep_last=2, trash_days=1, pre_restore_days=1)
SECRETS = {
    PASSPHRASE: "Größe: correct horse battery",
    RECOVERY: print_key(bytes(range(32))),
    KEY: print_key(bytes(range(32, 64))),
}


def main() -> None:
    """Make it anew and say what it holds."""
    number = int(sys.argv[1]) if sys.argv[1:] else FORMAT
    place, secrets = GOLDEN / f"v{number}", SECRETS if number == 2 else {}
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="golden-") as scratch, patch("socket.gethostname", return_value="golden"):
        fill(place / "repository", Path(scratch), secrets)
        expected = describe(place / "repository", Path(scratch), secrets)
    text = json.dumps(expected, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    (place / "expected.json").write_text(text, "utf-8", newline="\n")
    total = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
    print(f"{place}: {len(expected['files'])} files, {len(expected['snapshots'])} snapshots, {total} bytes")
    if total > MAX_BYTES:
        sys.exit(f"more than {MAX_BYTES} bytes")


def fill(folder: Path, scratch: Path, secrets: dict[str, str]) -> None:
    """Back up, change, curate and prune, as people do in two weeks."""
    clock = ManualClock(zone="Europe/Berlin")
    slots = [NewSlot(kind, secret, f"the {kind}", Cost(2048, 2, 2)) for kind, secret in secrets.items()]
    repository = Repository.create(LocalStorage(folder, clock, create=True), clock.now(), encryption=slots)
    if repository.keys:
        repository.keys.confirm(secrets[RECOVERY], clock.now())
    app, shop = scratch / "app.db", scratch / "Größe 1.db"
    create(app, page_bytes=4096, rows=1000)
    create(shop, page_bytes=512, rows=60)
    for day in range(12):
        clock.advance(DAY_SECONDS)
        change(app, day)
        reason = Reason.PRE_MIGRATION if day == 6 else Reason.SCHEDULED
        options = BackupOptions(reason=reason, pinned=day == 1, label="before 2.0" if day == 6 else "")
        backup(repository, app, options=options, clock=clock, monitor=Silent())
        if day % 4 == 0:
            change(shop, day)
            backup(repository, shop, options=BackupOptions(reason=Reason.MANUAL), clock=clock, monitor=Silent())
    backup(repository, app, options=BackupOptions(reason=Reason.SHUTDOWN), clock=clock, monitor=Silent())  # unchanged
    create(scratch / "wide.db", page_bytes=65536, rows=20)
    (scratch / "empty.db").touch()
    for name in ("wide.db", "empty.db"):
        backup(repository, scratch / name, clock=clock, monitor=Silent())
    before = {path: path.read_bytes() for path in (folder / "packs").rglob("*-0")}
    for _ in range(2):
        prune(repository, PruneOptions(policy=POLICY, confirmed=True), clock=clock, monitor=Silent())
        clock.advance(2 * DAY_SECONDS)
    rewritten = sorted(path for path in before if not path.exists() and path.with_name(path.name[:-1] + "1").exists())
    rewritten[0].write_bytes(before[rewritten[0]])  # as if the prune had been interrupted here
    finish(repository, clock)
    (folder / "lock").unlink(missing_ok=True)
    shutil.rmtree(folder / ".cache", ignore_errors=True)


def create(path: Path, page_bytes: int, rows: int) -> None:
    """A database with two tables."""
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA page_size = {page_bytes}")
    connection.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, note TEXT)")
    connection.execute("CREATE TABLE days (day INTEGER)")
    people = ((f"Person {number}", hashlib.sha256(str(number).encode()).hexdigest()) for number in range(rows))
    connection.executemany("INSERT INTO people (name, note) VALUES (?, ?)", people)
    connection.commit()
    connection.close()


def change(path: Path, day: int) -> None:
    """What happens in a day."""
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO days VALUES (?)", (day,))
    connection.execute("UPDATE people SET note = upper(note) WHERE id / 80 = ?", (day,))  # stays as it is from then on
    connection.execute("INSERT INTO people (name, note) VALUES (?, ?)", (f"New on day {day}", "ñ"))
    connection.commit()
    connection.close()


def finish(repository: Repository, clock: ManualClock) -> None:
    """A label, the trash, and one more verification."""
    monitor = Silent()
    mine = load_catalog(repository).of("app")
    curate.label(repository, mine[1], "the good one", clock=clock, monitor=monitor)
    curate.to_trash(repository, mine[-1], clock=clock, monitor=monitor)
    verify(repository, mine[2], clock=clock, monitor=monitor)


def describe(folder: Path, scratch: Path, secrets: dict[str, str]) -> dict[str, dict[str, object]]:
    """What the golden repository holds, as the engine that made it sees it."""
    repository = Repository.open(ReadOnly(LocalStorage(folder, ManualClock())), secrets.get(KEY))
    catalog, table, snapshots = load_catalog(repository), PackTable(repository), dict[str, object]()
    assert not catalog.damaged
    for snapshot in catalog.snapshots:
        image = scratch / "image"
        image.write_bytes(b"")
        rebuild(repository, table, snapshot.key, repository.read_manifest(snapshot.key), image, Silent())
        snapshots[snapshot.id] = as_listed(snapshot) | {"sha256": hashlib.sha256(image.read_bytes()).hexdigest()}
    files = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    return {"files": dict(files), "snapshots": snapshots, **({"secrets": dict(secrets)} if secrets else {})}


def as_listed(snapshot: Snapshot) -> dict[str, object]:
    """What a list says about a snapshot."""
    return {
        "source": snapshot.source,
        "created_at": snapshot.created_at.isoformat(),
        "sequence": snapshot.sequence,
        "size_bytes": snapshot.database.size_bytes,
        "page_size": snapshot.database.page_size,
        "reason": snapshot.reason.value,
        "label": snapshot.label,
        "pinned": snapshot.pinned,
        "trashed": snapshot.trashed_at is not None,
        "verified": snapshot.verified.name.lower(),
        "problems": list(snapshot.problems),
        "tables": None if snapshot.tables is None else dict(snapshot.tables),
    }


if __name__ == "__main__":
    main()
