"""Shows a folder in the system's file manager."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SECONDS = 20.0


def show_folder(path: Path) -> None:
    """Open it; to be called off the Tk thread. Raises OSError if the system has nothing to open it with."""
    if sys.platform == "win32":
        import os

        os.startfile(path)  # noqa: S606 - a folder that the person chose
        return
    program = "open" if sys.platform == "darwin" else "xdg-open"
    subprocess.run([program, str(path)], stdin=subprocess.DEVNULL, timeout=SECONDS, check=False)
