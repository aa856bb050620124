"""The card below the hero: how a job ended. An error has three parts: what happened, what is safe, what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from litekeep.ui.language.words import Language, phrase
from litekeep.ui.presenter.buttons import button
from litekeep.ui.presenter.causes import explain
from litekeep.ui.presenter.facts import End, Outcome
from litekeep.ui.presenter.models import Action, Card, Tone

SHORT_SECONDS = 10
"""How long a result stays that needs nobody's attention; those of restores and errors stay until they are closed."""
_AGAIN = phrase("Try again")
_UNDO = phrase("Undo the restore")
_STOPPED = {
    "": phrase("It was stopped."),
    "backup": phrase("The backup was stopped."),
    "verify": phrase("The verification was stopped."),
    "drill": phrase("The restore test was stopped."),
    "restore": phrase("The restore was stopped."),
    "undo": phrase("Undoing was stopped."),
    "export": phrase("Saving as a file was stopped."),
    "prune": phrase("The clean-up was stopped."),
}
_PLAIN = {
    "": phrase("Done."),
    "trash": phrase("The trash is empty."),
    "pin": phrase("The backup is pinned: it is never removed automatically."),
    "unpin": phrase("The backup is not pinned any more."),
    "label": phrase("The label is saved."),
    "notify": phrase("The test notification was sent."),
    "settings": phrase("The settings are saved."),
}
"""By verb; of one that is not here, the empty one."""


class ErrorFields(Protocol):
    """What is known of an error: facts.Outcome, or anything with the same texts."""

    @property
    def what(self) -> str:
        """The engine's message."""

    @property
    def safe(self) -> str:
        """The engine's word on what is unharmed."""

    @property
    def hint(self) -> str:
        """The engine's advice."""

    @property
    def code(self) -> str:
        """The word of the error, of litekeep.errors."""

    @property
    def details(self) -> str:
        """A traceback, or more."""


def card(outcome: Outcome, say: Language) -> Card:
    """The card for the end of a job. Times are told as at that moment, in the zone of `outcome.at`."""
    if outcome.end is End.FAILED:
        return error_card(outcome, say, verb=outcome.verb)
    if outcome.end is End.CANCELLED:
        return _stopped(outcome, say)
    return _DONE.get(outcome.verb, _plain)(outcome, say)


def error_card(error: ErrorFields, say: Language, *, verb: str = "") -> Card:
    """Three parts in the reader's language by the code of the error, with the engine's own words in the details."""
    cause = explain(error.code, verb, say)
    technical = [f"{error.code or 'unexpected'}: {error.what}" if error.what else error.code, error.safe, error.hint]
    told = "\n".join(part for part in technical if part)
    details = "\n\n".join(part for part in (told, error.details) if part)
    again = [button(Action.BACK_UP, say, text=_AGAIN, primary=True)] if verb == "backup" else []
    buttons = [*again, *([button(Action.DETAILS, say)] if details else []), button(Action.CLOSE, say)]
    tone = Tone.WARN if error.code in ("refused", "cancelled", "locked", "settings_changed") else Tone.BAD
    return Card(tone, cause.what, cause.safe, cause.hint, details, tuple(buttons))


def _when(outcome: Outcome, say: Language) -> str:
    return say.when(outcome.about.created_at, outcome.at) if outcome.about else ""


def _brief(tone: Tone, what: str, say: Language, *, safe: str = "") -> Card:
    return Card(tone, what, safe, buttons=(button(Action.CLOSE, say),), lasts_seconds=SHORT_SECONDS)


def _stopped(outcome: Outcome, say: Language) -> Card:
    safe = say("Your data and the backups from before were not changed.")
    if outcome.verb in ("prune", "trash"):
        safe = say("Your data was not changed; the clean-up goes on where it stopped.")
    return _brief(Tone.CALM, say(_STOPPED.get(outcome.verb, _STOPPED[""])), say, safe=safe)


def _backup(outcome: Outcome, say: Language) -> Card:
    if outcome.problems:
        return _with_problems(
            outcome, say("The backup was made, but the database itself has problems."), say, Action.SEE_PROBLEM
        )
    if outcome.unchanged:
        safe = say("The backup of {when} holds the present state.", when=_when(outcome, say)) if outcome.about else ""
        return _brief(Tone.OK, say("Nothing has changed, no new backup is needed."), say, safe=safe)
    if outcome.about is None:
        return _brief(Tone.OK, say("Backup made."), say)
    sizes = {"size": say.size(outcome.about.database.size_bytes), "new": say.size(outcome.about.new_bytes)}
    what = say("Backup made and verified.") if outcome.about.sound else say("Backup made.")
    return _brief(Tone.OK, what, say, safe=say("{size}, {new} of it new.", **sizes))


def _verify(outcome: Outcome, say: Language) -> Card:
    if outcome.problems:
        what = say.plural(
            "{n} backup was checked: not all is well.", "{n} backups were checked: not all is well.", outcome.checked
        )
        return _with_problems(outcome, what, say, Action.SEE_PROBLEM)
    what = say.plural(
        "{n} backup was checked: it is intact.", "{n} backups were checked: all are intact.", outcome.checked
    )
    return _brief(Tone.OK, what, say)


def _drill(outcome: Outcome, say: Language) -> Card:
    if outcome.problems:
        return _with_problems(outcome, say("The restore test found problems."), say, Action.SEE_PROBLEM)
    safe = say("The backup of {when} was restored to a temporary place and checked.", when=_when(outcome, say))
    return _brief(Tone.OK, say("Restore test passed."), say, safe=safe if outcome.about else "")


def _restore(outcome: Outcome, say: Language) -> Card:
    if outcome.target:
        return _saved(outcome, say)
    what = say("Restored: your data is as it was {when}.", when=_when(outcome, say)) if outcome.about else ""
    safe = say("What was there before is kept as a backup.") if outcome.undoable else ""
    hint = say("If the application still shows old data, restart it.")
    undo = [button(Action.UNDO, say, text=_UNDO)] if outcome.undoable else []
    tone = Tone.WARN if outcome.problems else Tone.OK
    details = "\n".join(outcome.problems)
    buttons = [*undo, *([button(Action.DETAILS, say)] if details else []), button(Action.CLOSE, say)]
    return Card(tone, what or say("The data was restored."), safe, hint, details, tuple(buttons))


def _undo(outcome: Outcome, say: Language) -> Card:
    safe = say("The restored state is kept as a backup too.")
    undo = [button(Action.UNDO, say, text=_UNDO)] if outcome.undoable else []
    what = say("The restore was undone: your data is as it was before it.")
    return Card(Tone.OK, what, safe, buttons=(*undo, button(Action.CLOSE, say)))


def _saved(outcome: Outcome, say: Language) -> Card:
    what = say("The backup was saved as {file}.", file=outcome.target) if outcome.target else say("The file was saved.")
    buttons = (*([button(Action.OPEN_FOLDER, say)] if outcome.target else []), button(Action.CLOSE, say))
    tone = Tone.WARN if outcome.problems else Tone.OK
    return Card(tone, what, say("Nothing in the application was changed."), "", "\n".join(outcome.problems), buttons)


def _delete(outcome: Outcome, say: Language) -> Card:
    undo = [button(Action.UNDO, say)] if outcome.undoable else []
    count = len(outcome.several) or 1
    what = say.plural("The backup is in the trash.", "{n} backups are in the trash.", count)
    safe = say("What is in the trash can be taken out again until its time there is over.")
    buttons = (*undo, button(Action.CLOSE, say))
    return Card(Tone.CALM, what, safe, buttons=buttons, lasts_seconds=SHORT_SECONDS)


def _recover(outcome: Outcome, say: Language) -> Card:
    count = len(outcome.several) or 1
    what = say.plural("The backup is out of the trash again.", "{n} backups are out of the trash again.", count)
    return _brief(Tone.OK, what, say)


def _prune(outcome: Outcome, say: Language) -> Card:
    if not outcome.several and not outcome.freed_bytes:
        return _brief(Tone.OK, say("The clean-up is done: nothing had to go."), say)
    moved = say.plural("{n} backup moved to the trash", "{n} backups moved to the trash", len(outcome.several))
    freed = say("{moved}, {size} freed.", moved=moved, size=say.size(outcome.freed_bytes))
    return _brief(Tone.OK, say("The clean-up is done."), say, safe=freed)


def _plain(outcome: Outcome, say: Language) -> Card:
    return _brief(Tone.OK, say(_PLAIN.get(outcome.verb, _PLAIN[""])), say)


def _with_problems(outcome: Outcome, what: str, say: Language, see: Action) -> Card:
    buttons = (button(see, say, primary=True), button(Action.DETAILS, say), button(Action.CLOSE, say))
    safe, hint = say("Your data was not changed."), say("Look at the backups marked as problems.")
    return Card(
        Tone.BAD if outcome.verb in ("verify", "drill") else Tone.WARN,
        what,
        safe,
        hint,
        "\n".join(outcome.problems),
        buttons,
    )


_DONE: dict[str, Callable[[Outcome, Language], Card]] = {
    "backup": _backup,
    "verify": _verify,
    "drill": _drill,
    "restore": _restore,
    "undo": _undo,
    "export": _saved,
    "delete": _delete,
    "recover": _recover,
    "prune": _prune,
}
