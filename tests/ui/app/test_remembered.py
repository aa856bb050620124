"""What is remembered from one time to the next."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from litekeep.ui.app.remembered import Known, Memory, load, memory_file, save


def known(folder: Path, name: str) -> Known:
    database, settings = folder / f"{name}.db", folder / f"{name}.json"
    database.touch()
    settings.touch()
    return Known(database, settings)


def test_there_and_back(tmp_path: Path) -> None:
    one, two = known(tmp_path, "one"), known(tmp_path, "élan")
    memory = Memory().with_shown(one).with_shown(two)
    memory = Memory(memory.databases, memory.shown, "1200x800+10+20")
    file = tmp_path / "deep" / "down" / "window.json"
    save(file, memory)
    assert load(file) == memory
    assert [each.name for each in file.parent.iterdir()] == ["window.json"]
    save(file, Memory())
    assert load(file) == Memory()


def test_adding_choosing_forgetting(tmp_path: Path) -> None:
    one, two = known(tmp_path, "one"), known(tmp_path, "two")
    memory = Memory().with_shown(one).with_shown(two).with_shown(one)
    assert memory.databases == (one, two)
    assert memory.shown == one.settings
    assert memory.of_database(tmp_path / "." / "two.db") == two
    moved = Known(tmp_path / "three.db", one.settings)
    assert memory.with_shown(moved).databases == (two, moved)
    assert memory.without(one).shown == two.settings
    assert memory.without(two).shown == one.settings
    assert memory.without(one).without(two) == Memory()


def test_what_is_missing_says_so(tmp_path: Path) -> None:
    one = known(tmp_path, "one")
    assert not one.missing
    one.database.unlink()
    assert one.missing


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '{"databases": 3}', '{"databases": [{"database": "a.db", "settings": "b"}]}', '{"x": 1}'],
)
def test_what_cannot_be_read_is_nothing(tmp_path: Path, content: str) -> None:
    file = tmp_path / "window.json"
    file.write_text(content)
    assert load(file) == Memory()
    assert load(tmp_path / "no file") == Memory()
    assert load(tmp_path) == Memory()


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="rights do not hold root back")
def test_a_closed_folder_disturbs_nobody(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    save(tmp_path / "window.json", Memory())
    tmp_path.chmod(0o700)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_disturbs_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    save(tmp_path / "file" / "window.json", Memory())


def test_where_it_is() -> None:
    home = {"HOME": "/home/ada"}
    assert memory_file(home, "linux") == Path("/home/ada/.config/litekeep/window.json")
    assert memory_file({**home, "XDG_CONFIG_HOME": "/etc/ada"}, "linux") == Path("/etc/ada/litekeep/window.json")
    assert memory_file({**home, "XDG_CONFIG_HOME": "here"}, "linux") == Path("/home/ada/.config/litekeep/window.json")
    assert memory_file(home, "darwin") == Path("/home/ada/Library/Application Support/Litekeep/window.json")
    assert memory_file({"APPDATA": "/ada/Roaming"}, "win32") == Path("/ada/Roaming/Litekeep/window.json")
