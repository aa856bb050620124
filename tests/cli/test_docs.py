"""The reference pages are what the commands, errors and events are."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from litekeep import errors
from litekeep.cli.exits import MEANINGS
from litekeep.cli.progress import PHASES
from litekeep.operations.sightings import Wrong

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "litekeep"
REFERENCE = ROOT / "docs" / "reference"


def test_generated_pages_are_up_to_date() -> None:
    command = [sys.executable, "docs/generate_cli_reference.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_exit_code_and_error_is_on_the_page() -> None:
    page = (REFERENCE / "exit-codes.md").read_text("utf-8")
    for code in MEANINGS:
        assert f"| {code} |" in page
    classes = [each for each in vars(errors).values() if isinstance(each, type)]
    for each in classes:
        if issubclass(each, errors.LitekeepError):
            assert f"| `{each.__name__}` | `{each.code}` | {each.exit_code} |" in page
            assert each.exit_code in MEANINGS


def test_the_tree_in_errors_py_is_true() -> None:
    told = re.findall(r"^ {4}[ |]*(?:\+- )?(\w+) +(?:(\d+)  (\w+))?", errors.__doc__ or "", re.MULTILINE)
    for name, exit_code, code in told:
        if exit_code:
            found = getattr(errors, name)
            assert (str(found.exit_code), found.code) == (exit_code, code), name


def calls(method: str) -> Iterator[tuple[Path, ast.Call]]:
    """Every call of a method of that name in the engine and the command line."""
    for path in SOURCE.rglob("*.py"):
        if path == SOURCE / "repository" / "restore.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method:
                yield path, node


def test_every_event_is_on_the_page() -> None:
    page = (REFERENCE / "events.md").read_text("utf-8")
    told = set(re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE))
    emitted, codes = set(), set()
    for path, call in calls("event"):
        name = call.args[0]
        if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
            continue  # passed on
        emitted.add(name.value)
        for keyword in call.keywords:
            if name.value != "warning" and keyword.arg:
                assert f"`{keyword.arg}`" in page, f"{path}: {name.value} has {keyword.arg}"
            if keyword.arg == "code" and isinstance(keyword.value, ast.Constant):
                codes.add(str(keyword.value.value))
    for method in ("warn", "_warn"):
        for _, call in calls(method):
            if call.args and isinstance(call.args[0], ast.Constant) and len(call.args) == 2:
                codes.add(str(call.args[0].value))
    codes |= {each.value for each in Wrong}  # told as it is (operations.lookback)
    for _, call in calls("tell"):  # of a manager, to those who listen
        if ast.unparse(call.func).endswith("_listeners.tell") and isinstance(call.args[0], ast.Constant):
            emitted.add(str(call.args[0].value))
    assert len(emitted) > 10
    assert not (emitted | codes) - told
    assert not {name for name in told if name not in emitted | codes | {*PHASES}}, "the page tells of events long gone"


def test_every_phase_is_on_the_page_and_has_words() -> None:
    page = (REFERENCE / "events.md").read_text("utf-8")
    for phase in PHASES:
        assert f"| `{phase}` |" in page
    for path, call in calls("progress"):
        name = call.args[0] if call.args else None
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            assert name.value in PHASES, f"{path}: {name.value}"
