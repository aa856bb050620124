"""TLS in front of a server, with a certificate of its own."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@contextmanager
def tls_in_front_of(upstream: int, folder: Path) -> Iterator[tuple[int, Path]]:
    """Gives the port and the file of the certificate."""
    certificate, key = _certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "chain.pem", key)
    door = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_accept, args=(door, context, upstream), daemon=True).start()
    try:
        yield int(door.getsockname()[1]), certificate
    finally:
        with suppress(OSError):
            door.shutdown(socket.SHUT_RDWR)
        door.close()


def _accept(door: socket.socket, context: ssl.SSLContext, upstream: int) -> None:
    with suppress(OSError):
        while True:
            line, _ = door.accept()
            threading.Thread(target=_serve, args=(line, context, upstream), daemon=True).start()


def _serve(line: socket.socket, context: ssl.SSLContext, upstream: int) -> None:
    try:
        with suppress(OSError), context.wrap_socket(line, server_side=True) as secure:
            with socket.create_connection(("127.0.0.1", upstream)) as server:
                back = threading.Thread(target=_copy, args=(server, secure), daemon=True)
                back.start()
                _copy(secure, server)
                with suppress(OSError):
                    server.shutdown(socket.SHUT_RDWR)
                back.join(5)
    finally:
        line.close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_RDWR)


def _certificate(folder: Path) -> tuple[Path, Path]:
    """The certificates of an authority of our own and, after its own, of the server; and the key of the server."""
    authority, server = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority_name, server_name = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("Tests", "127.0.0.1")
    )
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)

    def signed(name: x509.Name, key: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType) -> bytes:
        builder = x509.CertificateBuilder(
            issuer_name=authority_name,
            subject_name=name,
            public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=now - day,
            not_valid_after=now + day,
        )
        made = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return made.sign(authority, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    host = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    ours = signed(authority_name, authority, x509.BasicConstraints(ca=True, path_length=None))
    chain, trusted, private = folder / "chain.pem", folder / "authority.pem", folder / "key.pem"
    chain.write_bytes(signed(server_name, server, host) + ours)
    trusted.write_bytes(ours)
    form = serialization.PrivateFormat.PKCS8
    private.write_bytes(server.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return trusted, private
