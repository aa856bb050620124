"""Where this user keeps what belongs to no repository's folder: journal and log of one that lives on a server, and what
was seen of repositories (operations.sightings).

    LITEKEEP_STATE_FOLDER, if it is set: for containers, services without a home, and tests
    Linux     $XDG_STATE_HOME/litekeep, else ~/.local/state/litekeep
    macOS     ~/Library/Application Support/Litekeep
    Windows   %LOCALAPPDATA%\\Litekeep
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from litekeep.config.environment import process_environment

STATE_VARIABLE = "LITEKEEP_STATE_FOLDER"
_LONGEST_NAME = 40


def state_folder(environ: Mapping[str, str] | None = None, platform: str = sys.platform) -> Path:
    """The folder of Litekeep among the states of this user's programs; it need not be there."""
    given = process_environment() if environ is None else environ
    if named := given.get(STATE_VARIABLE, ""):
        return Path(named).absolute()
    home = Path(given.get("HOME") or Path.home())
    if platform == "win32":
        return Path(given.get("LOCALAPPDATA") or home / "AppData" / "Local") / "Litekeep"
    if platform == "darwin":
        return home / "Library" / "Application Support" / "Litekeep"
    named = given.get("XDG_STATE_HOME", "")
    return (Path(named) if named.startswith("/") else home / ".local" / "state") / "litekeep"


def diaries_of(url: str, environ: Mapping[str, str] | None = None, platform: str = sys.platform) -> Path:
    """The folder of journal and log of the repository in this place, however its URL is written; raises UsageError."""
    from blake3 import blake3

    from litekeep.storage.remote.address import parse_address, place_of

    address = parse_address(url)
    digits = blake3("\0".join(place_of(url)).encode("utf-8", "surrogatepass")).hexdigest(6)
    name = re.sub(r"[^A-Za-z0-9]+", "-", f"{address.scheme}-{address.host}-{address.path}")[:_LONGEST_NAME].strip("-")
    return state_folder(environ, platform) / "repositories" / f"{name}-{digits}"
