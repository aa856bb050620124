"""How servers prove who they are: the same for storages and for notifications."""

from __future__ import annotations

import ssl
from pathlib import Path


def verifying_context(ca_file: str | Path | None) -> ssl.SSLContext:
    """Certificates and names are checked, by the system's authorities or those in a file; TLS 1.2 at least (RFC 8996).

    Some systems' Python leaves the least version open (Debian's does), and OpenSSL's settings then decide.

    Raises OSError or ssl.SSLError if the file cannot be read.
    """
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = max(context.minimum_version, ssl.TLSVersion.TLSv1_2)
    return context
