"""Operations that another process carries out on a real folder while strace writes down every call (syscalls).

As a program: python -m torture.recorded PICKLE [MODULE:FUNCTION...] runs what the pickle names, without the functions.
"""

from __future__ import annotations

import os
import pickle
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from unittest import mock

from crash.film import State, files_in
from crash.operations import attempt
from crash.worlds import World, names_from
from litekeep.storage.local import LocalStorage
from torture.scenes import Scene, Stage, opened, operations_of
from torture.syscalls import Recording, mark, read, record

REPOSITORY = "repository"
"""The folder of the repository in that of the world."""
RETURNED = "returned"


def lay_out(world: World, objects: State) -> None:
    """Bring everything to where the operation begins."""
    world.reset()
    root = world.folder / REPOSITORY
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    for key, content in objects.items():
        path = root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def recordings(
    stages: Sequence[Stage], folder: Path, *, without: Sequence[str] = ()
) -> Iterator[tuple[Stage, Recording]]:
    """Each stage with what its operation did. without: functions that do nothing, as module:name."""
    starts = []
    for each in stages:
        lay_out(each.world, each.world.objects)
        starts.append(files_in(each.world.folder))
    worlds, log = folder / "worlds.pickle", folder / "strace.log"
    worlds.write_bytes(pickle.dumps([(each.scene, each.operation.name, each.world) for each in stages]))
    paths = os.pathsep.join([str(Path(__file__).parents[1]), str(Path(__file__).parents[2]), *sys.path])
    environment = {**os.environ, "PYTHONPATH": paths}
    command = [sys.executable, "-B", "-m", "torture.recorded", str(worlds), *without]
    folders = [sorted(path for path in each.world.folder.rglob("*") if path.is_dir()) for each in stages]
    record(command, log, environment)
    for number, (each, start, before) in enumerate(zip(stages, starts, folders, strict=True)):
        yield each, read(log, each.world.folder, start, before, between=(f"begin {number}", f"end {number}"))


def main() -> None:
    """See the module's text."""
    stages: list[tuple[Scene, str, World]] = pickle.loads(Path(sys.argv[1]).read_bytes())
    with ExitStack() as stack:
        for each in sys.argv[2:]:
            module, name = each.split(":")
            stack.enter_context(mock.patch.object(import_module(module), name))
        for number, (scene, name, world) in enumerate(stages):
            operation = next(each for each in operations_of(scene) if each.name == name)
            storage = LocalStorage(world.folder / REPOSITORY, world.clock())
            with opened(scene), names_from(2):
                mark(f"begin {number}")
                _, error = attempt(operation, world, storage, world.clock())
                mark(RETURNED)
                mark(f"end {number}")
            if error is not None:
                raise error


if __name__ == "__main__":
    main()
