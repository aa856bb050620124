"""Webhook, ntfy and heartbeat against real servers: good, slow, silent, failing, redirecting, with and without TLS."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from litekeep.notify.channels import HeartbeatChannel, NtfyChannel, WebhookChannel
from litekeep.notify.delivery import NotDelivered
from litekeep.notify.message import Severity
from litekeep.notify.online import Beat, send_beat, send_ntfy, send_webhook
from litekeep.notify.web import request

from .conftest import message
from .servers import Web

LIMIT = 0.3


def test_a_webhook_gets_json_and_its_secrets_are_read_when_it_is_sent(web: Web) -> None:
    read: list[str] = []

    def secret() -> str:
        read.append("token")
        return "t0ken"

    channel = WebhookChannel(lambda: f"{web.url}/hook?x=1", secret, {"X-Own": "1"})
    assert "t0ken" not in repr(channel)
    assert web.url not in repr(channel)
    assert read == []
    send_webhook(channel, message())
    (asked,) = web.asked
    assert (asked.method, asked.path, read) == ("POST", "/hook?x=1", ["token"])
    assert asked.headers["authorization"] == "Bearer t0ken"
    assert asked.headers["x-own"] == "1"
    assert asked.headers["content-type"] == "application/json"
    assert asked.json["schema"] == "litekeep.notification/1"
    assert asked.json["severity"] == "failure"
    assert asked.json["about"] == [{"source": "app", "topic": "failed"}]
    assert "Free some." in asked.json["text"]
    assert asked.headers["user-agent"].startswith("litekeep/")


def test_ntfy(web: Web) -> None:
    send_ntfy(NtfyChannel("ünï-topic", web.url, lambda: "tk"), message(Severity.RECOVERED, "app: in order ✓"))
    (asked,) = web.asked
    assert asked.json["topic"] == "ünï-topic"
    assert asked.json["title"] == "app: in order ✓"
    assert asked.json["priority"] == 3
    assert asked.headers["authorization"] == "Bearer tk"


@pytest.mark.parametrize(
    ("beat", "path"),
    [(Beat.SUCCESS, "/ping/uuid?k=v"), (Beat.START, "/ping/uuid/start?k=v"), (Beat.FAIL, "/ping/uuid/fail?k=v")],
)
def test_a_heartbeat_says_nothing_but_how_it_is(beat: Beat, path: str, web: Web) -> None:
    send_beat(HeartbeatChannel(f"{web.url}/ping/uuid?k=v"), beat)
    assert [(each.method, each.path, each.body) for each in web.asked] == [("GET", path, b"")]


def get(url: str, *, body: bytes | None = None, ca_file: Path | None = None, **headers: str) -> None:
    """A request with a short limit."""
    request(url, body=body, headers=headers, timeout_seconds=LIMIT, ca_file=ca_file)


@pytest.mark.parametrize(
    ("status", "transient"), [(500, True), (503, True), (429, True), (404, False), (401, False), (304, False)]
)
def test_a_status_that_is_no_success(status: int, transient: bool, web: Web) -> None:
    web.default = status
    with pytest.raises(NotDelivered, match=f"127.0.0.1:[0-9]+ answered with status {status}") as caught:
        get(f"{web.url}/secret-path?token=abc")
    assert caught.value.transient is transient
    assert "secret" not in str(caught.value)


def test_a_server_that_never_answers_costs_only_the_limit(web: Web) -> None:
    web.default = "hang"
    began = time.perf_counter()
    with pytest.raises(NotDelivered, match="did not answer in time") as caught:
        get(f"{web.url}/x")
    assert caught.value.transient
    assert time.perf_counter() - began < 10 * LIMIT


def test_a_connection_that_breaks(web: Web) -> None:
    web.default = "reset"
    with pytest.raises(NotDelivered, match="cannot be reached") as caught:
        get(f"{web.url}/x")
    assert caught.value.transient


def test_nobody_listens() -> None:
    with pytest.raises(NotDelivered, match="cannot be reached: Connection refused") as caught:
        get("http://127.0.0.1:9/secret")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://h/x", "nonsense", "", "http://", "http://h:x/", "data:,x"]
)
def test_only_web_addresses(url: str) -> None:
    with pytest.raises(NotDelivered, match="address"):
        get(url)


def test_an_address_of_a_heartbeat_that_is_none_is_told_without_a_traceback() -> None:
    with pytest.raises(NotDelivered, match="address"):
        send_beat(HeartbeatChannel("http://[::1/x"), Beat.START)


@pytest.mark.parametrize("headers", [{"X": "a\nb"}, {"X": "☃"}])
def test_a_header_that_cannot_be_one(headers: dict[str, str], web: Web) -> None:
    with pytest.raises(NotDelivered, match="not valid"):
        request(web.url, headers=headers, timeout_seconds=LIMIT)
    assert web.asked == []


def test_redirects_on_the_same_host_are_followed(web: Web) -> None:
    web.answers = {"/a": (302, "/b"), "/b": (301, f"{web.url}/c")}
    get(f"{web.url}/a", Authorization="Bearer x")
    assert web.paths() == ["/a", "/b", "/c"]
    assert web.asked[-1].headers["authorization"] == "Bearer x"


def test_redirects_end(web: Web) -> None:
    web.default = (302, "/again")
    with pytest.raises(NotDelivered, match="redirects more than 3 times"):
        get(f"{web.url}/a")
    assert len(web.asked) == 4


def test_no_credentials_to_another_host(new_web: Callable[..., Web]) -> None:
    first, second = new_web(), new_web()
    user = first.url.replace("://", "://me:hunter22@")
    first.answers = {"/a": (302, f"{second.url}/b")}
    get(f"{user}/a", Cookie="c=1")
    assert first.asked[0].headers["authorization"] == "Basic bWU6aHVudGVyMjI="
    (asked,) = second.asked
    assert "authorization" not in asked.headers
    assert "cookie" not in asked.headers


def test_a_message_goes_to_no_other_host_and_becomes_no_get(new_web: Callable[..., Web]) -> None:
    first, second = new_web(), new_web()
    first.answers = {"/other": (307, f"{second.url}/b"), "/get": (302, "/c"), "/again": (308, "/c")}
    for path in ("/other", "/get"):
        with pytest.raises(NotDelivered, match="final address"):
            get(f"{first.url}{path}", body=b"{}")
    assert second.asked == []
    assert first.paths() == ["/other", "/get"]
    get(f"{first.url}/again", body=b"{}")
    assert (first.asked[-1].method, first.asked[-1].path, first.asked[-1].body) == ("POST", "/c", b"{}")


def test_a_redirect_to_a_file_is_not_followed(web: Web) -> None:
    web.answers = {"/a": (302, "file:///etc/passwd")}
    with pytest.raises(NotDelivered, match="must begin with"):
        get(f"{web.url}/a")


def test_certificates_are_verified(new_web: Callable[..., Web], certificate: Path) -> None:
    safe = new_web(certificate)
    with pytest.raises(NotDelivered, match="certificate is not trusted") as caught:
        get(f"{safe.url}/x")
    assert not caught.value.transient
    assert safe.asked == []
    get(f"{safe.url}/x", ca_file=certificate)
    assert safe.paths() == ["/x"]


def test_never_from_https_to_http(new_web: Callable[..., Web], certificate: Path) -> None:
    safe, plain = new_web(certificate), new_web()
    safe.default = (302, f"{plain.url}/x")
    with pytest.raises(NotDelivered, match="without encryption"):
        get(f"{safe.url}/a", ca_file=certificate)
    assert plain.asked == []


def test_certificates_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(NotDelivered, match="certificates in"):
        get("https://127.0.0.1:9/", ca_file=tmp_path / "none.pem")
