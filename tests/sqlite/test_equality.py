"""Raw captures beside writers at full speed: each is, page by page, what the backup API copies under the same held
transaction, and a committed state, known by its counter. The campaign tests/torture/truth.py does it for longer.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from litekeep.clock import SystemClock
from litekeep.sqlite.capture import CaptureOptions, pin
from litekeep.sqlite.pinned import SourceReplaced
from litekeep.sqlite.wal import WalTrouble
from litekeep.testing import RecordingMonitor

from .company import SETTINGS, Company, Setting, both_ways, counter, made, require_committed, require_equal_pages

TIMES, TIMES_ALL = 3, 134


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_raw_is_what_sqlite_copies(setting: Setting, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    wanted = TIMES_ALL if pytestconfig.getoption("--capture-all") else TIMES
    source = made(tmp_path / "a.db", setting)
    raw, through = tmp_path / "raw.db", tmp_path / "through.db"
    chance, company = random.Random(setting.name), Company(source, setting)
    compared = refused = seen = 0
    with company.at_work():
        begun = time.monotonic()
        while counter(source) <= wanted:  # they are at work indeed
            assert time.monotonic() - begun < 60
            time.sleep(0.01)
        while compared < wanted:
            assert refused < 20 * wanted + 200, "raw reading is hardly ever possible here"
            if setting.kills and chance.random() < 0.5:
                company.kill_one()
            before = counter(source)
            try:
                with pin(source, clock=SystemClock(), monitor=RecordingMonitor(), options=CaptureOptions()) as pinned:
                    if not pinned.readable:
                        refused += 1
                        continue
                    both_ways(pinned, raw, through)
            except (WalTrouble, SourceReplaced):
                refused += 1
                continue
            finally:
                after = counter(source)
            require_equal_pages(raw, through, setting.page_size)
            seen = require_committed(raw)
            assert before <= seen <= after
            compared += 1
            raw.unlink()
            through.unlink()
    assert seen > compared
    print(f"{setting.name}: {compared} equal, {refused} left to SQLite, {seen} commits")
