"""The JSON Schema of the settings: made from their declarations, shipped, and printed by `litekeep config schema`.

The schema is for editors and other programs. It allows whatever the loader allows; the loader also judges what a schema
cannot say (cron expressions, time zones, settings that contradict each other).
"""

from __future__ import annotations

import json
from typing import Any

from litekeep.config.compound import Section
from litekeep.config.settings import Settings

NAME = "settings.schema.json"


def make_schema() -> dict[str, Any]:
    """The schema of what the code declares now."""
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings of Litekeep",
        "description": "Every key has a default. Relative paths are relative to the settings file.",
    }
    return {**head, **Section(Settings).schema()}


def schema_text() -> str:
    """The text of the shipped file, as it should be."""
    return json.dumps(make_schema(), indent=2, ensure_ascii=False) + "\n"


def shipped_schema() -> str:
    """The text of the shipped file."""
    from importlib.resources import files

    return files("litekeep.config").joinpath(NAME).read_text("utf-8")
