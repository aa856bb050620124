"""Notifier: each channel gets what is due for it, once; failing ones hold up nothing and get it later."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from litekeep.clock import SystemClock
from litekeep.errors import SecretUnavailable
from litekeep.notify import sent, trial
from litekeep.notify.channels import (
    AppriseChannel,
    Channel,
    DesktopChannel,
    EmailChannel,
    HeartbeatChannel,
    WebhookChannel,
)
from litekeep.notify.deliver import attempt, within
from litekeep.notify.delivery import Delivered, Delivery
from litekeep.notify.message import Notice, Occasion, Situation, State
from litekeep.notify.notifier import Notifier, Recipients, Route
from litekeep.storage.oslock import hold
from litekeep.testing import ManualClock

from .servers import Web

NOW = datetime(2026, 9, 24, 2, tzinfo=UTC)
GOOD = Situation("app", last_good_at=NOW)
BAD = replace(GOOD, failure="no space left")
OVER = frozenset({Occasion.RECOVERY})


@pytest.fixture
def clock() -> ManualClock:
    """A clock."""
    return ManualClock(NOW)


def hook(web: Web, path: str = "/hook", timeout_seconds: float = 15.0) -> WebhookChannel:
    """A channel to a server."""
    return WebhookChannel(f"{web.url}{path}", label=f"hook {path}", timeout_seconds=timeout_seconds)


def results(deliveries: list[Delivery]) -> list[tuple[str, str]]:
    """Channel and result of each."""
    return [(each.channel, each.result.value) for each in deliveries]


def test_told_once_remembered_across_processes_and_over(tmp_path: Path, web: Web, clock: ManualClock) -> None:
    recipients = Recipients((Route(hook(web)),))
    for _ in range(3):
        Notifier(recipients, tmp_path, clock, "box").tell([BAD])
        clock.advance(60)
    assert len(web.asked) == 1
    clock.advance(86400)
    Notifier(recipients, tmp_path, clock, "box").tell([BAD])
    Notifier(recipients, tmp_path, clock, "box").tell([replace(GOOD, last_good_at=clock.now())])
    assert [each.json["severity"] for each in web.asked] == ["failure", "failure", "recovered"]
    assert [each.state for each in sent.read(tmp_path)] == [State.ALARM, State.ALARM, State.RECOVERED]


def test_a_channel_that_was_down_gets_it_later_and_the_other_not_twice(
    tmp_path: Path, new_web: Callable[..., Web], clock: ManualClock
) -> None:
    up, down = new_web(), new_web()
    down.default = 503
    notifier = Notifier(Recipients((Route(hook(up, "/up")), Route(hook(down, "/down")))), tmp_path, clock)
    first = notifier.tell([BAD])
    assert results(first) == [("hook /up", "ok"), ("hook /down", "failed")]
    assert [each.attempts for each in first] == [1, 3]
    assert len(down.asked) == 3, "trying again is bounded"
    assert notifier.tell([BAD]) == [], "and then it is left alone for a while"
    clock.advance(16 * 60)
    down.default = 200
    assert results(notifier.tell([BAD])) == [("hook /down", "ok")]
    assert len(up.asked) == 1


def test_what_cannot_work_here_is_asked_once_a_day(tmp_path: Path, clock: ManualClock, web: Web) -> None:
    channel = WebhookChannel(web.url, label="x")
    sent.remember(tmp_path, Notice(NOW, "x", "", "unavailable", State.UNDELIVERED))
    notifier = Notifier(Recipients((Route(channel),)), tmp_path, clock)
    clock.advance(3600)
    assert notifier.tell([BAD]) == []
    clock.advance(86400)
    assert results(notifier.tell([BAD])) == [("x", "ok")]


def test_a_permanent_failure_is_not_tried_again_and_stops_nothing(tmp_path: Path, web: Web, clock: ManualClock) -> None:
    web.default = 404
    (delivery,) = Notifier(Recipients((Route(hook(web)),)), tmp_path, clock).tell([BAD])
    assert (delivery.result, delivery.attempts) == (Delivered.FAILED, 1)
    assert "404" in delivery.detail


def test_a_secret_that_cannot_be_had_is_a_failed_delivery(tmp_path: Path, clock: ManualClock) -> None:
    def locked() -> str:
        raise SecretUnavailable("the keyring is locked")

    def broken() -> str:
        raise RuntimeError("hunter22")

    for secret, detail in ((locked, "the keyring is locked"), (broken, "unexpected RuntimeError")):
        channel = EmailChannel("127.0.0.1", "a@b.c", ("d@e.f",), user="me", password=secret)
        (delivery,) = trial.test_channels([channel], host="box", clock=clock)
        assert (delivery.result, delivery.detail) == (Delivered.FAILED, detail)


@pytest.mark.parametrize("damage", ["", "{", "[]\n7\nnull\n", '{"at":"2026-01-01T00:00:00"}\n', "\x00" * 100])
def test_lost_or_damaged_notices_mean_one_message_more(
    damage: str, tmp_path: Path, web: Web, clock: ManualClock
) -> None:
    notifier = Notifier(Recipients((Route(hook(web)),)), tmp_path, clock)
    notifier.tell([BAD])
    (tmp_path / sent.NAME).write_text(damage)
    for _ in range(3):
        Notifier(Recipients((Route(hook(web)),)), tmp_path, clock).tell([BAD])
    assert len(web.asked) == 2


def test_notices_that_cannot_be_written_make_no_storm_of_a_service(
    tmp_path: Path, web: Web, clock: ManualClock
) -> None:
    notifier = Notifier(Recipients((Route(hook(web)),)), tmp_path / "none", clock)
    for _ in range(5):
        notifier.tell([BAD])
        clock.advance(60)
    assert len(web.asked) == 1
    assert "cannot be remembered" in notifier.problem
    (tmp_path / "none").mkdir()
    clock.advance(86400)
    notifier.tell([BAD])
    assert notifier.problem == ""
    assert {each.at for each in sent.read(tmp_path / "none")} >= {NOW}, "what waited is written too"


def test_a_spare_folder_remembers_while_the_drive_is_away(tmp_path: Path, web: Web, clock: ManualClock) -> None:
    drive, spare = tmp_path / "drive", tmp_path / "spare"
    spare.mkdir()
    recipients = Recipients((Route(hook(web)),))
    for _ in range(3):
        Notifier(recipients, drive, clock, spare=spare).tell([replace(GOOD, last_good_at=None, missing="away")])
        clock.advance(60)
    assert not drive.exists()
    drive.mkdir()
    Notifier(recipients, drive, clock, spare=spare).tell([replace(GOOD, last_good_at=clock.now())])
    Notifier(recipients, drive, clock, spare=spare).tell([replace(GOOD, last_good_at=clock.now())])
    assert [each.json["severity"] for each in web.asked] == ["failure", "recovered"]


def test_another_process_that_is_at_it_is_left_to_it(tmp_path: Path, web: Web, clock: ManualClock) -> None:
    notifier = Notifier(Recipients((Route(hook(web)),)), tmp_path, clock)
    with hold(str(tmp_path / sent.LOCK_NAME), "someone else", 0, clock):
        assert notifier.tell([BAD]) == []
    assert len(notifier.tell([BAD])) == 1


def test_a_channel_for_good_news_only_hears_of_the_end(
    tmp_path: Path, new_web: Callable[..., Web], clock: ManualClock
) -> None:
    alarms, news = new_web(), new_web()
    routes = (Route(hook(alarms, "/a"), frozenset({Occasion.FAILURE})), Route(hook(news, "/n"), OVER))
    notifier = Notifier(Recipients(routes), tmp_path, clock)
    notifier.tell([BAD])
    for _ in range(3):
        notifier.tell([replace(GOOD, last_good_at=clock.now())])
    assert [each.json["severity"] for each in alarms.asked] == ["failure"]
    assert [each.json["severity"] for each in news.asked] == ["recovered"]


def test_channels_of_one_name_are_two(tmp_path: Path, web: Web, clock: ManualClock) -> None:
    first = WebhookChannel(f"{web.url}/1", label="same")
    recipients = Recipients((Route(first), Route(replace(first, url=f"{web.url}/2"))))
    assert results(Notifier(recipients, tmp_path, clock).tell([BAD])) == [("same", "ok"), ("same #2", "ok")]
    assert sorted(web.paths()) == ["/1", "/2"]
    assert Notifier(recipients, tmp_path, clock).tell([BAD]) == []


def test_the_heartbeat_beats_every_time(tmp_path: Path, web: Web, clock: ManualClock) -> None:
    notifier = Notifier(Recipients(heartbeats=(HeartbeatChannel(f"{web.url}/id"),)), tmp_path, clock)
    notifier.began()
    for situation in (GOOD, BAD, replace(GOOD, unverified=True), GOOD):
        notifier.tell([situation])
    assert web.paths() == ["/id/start", "/id", "/id/fail", "/id"]


def test_in_the_background(tmp_path: Path, web: Web) -> None:
    web.default = "hang"
    reported = threading.Event()
    found: list[Delivery] = []

    def report(deliveries: list[Delivery]) -> None:
        found.extend(deliveries)
        reported.set()

    clock = SystemClock()
    notifier = Notifier(Recipients((Route(hook(web, timeout_seconds=5.0)),)), tmp_path, clock)
    began = time.perf_counter()
    thread = notifier.tell_in_background([replace(BAD, last_good_at=clock.now())], report)
    assert time.perf_counter() - began < 2
    assert thread.daemon
    web.answers = {"/hook": 200}
    web.released.set()
    assert reported.wait(30)
    assert results(found) == [("hook /hook", "ok")]


def test_what_does_not_end_holds_up_nothing() -> None:
    never = threading.Event()

    def hang() -> list[Delivery]:
        never.wait(20)
        return []

    began = time.perf_counter()
    found = within(0.2, [("slow", hang), ("quick", lambda: [Delivery("quick", Delivered.OK)]), ("slow too", hang)])
    assert time.perf_counter() - began < 2
    assert results(found) == [("slow", "failed"), ("quick", "ok"), ("slow too", "failed")]
    never.set()


def test_trying_again_waits_by_the_clock(clock: ManualClock) -> None:
    from litekeep.notify.delivery import NotDelivered

    def fail() -> None:
        raise NotDelivered("https://h answered", transient=True)

    assert attempt("x", fail, clock, (1.0, 4.0)).attempts == 3
    assert clock.now() - NOW == timedelta(seconds=5)


def test_a_test_says_of_every_channel_what_happened(web: Web, clock: ManualClock) -> None:
    web.answers = {"/bad": 500}
    channels: list[Channel] = [
        hook(web),
        hook(web, "/bad"),
        HeartbeatChannel(f"{web.url}/id"),
        AppriseChannel(("nonsense",)),
    ]
    found = trial.test_channels(channels, host="box", clock=clock)
    assert [each.result.value for each in found] == ["ok", "failed", "ok", "failed"]
    assert sorted(web.paths()) == ["/bad", "/hook", "/id/start"], "a test does not say that all is well"
    assert "This is a test" in next(each for each in web.asked if each.path == "/hook").json["text"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_apprise_delivers_for_real(web: Web, clock: ManualClock) -> None:
    url = web.url.replace("http://", "json://") + "/apprise"
    (delivery,) = trial.test_channels([AppriseChannel((lambda: url,))], host="box", clock=clock)
    assert delivery.result is Delivered.OK, delivery
    assert web.asked[0].json["title"] == "test message"
    web.default = 500
    (delivery,) = trial.test_channels([AppriseChannel((url,))], host="box", clock=clock)
    assert delivery.detail == "Apprise could not deliver to all of 1 addresses"


def test_without_apprise_it_is_not_available() -> None:
    code = (
        "import sys; sys.modules['apprise'] = None\n"
        "from litekeep.clock import SystemClock\n"
        "from litekeep.notify.channels import AppriseChannel\n"
        "from litekeep.notify import trial\n"
        "found = trial.test_channels([AppriseChannel(('json://x',))], host='', clock=SystemClock())\n"
        "print(found[0].result.value, found[0].detail)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "unavailable Apprise is not installed: pip install 'litekeep[apprise]'\n"


def test_building_channels_imports_no_network() -> None:
    heavy = ("smtplib", "urllib.request", "ssl", "apprise", "subprocess", "http.client")
    code = f"import sys, litekeep.notify.channels; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_names_tell_the_host_and_no_secret() -> None:
    channels = (
        WebhookChannel("https://u:p@hooks.example.org/T0/secret"),
        HeartbeatChannel(lambda: "https://hc-ping.com/uuid"),
        EmailChannel("mail.example.org", "a@b.c", ("d@e.f",), password="hunter22"),
        DesktopChannel(),
    )
    assert [each.name for each in channels] == [
        "webhook hooks.example.org",
        "heartbeat",
        "email mail.example.org",
        "desktop",
    ]
    assert "secret" not in json.dumps([repr(each) for each in channels])
    assert "hunter22" not in json.dumps([repr(each) for each in channels])
