"""The card below the hero: how a job ended. An error has three parts: what happened, what is safe, what to do."""

from __future__ import annotations

from collections.abc import Callable

from litekeep.ui.language.words import Language, phrase
from litekeep.ui.presenter.buttons import button
from litekeep.ui.presenter.causes import Cause, explain
from litekeep.ui.presenter.copies import WHYS
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
    "rebuild": phrase("Getting the backups back was stopped."),
    "sync": phrase("Sending was stopped. It goes on there next time."),
}
"""By verb; of one that is not here, the empty one."""


def card(outcome: Outcome, say: Language) -> Card:
    """The card for the end of a job. Times are told as at that moment, in the zone of `outcome.at`."""
    if outcome.end is End.FAILED:
        return _failed(outcome, say)
    if outcome.end is End.CANCELLED:
        return _stopped(outcome, say)
    return _DONE.get(outcome.verb, _plain)(outcome, say)


def _failed(error: Outcome, say: Language) -> Card:
    """Three parts in the reader's language by the code of the error, with the engine's own words in the details."""
    cause = _with_copy(error, say) if error.copy else explain(error.code, error.verb, say)
    technical = [f"{error.code or 'unexpected'}: {error.what}" if error.what else error.code, error.safe, error.hint]
    told = "\n".join(part for part in technical if part)
    details = "\n\n".join(part for part in (told, error.details) if part)
    again = [button(Action.BACK_UP, say, text=_AGAIN, primary=True)] if error.verb == "backup" else []
    buttons = [*again, *([button(Action.DETAILS, say)] if details else []), button(Action.CLOSE, say)]
    tone = Tone.WARN if error.code in ("refused", "cancelled", "locked", "settings_changed") else Tone.BAD
    return Card(tone, cause.what, cause.safe, cause.hint, details, tuple(buttons))


def _with_copy(error: Outcome, say: Language) -> Cause:
    """Of what concerns a copy: never as if the backups themselves were out of reach."""
    name, known = error.copy, WHYS.get(error.code)
    if error.verb not in ("drill", "sync"):
        return explain(error.code, error.verb, say)
    if known is None and error.verb == "drill":
        told = say("No restore could be tested from the copy {name}", name=name)
    elif known is None:
        told = say("Nothing could be sent to the copy {name}", name=name)
    elif error.verb == "drill":
        told = say("No restore could be tested from the copy {name}: {why}", name=name, why=say(known))
    else:
        told = say("Nothing could be sent to the copy {name}: {why}", name=name, why=say(known))
    safe = say("Your data and the backups here are not affected.")
    hint = say("It is tried again by itself.") if error.code == "unreachable" and error.verb == "sync" else ""
    hint = hint or say("Look at the details, and at its settings.")
    return Cause(say("{text}.", text=told), safe, hint)


def _when(outcome: Outcome, say: Language) -> str:
    return say.when(outcome.about.created_at, outcome.at) if outcome.about else ""


def _brief(tone: Tone, what: str, say: Language, *, safe: str = "") -> Card:
    return Card(tone, what, safe, buttons=(button(Action.CLOSE, say),), lasts_seconds=SHORT_SECONDS)


def _stopped(outcome: Outcome, say: Language) -> Card:
    safe = say("Your data and the backups from before were not changed.")
    if outcome.verb == "prune":
        safe = say("Your data was not changed; the clean-up goes on where it stopped.")
    if outcome.verb == "rebuild":
        safe = say("Your data was not changed. What has come is kept, and the next time goes on with it.")
    return _brief(Tone.CALM, say(_STOPPED.get(outcome.verb, _STOPPED[""])), say, safe=safe)


def _backup(outcome: Outcome, say: Language) -> Card:
    if outcome.problems:
        return _with_problems(outcome, say("The backup was made, but the database itself has problems."), say)
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
        return _with_problems(outcome, what, say)
    what = say.plural(
        "{n} backup was checked: it is intact.", "{n} backups were checked: all are intact.", outcome.checked
    )
    return _brief(Tone.OK, what, say)


def _drill(outcome: Outcome, say: Language) -> Card:
    if outcome.problems:
        return _with_problems(outcome, say("The restore test found problems."), say)
    when, name = _when(outcome, say), outcome.copy
    safe = say("The backup of {when} was restored to a temporary place and checked.", when=when)
    if name:
        safe = say("The backup of {when} was restored from the copy {name} and checked.", when=when, name=name)
    return _brief(Tone.OK, say("Restore test passed."), say, safe=safe if outcome.about else "")


def _restore(outcome: Outcome, say: Language) -> Card:
    if outcome.target:
        return _saved(outcome, say)
    what = say("Restored: your data is as it was {when}.", when=_when(outcome, say)) if outcome.about else ""
    safe = say("What was there before is kept as a backup.") if outcome.undoable else ""
    if outcome.kept:
        safe = say("What was there before is kept in the file {file}.", file=outcome.kept)
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
    what = say("The backup was saved as {file}.", file=outcome.target)
    buttons = (button(Action.OPEN_FOLDER, say), button(Action.CLOSE, say))
    tone = Tone.WARN if outcome.problems else Tone.OK
    return Card(tone, what, say("Nothing in the application was changed."), "", "\n".join(outcome.problems), buttons)


def _rebuilt(outcome: Outcome, say: Language) -> Card:
    count = outcome.checked
    what = say.plural("The backup is here again.", "{n} backups are here again.", count)
    if outcome.problems:
        hint = say("Some stored files are damaged in the copy: verify the backups to see which ones can be used.")
        buttons = (button(Action.VERIFY, say), button(Action.DETAILS, say), button(Action.CLOSE, say))
        return Card(Tone.WARN, what, "", hint, "\n".join(outcome.problems), buttons)
    safe = say("Backups go on as before.")
    return Card(Tone.OK, what, safe, buttons=(button(Action.VERIFY, say), button(Action.CLOSE, say)))


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


def _settings(_: Outcome, say: Language) -> Card:
    return _brief(Tone.OK, say("The settings are saved."), say)


def _sync(outcome: Outcome, say: Language) -> Card:
    names = say.listed(outcome.copy.split(", "))
    if outcome.problems:
        what = say("Not everything could be sent to {names}: some of it is damaged here.", names=names)
        hint = say("Verify all backups to see which ones.")
        details = "\n".join(outcome.problems)
        buttons = (button(Action.VERIFY, say), button(Action.DETAILS, say), button(Action.CLOSE, say))
        return Card(Tone.WARN, what, say("What is intact was sent."), hint, details, buttons)
    if outcome.unchanged:
        return _brief(Tone.OK, say("Everything was in {names} already.", names=names), say)
    sent = say("{size} sent.", size=say.size(outcome.sent_bytes))
    return _brief(Tone.OK, say("Everything is in {names} now.", names=names), say, safe=sent)


def _copy_removed(outcome: Outcome, say: Language) -> Card:
    undo = [button(Action.UNDO, say)] if outcome.entry is not None else []
    what = say("Nothing is sent to {name} any more.", name=outcome.copy)
    safe = say("Nothing was deleted there: its backups can still be restored.")
    return Card(Tone.CALM, what, safe, buttons=(*undo, button(Action.CLOSE, say)), lasts_seconds=SHORT_SECONDS)


def _plain(_: Outcome, say: Language) -> Card:
    return _brief(Tone.OK, say("Done."), say)


def _with_problems(outcome: Outcome, what: str, say: Language) -> Card:
    tone = Tone.BAD if outcome.verb in ("verify", "drill") else Tone.WARN
    safe, hint = say("Your data was not changed."), say("Look at the backups marked as problems.")
    buttons = (
        button(Action.SEE_PROBLEM, say, primary=True),
        button(Action.DETAILS, say),
        button(Action.CLOSE, say),
    )
    return Card(tone, what, safe, hint, "\n".join(outcome.problems), buttons)


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
    "rebuild": _rebuilt,
    "settings": _settings,
    "sync": _sync,
    "copy_removed": _copy_removed,
}
"""By verb; of one that is not here, `_plain`."""
