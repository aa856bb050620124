"""For PyInstaller, which asks here (entry point pyinstaller40) what an application that uses Litekeep must carry."""

from __future__ import annotations

from pathlib import Path


def hook_dirs() -> list[str]:
    """The folder of hook-litekeep.py."""
    return [str(Path(__file__).parent)]
