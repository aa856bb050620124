"""A folder of its own for every test, and commands as they are typed."""

from __future__ import annotations

from cli.conftest import database, litekeep, place

__all__ = ["database", "litekeep", "place"]
