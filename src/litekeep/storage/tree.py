"""The folder tree below one root: what is ours in it, and whether it is still there.

* A missing root is an error, never an empty storage, and so is a root that changed its device since the first look: a
  drive that came off leaves its bare mount point behind, and that must not pass for an empty repository. Hence "no such
  file" means "no such object" only after `require_root`.
* Nothing is followed out of the root: a symbolic link where an object or folder should be is an error, neither followed
  nor passed over. This guards against planted and forgotten links, not against someone who swaps folders for links
  while we run; whoever can do that can as well rewrite the objects, and those are checked by their readers.
* Files that are not ours (names that are not keys) are not looked into.
* Folders are made 0700 and never removed: a put would race with that.
* A folder is made durable in its parent before anything is put into it, so one that was seen to hold an object is
  durable, with those above it; another one that was there already may be left from somebody who died in between.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from litekeep.errors import StorageError
from litekeep.storage.base import is_key
from litekeep.storage.durable import make_folder, make_folders, sync_folder
from litekeep.storage.oserrors import storage_error


class Tree:
    """The folders of a local storage; `base` is the root's path with its final "/", to which keys are added."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.base = f"{self.root}/"
        self._device: int | None = None  # of the root, from the first look on
        self._real: set[str] = {""}  # folders seen to be no links
        self._durable: set[str] = set()  # folders whose names are known to survive a power cut

    def make_root(self) -> None:
        """Make the root with its missing parents; raises OSError."""
        make_folders(self.root)

    def require_root(self) -> None:
        """Raise StorageError unless the root is there and on the device where it was first seen."""
        try:
            device = os.stat(self.base).st_dev
        except OSError as error:
            if error.errno in {errno.ENOENT, errno.ENOTDIR}:
                raise self._lost("is not there") from error
            raise storage_error(error, "", "open", str(self.root)) from error
        if self._device is None:
            self._device = device
        if device != self._device:
            raise self._lost("is not there any more; its drive came off or was exchanged")

    def _lost(self, what: str) -> StorageError:
        return StorageError(
            f"the backup folder {self.root} {what}",
            safe="Nothing was changed.",
            hint="Connect or mount the drive it is on, then run again.",
        )

    def refuse_links(self, folder: str) -> None:
        """Raise OSError if a part of the folder is a link; absent parts are left for the caller to meet."""
        if folder in self._real:
            return
        path = ""
        for part in folder.split("/"):
            path = f"{path}/{part}" if path else part
            try:
                mode = os.lstat(self.base + path).st_mode
            except FileNotFoundError:
                return
            if stat.S_ISLNK(mode):
                raise OSError(errno.ELOOP, "a symbolic link", path)
            if stat.S_ISDIR(mode):
                self._real.add(path)

    def make_folders_of(self, key: str) -> str:
        """Make the folders of a key and return the last one's path; each is durable in its parent before the next.

        A folder that was there already is made durable once as well, unless an object was seen in it: whoever made it
        may have died before. Raises OSError, also for a link or file where a folder should be.
        """
        parent = str(self.root)
        for part in key.split("/")[:-1]:
            folder = f"{parent}/{part}"
            if make_folder(folder) or folder not in self._durable:
                sync_folder(parent)
                self._durable.add(folder)
            parent = folder
        return parent

    def walk(self, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
        """Every regular file in our folders below `prefix`, also foreign ones, each with its path from the root.

        An absent folder is empty. Raises OSError for a folder that vanishes meanwhile and for links with our names.
        """
        self.refuse_links(prefix[:-1])
        if prefix and not os.path.isdir(self.base + prefix):
            return
        folders = [prefix]
        while folders:
            below, published = folders.pop(), False
            with os.scandir(self.base + below) as entries:
                for entry in entries:
                    key = below + entry.name
                    if entry.is_file(follow_symlinks=False):
                        published = published or is_key(key)  # the name of a temporary is no key
                        yield key, entry
                    elif entry.is_dir(follow_symlinks=False):
                        if is_key(key):
                            folders.append(f"{key}/")
                    elif entry.is_symlink() and is_key(key):
                        raise OSError(errno.ELOOP, "a symbolic link", key)
            if published:
                parts = below.split("/")[:-1]
                self._durable.update(f"{self.base}{'/'.join(parts[:end])}" for end in range(1, len(parts) + 1))
