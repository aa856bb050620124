"""The campaign notices lost commits, refusals, and calls that touch what is not ours."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from litekeep.operations.backup import backup
from torture import application, harmless
from torture.campaign import Tally

CASE = (1, "storm", 0, 400)


def test_a_lost_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a checkpoint by the wrong process may do (the WAL-reset bug): acknowledged commits are gone."""
    really = application.commits_in

    def lost(path: Path) -> int:
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            last = int(db.execute("SELECT n FROM counter").fetchone()[0])
            link = b""
            for number in range(1, last):
                link = application.link_after(link, number)
            db.execute("UPDATE counter SET n = ?, chain = ?", (last - 1, link))
            db.execute("DELETE FROM row WHERE n = ?", (last,))
            db.execute(
                "INSERT INTO row VALUES (?, ?, ?)",
                (last % application.ROWS, last - application.ROWS, application.body_of(last - application.ROWS)),
            )
        return really(path)

    monkeypatch.setattr(application, "commits_in", lost)
    tally = Tally()
    harmless.run(CASE, tally, tmp_path)
    assert "400 acknowledged, 399 there" in tally.deviations[0].what


def test_a_backup_that_keeps_writers_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock is there before the application begins, so that it meets it however the machine divides its time."""
    lock, really = ExitStack(), harmless.started

    @contextmanager
    def started(source: Path, *more: Any) -> Iterator[Any]:
        with lock:
            db = lock.enter_context(closing(sqlite3.connect(source, isolation_level=None, timeout=10)))
            db.execute("BEGIN IMMEDIATE")
            with really(source, *more) as app:
                yield app

    def rude(repository: Any, source: Path, **options: Any) -> Any:
        try:
            return backup(repository, source, **options)
        finally:
            lock.close()

    monkeypatch.setattr(harmless, "started", started)
    monkeypatch.setattr(harmless, "backup", rude)
    tally = Tally()
    harmless.run((1, "storm", 0, 2_000), tally, tmp_path)
    assert "refused" in tally.deviations[0].what


@pytest.mark.parametrize(
    ("call", "is_harm"),
    [
        ('openat(AT_FDCWD</>, "{db}", O_RDONLY|O_CLOEXEC) = 3<{db}>', False),
        ('openat(AT_FDCWD</>, "{db}", O_RDWR|O_CREAT|O_CLOEXEC, 0644) = 3<{db}>', True),
        ('openat(AT_FDCWD</>, "{db}-wal", O_RDWR|O_CREAT|O_CLOEXEC, 0644) = 4<{db}-wal>', False),
        ('pwrite64(4<{db}-wal>, "..."..., 24, 32) = 24', True),
        ("ftruncate(3<{db}>, 0) = 0", True),
        ("ftruncate(5<{db}-shm>, 32768) = 0", False),
        ('unlink("{db}-wal") = 0', True),
        ('rename("{db}", "{db}.old") = 0', True),
        ("fchown(4<{db}-wal>, {uid}, {gid}) = 0", False),
        ("fchown(4<{db}-wal>, 7, 8) = 0", True),
        ("fchmod(3<{db}>, 0600) = 0", True),
        ('write(6<{db}.copy>, "..."..., 24) = 24', False),
    ],
)
def test_what_is_harm(tmp_path: Path, call: str, is_harm: bool) -> None:
    source = tmp_path / "a.db"
    source.touch()
    line = call.replace("{db}", str(source)).replace("{uid}", str(os.getuid())).replace("{gid}", str(os.getgid()))
    assert harmless.harmful(f"4711  {line}", source) is is_harm


@pytest.mark.skipif(not harmless.ROOT, reason="needs root")
def test_a_backup_that_takes_a_file_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harmless, "try_backup", lambda source, *_: os.chown(source, 0, 0))
    tally = Tally()
    harmless.run((1, "owner", 0, 0), tally, tmp_path)
    assert "became" in tally.deviations[0].what
