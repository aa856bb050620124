"""A failure is told: a real web server gets the message, once, and hears when it is over."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from litekeep.testing import ManualClock

from .conftest import Application

GONE = "http://127.0.0.1:9/"
"""Nobody answers there."""


@pytest.fixture
def web() -> Iterator[tuple[str, list[Any]]]:
    """A server's address, and what it was sent."""
    sent: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's signature
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", sent
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_failure_is_told_once_and_its_end_too(app: Application, web: tuple[str, list[Any]]) -> None:
    url, sent = web
    clock = ManualClock(datetime.now(UTC))
    manager = app.manager(
        clock, schedule="* * * * *", notifications={"on_failure": ["webhook"], "webhook": {"url": url}}
    )
    manager.create_backup()
    away = app.backups.rename(app.folder / "away")
    clock.advance(120)
    manager.run_due()
    clock.advance(3600)
    manager.run_due()
    assert len(sent) == 1
    assert "app" in json.dumps(sent[0])
    away.rename(app.backups)
    app.write("more")
    clock.advance(3600)
    manager.look_again()
    manager.run_due()
    assert len(sent) == 2
    verbs = [(row.verb, row.outcome.value) for row in manager.history()]
    assert verbs.count(("notify", "ok")) == 2


def test_a_service_that_runs_by_itself(app: Application, web: tuple[str, list[Any]]) -> None:
    url, sent = web
    app.db.close()
    app.path.write_bytes(b"no database at all" * 100)
    manager = app.manager(
        schedule="* * * * *",
        catch_up=True,
        backup_on_shutdown=False,
        notifications={"on_failure": ["webhook"], "webhook": {"url": url}},
    )
    manager.start()
    wait_for(lambda: sent)
    manager.close()
    assert len(sent) == 1
    assert any(row.code == "not_a_database" for row in manager.history())


def wait_for(condition: Any) -> None:
    """For what happens on a thread that nobody waits for."""
    until = time.monotonic() + 30
    while not condition() and time.monotonic() < until:
        time.sleep(0.02)
    assert condition()


@pytest.mark.parametrize("started", [False, True], ids=["not started", "started"])
@pytest.mark.parametrize("way", ["create", "submit", "guard", "migration"])
def test_a_backup_that_a_person_asked_for_is_told_of_at_once(
    app: Application, web: tuple[str, list[Any]], way: str, *, started: bool
) -> None:
    from litekeep.errors import BackupFailed, NotProtected

    url, sent = web
    told = {"on_failure": ["webhook"], "webhook": {"url": url}}
    manager = app.manager(
        automatic_daily=False, backup_on_shutdown=False, backup_before_operations=["import"], notifications=told
    )
    manager.create_backup()
    if started:
        manager.start()
    app.db.close()
    good = app.path.read_bytes()
    app.path.write_bytes(b"no database at all" * 100)

    def fail() -> None:
        if way == "create":
            with pytest.raises(BackupFailed):
                manager.create_backup()
        elif way == "submit":
            assert manager.submit_backup().exception(30)
        else:
            guard = manager.protect("import") if way == "guard" else manager.before_migration()
            with pytest.raises(NotProtected), guard:
                pass

    fail()
    wait_for(lambda: len(sent) == 1)
    fail()  # known already
    manager.notify()
    manager.close(backup=False)
    assert len(sent) == 1
    app.path.write_bytes(good)
    app.manager(automatic_daily=False, notifications=told).create_backup()
    wait_for(lambda: len(sent) == 2)  # it is over
    assert "recovered" in json.dumps(sent[1]).lower()


def test_telling_holds_nobody_up(app: Application) -> None:
    """A server that takes connections and never answers."""
    import socket

    from litekeep.errors import BackupFailed

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        manager = app.manager(notifications={"on_failure": ["webhook"], "webhook": {"url": url}})
        manager.create_backup()
        app.db.close()
        app.path.write_bytes(b"no database at all" * 100)
        for _ in range(3):
            began = time.monotonic()
            with pytest.raises(BackupFailed):
                manager.create_backup()
            assert time.monotonic() - began < 3
        began = time.monotonic()
        manager.close(backup=False)
        assert time.monotonic() - began < 9


@pytest.mark.parametrize("busy", [False, True], ids=["no thread yet", "a thread for jobs"])
def test_an_application_can_close_where_no_thread_can_be_started(
    app: Application, monkeypatch: pytest.MonkeyPatch, *, busy: bool
) -> None:
    """At its exit: from Python 3.12 on nothing can be begun then. There is no backup, and no error."""
    manager = app.manager(backup_on_shutdown=True, notifications={"on_failure": ["webhook"], "webhook": {"url": GONE}})
    if busy:
        manager.create_backup()
    warned: list[object] = []
    manager.subscribe(lambda name, facts: warned.append(facts["code"]) if name == "warning" else None)

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert manager.close() is None
    assert warned == ["shutdown"]
