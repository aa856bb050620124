"""Every repository that a release ever wrote is opened, listed, verified and restored: by the engine, by the restore.py
in it, and by the present one. See make_golden.py.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from formats.bare import SCRIPT, run_alone, run_inside
from formats.make_golden import GOLDEN, MAX_BYTES, as_listed
from litekeep.formats.repoconfig import FORMAT
from litekeep.model import Level
from litekeep.monitor import Silent
from litekeep.operations.verify import verify
from litekeep.repository.catalog import load_catalog
from litekeep.repository.packs import PackTable
from litekeep.repository.rebuild import rebuild
from litekeep.repository.repository import Repository
from litekeep.storage.local import LocalStorage
from litekeep.storage.readonly import ReadOnly
from litekeep.testing import ManualClock

PLACES = sorted(path.parent for path in GOLDEN.glob("*/expected.json"))
pytestmark = pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)


def expected(place: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((place / "expected.json").read_text("utf-8"))
    return found


def secret(place: Path, kind: str = "recovery") -> str | None:
    """What opens it, if it is encrypted."""
    found: str | None = expected(place).get("secrets", {}).get(kind)
    return found


def key_file(place: Path, folder: Path) -> list[Path | str]:
    """The option for restore.py that names it."""
    text = secret(place)
    if text is None:
        return []
    (folder / "key").write_text(text, "utf-8")
    return ["--key-file", folder / "key"]


def hashes(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture
def repository(place: Path, tmp_path: Path) -> Path:
    """A copy: not even a test may write to the golden one."""
    return Path(shutil.copytree(place / "repository", tmp_path / "repository"))


def test_nobody_changed_it(place: Path) -> None:
    """The files are those that the release wrote; if Git changed line ends, see .gitattributes."""
    assert hashes(place / "repository") == expected(place)["files"]
    assert sum(path.stat().st_size for path in place.rglob("*") if path.is_file()) <= MAX_BYTES


def test_it_holds_a_bit_of_everything(place: Path) -> None:
    names, snapshots = list(expected(place)["files"]), expected(place)["snapshots"].values()
    packs = [name.rpartition("-") for name in names if name.startswith("packs/")]
    generations = {pack: [n for other, _, n in packs if other == pack] for pack, _, _ in packs}
    assert {("0",), ("0", "1"), ("1",)} <= {tuple(sorted(found)) for found in generations.values()}
    assert {snapshot["page_size"] for snapshot in snapshots} >= {0, 512, 4096, 65536}
    assert any(snapshot["pinned"] for snapshot in snapshots)
    assert any(snapshot["trashed"] for snapshot in snapshots)
    assert any(snapshot["label"] for snapshot in snapshots)


def test_the_engine_lists_verifies_and_rebuilds(place: Path, repository: Path, tmp_path: Path) -> None:
    clock, wanted, before = ManualClock(), expected(place)["snapshots"], hashes(repository)
    opened = Repository.open(ReadOnly(LocalStorage(repository, clock)), secret(place))
    catalog, table = load_catalog(opened), PackTable(opened)
    assert not catalog.damaged
    assert {snapshot.id: as_listed(snapshot) for snapshot in catalog.snapshots} == {
        name: {key: value for key, value in facts.items() if key != "sha256"} for name, facts in wanted.items()
    }
    for snapshot in catalog.snapshots:
        result = verify(opened, snapshot, scratch=tmp_path, record=False, clock=clock, monitor=Silent())
        assert (result.ok, result.level) == (True, Level.FULL)
        assert result.tables is not None
        assert dict(result.tables) == wanted[snapshot.id]["tables"]
        image = tmp_path / "image"
        image.write_bytes(b"")
        rebuild(opened, table, snapshot.key, opened.read_manifest(snapshot.key), image, Silent())
        assert hashlib.sha256(image.read_bytes()).hexdigest() == wanted[snapshot.id]["sha256"]
    assert hashes(repository) == before


def test_every_secret_opens_an_encrypted_one(place: Path, repository: Path) -> None:
    if secret(place) is None:
        pytest.skip("it is not encrypted")
    for kind, text in expected(place)["secrets"].items():
        opened = Repository.open(ReadOnly(LocalStorage(repository, ManualClock())), text)
        assert opened.keys
        assert opened.keys.slot
        assert (opened.keys.slot.kind, opened.keys.slot.label) == (kind, f"the {kind}")
        assert not opened.keys.unconfirmed


def test_its_own_restore_program(
    place: Path, repository: Path, tmp_path: Path, python: Path, python_that_decrypts: Path
) -> None:
    script, before, key = repository / "restore.py", hashes(repository), key_file(place, tmp_path)
    python = python_that_decrypts if key else python
    listed = run_alone(python, script, *key)
    assert (listed.returncode, listed.stderr) == (0, "")
    for snapshot, facts in expected(place)["snapshots"].items():
        assert snapshot in listed.stdout
        done = run_alone(python, script, snapshot, tmp_path / snapshot, *key)
        assert (done.returncode, done.stderr) == (0, "")
        assert hashlib.sha256((tmp_path / snapshot).read_bytes()).hexdigest() == facts["sha256"]
    assert hashes(repository) == before


def test_the_present_restore_program(
    place: Path, repository: Path, tmp_path: Path, python_that_decrypts: Path, program: ModuleType
) -> None:
    key = key_file(place, tmp_path)
    listed = run_alone(python_that_decrypts, SCRIPT, "--repository", repository, *key)
    assert (listed.returncode, listed.stderr) == (0, "")
    for snapshot, facts in expected(place)["snapshots"].items():
        line = next(line for line in listed.stdout.splitlines() if line.startswith(snapshot))
        assert facts["label"] in line
        assert ("(in the trash)" in line) == facts["trashed"]
        assert run_inside(program, snapshot, tmp_path / snapshot, "--repository", repository, *key).code == 0
        assert hashlib.sha256((tmp_path / snapshot).read_bytes()).hexdigest() == facts["sha256"]


def test_this_format_has_one(place: Path) -> None:
    """A format that changes gets a new version and a new golden repository; the old ones stay."""
    assert (place.parent / f"v{FORMAT}" / "expected.json").is_file()


def test_no_folder_is_left_out(place: Path) -> None:
    assert {path for path in place.parent.iterdir() if path.is_dir()} == set(PLACES)
