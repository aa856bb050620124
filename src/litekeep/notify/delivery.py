"""How a delivery ended, and the error by which a channel says that it failed."""

from __future__ import annotations

from enum import StrEnum

from litekeep.records import dataclass


class Delivered(StrEnum):
    """OK: the channel took it. UNAVAILABLE: it cannot work here (a program or a package is missing)."""

    OK = "ok"
    FAILED = "failed"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to deliver, or several of them. detail: why not, without secrets; empty if it worked."""

    channel: str
    result: Delivered
    detail: str = ""
    attempts: int = 1


class NotDelivered(Exception):
    """A channel could not deliver.

    transient: trying again may help. available: false if it cannot work here at all. The message holds no secret.
    """

    def __init__(self, message: str, *, transient: bool = False, available: bool = True) -> None:
        super().__init__(message)
        self.message = message
        self.transient = transient
        self.available = available
