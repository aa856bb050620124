"""Working in a folder that somebody else may write to, as root does who restores into the folder of a user.

Such a person can exchange any name there, at any moment, for a link. What Litekeep removes, and whose owner and mode it
sets, are its own files all the same.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from litekeep.errors import LitekeepError, Refused
from litekeep.operations.scratch import PREFIX, scratch_folder, sweep
from litekeep.sqlite.publish import dress
from litekeep.sqlite.replace import finish_interrupted, install_replace
from sqlite.databases import make

if sys.platform == "win32":
    pytest.skip("links, owners and modes of POSIX", allow_module_level=True)

NOBODY = 65534


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    """A folder with a file, both of which are not Litekeep's."""
    folder = tmp_path / "precious"
    (folder / "deep").mkdir(parents=True)
    (folder / "file").write_text("mine")
    (folder / "deep" / "file").write_text("mine")
    return folder


def all_there(precious: Path) -> bool:
    return {path.name for path in precious.rglob("*")} == {"deep", "file"} and (precious / "deep" / "file").is_file()


def test_a_scratch_folder_that_became_a_link_empties_nothing(tmp_path: Path, precious: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    with scratch_folder(work) as folder:
        folder.rename(work / "moved")
        folder.symlink_to(precious)
    assert all_there(precious)


def test_what_is_inside_may_be_links(tmp_path: Path, precious: Path) -> None:
    with scratch_folder(tmp_path / "precious") as folder:
        (folder / "link").symlink_to(precious)
        (folder / "real").mkdir()
        (folder / "real" / "link").symlink_to(precious / "deep")
    assert all_there(precious)


def test_a_sweep_follows_no_link(tmp_path: Path, precious: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (precious / "owner").touch()
    (work / f"{PREFIX}planted").symlink_to(precious)
    assert sweep(work) == 0
    (precious / "owner").unlink()
    assert all_there(precious)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root can make folders of others")
def test_a_sweep_leaves_the_folders_of_others(tmp_path: Path) -> None:
    theirs = tmp_path / f"{PREFIX}theirs"
    theirs.mkdir()
    (theirs / "owner").touch()
    os.chown(theirs, NOBODY, NOBODY)
    assert sweep(tmp_path) == 0
    assert (theirs / "owner").exists()


@pytest.mark.parametrize("planted", ["link", "hard link", "folder", "pipe"])
def test_only_a_file_of_its_own_is_dressed(tmp_path: Path, planted: str) -> None:
    """Else a link to a file of the system would get that user as its owner."""
    system, place = tmp_path / "shadow", tmp_path / "place"
    system.write_text("root's")
    system.chmod(0o640)
    if planted == "link":
        place.symlink_to(system)
    elif planted == "hard link":
        os.link(system, place)
    elif planted == "folder":
        place.mkdir()
    else:
        os.mkfifo(place)
    before = os.lstat(place).st_mode, system.stat().st_mode, system.stat().st_uid
    with pytest.raises(OSError, match=r"links|taken its name"):
        dress(place, 0o666, (NOBODY, NOBODY))
    assert (os.lstat(place).st_mode, system.stat().st_mode, system.stat().st_uid) == before


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root can give files away")
def test_a_replaced_database_keeps_owner_and_mode(tmp_path: Path) -> None:
    target, prepared = make(tmp_path / "app.db"), make(tmp_path / "prepared.db")
    os.chown(target, NOBODY, NOBODY)
    target.chmod(0o640)
    install_replace(prepared, target, all_closed=True)
    found = target.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (NOBODY, NOBODY, 0o640)


def test_a_link_that_comes_while_the_file_is_dressed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target, prepared, system = make(tmp_path / "app.db"), make(tmp_path / "prepared.db"), tmp_path / "shadow"
    system.write_text("root's")
    system.chmod(0o600)
    target.chmod(0o666)
    stat_of = os.stat

    def exchange(path: Any, **options: Any) -> os.stat_result:
        """As somebody does who watches the folder: the moment between bringing the file and dressing it."""
        if str(path) == str(target):
            for place in tmp_path.glob(".litekeep-*.tmp"):
                place.unlink()
                place.symlink_to(system)
        return stat_of(path, **options)

    monkeypatch.setattr("litekeep.sqlite.replace.os.stat", exchange)
    with suppress(LitekeepError, OSError):
        install_replace(prepared, target, all_closed=True)
    monkeypatch.undo()
    assert stat.S_IMODE(system.stat().st_mode) == 0o600


def intent(folder: Path, **changes: object) -> Path:
    """The file that tells of an interrupted restore of app.db."""
    file = folder / ".app.db.litekeep-restore"
    facts = {"target": b"app.db".hex(), "id": "0011", "prepared": ".litekeep-0011.tmp", "had_target": True, **changes}
    file.write_text(json.dumps(facts))
    return file


FORGED = [
    {"prepared": "../precious/file"}, {"prepared": ".."}, {"prepared": ""}, {"prepared": ".bashrc"},
    {"prepared": ["a"]}, {"prepared": "a\0b"}, {"prepared": ".litekeep-a/../../precious/file"},
    {"id": "../../precious"}, {"id": ""}, {"id": "a/b"},
]  # fmt: skip


@pytest.mark.parametrize("changes", FORGED, ids=repr)
def test_a_forged_intent_leads_nowhere(tmp_path: Path, precious: Path, changes: dict[str, object]) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    target = make(folder / "app.db")
    before = target.read_bytes()
    (folder / ".bashrc").write_text("mine")
    intent(folder, **changes)
    with pytest.raises(Refused):
        finish_interrupted(target)
    assert target.read_bytes() == before
    assert (folder / ".bashrc").exists()
    assert all_there(precious)


def test_old_files_are_not_moved_through_a_link(tmp_path: Path, precious: Path) -> None:
    target = make(tmp_path / "app.db")
    make(tmp_path / ".litekeep-0011.tmp")
    intent(tmp_path)
    (tmp_path / ".before-restore-0011").symlink_to(precious)
    with pytest.raises(Refused, match="was not written by Litekeep"):
        finish_interrupted(target)
    assert all_there(precious)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root can make files of others")
def test_in_a_folder_for_everybody_only_its_own_intent_counts(tmp_path: Path) -> None:
    """Else another user decides what is restored to /tmp/app.db."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    make(shared / ".litekeep-0011.tmp")
    file = intent(shared, had_target=False)
    os.chown(file, NOBODY, NOBODY)
    with pytest.raises(Refused, match="cannot be understood"):
        finish_interrupted(shared / "app.db")
    assert not (shared / "app.db").exists()
    os.chown(file, 0, 0)
    finish_interrupted(shared / "app.db")
    assert (shared / "app.db").exists()


def test_a_pipe_in_place_of_an_intent_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".app.db.litekeep-restore")
    with pytest.raises(Refused, match="cannot be understood"):
        finish_interrupted(tmp_path / "app.db")
