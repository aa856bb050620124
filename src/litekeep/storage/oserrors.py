"""What the operating system said, in Litekeep's words: OSError in, one of the StorageError family out.

Only the kind of trouble is decided here; whether a missing file is a missing object or a missing drive is for the
caller to find out, because it takes a look at the folder.
"""

from __future__ import annotations

import errno

from litekeep.errors import NoSpace, PermissionRefused, StorageError

_FULL = {errno.ENOSPC, errno.EDQUOT}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_SHARING = {32, 33}  # Windows: a virus scanner or an indexer has the file open for a moment; worth another try
_UNCHANGED = "Everything that was stored before is unchanged."


def storage_error(error: OSError, key: str, doing: str, place: str) -> StorageError:
    """Translate `error`, met while `doing` ("write", "list") something with `key` in `place`; never ObjectMissing."""
    message = f"cannot {doing} {key or 'the objects'} in {place}: {error.strerror or error}"
    if error.errno in _FULL:
        hint = f"Make room in {place}, or choose a shorter retention and prune."
        return NoSpace(message, key=key, safe=_UNCHANGED, hint=hint)
    if error.errno == errno.EFBIG:
        hint = f"The file system of {place}, or a limit of this process, does not allow files that large."
        return NoSpace(message, key=key, safe=_UNCHANGED, hint=hint)
    if error.errno == errno.EROFS:
        hint = f"{place} is mounted for reading only; a disk with errors does that by itself, so look at its health."
        return PermissionRefused(message, key=key, safe=_UNCHANGED, hint=hint)
    if error.errno in _REFUSED and getattr(error, "winerror", None) not in _SHARING:
        hint = f"Give this user access to {place} and everything in it, or run as the user who owns it."
        return PermissionRefused(message, key=key, safe=_UNCHANGED, hint=hint)
    if error.errno in {errno.ELOOP, errno.ENOTDIR}:
        hint = "A backup folder never contains symbolic links or foreign files in place of its own; remove this one."
        return StorageError(message, key=key, safe=_UNCHANGED, hint=hint)
    hint = f"Check that {place} is connected and healthy, then run again."
    return StorageError(message, key=key, safe=_UNCHANGED, hint=hint)
