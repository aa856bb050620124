"""Files in which this machine remembers something count as empty when they are damaged, and never make a run fail."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from litekeep.journal import history
from litekeep.journal.history import Outcome, Row
from litekeep.notify import sent
from litekeep.operations import copymemory, forgotten, sightings
from litekeep.operations.copymemory import CopyMemory, CopyState, read_states
from litekeep.ui.app import remembered

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
REPOSITORY = bytes(16)
END_OF_TIME = "9999-12-31T23:59:59+00:00"
FAR = [END_OF_TIME, "0001-01-01T00:00:00+14:00", "2026-05-01T12:00:00"]


def remembered_copy(folder: Path) -> CopyMemory:
    memory = CopyMemory(folder, "nas", "s3://b", REPOSITORY)
    memory.change(synced_at=NOW, snapshots=3)
    memory.known = {"packs/x": 12}
    memory.count(1, 2, NOW)
    memory.save()
    return memory


@pytest.mark.parametrize(
    "changes",
    [
        {"state": {"snapshots": "3"}},
        {"state": {"snapshots": -1}},
        {"state": {"snapshots": True}},
        {"state": {"problem": None}},
        *({"state": {"synced_at": moment}} for moment in FAR),
        {"tally": {"2026-05-01": [1]}},
        {"tally": {"2026-05-01": [1e999, 1]}},
        {"left_out": 5},
    ],
    ids=repr,
)
def test_a_damaged_memory_of_a_copy_is_none(tmp_path: Path, changes: dict[str, Any]) -> None:
    remembered_copy(tmp_path)
    path = tmp_path / copymemory.FOLDER / "nas.json"
    facts = json.loads(path.read_text())
    for key, value in changes.items():
        facts[key] = {**facts[key], **value} if isinstance(value, dict) and key == "state" else value
    path.write_text(json.dumps(facts).replace("Infinity", "1e999"))
    found = CopyMemory(tmp_path, "nas", "s3://b", REPOSITORY)
    assert (found.state, found.known, found.left_out) == (CopyState("nas", "s3://b"), None, set())
    assert "state" not in changes or read_states(tmp_path) == {}
    found.count(1, 2, NOW)
    assert found.state.requests == 1


@pytest.mark.parametrize("header", ["[" * 100_000, "{}", '{"keys": "1"}', ""])
def test_a_damaged_list_of_objects_is_none(tmp_path: Path, header: str) -> None:
    remembered_copy(tmp_path)
    (tmp_path / copymemory.FOLDER / "nas.keys").write_text(f"{header}\n12 packs/x\n")
    assert CopyMemory(tmp_path, "nas", "s3://b", REPOSITORY).known is None


@pytest.mark.parametrize(
    "token", ["0.5-0123456789abcdef", "7x-0123456789abcdef", "\u0663-0123456789abcdef", "7-", "-7"]
)
def test_damaged_sightings_are_none(tmp_path: Path, token: str) -> None:
    source = {"known": token, "trash": "", "wrong": "", "since": ""}
    path = tmp_path / "seen.json"
    path.write_text(json.dumps({"schema": sightings.SCHEMA, "at": NOW.isoformat(), "sources": {"app": source}}))
    assert sightings.read(path) is None


@pytest.mark.parametrize("change", ['"exit_code":1e999', *(f'"at":"{moment}"' for moment in FAR)])
def test_a_damaged_line_of_the_journal_is_passed_over(tmp_path: Path, change: str) -> None:
    row = Row(NOW, "backup", "app", Outcome.OK, 0)
    history.append(tmp_path, row)
    line = (tmp_path / history.NAME).read_text()
    name = change.partition(":")[0]
    value = '"2026-05-01T12:00:00.000+00:00"' if name == '"at"' else "0"
    assert f"{name}:{value}" in line
    with (tmp_path / history.NAME).open("a") as file:
        file.write(line.replace(f"{name}:{value}", change))
    assert history.read(tmp_path) == [row]


@pytest.mark.parametrize("moment", FAR)
def test_a_notice_of_no_time_is_passed_over(tmp_path: Path, moment: str) -> None:
    facts = {"at": moment, "channel": "mail", "source": "app", "topic": "backup", "state": "alarm"}
    (tmp_path / sent.NAME).write_text(json.dumps(facts) + "\n")
    assert sent.read(tmp_path) == []


def test_a_window_remembers_nothing_from_a_file_nested_without_end(tmp_path: Path) -> None:
    (tmp_path / "window.json").write_text("[" * 100_000)
    assert remembered.load(tmp_path / "window.json") == remembered.Memory()


@pytest.mark.parametrize("day", ["9999-12-31", "soon", "2026-05-32"])
def test_removals_of_no_day_are_not_believed(day: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        forgotten._from_facts({"since": "", "ids": {day: "0123456789abcdef"}})
