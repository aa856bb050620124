"""The campaigns, in the order in which they are run."""

from __future__ import annotations

from torture.campaign import Campaign
from torture.damage import DAMAGE
from torture.restore import RESTORE
from torture.retention import RETENTION
from torture.truth import TRUTH
from torture.unchanged import UNCHANGED

CAMPAIGNS: tuple[Campaign, ...] = (RESTORE, RETENTION, DAMAGE, TRUTH, UNCHANGED)
