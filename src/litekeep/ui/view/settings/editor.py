"""The draft with the world around it: previews, saving, and what other programs do to the settings meanwhile.

a card edits -> Editor.draft -> everyone who listens shows it; a preview is asked for on a thread
Save         -> the draft's changes go to the bridge, with what the person saw; its outcome comes with the facts
other facts  -> the same edits on the new settings; what was not edited follows them
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from litekeep import BackupManager
from litekeep.config.settings import BackupSettings
from litekeep.operations.status import Verdict
from litekeep.records import dataclass
from litekeep.ui.bridge import Answer
from litekeep.ui.language.words import Language
from litekeep.ui.presenter.causes import explain
from litekeep.ui.presenter.facts import End, Outcome, ViewFacts
from litekeep.ui.presenter.models import RetentionPreview, Tone
from litekeep.ui.presenter.retention import retention_preview
from litekeep.ui.view.panels.confirm import Question, confirm
from litekeep.ui.view.settings.draft import Draft, Numbers, fields_of
from litekeep.ui.view.settings.rereading import Rereading
from litekeep.ui.view.stage import Stage

PREVIEW = "settings-preview"
"""The key of its question to the bridge."""
PATIENCE = timedelta(seconds=20)
"""So long it waits for the outcome of a save, which may be lost while nobody looks at the page."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Beside the buttons: what became of saving."""

    tone: Tone
    text: str


class Editor:
    """Shared by cards and the bar; who listens is called after each change, on the Tk thread."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.say = stage, stage.say
        self.facts: ViewFacts = stage.bridge.facts
        self.draft = Draft.of(self.facts.settings, self.say)
        self.preview: RetentionPreview | None = None
        self.counting = False
        """The preview is not that of the draft yet."""
        self.refused: dict[str, str] = {}
        """What the settings file did not take: place -> the engine's word on it."""
        self.remark: Remark | None = None
        self._judged: tuple[Draft | None, bool] = (None, False)
        self._listeners: list[Callable[[], object]] = []
        self._counted: tuple[object, ...] = ()
        self._counted_plan: object = None
        self._submitted: Draft | None = None
        self._submitted_at = self.facts.now
        self._earlier: Outcome | None = None
        self._wants_save = False
        self._rereading = Rereading(stage, self.tell)

    # For cards

    def listen(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call it after each change; returns what ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def tell(self) -> None:
        """Everyone shows it."""
        for listener in tuple(self._listeners):
            listener()

    @property
    def editable(self) -> bool:
        """The settings are in a file, which can be changed."""
        return self.facts.editable

    @property
    def changed(self) -> bool:
        """Something is edited and not saved. The view asks many times a second, and a draft never changes."""
        if self._judged[0] is not self.draft:
            self._judged = (self.draft, self.draft.changed(self.say))
        return self.editable and self._judged[1]

    def has_unsaved_changes(self) -> bool:
        """Something was edited and not saved, and is not being written either."""
        if self.saving:
            self.take(self.stage.bridge.facts)  # it is not told of them while another page is looked at
        return self.changed and not self.saving

    @property
    def saving(self) -> bool:
        """It is being written."""
        return self._submitted is not None

    @property
    def file_problem(self) -> Outcome | None:
        """Why the settings file cannot be read as it is now."""
        return self._rereading.problem

    @property
    def problems(self) -> dict[str, str]:
        """Place -> sentence, for below the fields."""
        found = self.draft.problems(self.say)
        for place, text in self.refused.items():
            found.setdefault(place, self.say("The settings file does not take this: {text}.", text=text.rstrip(".")))
        return found

    def edit_form(self, **given: Any) -> None:
        """Fields of the schedule."""
        self._edit(replace(self.draft, form=replace(self.draft.form, **given)), "schedule")

    def edit_numbers(self, numbers: Numbers) -> None:
        """How long to keep."""
        self._edit(replace(self.draft, numbers=numbers), "retention")

    def edit_desktop(self, desktop: bool) -> None:  # noqa: FBT001 - a setter
        """Messages on this desktop."""
        self._edit(replace(self.draft, desktop=desktop), "notifications")

    def discard(self) -> None:
        """Back to what is saved."""
        self._edit(Draft.of(self.facts.settings, self.say), *self.refused)

    def _edit(self, draft: Draft, *places: str) -> None:
        self.draft, self.remark, self._wants_save = draft, None, False
        for place in places:
            self.refused.pop(place, None)
        self._count()
        self.tell()

    # Facts

    def take(self, facts: ViewFacts) -> None:
        """Other facts; also the end of a save."""
        self.facts = facts
        if self._submitted is not None:
            self._end_of_save(self._submitted)
        if facts.settings != self.draft.settings and not self.saving:
            edited = self.draft.changed(self.say) and _without_copies(facts) != _without_copies(self.draft)
            self.draft = self.draft.onto(facts.settings, self.say)
            if edited and self.changed:
                text = self.say("Another program changed the settings. Your changes are still here: look, then save.")
                self.remark = Remark(Tone.WARN, text)
        self._count()
        self._rereading.look(facts)
        self.tell()

    def cleanup(self) -> None:
        """No answers, and no listeners."""
        self._listeners.clear()
        self.stage.bridge.forget(PREVIEW)
        self._rereading.cleanup()

    # Saving

    def save(self, *, confirmed: bool = False) -> bool:
        """Begin to write what is edited; False: not as it is. confirmed: the person knows what would be removed."""
        if not self.changed or self.saving:
            return True
        if self.draft.problems(self.say):
            self._remark(Tone.BAD, self.say("Correct what is marked, then save again."))
            return False
        if self.draft.other_numbers and not confirmed and not self._agreed():
            return False
        self._submitted, self._submitted_at, self._earlier = self.draft, self.facts.now, self.facts.outcome
        self.remark, self._wants_save = None, False
        self.stage.bridge.change_settings(self.draft.changes(), self.draft.settings)
        self.tell()
        return True

    def _agreed(self) -> bool:
        """Whether nobody must be asked before other numbers are saved; if somebody must, they are."""
        if self.counting:
            self._wants_save = True
            return False
        question = self.preview.question if self.preview is not None else ""
        if self.preview is None and self.draft.lower_numbers:
            question = self.say("What these numbers remove cannot be counted now: the backups cannot be read.")
        if not question:
            return True
        self._ask(question, self.preview.waits if self.preview is not None else ())
        return False

    def _ask(self, question: str, waits: tuple[str, ...]) -> None:
        say = self.say
        never = say("Pinned and manual backups are never removed. Nothing is removed before the next clean-up.")
        asks = [say("The clean-up will ask you before it removes them.")] if waits else []
        asked = Question(
            say("Keep fewer backups?"),
            (question, *waits, *asks, never),
            say("Save, keep fewer"),
            danger=True,
            keep=say("Do not save yet"),
        )
        confirm(self.stage, asked, lambda: self.save(confirmed=True))

    def _end_of_save(self, submitted: Draft) -> None:
        outcome = self.facts.outcome
        mine = outcome is not None and outcome is not self._earlier and outcome.verb == "settings"
        if mine and outcome is not None and outcome.end is not End.DONE:
            self._submitted = None
            self.refused = fields_of(outcome.problems)
            self.remark = Remark(Tone.WARN, explain(outcome.code, "settings", self.say).what)
        elif mine or self.facts.settings != submitted.settings:
            self._submitted = None
            self._saved(submitted)
        elif self.facts.now - self._submitted_at > PATIENCE:
            self._submitted = None

    def _saved(self, submitted: Draft) -> None:
        self.refused = {}
        elsewhere = bool(submitted.onto(self.facts.settings, self.say).changes())
        self.draft = self.draft.onto(self.facts.settings, self.say, since=submitted)
        if elsewhere:
            text = self.say("Saved in the file, but the environment of the program sets some of it otherwise.")
            self.remark = Remark(Tone.WARN, text)

    def _remark(self, tone: Tone, text: str) -> None:
        self.remark = Remark(tone, text)
        self.tell()

    # The preview

    def _count(self) -> None:
        policy, facts = self.draft.policy, self.facts
        wanted = (self.draft.numbers, facts.settings, facts.status is None)
        if wanted == self._counted and facts.plan is self._counted_plan:  # plans are long: never compared
            return
        self._counted, self._counted_plan = wanted, facts.plan
        away = facts.status is not None and facts.status.verdict is Verdict.REPOSITORY_MISSING
        if policy is None or facts.status is None or (away and facts.plan is None):
            self.counting, self.preview = False, None
            self.stage.bridge.forget(PREVIEW)
            return
        self.counting = True
        self.stage.bridge.ask(PREVIEW, partial(preview_of, facts=facts, draft=self.draft, say=self.say), self._answered)

    def _answered(self, answer: Answer[RetentionPreview]) -> None:
        self.counting = False
        self.preview = answer.value
        self.tell()
        if self._wants_save:
            self._wants_save = False
            self.save()


def _without_copies(holder: ViewFacts | Draft) -> BackupSettings:
    """The settings that this edits: copies come and go by a form of their own."""
    return replace(holder.settings, copies=())


def preview_of(manager: BackupManager, facts: ViewFacts, draft: Draft, say: Language) -> RetentionPreview:
    """What the numbers of the draft would do, by the plan that the clean-up follows; on a thread.

    Raises what `plan_rotation` raises.
    """
    policy = draft.policy
    assert policy is not None
    plan, frees_bytes = facts.plan, facts.plan_frees_bytes
    if plan is None or policy != facts.settings.retention:
        answer = manager.plan_rotation(policy, snapshots=(*facts.snapshots, *facts.trash))
        plan, frees_bytes = answer.plan, answer.frees_bytes
    return retention_preview(facts, policy, plan, frees_bytes, say)
