"""Write a page that another program reads at any moment (node_exporter's textfile collector), in one step."""

from __future__ import annotations

import os
from pathlib import Path

from litekeep.storage.durable import remove_quietly, sync_folder, write_temporary

READABLE = 0o644  # by the exporter, which is another user


def write_page(path: Path, text: str) -> None:
    """Replace the file in one step; raises OSError, and then the old one is as it was."""
    folder = str(path.absolute().parent)
    temporary = write_temporary(folder, memoryview(text.encode()))
    try:
        os.chmod(temporary, READABLE)
        os.replace(temporary, path)
    except BaseException:
        remove_quietly(temporary)
        raise
    sync_folder(folder)
