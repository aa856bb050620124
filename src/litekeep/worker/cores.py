"""No picture of the memory on the disk: it would hold rows and keys, be readable by whoever collects it, and stay."""

from __future__ import annotations

import sys


def without_core_dumps() -> None:
    """Let the system write no core file of this process and its children; for programs of our own, never for a host."""
    if sys.platform == "win32":
        return
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))
