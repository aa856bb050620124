"""Libraries that are not Litekeep's own: imported when they are needed, and missed with a useful sentence."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def library(module: str, extra: str) -> Any:
    """The module of another library; raises UsageError that names the extra if the library is not installed."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        wanted = module.partition(".")[0]
        if (error.name or "").partition(".")[0] != wanted:
            raise
        from litekeep.errors import UsageError

        raise UsageError(f"{wanted} is not installed", hint=f"Install it: pip install 'litekeep[{extra}]'.") from error
