"""Settings from a JSON value, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from litekeep.config import Settings, parse_settings
from litekeep.errors import SettingProblem, SettingsInvalid

BASE = Path("/srv/app") if Path("/").absolute() == Path("/") else Path("C:/srv/app")


def backup(**keys: Any) -> dict[str, Any]:
    """A document with these keys in the section backup."""
    return {"backup": keys}


def parse(document: object, environ: Mapping[str, str] | None = None) -> Settings:
    """As from a file in BASE."""
    return parse_settings(document, BASE, environ or {})


def problems(document: object, environ: Mapping[str, str] | None = None) -> dict[str, SettingProblem]:
    """What is wrong, by key; fails if nothing is, or if a key is complained about twice."""
    with pytest.raises(SettingsInvalid) as caught:
        parse(document, environ)
    found = {each.key: each for each in caught.value.problems}
    assert len(found) == len(caught.value.problems), caught.value
    return found
