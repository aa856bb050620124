"""Rebuilding a database file: proven as a whole where the manifest has digests of stretches, else block by block."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from litekeep.errors import CorruptObject
from litekeep.monitor import Silent
from litekeep.repository import changes, reader
from litekeep.repository.packs import PackTable
from litekeep.repository.rebuild import rebuild
from litekeep.repository.repository import Repository
from repository.store import load, new_repository, save


@pytest.fixture(params=[False, True], ids=["blocks", "stretches"])
def stored(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Repository, str]:
    """The second version of an image of several stretches, a third of it changed."""
    if request.param:
        monkeypatch.setattr(changes, "SCAN_FROM_BYTES", 1)
    repository, image = new_repository(), bytearray(random.Random(1).randbytes(300 * 4096))
    first = save(repository, tmp_path, bytes(image))
    for page in range(0, 300, 3):
        image[page * 4096 : page * 4096 + 10] = b"0123456789"
    key = save(repository, tmp_path, bytes(image), before=first)
    assert bool(repository.read_manifest(key).scan) is request.param
    assert load(repository, tmp_path, key) == image
    return repository, key


def test_a_frame_that_decodes_to_something_else(
    stored: tuple[Repository, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The seal is right and the length too, yet the pages are others: the pack is named."""
    repository, key = stored
    honest, calls = reader.open_frame, 0

    def lie(*args: object) -> bytes:
        nonlocal calls
        calls += 1
        plain = bytearray(honest(*args))  # type: ignore[arg-type]
        plain[-1] ^= 1
        return bytes(plain)

    monkeypatch.setattr(reader, "open_frame", lie)
    with pytest.raises(CorruptObject, match="not the ones that were written") as raised:
        load(repository, tmp_path, key)
    assert str(raised.value).startswith("packs/")
    assert calls


def test_digests_of_another_image(stored: tuple[Repository, str], tmp_path: Path) -> None:
    repository, key = stored
    manifest = repository.read_manifest(key)
    for scan in (bytes(len(manifest.scan)), manifest.scan[:-16], manifest.scan + bytes(16)):
        if not manifest.scan:
            continue
        (tmp_path / "out.db").write_bytes(b"")
        with pytest.raises(CorruptObject, match="not the ones that were read from the database"):
            rebuild(repository, PackTable(repository), key, replace(manifest, scan=scan), tmp_path / "out.db", Silent())
