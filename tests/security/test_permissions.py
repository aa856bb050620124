"""Whatever the umask is: what Litekeep makes is closed to other users, and what it replaces keeps its mode."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.conftest import Run
from litekeep.operations.scratch import scratch_folder

if sys.platform == "win32":
    pytest.skip("modes of POSIX", allow_module_level=True)

OPEN_ON_PURPOSE = {"app.db", "phrase", "metrics.prom"}
"""The test's own, and a page that a program of another user reads."""


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """The most careless one."""
    before = os.umask(0)
    yield
    os.umask(before)


def open_to_others(top: Path) -> list[str]:
    """Files and folders below `top` that other users could read, write or enter."""
    found = [path for path in top.rglob("*") if path.lstat().st_mode & 0o077 and not path.is_symlink()]
    return [str(path.relative_to(top)) for path in found if path.name not in OPEN_ON_PURPOSE]


@pytest.mark.parametrize("encrypted", [False, True])
def test_everything_made_is_closed(
    place: Path, database: Path, litekeep: Run, monkeypatch: pytest.MonkeyPatch, *, encrypted: bool
) -> None:
    monkeypatch.setenv("LITEKEEP_STATE_FOLDER", str(place / "state"))
    options: tuple[str, ...] = ()
    if encrypted:
        (place / "phrase").write_text("six words that nobody would guess")
        options = ("--passphrase-file", "phrase")
        (place / "phrase").chmod(0o600)
        litekeep("init", database, "--encrypt", *options, "--new-key-file", "app.key")
        options = ("--key-file", "app.key")  # no second of work for each command
    litekeep("backup", database, *options, "--label", "first")
    litekeep("list", *options)
    litekeep("drill", *options)
    litekeep("restore", "latest", "--to", "restored.db", *options)
    litekeep("restore", "latest", "--replace", "--yes", *options)
    for name in ("plain.db", "packed.db.gz", "packed.db.zst"):
        litekeep("export", "latest", name, *options)
    litekeep("status", "--prometheus-file", "metrics.prom", *options, expect=None)
    litekeep("copy", "backups", "elsewhere", *options, expect=None)
    if encrypted:
        litekeep("key", "recovery-sheet", "sheet.html", *options)
    else:
        litekeep("encrypt", "secret", "--passphrase-file", "phrase", expect=None)
    assert open_to_others(place) == []


def test_a_restore_over_a_database_opens_it_to_nobody(place: Path, database: Path, litekeep: Run) -> None:
    litekeep("backup", database)
    for mode in (0o600, 0o640):
        database.write_bytes(b"not a database any more")
        database.chmod(mode)
        litekeep("restore", "latest", "--replace", "--yes", "--all-closed")
        assert stat.S_IMODE(database.stat().st_mode) == mode
        (aside,) = place.glob(".before-restore-*")
        assert stat.S_IMODE(aside.stat().st_mode) == 0o700
        for path in aside.iterdir():
            path.unlink()
        aside.rmdir()


def test_working_copies_lie_in_a_closed_folder(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as folder:
        found = folder.stat()
        assert (stat.S_IMODE(found.st_mode), found.st_uid) == (0o700, os.getuid())
        assert len(folder.name) >= len("litekeep-scratch-") + 8, "a name that nobody can have made before"
