"""Carries out what people want with the selected backups: questions before it, wishes to the bridge."""

from __future__ import annotations

from collections.abc import Sequence

from litekeep.model import Snapshot
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import Action, Card, Tone
from litekeep.ui.view.backups.acts import Act, deletable, delete_words, file_name
from litekeep.ui.view.panels.confirm import Question, ask_text, confirm
from litekeep.ui.view.stage import Stage

BUSY_SECONDS = 10
LONGEST_LABEL = 80


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
            self._label(chosen[0], facts)
        elif act is Act.DELETE:
            self._delete(chosen, facts)

    def _delete(self, chosen: Sequence[Snapshot], facts: ViewFacts) -> None:
        going, bridge = deletable(chosen, facts), self._stage.bridge
        title, lines, verb = delete_words(chosen, facts, self._stage.say)
        confirm(self._stage, Question(title, lines, verb, danger=True), lambda: bridge.delete(going))

    def _label(self, snapshot: Snapshot, facts: ViewFacts) -> None:
        say, bridge = self._stage.say, self._stage.bridge

        def keep(text: str) -> None:
            label = text[:LONGEST_LABEL].rstrip()
            if label != snapshot.label:
                bridge.label(snapshot, label)

        title = say("Label of the backup of {when}", when=say.when(snapshot.created_at, facts.now))
        hint = say("What will tell you later what is in it; empty for no label")
        ask_text(self._stage, title, hint, snapshot.label, say("Save"), keep)

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
