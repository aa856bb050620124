"""The campaign notices a storage that takes a failed request for a success."""

from __future__ import annotations

from pathlib import Path

import pytest

from litekeep.storage.base import Buffer
from litekeep.storage.remote.storage import RemoteStorage
from torture.net import NO_PATIENCE, ready


def test_a_receipt_that_was_not_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = RemoteStorage.put

    def forgetful(storage: RemoteStorage, key: str, data: Buffer) -> None:
        if not key.startswith("receipts/"):
            honest(storage, key, data)

    with ready(tmp_path, "wsgidav") as place:
        place.next_day(both=False)
        monkeypatch.setattr(RemoteStorage, "put", forgetful)
        with pytest.raises(AssertionError, match="reported as verified"):
            place.backup(NO_PATIENCE)
