"""The buttons of the hero and the cards: what they say, and whether they can be used now."""

from __future__ import annotations

from litekeep.ui.language.words import Language, phrase
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import Action, Button

TEXTS = {
    Action.BACK_UP: phrase("Back up now"),
    Action.RESTORE: phrase("Restore…"),
    Action.VERIFY: phrase("Verify"),
    Action.TEST_RESTORE: phrase("Test a restore"),
    Action.CANCEL: phrase("Cancel"),
    Action.SEE_PROBLEM: phrase("See it"),
    Action.LOCATE: phrase("Locate…"),
    Action.RESUME: phrase("Resume"),
    Action.UNDO: phrase("Undo"),
    Action.CLOSE: phrase("Close"),
    Action.OPEN_FOLDER: phrase("Open the folder"),
    Action.DETAILS: phrase("Details"),
    Action.RECOVERY_KEY: phrase("Recovery key…"),
    Action.FROM_COPY: phrase("Restore from a copy…"),
    Action.REVIEW_REMOVAL: phrase("Review the clean-up…"),
    Action.SYNC: phrase("Send now"),
    Action.ADD_COPY: phrase("Add a copy…"),
}
MAIN = (Action.BACK_UP, Action.RESTORE, Action.VERIFY)
_NEED_BACKUPS = frozenset({Action.RESTORE, Action.VERIFY, Action.TEST_RESTORE})


def button(action: Action, say: Language, *, text: str = "", enabled: bool = True, primary: bool = False) -> Button:
    """text: a msgid in place of the usual one."""
    return Button(action, say(text or TEXTS[action]), enabled, primary)


def main_buttons(facts: ViewFacts, say: Language, first: Action, *, text: str = "") -> tuple[Button, ...]:
    """The primary one first, then those of the usual three that it does not stand for: at most three in all.

    What needs a backup is shown, and cannot be used, while there is none.
    """
    rest = [each for each in MAIN if each is not first][:2]
    there = bool(facts.snapshots)
    usable = {each: there or each not in _NEED_BACKUPS for each in (first, *rest)}
    return (
        button(first, say, text=text, enabled=usable[first], primary=True),
        *(button(each, say, enabled=usable[each]) for each in rest),
    )


def disabled_main_buttons(say: Language, *usable: Action) -> tuple[Button, ...]:
    """The usual three, none of which can be used now but `usable`."""
    return tuple(button(each, say, enabled=each in usable) for each in MAIN)
