"""What the environment holds that must not get into a log: values of variables that are named like secrets."""

from __future__ import annotations

import os
from collections.abc import Mapping

_NAMES = ("PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "API_KEY", "ACCESS_KEY", "CREDENTIAL")


def known_secrets(environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Those values; environ: instead of that of this process."""
    found = os.environ if environ is None else environ
    return tuple(value for name, value in found.items() if any(part in name.upper() for part in _NAMES))
