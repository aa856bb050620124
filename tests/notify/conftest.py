"""Real servers on this machine, and what they need for TLS."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from litekeep.notify.message import Message, Severity

from .servers import Server, Web, end, serve

NOW = datetime(2026, 9, 24, 2, 0, tzinfo=UTC).astimezone()


def message(severity: Severity = Severity.FAILURE, title: str = "app: backup failed") -> Message:
    """A message."""
    about = (("app", "failed"),)
    return Message(severity, title, "It failed: no space left.", "The last is safe.", "Free some.", NOW, "box", about)


@pytest.fixture
def new_web() -> Iterator[Callable[..., Web]]:
    """Start servers."""
    running: list[tuple[Server, Web]] = []

    def start(certificate: Path | None = None) -> Web:
        running.append(serve(certificate))
        return running[-1][1]

    yield start
    for server, web in running:
        end(server, web)


@pytest.fixture
def web(new_web: Callable[..., Web]) -> Web:
    """A server without TLS."""
    return new_web()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of 127.0.0.1 and localhost, signed by nobody else."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of the person who runs the tests."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "*")
