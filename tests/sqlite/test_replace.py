"""Replacing a file that nobody has open: killed before every step, and before every step of the repair."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from litekeep.errors import Refused, TargetInUse
from litekeep.sqlite.openers import openers
from litekeep.sqlite.replace import Outcome, finish_interrupted
from litekeep.sqlite.replace import install_replace as replace_strictly

from .databases import connect, content, leave_hot_journal, leave_wal, make, process, sound

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="who has a file open is only known to root on Linux"
)
SUFFIXES = ("-wal", "-shm", "-journal")


def install_replace(prepared: Path, target: Path) -> Path | None:
    """Here all programs are known: where even root may not look at some process, say so."""
    return replace_strictly(prepared, target, all_closed=openers(target) is None)


def replace_in(place: Path) -> Path | None:
    return install_replace(place / "prepared", place / "a.db")


@pytest.mark.parametrize(
    "state", ["closed", "wal of a dead program", "hot journal", "damaged", "missing", "only a wal"]
)
def test_the_new_file_is_in_place_and_the_old_ones_are_kept_together(tmp_path: Path, state: str) -> None:
    target = make(tmp_path / "a.db", rows=600)
    os.chown(target, 1234, 1234)
    target.chmod(0o640)
    if state == "wal of a dead program":
        leave_wal(target)
    elif state == "hot journal":
        leave_hot_journal(target)
    elif state == "damaged":
        target.write_bytes(b"\xff" * 20000)
    elif state == "missing":
        target.unlink()
    elif state == "only a wal":
        leave_wal(target)
        target.unlink()
    old = {path.name: path.read_bytes() for path in tmp_path.glob("a.db*")}
    prepared = make(tmp_path / "prepared", rows=50, page_size=1024)
    wanted = content(prepared)
    aside = install_replace(prepared, target)
    kept = {path.name: path.read_bytes() for path in aside.iterdir()} if aside else {}
    assert {n: d for n, d in kept.items() if "shm" not in n} == {n: d for n, d in old.items() if "shm" not in n}
    assert not [s for s in SUFFIXES if (tmp_path / f"a.db{s}").exists()]
    assert content(target) == wanted
    assert sound(target)
    status = target.stat()
    wanted_owner = (0o600, 0) if state in ("missing", "only a wal") else (0o640, 1234)
    assert (status.st_mode & 0o777, status.st_uid) == wanted_owner
    assert finish_interrupted(target) is Outcome.NOTHING
    assert not prepared.exists()
    assert not list(tmp_path.glob(".litekeep-*"))
    assert not list(tmp_path.glob("*.litekeep-restore"))


def test_an_old_log_never_brings_data_back(tmp_path: Path) -> None:
    """New file under an old -wal: SQLite would replay it, because the salts fit the same database."""
    target = make(tmp_path / "a.db")
    with closing(connect(target)) as app:
        app.execute("PRAGMA journal_mode=WAL")
    shutil.copy(target, tmp_path / "prepared")
    wanted = content(tmp_path / "prepared")
    for sidecar in tmp_path.glob("prepared-*"):
        sidecar.unlink()
    leave_wal(target)
    assert (tmp_path / "a.db-wal").stat().st_size > 0
    install_replace(tmp_path / "prepared", target)
    assert content(target) == wanted


@pytest.mark.parametrize("holder", ["idle", "reader", "exclusive"])
@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_an_open_database_is_not_replaced(tmp_path: Path, mode: str, holder: str) -> None:
    target, prepared = make(tmp_path / "a.db", mode=mode), make(tmp_path / "prepared")
    with process(holder, target):
        found = openers(target)
        assert found
        with pytest.raises(TargetInUse, match=f"{found[0][1]} \\({found[0][0]}\\)"):
            install_replace(prepared, target)
    assert prepared.exists()
    assert not openers(target)
    link = tmp_path / "link.db"
    link.symlink_to(target)
    with process("idle", target):
        assert openers(link)
        with pytest.raises(TargetInUse):
            install_replace(prepared, link)
    install_replace(prepared, link)
    assert link.is_symlink()


def test_who_may_not_look_does_not_know() -> None:
    folder = Path(tempfile.mkdtemp(prefix="reach-"))
    try:
        folder.chmod(0o755)
        target = make(folder / "a.db")
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.setgid(65534)
            os.setuid(65534)
            os.write(write, repr(openers(target)).encode())
            os._exit(0)
        os.waitpid(child, 0)
        os.close(write)
        with open(read, "rb") as stream:
            assert stream.read() == b"None"
    finally:
        shutil.rmtree(folder)


def test_another_file_in_the_gap_is_left_for_people(tmp_path: Path) -> None:
    target, prepared = make(tmp_path / "a.db"), make(tmp_path / "prepared", rows=10)
    assert killed_before(lambda: install_replace(prepared, target), tmp_path, event="os.link", number=0)
    assert not target.exists()
    make(target, rows=3)
    with pytest.raises(Refused, match="another program has made"):
        finish_interrupted(target)
    with pytest.raises(Refused, match="interrupted"):
        install_replace(make(tmp_path / "prepared"), target)
    target.unlink()
    assert finish_interrupted(target) is Outcome.FINISHED


def test_a_foreign_intent_file_is_refused(tmp_path: Path) -> None:
    target = make(tmp_path / "a.db")
    intent = tmp_path / ".a.db.litekeep-restore"
    for text in (
        "",
        "{}",
        '{"id": "../x", "prepared": ".p", "had_target": true}',
        '{"id": "1", "prepared": "../../etc"}',
    ):
        intent.write_text(text)
        with pytest.raises(Refused):
            finish_interrupted(target)
    assert sound(target)


EVENTS = ("open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.chown")


def killed_before(action: Callable[[], object], folder: Path, *, number: int, event: str = "") -> bool:
    """Run `action` in a forked child that is killed before its `number`-th change to `folder`; False if it ended."""
    child = os.fork()
    if child == 0:
        count = 0

        def hook(name: str, arguments: tuple[object, ...]) -> None:
            nonlocal count
            relevant = name == event if event else name in EVENTS
            if relevant and any(isinstance(a, str) and a.startswith(str(folder)) for a in map(plain, arguments)):
                if count == number:
                    os.kill(os.getpid(), signal.SIGKILL)
                count += 1

        sys.addaudithook(hook)
        try:
            action()
            os._exit(0)
        except BaseException:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert not os.WIFEXITED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def plain(value: object) -> object:
    return os.fspath(value) if isinstance(value, os.PathLike) else value


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A database whose last commits are only in its -wal, and a prepared file; with the digests of both."""
    folder = tmp_path_factory.mktemp("scene")
    make(folder / "a.db", mode="wal", rows=50)
    leave_wal(folder / "a.db")
    prepared = make(folder / "prepared", rows=70)
    copy = folder.with_name("old")
    shutil.copytree(folder, copy)
    return folder, content(copy / "a.db"), content(prepared)


def state_of(folder: Path) -> str:
    assert not list(folder.glob("*.litekeep-restore"))
    probe = Path(tempfile.mkdtemp(prefix="probe-"))
    try:
        for path in folder.glob("a.db*"):
            shutil.copy(path, probe)
        return content(probe / "a.db")
    finally:
        shutil.rmtree(probe)


def fresh(scene_folder: Path, place: Path) -> Path:
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(scene_folder, place)
    return place


def test_killed_before_every_step(tmp_path: Path, scene: tuple[Path, str, str]) -> None:
    folder, old, new = scene
    outcomes = set()
    number = 0
    while True:
        place = fresh(folder, tmp_path / "place")
        killed = killed_before(partial(replace_in, place), place, number=number)
        outcome = finish_interrupted(place / "a.db")
        assert state_of(place) == {Outcome.UNDONE: old, Outcome.FINISHED: new}.get(outcome, state_of(place))
        assert state_of(place) in (old, new)
        assert finish_interrupted(place / "a.db") is Outcome.NOTHING
        if state_of(place) == new:
            assert not (place / "a.db-wal").exists()
            kept = next(place.glob(".before-restore-*"))
            assert content(kept / "a.db") == old
        outcomes.add(outcome)
        if not killed:
            break
        number += 1
    assert number >= 10
    assert outcomes == {Outcome.NOTHING, Outcome.UNDONE, Outcome.FINISHED}


def test_killed_again_while_finishing(tmp_path: Path, scene: tuple[Path, str, str]) -> None:
    folder, old, new = scene
    first = 0
    pairs = 0
    while True:
        second = first % 2
        while True:
            place = fresh(folder, tmp_path / "place")
            killed = killed_before(partial(replace_in, place), place, number=first)
            again = killed_before(partial(finish_interrupted, place / "a.db"), place, number=second)
            finish_interrupted(place / "a.db")
            assert state_of(place) in (old, new)
            pairs += 1
            if not again:
                break
            second += 2
        if not killed:
            break
        first += 1
    assert pairs > 15
