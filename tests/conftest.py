"""Options for all tests."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from contextlib import suppress

import hypothesis
import pytest

hypothesis.settings.register_profile("litekeep", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
if hypothesis.settings().deadline is not None:  # else who runs the tests has chosen already (torture/mutation.py)
    hypothesis.settings.load_profile("litekeep")  # how long one example takes says nothing on a busy machine
with suppress(ValueError):  # a shell's background job ignores it, and so would every program that a test starts
    signal.signal(signal.SIGINT, signal.default_int_handler)
_state = tempfile.mkdtemp(prefix="litekeep-state-")
# What tests leave there is not the business of who runs them; some start programs without the first of the two.
os.environ["LITEKEEP_STATE_FOLDER"] = os.environ["XDG_STATE_HOME"] = _state


def pytest_unconfigure() -> None:
    shutil.rmtree(_state, ignore_errors=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options that take minutes instead of seconds.

    `--damage-all`: damage every byte in every way (tests/damage).
    `--crash-all`: after every fault, also the run that follows it, instead of once for each state (tests/crash).
    `--operations-all`: longer random histories and storms (tests/operations).
    `--capture-all`: 2,400 captures beside writers instead of 54 (tests/sqlite).
    `--host-all`: an application at full speed is backed up 200 times instead of 20 (tests/manager).
    `--frozen-all`: also the window in a program made by PyInstaller (tests/ui); the manager in one is always tested.
    `--update-goldens`: write the golden pictures anew instead of comparing with them (tests/ui).
    """
    parser.addoption("--damage-all", action="store_true", help="tests/damage: every position, every check")
    parser.addoption("--crash-all", action="store_true", help="tests/crash: every fault with its recovery, more kills")
    parser.addoption("--operations-all", action="store_true", help="tests/operations: longer histories and storms")
    parser.addoption("--capture-all", action="store_true", help="tests/sqlite: 2,400 captures beside writers")
    parser.addoption("--host-all", action="store_true", help="tests/manager: 200 backups beside a busy application")
    parser.addoption("--storage-all", action="store_true", help="tests/storage: every request of a sync, every fault")
    parser.addoption("--frozen-all", action="store_true", help="tests/ui: the window in a program made by PyInstaller")
    parser.addoption("--update-goldens", action="store_true", help="tests/ui: write the golden pictures anew")
