"""What the operating system says about a place, in Litekeep's words."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from litekeep.errors import NoSpace, PermissionRefused, StorageError
from litekeep.sqlite.filesystem import file_errors


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, NoSpace),
        (errno.EDQUOT, NoSpace),
        (errno.EFBIG, NoSpace),
        (errno.EACCES, PermissionRefused),
        (errno.EROFS, PermissionRefused),
        (errno.EIO, StorageError),
        (errno.ETIMEDOUT, StorageError),
    ],
)
def test_kinds_of_trouble(number: int, kind: type[StorageError], tmp_path: Path) -> None:
    with pytest.raises(StorageError) as caught, file_errors(tmp_path):
        raise OSError(number, os.strerror(number), "app.db")
    assert type(caught.value) is kind
    assert str(tmp_path) in caught.value.message
    assert caught.value.hint
