"""A still bridge that counts previews as the manager does, from the facts that it holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litekeep.manager.keys import KeysReport
from litekeep.manager.questions import RotationPreview
from litekeep.operations.finding import Finding, Severity
from litekeep.retention import plan_retention
from litekeep.ui.bridge import Answer
from ui.view.still import Still

PREVIEW, KEYS = "settings-preview", "settings-keys"
FREES_BYTES = 340_000
"""About so much each backup gives back."""


class Sitting(Still):
    """Previews (unless `slow`) and the question for keys are answered at the next drain; all else as in Still."""

    slow = False
    report: KeysReport | None = KeysReport(encrypted=False)
    """What opens the backups; None: a test answers."""

    def ask(self, key: str, question: Any, on_answer: Callable[[Answer[Any]], None]) -> None:
        super().ask(key, question, on_answer)
        if key == PREVIEW and not self.slow:
            self.answer(PREVIEW, question(self))
        if key == KEYS and self.report is not None:
            self.answer(KEYS, self.report)

    def plan_rotation(self, policy: Any, on_answer: Any = None, *, snapshots: Any = ()) -> Any:
        """Of the manager, too."""
        plan = plan_retention(snapshots, policy, self.facts.now)
        return RotationPreview(plan, FREES_BYTES * len(plan.removed))


FINDINGS = (
    Finding(
        Severity.PROBLEM,
        "low_space",
        "12 MB free on /data, the next backup needs about 48 MB",
        "the next backup or a restore may not fit",
        "free some space",
    ),
    Finding(
        Severity.ADVICE,
        "same_device",
        "/data/app.db and /data/backups are on the same drive",
        "a drive that fails takes both",
        "choose a backup folder on another drive",
    ),
)
