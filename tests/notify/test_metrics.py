"""Metrics: what Prometheus's own parser reads is what was meant."""

from __future__ import annotations

import math
import os
import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from litekeep.notify.metrics import SourceMetrics, render
from litekeep.notify.textfile import write_page

NOW = datetime(2026, 9, 24, 2, 0, tzinfo=UTC)
FULL = SourceMetrics(
    "app",
    "healthy",
    0,
    snapshots=7,
    newest_at=NOW - timedelta(hours=2),
    last_good_at=NOW - timedelta(hours=1),
    verified_at=NOW - timedelta(hours=1),
    drilled_at=NOW - timedelta(days=3),
    database_bytes=50_646_016,
    last_run_at=NOW - timedelta(hours=1),
    last_run_ok=True,
)

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def parsed(page: str) -> Samples:
    """Every sample by name and labels."""
    found: Samples = {}
    for family in text_string_to_metric_families(page):
        assert family.documentation
        assert family.type == "gauge"
        for sample in family.samples:
            key = (sample.name.removeprefix("litekeep_"), tuple(sorted(sample.labels.items())))
            assert key not in found
            found[key] = sample.value
    return found


def test_every_fact_is_there() -> None:
    found = parsed(render([FULL], 1_000_000, 0, NOW))
    app = (("source", "app"),)
    assert found[("protection", app)] == 0
    assert found[("snapshots", app)] == 7
    assert found[("newest_snapshot_age_seconds", app)] == 7200
    assert found[("last_good_timestamp_seconds", app)] == (NOW - timedelta(hours=1)).timestamp()
    assert found[("last_drill_timestamp_seconds", app)] == (NOW - timedelta(days=3)).timestamp()
    assert found[("database_bytes", app)] == 50_646_016
    assert found[("last_run_success", app)] == 1
    assert found[("verdict", (("source", "app"), ("verdict", "healthy")))] == 1
    assert found[("repository_bytes", ())] == 1_000_000
    assert found[("repository_up", ())] == 1
    assert found[("status_code", ())] == 0
    assert found[("written_timestamp_seconds", ())] == NOW.timestamp()


def test_what_is_not_known_is_not_there() -> None:
    found = parsed(render([SourceMetrics("", "repository_missing", 2)], None, 21, NOW))
    names = {name for name, _ in found}
    assert found[("repository_up", ())] == 0
    assert found[("status_code", ())] == 21
    assert not names & {"repository_bytes", "last_good_timestamp_seconds", "last_run_success", "database_bytes"}
    assert parsed(render([], 5, 21, NOW))[("repository_up", ())] == 1


def test_an_age_is_never_negative() -> None:
    ahead = SourceMetrics("app", "overdue", 1, newest_at=NOW + timedelta(days=1))
    assert parsed(render([ahead], 1, 20, NOW))[("newest_snapshot_age_seconds", (("source", "app"),))] == 0


@given(st.lists(st.text(max_size=20), unique=True, max_size=5))
def test_any_name_comes_back(names: list[str]) -> None:
    names = [name for name in names if not any(c in name for c in "\x00\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")]
    sources = [SourceMetrics(name, "healthy", 0) for name in names]
    found = parsed(render(sources, 1, 0, NOW))
    told = [dict(labels)["source"] for name, labels in found if name == "protection"]
    assert told == [name.encode("utf-8", "backslashreplace").decode() for name in names]


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a\nb", 'x"} 7\nlitekeep_protection{source="y', "\udcff", "a\r\x00b"])
def test_a_name_cannot_forge_a_sample(name: str) -> None:
    page = render([SourceMetrics(name, "failing", 2)], 1, 21, NOW)
    assert [value for (metric, _), value in parsed(page).items() if metric == "protection"] == [2]
    assert all(math.isfinite(value) for value in parsed(page).values())
    page.encode()


def test_a_page_is_replaced_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "litekeep.prom"
    path.write_text("old")
    write_page(path, "new\n")
    assert path.read_text() == "new\n"
    assert os.listdir(tmp_path) == ["litekeep.prom"]
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o644, "the exporter is another user"


def test_a_page_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "x").write_text("")
    with pytest.raises(OSError, match="folder"):
        write_page(tmp_path / "folder", "new")
    with pytest.raises(OSError, match="none"):
        write_page(tmp_path / "none" / "x.prom", "new")
    assert os.listdir(tmp_path) == ["folder"]
