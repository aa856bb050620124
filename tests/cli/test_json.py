"""JSON results: one object, the promised head, and every key is in docs/reference/json.md."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from .conftest import Run, execute, process

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "json.md"
FREE = {"tables", "json_schema", "value"}  # objects whose keys are names of tables, of JSON Schema, of settings


def keys(value: object) -> Iterator[str]:
    """All keys of all objects."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            if key not in FREE or isinstance(inner, list):
                yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def documented(heading: str) -> set[str]:
    """The keys in backquotes in the section whose heading names the command, and in the sections for all."""
    sections = dict(re.findall(r"^##+ (.+?)\n(.*?)(?=^##+ |\Z)", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL))
    found = [text for title, text in sections.items() if heading in re.split(r", ", title)]
    assert found, f"json.md has no section {heading}"
    shared = [sections["Every result"], sections["A snapshot"]]
    linked = [sections[name] for name in re.findall(r"As \[(\w+)\]", found[0])]
    return set(re.findall(r"`([a-z_]+)`", "".join([*found, *shared, *linked])))


def check(result: dict[str, Any], heading: str, schema: str = "", *, exit_code: int = 0) -> None:
    """The head and the keys."""
    assert result["schema"] == f"litekeep.{schema or heading}/1"
    assert result["ok"] is (exit_code in (0, 3))
    assert result["exit_code"] == exit_code
    unknown = set(keys(result)) - documented(heading)
    assert not unknown, f"json.md does not tell of {unknown} under {heading}"
    for key, value in all_pairs(result):
        if key.endswith("_at") and value is not None:
            assert datetime.fromisoformat(value).tzinfo is not None, key


def all_pairs(value: object) -> Iterator[tuple[str, Any]]:
    """Every key with its value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, inner
            yield from all_pairs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from all_pairs(inner)


def test_every_command(database: Path, litekeep: Run) -> None:
    check(litekeep("init", database, "--json").json, "init")
    check(litekeep("backup", database, "--json").json, "backup")
    check(litekeep("list", "--json").json, "list")
    check(litekeep("show", "latest", "--json").json, "show")
    check(litekeep("status", "--json").json, "status")
    check(litekeep("verify", "--all", "--json").json, "verify")
    check(litekeep("drill", "--json").json, "drill")
    check(litekeep("restore", "--to", "new.db", "--json").json, "restore")
    check(litekeep("restore", "--replace", "--dry-run", "--json").json, "restore")
    check(litekeep("restore", "--replace", "--yes", "--json").json, "restore")
    check(litekeep("undo", "--yes", "--json").json, "undo")
    check(litekeep("export", "latest", "plain.db", "--json").json, "export")
    for verb in ("pin", "unpin"):
        check(litekeep(verb, "latest", "--json").json, verb)
    check(litekeep("label", "latest", "a", "--json").json, "label")
    identifier = litekeep("list", "--json").json["snapshots"][0]["id"]
    check(litekeep("delete", identifier, "--yes", "--json").json, "delete")
    check(litekeep("trash", "list", "--json").json, "trash-list")
    check(litekeep("trash", "recover", identifier, "--json").json, "recover")
    check(litekeep("trash", "empty", "--yes", "--json").json, "trash-empty")
    check(litekeep("prune", "--dry-run", "--json").json, "prune")
    check(litekeep("prune", "--json").json, "prune")
    check(litekeep("doctor", "--json", expect=None).json, "doctor", exit_code=3)
    check(litekeep("config", "init", database, "--json").json, "config-init")
    for verb in ("validate", "show", "schema"):
        check(litekeep("config", verb, "--json").json, f"config-{verb}")
    check(litekeep("config", "set", "backup.keep_last", "5", "--json").json, "config-set")
    check(litekeep("config", "get", "backup.notifications", "--json").json, "config-get")
    check(litekeep("completion", "zsh", "--json").json, "completion")


def test_copies(database: Path, place: Path, litekeep: Run) -> None:
    (place / "no folder").write_text("a file")
    copies = [
        {"name": name, "url": (place / folder).as_uri()} for name, folder in (("usb", "usb"), ("nas", "no folder"))
    ]
    config = place / "backup.json"
    config.write_text(json.dumps({"database": "app.db", "backup": {"copies": copies}}))
    litekeep("backup", database, "-c", config, "--no-sync")
    both = litekeep("sync", "-c", config, "--json", expect=13).json
    check(both, "sync", exit_code=13)
    assert [each["name"] for each in both["copies"]] == ["usb"]
    assert both["copies"][0]["listed"] is True
    assert both["copies"][0]["snapshots"] == [litekeep("list", "--json").json["snapshots"][0]["id"]]
    assert [each["name"] for each in both["failed"]] == ["nas"]
    assert both["failed"][0]["code"] == "unreachable"
    again = litekeep("sync", "usb", "-c", config, "--json").json
    check(again, "sync")
    assert again["copies"][0]["sent_objects"] == 0
    alone = litekeep("sync", "nas", "-c", config, "--json", expect=13)
    assert alone.out == ""
    assert alone.error["code"] == "unreachable"
    listed = litekeep("sync", "--list", "-c", config, "--json").json
    check(listed, "sync")
    states = {each["name"]: each for each in listed["states"]}
    assert states["usb"]["synced_at"]
    assert states["usb"]["snapshots"] == 1
    assert states["nas"]["failing_since"]
    assert states["nas"]["problem_code"] == "unreachable"
    copied = litekeep("copy", "backups", "elsewhere", "--json").json
    check(copied, "copy")
    assert copied["snapshots"] == 1
    assert copied["left_behind"] == []


def test_results_with_warnings(database: Path, litekeep: Run) -> None:
    execute(database, "DELETE FROM people WHERE id < 10")
    done = litekeep("backup", database, "--json", expect=3).json
    check(done, "backup", exit_code=3)
    assert "10 rows of table visits" in done["problems"][0]
    link = database.with_name("second name.db")
    link.hardlink_to(database)
    linked = litekeep("backup", database, "--json", expect=3)
    assert [each["code"] for each in linked.json["warnings"]] == ["hard_links"]
    assert linked.err == "", "warnings are in the object"


def test_one_line_on_stdout_and_nothing_on_stderr(database: Path) -> None:
    done = process("backup", "app.db", "--json")
    assert done.stdout.count("\n") == 1
    assert json.loads(done.stdout)["snapshot"]["tables"] == {"people": 100, "visits": 100}
    assert done.stderr == ""
    assert database.exists()


def test_an_error_is_one_object_on_stderr(place: Path) -> None:
    failed = process("backup", "missing.db", "--json")
    assert failed.stdout == ""
    error = json.loads(failed.stderr)
    assert set(error) == {"schema", "ok", "code", "exit_code", "message", "safe", "hint"}
    assert error["schema"] == "litekeep.error/1"
    assert set(error) - {"schema"} <= documented("Errors")
    assert place.exists()
