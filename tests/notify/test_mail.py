"""E-mail through real SMTP servers on this machine: plain, STARTTLS, TLS, with log-in, refusing, silent."""

from __future__ import annotations

import email
import email.policy
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, cast

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from litekeep.notify.channels import EmailChannel
from litekeep.notify.delivery import NotDelivered
from litekeep.notify.mail import send_email

from .conftest import NOW, message

pytestmark = pytest.mark.filterwarnings("ignore:.*:DeprecationWarning:aiosmtpd", "ignore::UserWarning:aiosmtpd")


class Box:
    """Takes mail. refuse: recipients that are refused."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.refuse: set[str] = set()
        self.answer = "250 taken"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refuse:
            return "550 unknown"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answer.startswith("250"):
            mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
            self.mails.append(mail)
            self.envelopes.append((envelope.mail_from, list(envelope.rcpt_tos)))
        return self.answer


class TlsController(Controller):
    """From the first byte."""

    def __init__(self, handler: Any, *, context: ssl.SSLContext, **details: Any) -> None:
        super().__init__(handler, ssl_context=context, **details)


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    """me and hunter22."""
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"me", b"hunter22")
    return AuthResult(success=good, handled=False)


Start = Callable[..., tuple[Box, EmailChannel]]


@pytest.fixture
def start(certificate: Path) -> Iterator[Start]:
    """Start a server; the channel that reaches it."""
    running: list[Controller] = []

    def run(security: str, *, login: bool = False) -> tuple[Box, EmailChannel]:
        box, port = Box(), free_port()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        details: dict[str, Any] = {"hostname": "127.0.0.1", "port": port}
        if login:
            details |= {"authenticator": check, "auth_required": True, "auth_require_tls": security != "plain"}
        if security == "ssl":
            controller: Controller = TlsController(box, context=context, **details)
            controller.SMTP_kwargs["auth_require_tls"] = False  # it is TLS, but aiosmtpd looks for STARTTLS only
        elif security == "starttls":
            controller = Controller(box, tls_context=context, require_starttls=True, **details)
        else:
            controller = Controller(box, **details)
        controller.start()
        running.append(controller)
        channel = EmailChannel(
            "127.0.0.1",
            "backups@example.org",
            ("ada@example.org", "bob@example.org"),
            port=port,
            security=cast("Any", security),
            user="me" if login else "",
            password=lambda: "hunter22",
            ca_file=certificate,
            timeout_seconds=5.0,
        )
        return box, channel

    yield run
    for controller in running:
        controller.stop()


@pytest.mark.parametrize("security", ["plain", "starttls", "ssl"])
@pytest.mark.parametrize("login", [False, True])
def test_a_mail_arrives(security: str, login: bool, start: Start) -> None:
    box, channel = start(security, login=login)
    send_email(channel, message(title="größe.db: backup failed\nBcc: x@y.z"))
    (mail,) = box.mails
    assert box.envelopes == [("backups@example.org", ["ada@example.org", "bob@example.org"])]
    assert mail["From"] == "Litekeep <backups@example.org>"
    assert mail["To"] == "ada@example.org, bob@example.org"
    assert mail["Subject"] == "[Litekeep] größe.db: backup failed\\nBcc: x@y.z"
    assert mail["Bcc"] is None
    assert parsedate_to_datetime(mail["Date"]) == NOW
    assert re.fullmatch(r"<\d{14}\.[0-9a-f]{16}@example\.org>", mail["Message-ID"])
    assert mail["Auto-Submitted"] == "auto-generated"
    for part in ("It failed: no space left.", "The last is safe.", "Free some.", "Litekeep on box"):
        assert part in mail.get_content()


def test_a_wrong_password_is_told_without_it(start: Start) -> None:
    box, channel = start("starttls", login=True)
    with pytest.raises(NotDelivered, match="does not accept user name and password") as caught:
        send_email(replace(channel, password="wrong-pass"), message())
    assert "wrong-pass" not in str(caught.value)
    assert not caught.value.transient
    assert box.mails == []


@pytest.mark.parametrize("security", ["starttls", "ssl"])
def test_a_certificate_that_nobody_vouches_for_ends_it_before_the_password(security: str, start: Start) -> None:
    box, channel = start(security, login=True)
    with pytest.raises(NotDelivered, match="certificate is not trusted"):
        send_email(replace(channel, ca_file=None), message())
    assert box.mails == []


def test_no_encryption_where_it_is_asked_for_ends_it(start: Start) -> None:
    box, channel = start("plain")
    with pytest.raises(NotDelivered, match="does not offer"):
        send_email(replace(channel, security="starttls"), message())
    assert box.mails == []


def test_a_password_is_not_sent_in_the_clear() -> None:
    channel = EmailChannel("mail.example.org", "a@b.c", ("d@e.f",), security="plain", user="me", password="x")
    with pytest.raises(NotDelivered, match="without encryption"):
        send_email(channel, message())


def test_one_recipient_refused_is_a_failure_that_the_others_do_not_feel(start: Start) -> None:
    box, channel = start("plain")
    box.refuse = {"bob@example.org"}
    with pytest.raises(NotDelivered, match="refused 1 of 2 recipients"):
        send_email(channel, message())
    assert box.envelopes == [("backups@example.org", ["ada@example.org"])]
    box.refuse = {"bob@example.org", "ada@example.org"}
    with pytest.raises(NotDelivered, match="refused all recipients"):
        send_email(channel, message())


@pytest.mark.parametrize(("answer", "transient"), [("451 later", True), ("554 hunter22 is spam", False)])
def test_what_the_server_says_is_told_without_secrets(answer: str, transient: bool, start: Start) -> None:
    box, channel = start("starttls", login=True)
    box.answer = answer
    with pytest.raises(NotDelivered, match=f"answered {answer[:3]}") as caught:
        send_email(channel, message())
    assert caught.value.transient is transient
    assert "hunter22" not in str(caught.value)


def test_a_server_that_says_nothing_costs_only_the_limit() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        channel = EmailChannel("127.0.0.1", "a@b.c", ("d@e.f",), silent.getsockname()[1], timeout_seconds=0.3)
        began = time.perf_counter()
        with pytest.raises(NotDelivered, match="did not answer in time") as caught:
            send_email(channel, message())
        assert caught.value.transient
        assert time.perf_counter() - began < 5


def test_nobody_listens() -> None:
    with pytest.raises(NotDelivered, match="cannot be reached: Connection refused"):
        send_email(EmailChannel("127.0.0.1", "a@b.c", ("d@e.f",), free_port()), message())


@pytest.mark.parametrize("address", ["nonsense", "a@b\nBcc: c@d", "", "a b@c"])
def test_an_address_that_cannot_be_one(address: str) -> None:
    with pytest.raises(NotDelivered, match="address"):
        send_email(EmailChannel("127.0.0.1", "a@b.c", (address,), free_port()), message())
