"""Listeners: told of everything on a thread that is not theirs; their mistakes are theirs."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

import pytest

from litekeep import BackupManager
from litekeep.errors import UsageError
from litekeep.manager import BackupFuture
from litekeep.monitor import Fact
from litekeep.operations.backup import BackupResult

from .conftest import Application


def test_a_listener_that_raises_is_dropped_and_harms_nobody(app: Application) -> None:
    manager = app.manager()
    heard: list[str] = []
    calls: list[str] = []

    def broken(name: str, facts: dict[str, Fact]) -> None:
        calls.append(name)
        raise ValueError(name)

    manager.subscribe(broken)
    manager.subscribe(lambda name, facts: heard.append(name))
    assert manager.create_backup().sound
    assert calls == ["job_started"]
    assert heard[-1] == "job_finished"


def test_a_listener_that_ends_its_program_does_not_end_the_backup(app: Application) -> None:
    manager = app.manager()
    manager.subscribe(lambda name, facts: sys.exit("no"))
    assert manager.create_backup().sound
    assert manager.create_backup("second").label == "second"


def test_listening_ends_when_it_is_ended(app: Application) -> None:
    manager = app.manager()
    heard: list[str] = []
    end = manager.subscribe(lambda name, facts: heard.append(name))
    manager.create_backup()
    end()
    end()
    before = len(heard)
    manager.create_backup()
    assert len(heard) == before > 0


def test_facts_are_each_listeners_own(app: Application) -> None:
    manager = app.manager()
    heard: list[dict[str, Fact]] = []
    manager.subscribe(lambda name, facts: facts.clear())
    manager.subscribe(lambda name, facts: heard.append(facts))
    manager.create_backup()
    assert all(facts["verb"] == "backup" for facts in heard)


CALLS: list[Callable[[BackupManager], object]] = [
    lambda manager: manager.create_backup(),
    lambda manager: manager.verify_backup(),
    lambda manager: manager.submit_backup().result(),
    lambda manager: manager.close(),
]


@pytest.mark.parametrize("call", CALLS, ids=["create_backup", "verify_backup", "result", "close"])
def test_waiting_in_a_listener_is_an_error_and_no_deadlock(
    app: Application, call: Callable[[BackupManager], object]
) -> None:
    manager = app.manager()
    caught: list[BaseException] = []

    def impatient(name: str, facts: dict[str, Fact]) -> None:
        if name == "job_started" and not caught:
            try:
                call(manager)
            except UsageError as error:
                caught.append(error)

    manager.subscribe(impatient)
    assert manager.submit_backup().result(30).snapshot.sound
    (error,) = caught
    assert "its own return" in str(error)
    assert "another thread" in error.hint  # type: ignore[attr-defined]
    assert manager.create_backup().sound


def test_what_does_not_wait_may_be_asked_in_a_listener(app: Application) -> None:
    manager = app.manager()
    futures: list[BackupFuture[BackupResult]] = []
    here = threading.get_ident()
    threads: set[int] = set()

    def follow(name: str, facts: dict[str, Fact]) -> None:
        threads.add(threading.get_ident())
        if name == "job_finished" and not futures:
            futures.append(manager.submit_backup(f"after {len(manager.list_backups())}"))

    manager.subscribe(follow)
    manager.create_backup()
    assert futures[0].result(30).snapshot.label == "after 1"
    assert here not in threads
