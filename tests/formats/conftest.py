"""Where restore.py runs."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from formats.bare import load, make_interpreter


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter without any packages but zstd."""
    return make_interpreter(tmp_path_factory.mktemp("bare"))


@pytest.fixture(scope="session")
def python_that_decrypts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with cryptography."""
    return make_interpreter(tmp_path_factory.mktemp("decrypts"), with_cryptography=True)


@pytest.fixture(scope="session")
def program() -> ModuleType:
    """The present restore.py in this process, with everything that is installed here."""
    return load()
