"""That the campaign notices an error that is passed over."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from unittest import mock

import pytest

from litekeep.errors import StorageError
from litekeep.repository.repository import Repository
from litekeep.storage import local
from litekeep.storage.durable import publish
from torture.campaign import Tally
from torture.error import STORAGE, SYSTEM, run

put = Repository._put


@pytest.mark.parametrize("wrong", [False, True])
def test_an_error_of_the_storage_that_is_passed_over(wrong: bool, tmp_path: Path) -> None:
    def quietly(self: Repository, key: str, data: bytes) -> None:
        with suppress(StorageError):
            put(self, key, data)

    tally = Tally()
    with mock.patch.object(Repository, "_put", quietly if wrong else put):
        run((STORAGE, "tiny", 1, 1, "pin"), tally, tmp_path)
    assert tally.cases > 50
    assert bool(tally.deviated) == wrong, tally.deviations[:1]
    if wrong:
        assert "a false success" in tally.deviations[0].what


@pytest.mark.parametrize("wrong", [False, True])
def test_an_error_of_the_system_that_is_passed_over(wrong: bool, tmp_path: Path) -> None:
    def quietly(temporary: str, target: str, exclusion: Callable[[], AbstractContextManager[None]]) -> None:
        with suppress(OSError):
            publish(temporary, target, exclusion)

    tally = Tally()
    with mock.patch.object(local, "publish", quietly if wrong else publish):
        run((SYSTEM, "tiny", 1, 0, "pin"), tally, tmp_path)
    assert tally.cases > 50
    assert bool(tally.deviated) == wrong, tally.deviations[:1]
