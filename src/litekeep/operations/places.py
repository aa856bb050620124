"""What kind of place is this? Kept in step with a cloud, on another machine, on the same disk, open to others."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from litekeep.sqlite.filesystem import file_system

_SYNCED_NAMES = {
    "dropbox": "Dropbox",
    "google drive": "Google Drive",
    "googledrive": "Google Drive",
    "my drive": "Google Drive",
    "mobile documents": "iCloud Drive",
    "com~apple~clouddocs": "iCloud Drive",
    "icloud drive": "iCloud Drive",
    "iclouddrive": "iCloud Drive",
    "nextcloud": "Nextcloud",
    "owncloud": "ownCloud",
    "cloudstorage": "a cloud folder",
}
_SYNCED_BEGINNINGS = {"onedrive": "OneDrive", "dropbox (": "Dropbox", "googledrive-": "Google Drive"}
# Files that the clients leave in the top folder that they keep in step.
_MARKERS = {
    ".dropbox": "Dropbox",
    ".dropbox.cache": "Dropbox",
    ".nextcloudsync.log": "Nextcloud",
    ".owncloudsync.log": "ownCloud",
    ".tmp.drivedownload": "Google Drive",
    ".849C9593-D756-4E56-8D6E-42412F2A707B": "OneDrive",
}


def synced_by(path: Path) -> str:
    """The program that keeps the folder of this file in step with a cloud, as far as names tell; "" if none."""
    for folder in Path(os.path.realpath(path)).parents:
        name = folder.name.lower()
        if name in _SYNCED_NAMES:
            return _SYNCED_NAMES[name]
        for beginning, program in _SYNCED_BEGINNINGS.items():
            if name.startswith(beginning):
                return program
        for marker, program in _MARKERS.items():
            if os.path.lexists(folder / marker):
                return program
    return ""


def network_share(path: Path) -> str:
    """The kind of network file system that holds the path; "" if it is local or unknown."""
    real = os.path.realpath(path)
    if sys.platform == "win32" and real.startswith("\\\\"):
        return "a network share"
    try:
        kind, local = file_system(Path(real), os.stat(real).st_dev)
    except OSError:
        return ""
    return (kind or "a network share") if local is False else ""


def same_device(one: Path, other: Path) -> bool:
    """True if both are on one device: a dying disk takes both. False also where it cannot be known."""
    try:
        return os.stat(one).st_dev == os.stat(other).st_dev
    except OSError:
        return False


def open_to_others(folder: Path) -> bool:
    """True if every user of this machine can look into the folder."""
    if sys.platform == "win32":
        return False
    real = Path(os.path.realpath(folder))
    try:
        return bool(real.stat().st_mode & 0o005) and all(parent.stat().st_mode & 0o001 for parent in real.parents)
    except OSError:
        return False
