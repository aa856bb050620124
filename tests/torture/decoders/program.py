"""restore.py, the program that needs no Litekeep: whatever lies in its folder, it ends with a word and a code."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from litekeep.blocks.compress import compress
from litekeep.formats.envelope import Kind
from litekeep.repository import layout, restore
from torture.decoders.decoder import Decoder
from torture.decoders.objects import (
    FACTS,
    MARK,
    facts_seeds,
    first_parts,
    here,
    map_seeds,
    pack_places,
    parts_of,
    reseal_pack,
    sealed,
)


def program(kind: str, data: bytes, folder: Path) -> object:
    """One object of the repository is the input; then list, and restore the second snapshot."""
    found = here()
    root, target = folder / "repository", folder / "out.db"
    key, content = _object(kind, data)
    if not root.is_dir():
        for name, each in found.world.objects.items():
            root.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
            root.joinpath(name).write_bytes(each)
    root.joinpath(key).write_bytes(content)
    said = io.StringIO()
    try:
        with redirect_stdout(said), redirect_stderr(said):
            listed = restore.main(["--repository", str(root)])
            second = found.keys(layout.SNAPSHOTS)[1]
            restored = restore.main([second[-16:], str(target), "--repository", str(root)])
    finally:
        root.joinpath(key).write_bytes(found.world.objects[key])
    assert {listed, restored} <= {0, 1, 2}, said.getvalue()
    assert target.exists() == (restored == 0)
    if restored == 0:
        assert kind in {"facts", "map"} or target.read_bytes() == found.world.images[second], "wrong bytes"
        target.unlink()
    return listed, restored


def _object(kind: str, data: bytes) -> tuple[str, bytes]:
    found = here()
    if kind == "pack":
        return pack_places()[0], data
    if kind == "mark":
        key = found.keys(layout.MARKS)[0]
        return key, _sealed(Kind.MARK, key, [data])
    key = found.keys(layout.SNAPSHOTS)[1]
    facts, page_map, scan = parts_of(Kind.MANIFEST, layout.SNAPSHOTS)[1]
    parts = [compress(data, 1), page_map, scan] if kind == "facts" else [facts, compress(data, 1), scan]
    return key, _sealed(Kind.MANIFEST, key, parts)


def _sealed(kind: Kind, key: str, parts: list[bytes]) -> bytes:
    return sealed(kind, key, parts, here().repository.seal)


PROGRAM = (
    Decoder("restore.py, facts", lambda data, folder: program("facts", data, folder), (), facts_seeds, FACTS, weight=0),
    Decoder("restore.py, page map", lambda data, folder: program("map", data, folder), (), map_seeds, weight=0),
    Decoder(
        "restore.py, mark",
        lambda data, folder: program("mark", data, folder),
        (),
        first_parts(Kind.MARK, layout.MARKS),
        MARK,
        weight=0,
    ),
    Decoder(
        "restore.py, pack",
        lambda data, folder: program("pack", data, folder),
        (),
        lambda: [here().world.objects[pack_places()[0]]],
        seal=reseal_pack,
        weight=0,
    ),
)
