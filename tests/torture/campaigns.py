"""The campaigns, in the order in which they are run."""

from __future__ import annotations

from torture.campaign import Campaign
from torture.retention import RETENTION

CAMPAIGNS: tuple[Campaign, ...] = (RETENTION,)
