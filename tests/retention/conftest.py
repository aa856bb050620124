"""`--hypothesis-profile=max`: the long run, about a hundred thousand generated histories."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis.errors import InvalidArgument

try:
    settings.get_profile("max")
except InvalidArgument:  # nobody registered it for all tests
    settings.register_profile("max", max_examples=10_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
