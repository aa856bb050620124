"""That the campaign notices an order of steps in which a kill loses something."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from unittest import mock

import pytest

from litekeep.formats.keyslot import Slot
from litekeep.repository.keyring import Keyring, NewSlot
from torture.campaign import Tally
from torture.kill import STORAGE, run


@pytest.mark.parametrize("wrong", [False, True])
def test_a_key_that_goes_before_the_new_one_is_there(wrong: bool, tmp_path: Path) -> None:
    def removed_first(self: Keyring, old: Slot, new: NewSlot, now: datetime) -> Slot:
        self._delete(old)
        return self.add(new, now)

    tally = Tally()
    with mock.patch.object(Keyring, "replace", removed_first if wrong else Keyring.replace):
        run((STORAGE, "encrypted", 1, "change a key"), tally, tmp_path)
    assert tally.cases > 20
    assert bool(tally.deviated) == wrong, tally.deviations[:1]
