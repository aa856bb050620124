"""Options for all tests."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--damage-all`: damage every byte in every way (tests/damage), which takes some minutes instead of seconds."""
    parser.addoption("--damage-all", action="store_true", help="tests/damage: every position, every check")
