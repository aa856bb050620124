"""Snapshots as plain files for other programs."""

from __future__ import annotations

import gzip
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from litekeep.errors import Cancelled, CorruptObject, LitekeepError, NoSpace, Refused
from litekeep.operations.export import export
from litekeep.testing import RecordingMonitor
from operations.home import Home, cancel_points, small_disk

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

READERS: dict[str, Callable[[Path], bytes]] = {
    ".db": lambda path: path.read_bytes(),
    ".gz": lambda path: gzip.decompress(path.read_bytes()),
}
READERS |= dict.fromkeys((".zst", ".zstd"), lambda path: zstd.decompress(path.read_bytes()))


def write(home: Home, out: Path) -> int:
    return export(home.repository, home.find("latest"), out, clock=home.clock, monitor=home.monitor)


@pytest.mark.parametrize("ending", READERS)
def test_every_kind(home: Home, tmp_path: Path, ending: str) -> None:
    home.make()
    home.backup()
    out = tmp_path / "out" / f"kept.db{ending}"
    assert write(home, out) == out.stat().st_size
    assert READERS[ending](out) == home.image(home.find("latest"))
    assert os.listdir(out.parent) == [out.name]
    if sys.platform != "win32":
        assert out.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Refused):
        write(home, out)


def test_an_empty_database(home: Home, tmp_path: Path) -> None:
    home.database.touch()
    home.backup()
    for ending, read in READERS.items():
        out = tmp_path / "out" / f"kept{ending}"
        write(home, out)
        assert read(out) == b""


def test_damage_cancelling_and_a_full_disk_leave_no_file(home: Home, tmp_path: Path) -> None:
    home.make(rows=3000)
    home.backup()
    out = tmp_path / "out" / "kept.db.zst"
    write(home, out)
    probe = home.monitor.questions
    out.unlink()
    for moment in cancel_points(probe, 6):
        home.monitor = RecordingMonitor(cancel_after=moment)
        try:
            write(home, out)
        except Cancelled:
            assert os.listdir(out.parent) == []
        else:
            out.unlink()
    home.monitor = RecordingMonitor()
    with small_disk(tmp_path, 1500) as place:
        with pytest.raises(NoSpace):
            write(home, place / "kept.db")
        assert os.listdir(place) == []
    [pack] = home.keys("packs/")
    home.flip(pack, home.storage.size(pack) // 2)
    with pytest.raises(CorruptObject):
        write(home, out)
    assert os.listdir(out.parent) == []
    with pytest.raises(LitekeepError):
        write(home, tmp_path / "nowhere" / "kept.db")
