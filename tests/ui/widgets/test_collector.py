"""The collector of cycles rests while a view is built, and goes on as it was."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from litekeep.ui.widgets.collector import hold_collector


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    yield
    gc.enable()


def test_it_rests_until_the_last_one_lets_go() -> None:
    first, second = hold_collector(), hold_collector()
    assert not gc.isenabled()
    first()
    first()
    assert not gc.isenabled()
    second()
    assert gc.isenabled()
    second()
    assert gc.isenabled()


def test_who_had_disabled_it_finds_it_disabled() -> None:
    gc.disable()
    release = hold_collector()
    release()
    assert not gc.isenabled()
