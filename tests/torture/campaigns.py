"""The campaigns, in the order in which they are run."""

from __future__ import annotations

from torture.amnesia import AMNESIA
from torture.campaign import Campaign
from torture.damage import DAMAGE
from torture.error import ERROR
from torture.fuzz import FUZZ
from torture.harmless import HARMLESS
from torture.interleave import INTERLEAVE
from torture.kill import KILL
from torture.net import NET
from torture.power import POWER
from torture.replay import REPLAY
from torture.restore import RESTORE
from torture.retention import RETENTION
from torture.truth import TRUTH
from torture.unchanged import UNCHANGED
from torture.years import YEARS

CAMPAIGNS: tuple[Campaign, ...] = (
    KILL,
    ERROR,
    POWER,
    AMNESIA,
    HARMLESS,
    RESTORE,
    RETENTION,
    DAMAGE,
    FUZZ,
    TRUTH,
    UNCHANGED,
    INTERLEAVE,
    NET,
    REPLAY,
    YEARS,
)
