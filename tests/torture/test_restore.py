"""The campaign notices a restore that is not all or nothing, and its films show what a kill leaves."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from litekeep.operations import restore as product
from torture import restore
from torture.campaign import Tally
from torture.systemcalls import ChildFailed, available, watched

pytestmark = pytest.mark.skipif(not available(), reason="this system does not let a process watch its child")


def test_a_restore_that_writes_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def copied(prepared: Path, target: Path, **_: Any) -> None:
        content = prepared.read_bytes()
        with target.open("r+b", buffering=0) as file:
            for at in range(0, len(content), 16384):
                file.write(content[at : at + 16384])
            file.truncate()

    monkeypatch.setattr(product, "install_live", copied)
    tally = Tally()
    restore.run((1, "film", 0, 1, 0), tally, tmp_path)  # every state: a few of them are torn
    assert tally.deviated


def test_a_restore_without_a_safety_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = restore.scene_of("made", 0, tmp_path / "world")
    monkeypatch.setattr(product, "_safety_copy", lambda *_: None)
    tally = Tally()
    restore.film("made", scene, 10, tally)
    assert tally.deviated


def test_a_kill_leaves_what_the_film_shows(tmp_path: Path) -> None:
    def write() -> None:
        for name in "abc":
            (tmp_path / name).write_bytes(name.encode())

    shown: list[tuple[int, list[str]]] = []

    def look(call: int) -> bool:
        shown.append((call, sorted(os.listdir(tmp_path))))
        return True

    assert watched(write, look) == 0
    at = next(call for call, names in shown if names == ["a", "b"])
    with emptied(tmp_path):
        assert watched(write, lambda call: call < at) == signal.SIGKILL
        assert sorted(os.listdir(tmp_path)) == ["a", "b"]


def test_what_the_watched_process_raises(capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise ValueError("here")

    with pytest.raises(ChildFailed):
        watched(fail, lambda _: True)
    assert "ValueError: here" in capfd.readouterr().err


@contextmanager
def emptied(folder: Path) -> Iterator[None]:
    for path in folder.iterdir():
        path.unlink()
    yield
