"""Small files of our own in a folder that others may write to: opened only if they are files, and read only so far.

A pipe in the place of a file would hold the run up for ever, a link would lead out of the folder, a device or a file
without end would fill the memory.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_FLAGS = 0
for _name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
    _FLAGS |= getattr(os, _name, 0)


def open_regular(path: str | Path, flags: int = os.O_RDONLY, mode: int = 0o600) -> int:
    """A descriptor of a regular file; raises OSError for everything else, links included."""
    descriptor = os.open(path, flags | _FLAGS, mode)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "not a file", str(path))


def read_regular(path: str | Path, most_bytes: int) -> bytes:
    """The whole of a regular file; raises OSError for everything else, and for one that is longer than `most_bytes`."""
    descriptor = open_regular(path)
    with open(descriptor, "rb") as stream:
        data = stream.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise OSError(errno.EFBIG, "longer than any of its kind", str(path))
    return data
