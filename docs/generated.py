"""What every script that generates pages of this documentation ends with: write the pages, or tell which are stale."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def write_or_check(description: str | None, pages: Callable[[], Mapping[Path, str]]) -> int:
    """Write the pages, or with --check compare them; returns the exit code.

    pages: called after the arguments were understood; gives the text of each page.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only tell whether the pages are up to date")
    check = parser.parse_args().check
    stale = {path: text for path, text in pages().items() if not path.exists() or path.read_text("utf-8") != text}
    for path, text in stale.items():
        if check:
            print(f"{path.relative_to(ROOT)} is stale: run `python docs/{Path(sys.argv[0]).name}`")
        else:
            path.write_text(text, "utf-8")
    return 1 if check and stale else 0
