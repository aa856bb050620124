"""The core imports no integration, and an integration no library before it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

LIBRARIES = ("peewee", "peewee_migrate", "sqlalchemy", "alembic", "django", "flask")
BLOCKED = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {libraries}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent())
"""


def run(program: str) -> str:
    """What a program prints, in a Python of its own."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_core_imports_no_integration() -> None:
    program = "import sys, litekeep; litekeep.BackupManager; import litekeep.cli.main, litekeep.worker.serve\n"
    found = run(program + "print(*[name for name in sys.modules if 'integrations' in name])")
    assert found == ""


@pytest.mark.parametrize("module", ["peewee", "sqlalchemy", "alembic"])
def test_an_integration_imports_no_library(module: str) -> None:
    program = f"import sys, litekeep.integrations.{module}\nprint(*[n for n in {LIBRARIES} if n in sys.modules])"
    assert run(program) == ""


@pytest.mark.parametrize(
    ("use", "extra"),
    [
        ("from litekeep.integrations.peewee import protect_migrations as f; f(None, None)", "peewee"),
        ("from litekeep.integrations.peewee import attach as f; f(None, None)", "peewee"),
        ("from litekeep.integrations.sqlalchemy import attach as f; f(None, None)", "sqlalchemy"),
        ("from litekeep.integrations.alembic import upgrade as f; f(None, None)", "sqlalchemy"),
        ("import litekeep.integrations.django", "django"),
    ],
)
def test_without_the_library_the_error_names_the_extra(use: str, extra: str) -> None:
    program = BLOCKED.format(libraries=LIBRARIES) + (
        f"from litekeep.errors import UsageError\ntry:\n    {use}\nexcept UsageError as e:\n    print(e.hint)"
    )
    assert run(program) == f"Install it: pip install 'litekeep[{extra}]'."
