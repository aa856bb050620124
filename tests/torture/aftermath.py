"""What must hold of a folder in which an operation ended at any moment, by a kill or by a power cut."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Hashable
from contextlib import closing, suppress
from pathlib import Path

from crash.film import State, in_memory
from crash.oracle import require_nothing_lost, require_recovery
from crash.worlds import DAY, World, content_digest, rebuilt
from litekeep.model import Reason
from litekeep.operations.scratch import sweep
from litekeep.repository.catalog import load_catalog
from litekeep.repository.packs import PackTable
from litekeep.repository.repository import Repository
from litekeep.storage.base import is_key
from litekeep.storage.durable import TEMPORARY_PREFIX
from litekeep.storage.local import LocalStorage
from torture.disk import Tree
from torture.recorded import REPOSITORY
from torture.scenes import DAMAGED, Stage
from torture.verdicts import Verdicts

OVER = {"restore over", "undo"}
"""Operations after which a healthy database is the old one or the new one."""
FIRST_ONES = 3


class Aftermath:
    """Judges states of one stage; of states that are the same to whoever judges, the first one only.

    thorough: the next run is tried on every state; else on the first ones with the same objects, and on every tenth.
    """

    def __init__(self, stage: Stage, scratch: Path, *, thorough: bool = True) -> None:
        self._stage, self._scratch, self._thorough = stage, scratch, thorough
        self.verdicts = Verdicts()
        self._kept: dict[Hashable, set[str]] = {}
        self._alike: Counter[Hashable] = Counter()
        self.recoveries = 0

    def require_sound(self, key: Hashable, tree: Tree, *, returned: bool) -> None:
        """Raise if the state, or the first one of this key, is not. returned: the operation had told its success."""
        self.verdicts.require((key, returned), lambda: self._look(tree, returned=returned))

    def _look(self, tree: Tree, *, returned: bool) -> None:
        name, objects = self._stage.operation.name, objects_of(tree)
        same_objects = frozenset(objects.items())
        if same_objects not in self._kept:
            require_nothing_lost(self._stage.world, self._stage.reference, in_memory(objects))
            self._kept[same_objects] = self._safety_copies(objects) if name in OVER else set()
        if name in OVER:
            self._require_old_or_new(tree, self._kept[same_objects])
        if name == "restore over damage":
            assert DAMAGED in tree.files.values(), "the damaged database is nowhere"
        if returned:
            self._require_told(tree, objects)
        self._alike[same_objects] += 1
        if self._thorough or self._alike[same_objects] <= FIRST_ONES or self._alike[same_objects] % 10 == 0:
            self._require_recovery(tree)

    def _safety_copies(self, objects: State) -> set[str]:
        """What the new safety copies hold."""
        world, repository = self._stage.world, Repository.open(in_memory(objects))
        table, snapshots = PackTable(repository), load_catalog(repository).snapshots
        new = [each for each in snapshots if each.reason is Reason.PRE_RESTORE and each.id not in world.images]
        return {content_digest(rebuilt(repository, table, each, world.scratch)) for each in new}

    def _require_old_or_new(self, tree: Tree, safety_copies: set[str]) -> None:
        """The database as its program finds it is one that was; if it changed, its old state is in a safety copy."""
        world = self._stage.world
        with tempfile.TemporaryDirectory(dir=self._scratch) as folder:
            for path, content in tree.files.items():
                if path.startswith("data/app.db") and not path.endswith("-shm"):
                    (Path(folder) / Path(path).name).write_bytes(content)
            database = Path(folder) / "app.db"
            with closing(sqlite3.connect(database)) as db:
                assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            found = content_digest(database.read_bytes())
        assert found in world.contents, "a database that never was"
        assert found == world.live["app.db"] or world.live["app.db"] in safety_copies, "no safety copy"

    def _require_told(self, tree: Tree, objects: State) -> None:
        world = self._stage.world
        lay_out(tree, world)
        opened_by_its_program(world)
        repository = Repository.open(in_memory(objects))
        assert self._stage.operation.goal(world, repository, world.scratch), "a success that was told is not there"

    def _require_recovery(self, tree: Tree) -> None:
        world, clock = self._stage.world, self._stage.world.clock()
        self.recoveries += 1
        lay_out(tree, world)
        if self._stage.operation.name == "undo":  # else one that was done before would be undone
            opened_by_its_program(world)
            sweep(world.database.parent)  # as the next restore does
        clock.advance(3 * DAY)  # left-overs are old enough to be swept
        storage = LocalStorage(world.folder / REPOSITORY, clock)
        require_recovery(self._stage.operation, world, self._stage.reference, storage, seed=100)


def opened_by_its_program(world: World) -> None:
    """Open and close the live database, as the program does to which it belongs."""
    if world.database.exists():
        with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(world.database)) as db:
            db.execute("SELECT count(*) FROM sqlite_master").fetchone()


def lay_out(tree: Tree, world: World) -> None:
    """Make the world's folder exactly this."""
    for path in world.folder.iterdir():
        shutil.rmtree(path)
    tree.lay_out(world.folder)


def objects_of(tree: Tree) -> State:
    """What the storage lists."""
    found = {}
    for path, content in tree.files.items():
        folder, _, key = path.partition("/")
        if folder == REPOSITORY and is_key(key):
            found[key] = content
    return found


def seen_by_people(tree: Tree) -> Hashable:
    """What is left of a tree without what no listing shows: unfinished puts, memories, locks, working copies."""
    return frozenset(
        (path, content)
        for path, content in tree.files.items()
        if not path.startswith("scratch/")
        and "litekeep-scratch-" not in path
        and TEMPORARY_PREFIX not in path
        and not path.endswith(("/lock", "-shm"))
        and f"{REPOSITORY}/.cache/" not in path
    )
