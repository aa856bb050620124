"""Odd names, long names, links, names that lead nowhere or to something else."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from litekeep.clock import SystemClock
from litekeep.errors import NotADatabase, SourceMissing, SourceUnreadable
from litekeep.sqlite.capture import CaptureOptions, capture, pin
from litekeep.testing import RecordingMonitor

from .databases import connect, content, fill, make, same_pages

OPTIONS = CaptureOptions(deadline_seconds=2.0)

ODD = [
    "with space.db", "ques?tion.db", "ha#sh.db", "per%cent%41.db", "quo'te\".db", "grüße-日本.db", "new\nline.db",
    "-dash.db", ":memory:", "semi;colon&amp=1", "file:a.db?mode=rwc", os.fsdecode(b"\xff\xfe.db"), "a" * 200,
]  # fmt: skip


@pytest.mark.parametrize("mode", ["delete", "wal"])
@pytest.mark.parametrize("name", ODD)
def test_odd_names(tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor, name: str, mode: str) -> None:
    shutil.copy(make(tmp_path / "plain.db", mode=mode, rows=20), tmp_path / name)
    image = capture(tmp_path / name, tmp_path / ("copy " + name), clock=clock, monitor=monitor)
    assert same_pages(tmp_path / "plain.db", image.path)
    made = {path.name for path in tmp_path.iterdir()}
    known = {f"{n}{s}" for n in (name, "plain.db", "copy " + name) for s in ("", "-wal", "-shm")}
    assert made <= known


def test_relative_names(
    tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "-a.db")
    monkeypatch.chdir(tmp_path)
    image = capture(Path("-a.db"), Path("-b.db"), clock=clock, monitor=monitor)
    assert image.path == tmp_path / "-b.db"


def test_too_long_a_path_is_said(tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor) -> None:
    folder = tmp_path
    while len(os.fsencode(folder)) < 400:
        folder = folder / ("d" * 90)
    folder.mkdir(parents=True)
    fits = folder / ("x" * (504 - len(os.fsencode(folder)) - 1))
    shutil.copy(make(tmp_path / "a.db", mode="wal"), fits)
    assert capture(fits, tmp_path / "copy.db", clock=clock, monitor=monitor).facts.page_count > 0
    longer = fits.with_name(fits.name + "x")
    shutil.copy(tmp_path / "a.db", longer)
    with pytest.raises(SourceUnreadable, match="505 bytes"):
        capture(longer, tmp_path / "copy2.db", clock=clock, monitor=monitor)


@pytest.mark.parametrize("name", ["missing.db", "no/such/folder.db", "a.db/inside"])
def test_missing_is_an_error_and_nothing_is_created(
    tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor, name: str
) -> None:
    make(tmp_path / "a.db")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(SourceMissing):
        capture(tmp_path / name, tmp_path / "copy.db", clock=clock, monitor=monitor)
    assert sorted(tmp_path.rglob("*")) == before


def test_what_is_not_a_database(tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor) -> None:
    (tmp_path / "text.db").write_text("This is a text file, quite long enough to be read as one.\n" * 50)
    os.mkfifo(tmp_path / "pipe.db")
    (tmp_path / "folder.db").mkdir()
    for name, words in {"text.db": "text file", "pipe.db": "regular file", "folder.db": "folder"}.items():
        with pytest.raises(NotADatabase, match=words):
            capture(tmp_path / name, tmp_path / "copy.db", clock=clock, monitor=monitor)
    assert not (tmp_path / "copy.db").exists()


def test_symlinks_are_resolved_and_hard_links_mentioned(
    tmp_path: Path, clock: SystemClock, monitor: RecordingMonitor
) -> None:
    source = make(tmp_path / "a.db", mode="wal")
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.db"
    link.symlink_to("../a.db")
    with closing(connect(source)) as app:
        fill(app, 10)
        with pin(link, clock=clock, monitor=monitor, options=OPTIONS) as pinned:
            assert pinned.source == source
            image = pinned.copy_to(tmp_path / "copy.db")
        assert content(image.path, query="mode=ro&immutable=1") == content(source)
    assert [path.name for path in link.parent.iterdir()] == ["link.db"]
    assert monitor.events == []
    os.link(source, tmp_path / "second.db")
    with pin(source, clock=clock, monitor=monitor, options=OPTIONS):
        pass
    assert [facts["code"] for _, facts in monitor.events] == ["hard_links"]
