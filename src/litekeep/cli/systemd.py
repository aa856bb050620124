"""What a service tells systemd: a datagram of lines such as READY=1 to the socket in NOTIFY_SOCKET (sd_notify(3))."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

VARIABLE = "NOTIFY_SOCKET"


def tell_systemd(*lines: str) -> None:
    """Send; does nothing where nobody asked for it, and never fails."""
    address = os.environ.get(VARIABLE, "")
    if sys.platform == "win32" or address[:1] not in ("/", "@"):
        return
    import socket

    if address.startswith("@"):
        address = "\0" + address[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.settimeout(1.0)
        sender.connect(address)
        sender.send("\n".join(line.replace("\n", " ") for line in lines).encode("utf-8", "replace"))
