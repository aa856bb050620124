"""The generated pages are those that would be generated now, and leave nothing out."""

from __future__ import annotations

import subprocess
import sys

import pytest

from litekeep.config.load import known_settings

from .pages import DOCS, ROOT, read


@pytest.mark.parametrize(
    "script", ["generate_format_reference.py", "generate_api_reference.py", "generate_settings_reference.py"]
)
def test_the_page_is_up_to_date(script: str) -> None:
    command = [sys.executable, f"docs/{script}", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_format_is_on_the_page() -> None:
    told = read(DOCS / "reference" / "format.md")
    for module in (ROOT / "src" / "litekeep" / "formats").glob("*.py"):
        if module.name != "__init__.py":
            assert f"src/litekeep/formats/{module.name}" in told


def test_every_operation_is_on_the_page() -> None:
    told = read(DOCS / "reference" / "python-api.md")
    verbs = ("backup", "restore_new", "restore_over", "verify", "drill", "scrub", "prune", "export", "find_undo")
    for verb in verbs:
        assert f"\n### {verb}\n" in told


def test_every_setting_is_on_the_page() -> None:
    told = read(DOCS / "reference" / "settings.md")
    for key in known_settings():
        section, _, name = key.rpartition(".")
        table = told.split(f"\n### {section or 'At the top'}\n")[1].split("\n### ")[0]
        assert f"\n| `{name}` |" in table, key
