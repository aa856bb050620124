"""What the operating system says about the places where databases lie: kind of file system, room, private scratch.

Answers that a platform does not give are None ("unknown"); callers treat unknown as the unfavourable answer.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from litekeep.errors import NoSpace, PermissionRefused, StorageError

# A copy needs its own size and a little: SQLite rounds up, folders grow.
SPACE_FACTOR = 1.05
# SQLite's longest path on Unix: MAX_PATHNAME 512 less room for "-journal" (sqlite.org limits; os_unix.c).
LONGEST_PATH_BYTES = 504

# Kinds of file system that keep nanosecond change times and honest locks on this machine. vfat and exfat are absent on
# purpose: they keep no change time.
_LOCAL = frozenset({
    "ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "bcachefs", "jfs", "reiserfs", "tmpfs", "ramfs", "overlay",
    "squashfs", "erofs", "iso9660", "udf", "ubifs",
})  # fmt: skip
_NETWORK = frozenset({
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "glusterfs", "gpfs", "ncpfs", "coda",
    "beegfs", "virtiofs", "vboxsf", "prl_fs", "vmhgfs", "davfs", "fuse.sshfs", "fuse.glusterfs", "fuse.rclone",
    "fuse.s3fs", "fuse.davfs", "fuse.vmhgfs-fuse",
})  # fmt: skip


def file_system(path: Path, device: int) -> tuple[str, bool | None]:
    """Name of the file system that holds `path` (on `device`), and whether it is local; ("", None) where unknown."""
    if sys.platform == "linux":
        name = _linux_file_system(os.fsencode(path), device)
        return name, True if name in _LOCAL else False if name in _NETWORK else None
    if sys.platform == "win32":
        return _windows_drive(path)
    return "", None


def _linux_file_system(path: bytes, device: int) -> str:
    if sys.platform == "win32":
        return ""
    try:
        with open("/proc/self/mountinfo", "rb") as stream:
            lines = stream.read().splitlines()
    except OSError:
        return ""
    wanted = b"%d:%d" % (os.major(device), os.minor(device))
    by_folder = (b"", b"")
    for line in lines:
        # 36 35 98:0 /root /mount options [tags ...] - type source options (proc_pid_mountinfo(5))
        fields = line.split(b" ")
        kind = fields[fields.index(b"-", 6) + 1]
        if fields[2] == wanted:
            return kind.decode("ascii", "replace")
        folder = _unescaped(fields[4]).rstrip(b"/")
        if (path == folder or path.startswith(folder + b"/")) and len(folder) >= len(by_folder[0]):
            by_folder = (folder, kind)
    # btrfs subvolumes and overlays show files under a device number that no mount has.
    return by_folder[1].decode("ascii", "replace")


def _unescaped(field: bytes) -> bytes:
    return re.sub(rb"\\([0-7]{3})", lambda match: bytes([int(match[1], 8)]), field)


def _windows_drive(path: Path) -> tuple[str, bool | None]:
    if sys.platform == "win32":
        import ctypes

        kind = ctypes.windll.kernel32.GetDriveTypeW(path.anchor)
        return {3: ("fixed", True), 4: ("network", False)}.get(kind, ("", None))
    return "", None


def read_only(folder: Path) -> bool:
    """True if the whole file system is mounted read-only; False also where the platform does not tell."""
    if sys.platform == "win32":
        return False
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def require_room(folder: Path, size_bytes: int, purpose: str) -> None:
    """Raise NoSpace unless `folder` has room for 1.05 x `size_bytes`."""
    wanted = int(size_bytes * SPACE_FACTOR)
    with file_errors(folder):
        free = shutil.disk_usage(folder).free
    if free < wanted:
        raise NoSpace(
            f"{purpose} needs {wanted} bytes in {folder}, but only {free} are free",
            safe="Nothing was written, the database was only read.",
            hint="Free some space there, or choose another folder for temporary files.",
        )


@contextmanager
def file_errors(place: Path) -> Iterator[None]:
    """Turn what the system refuses at `place` into NoSpace, PermissionRefused or StorageError."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoSpace(f"no room at {place}", safe="Nothing was replaced.", hint="Free some space.") from error
        if error.errno == errno.EFBIG:
            hint = "The file system there, or a limit of this process, does not allow files that large."
            raise NoSpace(f"no file that large at {place}", safe="Nothing was replaced.", hint=hint) from error
        refused = isinstance(error, PermissionError) or error.errno == errno.EROFS
        kind = PermissionRefused if refused else StorageError
        raise kind(f"{place} cannot be used: {error}", hint="Check the folder and its rights.") from error


@contextmanager
def private_scratch(parent: Path | None) -> Iterator[Path]:
    """A folder that only this user can enter, in `parent` or the system's place, removed with its content."""
    with tempfile.TemporaryDirectory(prefix="litekeep-", dir=parent) as name:  # mode 0700
        yield Path(name)


def sync_file(path: Path) -> None:
    """Return when the file's content would survive a power cut."""
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        _full_sync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Return when the folder's names would survive a power cut (Windows has no call for it and needs none)."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _full_sync(descriptor)
    finally:
        os.close(descriptor)


def _full_sync(descriptor: int) -> None:
    if sys.platform == "darwin":
        import fcntl

        # fsync on macOS leaves the data in the drive's cache (fsync(2) there).
        try:
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
        except OSError:
            pass  # not every file system offers it
    os.fsync(descriptor)


def write_all(descriptor: int, view: memoryview, offset: int) -> None:
    """Write every byte at an offset; raises OSError."""
    while view:
        if sys.platform == "win32":
            os.lseek(descriptor, offset, os.SEEK_SET)
            count = os.write(descriptor, view)
        else:
            count = os.pwrite(descriptor, view, offset)
        offset += count
        view = view[count:]
