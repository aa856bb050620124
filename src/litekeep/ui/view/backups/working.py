"""Carries out what people want with the selected backups: questions before it, wishes to the bridge."""

from __future__ import annotations

from collections.abc import Sequence

from litekeep.model import Snapshot
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import Action, Card, Tone
from litekeep.ui.view.backups.acts import Act, deletable, file_name
from litekeep.ui.view.backups.questions import ask_delete, ask_label
from litekeep.ui.view.stage import Stage

BUSY_SECONDS = 10


class Working:
    """Of one page."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def do(self, act: Act, chosen: Sequence[Snapshot], facts: ViewFacts) -> None:
        """It is possible (acts.possible)."""
        stage, bridge = self._stage, self._stage.bridge
        if act is Act.RESTORE:
            stage.perform(Action.RESTORE, chosen[0])
        elif act is Act.VERIFY:
            self._begun(begun=bridge.verify(chosen))
        elif act is Act.PIN:
            bridge.pin([each for each in chosen if not each.pinned])
        elif act is Act.UNPIN:
            bridge.unpin(chosen)
        elif act is Act.RECOVER:
            bridge.recover(chosen)
        elif act is Act.EXPORT:
            self._export(chosen[0], facts)
        elif act is Act.LABEL:
            stage.open_panel(lambda master, _: ask_label(master, stage, chosen[0], facts))
        else:
            going = deletable(chosen, facts)
            stage.open_panel(lambda master, _: ask_delete(master, stage, chosen, going, facts))

    def _export(self, snapshot: Snapshot, facts: ViewFacts) -> None:
        say = self._stage.say
        chosen = self._stage.files.save_file(say("Save the backup as a file"), file_name(snapshot, facts))
        if chosen is not None:
            self._begun(begun=self._stage.bridge.export(snapshot, chosen))

    def _begun(self, *, begun: bool) -> None:
        """Something else may have begun in the same moment."""
        if not begun:
            say = self._stage.say
            what, hint = say("Something else is going on."), say("Try again when it has finished.")
            self._stage.notice(Card(Tone.WARN, what, hint=hint, lasts_seconds=BUSY_SECONDS))
