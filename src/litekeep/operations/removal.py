"""Delete where the storage may not allow it: object lock, or credentials that may only add.

Both are a protection that people choose, so a refused delete is no failure: it is remembered and told, and the rest
goes on. What stays stays whole: the manifest is asked for first, and without its delete nothing of a snapshot goes.
"""

from __future__ import annotations

from dataclasses import field

from litekeep.errors import PermissionRefused
from litekeep.monitor import Monitor
from litekeep.records import dataclass
from litekeep.storage.base import Storage


@dataclass(slots=True)
class Removal:
    """The deletes of one run. refused: keys of what the storage did not let go, in the order of asking."""

    storage: Storage
    refused: list[str] = field(default_factory=list)
    why: str = ""

    def delete(self, key: str) -> bool:
        """Remove an object; False if that is not allowed. Raises the rest of the StorageError family."""
        try:
            self.storage.delete(key)
        except PermissionRefused as error:
            self.refused.append(key)
            self.why = self.why or error.message
            return False
        return True

    def tell(self, monitor: Monitor) -> None:
        """Say what is kept by lock, if anything is."""
        if self.refused:
            things = "one object" if len(self.refused) == 1 else f"{len(self.refused)} objects"
            monitor.event(
                "warning",
                code="kept_by_lock",
                message=f"{things} could not be removed, because the storage does not allow it: {self.why}",
            )
