"""The section of encryption: whether the backups are encrypted, what opens them, and what is still to be done."""

from __future__ import annotations

import re

from litekeep.manager.keys import KeyInfo, KeysReport
from litekeep.records import dataclass
from litekeep.ui.language.words import Language, phrase
from litekeep.ui.presenter.causes import explain
from litekeep.ui.presenter.facts import Outcome, ViewFacts
from litekeep.ui.presenter.models import Card, DetailLine, Tone

KINDS = {
    "passphrase": phrase("Passphrase"),
    "recovery": phrase("Recovery key"),
    "key": phrase("Key file"),
}
SHORTEST = 8
"""Characters of a passphrase, as the engine wants it."""
_GROUP = re.compile(r"groups? ([0-9, ]+) of the key")


@dataclass(frozen=True, slots=True)
class EncryptionModel:
    """The card. lines: what opens the backups. how: where they are not encrypted, what to do; command: to be copied.

    sheet, confirm, test: whether these can be done. passphrases: those that can be changed; one can always be added.
    """

    tone: Tone
    sentence: str
    lines: tuple[DetailLine, ...] = ()
    how: str = ""
    command: str = ""
    open: bool = False
    sheet: bool = False
    confirm: bool = False
    passphrases: tuple[KeyInfo, ...] = ()


def encryption_card(
    report: KeysReport | None, problem: Outcome | None, facts: ViewFacts, say: Language
) -> EncryptionModel:
    """report: what the manager says; None: not known yet, or (problem) why not."""
    if problem is not None:
        cause = explain(problem.code, "keys", say)
        return EncryptionModel(Tone.WARN, " ".join(part for part in (cause.what, cause.hint) if part))
    if report is None:
        return EncryptionModel(Tone.BUSY, say("Looking…"))
    if not report.encrypted:
        return _open_to_all(facts, say)
    if not report.keys and not report.damaged:
        text = say(
            "The settings want encrypted backups, and their folder is not made yet. Make it on the command line:"
        )
        return EncryptionModel(Tone.WARN, text, command="litekeep init --encrypt")
    recovery = any(each.kind == "recovery" for each in report.keys)
    tone, text = _judged(report, say, recovery=recovery)
    return EncryptionModel(
        tone,
        text,
        tuple(_line(each, facts, say) for each in report.keys),
        open=True,
        sheet=recovery,
        confirm=recovery and report.unconfirmed,
        passphrases=tuple(each for each in report.keys if each.kind == "passphrase"),
    )


def _open_to_all(facts: ViewFacts, say: Language) -> EncryptionModel:
    text = say("The backups are not encrypted: whoever can read their folder, or a copy of it, can read the database.")
    how = say("Backups that are there can be encrypted into a new folder, on the command line:")
    folder = f'"{facts.folder}"' if " " in facts.folder else facts.folder
    target = f'"{facts.folder}-encrypted"' if " " in facts.folder else f"{facts.folder}-encrypted"
    return EncryptionModel(Tone.CALM, text, how=how, command=f"litekeep encrypt {target} -r {folder}")


def _judged(report: KeysReport, say: Language, *, recovery: bool) -> tuple[Tone, str]:
    if report.damaged:
        text = say.plural(
            "The backups are encrypted. {n} key can no longer be read: check the drive.",
            "The backups are encrypted. {n} keys can no longer be read: check the drive.",
            report.damaged,
        )
        return Tone.BAD, text
    if not recovery:
        return Tone.WARN, say("The backups are encrypted, and there is no recovery key for them.")
    if report.unconfirmed:
        text = say("The backups are encrypted, and nobody has confirmed yet that the recovery key is on paper.")
        return Tone.WARN, text
    return Tone.OK, say("The backups are encrypted, and the recovery key is confirmed.")


def key_name(key: KeyInfo, say: Language) -> str:
    """What it is, with its label."""
    kind = say(KINDS.get(key.kind, KINDS["key"]))
    return f"{kind} {say.quoted(key.label)}" if key.label else kind


def _line(key: KeyInfo, facts: ViewFacts, say: Language) -> DetailLine:
    day = say.date(key.created_at.astimezone(facts.now.tzinfo).date())
    parts = [say.quoted(key.label)] if key.label else []
    parts.append(say("since {date}", date=day))
    if key.in_use:
        parts.append(say("used by this application"))
    tone = Tone.CALM
    if key.kind == "recovery":
        parts.append(say("confirmed") if key.confirmed else say("not confirmed"))
        tone = Tone.OK if key.confirmed else Tone.WARN
    return DetailLine(say(KINDS.get(key.kind, KINDS["key"])), " · ".join(parts), tone)


def wrong_key(problem: Outcome, say: Language) -> str:
    """Why a key or passphrase that somebody typed was not taken, in one or two sentences."""
    if problem.code == "wrong_key":
        found = _GROUP.search(problem.what)
        if found:
            groups = [text.strip() for text in found[1].split(",")]
            if len(groups) == 1:
                return say("Group {groups} of the key is mistyped: compare it with the paper.", groups=groups[0])
            return say(
                "Groups {groups} of the key are mistyped: compare them with the paper.", groups=say.listed(groups)
            )
        return say("This does not open the backups.")
    if problem.code == "usage" and problem.verb == CONFIRM:
        return say("This opens the backups, but it is not the recovery key.")
    cause = explain(problem.code, problem.verb, say)
    return " ".join(part for part in (cause.what, cause.hint) if part)


CONFIRM, CHANGE, TEST, SHEET = "key-confirm", "key-change", "key-test", "key-sheet"
"""The keys of the questions to the bridge."""


def passphrase_flaw(first: str, second: str, say: Language) -> str:
    """What is wrong with a new passphrase, typed twice; empty: nothing."""
    if len(first) < SHORTEST:
        return say.plural("It needs at least {n} character.", "It needs at least {n} characters.", SHORTEST)
    return say("The two are not the same.") if first != second else ""


def confirmed_card(say: Language) -> Card:
    """After the recovery key was typed back."""
    return Card(
        Tone.OK,
        say("That is the recovery key."),
        say("Keep the paper where a fire or thief does not find the computer, too."),
        lasts_seconds=10,
    )


def sheet_card(file: str, say: Language) -> Card:
    """After the recovery sheet was written."""
    return Card(
        Tone.WARN,
        say("The recovery sheet was saved as {file}.", file=file),
        say("Whoever has this file can read the backups."),
        say("Open it in a browser, print it, then delete it; and type the key back from the paper."),
    )


def passphrase_card(say: Language, *, added: bool) -> Card:
    """After a passphrase was changed, or added."""
    what = say("The passphrase was added.") if added else say("The passphrase was changed.")
    safe = "" if added else say("The old one opens nothing any more. No backup had to be rewritten.")
    return Card(Tone.OK, what, safe, lasts_seconds=10)
