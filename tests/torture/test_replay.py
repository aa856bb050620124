"""The campaign notices a client that does not look back."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from crash.film import in_memory
from crash.worlds import names_from, small_scale
from litekeep.operations import lookback
from litekeep.operations.sightings import SourceSeen
from torture.replay import Client, judge


def test_a_client_that_compares_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with small_scale(), names_from(1):
        client = Client(tmp_path / "home", random.Random(1))
        client.live_through(3)
        last = client.moments[-1][1]
        assert judge(client, last, lambda: in_memory(client.states[0]), acts=True)
        monkeypatch.setattr(
            lookback, "compare", lambda _before, present, *_, **__: SourceSeen(dict.fromkeys(present, False))
        )
        with pytest.raises(AssertionError, match="not noticed"):
            judge(client, last, lambda: in_memory(client.states[0]), acts=True)
