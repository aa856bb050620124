"""Lines of several processes in one file: none lost, none mixed, never without bound."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from litekeep.storage.linefile import append_line, copy_and_empty, older, read_lines

WRITER = """
import sys
from pathlib import Path
from litekeep.storage.linefile import append_line
path, name, lines, limit = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
for number in range(lines):
    append_line(path, f"{name} {number} {'x' * 40}".encode(), rotate_at_bytes=limit, keep=9)
"""


def test_lines_come_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    for number in range(5):
        append_line(path, b"%d" % number, rotate_at_bytes=1000)
    assert read_lines(path) == [b"0", b"1", b"2", b"3", b"4"]
    assert read_lines(tmp_path / "none.log") == []


def test_a_line_end_inside_cannot_forge_a_line(tmp_path: Path) -> None:
    append_line(tmp_path / "a.log", b"one\nINFO forged\r\nline", rotate_at_bytes=1000)
    assert read_lines(tmp_path / "a.log") == [b"one INFO forged  line"]


def test_older_files_step_back_and_the_oldest_goes(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    for number in range(40):
        append_line(path, b"%02d" % number, rotate_at_bytes=14, keep=3)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.1.log", "a.2.log", "a.3.log"]
    assert read_lines(path, keep=3) == [b"%02d" % number for number in range(25, 40)]


def test_a_torn_line_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"first\ntor")
    append_line(path, b"second", rotate_at_bytes=1000)
    assert read_lines(path) == [b"first", b"tor", b"second"]


@pytest.mark.parametrize("limit", [1 << 20, 6000])
def test_several_processes_lose_and_mix_nothing(limit: int, tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    running = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), name, "150", str(limit)]) for name in ("a", "b", "c")
    ]
    assert [each.wait(60) for each in running] == [0, 0, 0]
    lines = read_lines(path, keep=9)
    assert sorted(lines) == sorted(f"{name} {n} {'x' * 40}".encode() for name in "abc" for n in range(150))
    assert older(path, 1).exists() == (limit == 6000)
    for name in "abc":
        mine = [int(line.split()[1]) for line in lines if line.startswith(name.encode())]
        assert mine == sorted(mine), "the order of one writer stays"


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("")
    (tmp_path / "a.log").symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match=r"a\.log"):
        append_line(tmp_path / "a.log", b"x", rotate_at_bytes=10)
    assert (tmp_path / "victim").read_text() == ""


@pytest.mark.skipif(sys.platform == "win32", reason="modes mean something else there")
def test_it_is_closed_to_other_users(tmp_path: Path) -> None:
    for _ in range(3):
        append_line(tmp_path / "a.log", b"x" * 9, rotate_at_bytes=15)
    assert {each.stat().st_mode & 0o777 for each in tmp_path.iterdir()} == {0o600}


@pytest.mark.skipif(sys.platform == "win32", reason="the way of the other systems")
def test_while_another_process_rotates_a_line_is_written_all_the_same(tmp_path: Path) -> None:
    if sys.platform == "win32":
        return
    import fcntl

    path = tmp_path / "a.log"
    append_line(path, b"x" * 20, rotate_at_bytes=1000)
    with path.open("rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        append_line(path, b"y", rotate_at_bytes=10)
    assert read_lines(path) == [b"x" * 20, b"y"]
    assert not older(path, 1).exists()


def test_emptying_by_copying_loses_nothing(tmp_path: Path) -> None:
    path, target = tmp_path / "a.log", tmp_path / "a.1.log"
    path.write_bytes(b"line\n" * 1000)
    target.write_bytes(b"older and much longer" * 10_000)
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
    copy_and_empty(descriptor, target)
    os.close(descriptor)
    assert (path.read_bytes(), target.read_bytes()) == (b"", b"line\n" * 1000)
