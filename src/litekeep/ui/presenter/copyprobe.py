"""What a look at a place found, in words."""

from __future__ import annotations

from litekeep.ui.language.words import Language, phrase
from litekeep.ui.presenter.copies import WHYS
from litekeep.ui.presenter.models import Tone
from litekeep.ui.presenter.reasons import failure_text
from litekeep.worker.probing import Content, ProbeResult

Told = tuple[Tone, str]
_BAD = {
    Content.OTHER: phrase("Other backups lie there. Give these a folder of their own."),
    Content.HERE: phrase("These backups themselves are there. Choose another place."),
}


def probe_lines(found: ProbeResult, say: Language) -> tuple[Told, ...]:
    """The answer first, then what to know about the place."""
    lines = [_answer(found, say)]
    if found.usable and found.same_device:
        lines.append((Tone.WARN, say("It is on the drive of the database or of its backups, and dies with it.")))
    if found.usable and found.exclusive is False:
        lines.append((Tone.CALM, say("This server lets files be replaced. Copies work there all the same.")))
    return tuple(lines)


def _answer(found: ProbeResult, say: Language) -> Told:
    if found.content is Content.EMPTY:
        return Tone.OK, say("The place is there, and empty.")
    if found.content is Content.OURS:
        told = say.plural(
            "These backups are there already, {n} of them: sending goes on from there.",
            "These backups are there already, {n} of them: sending goes on from there.",
            found.snapshots,
        )
        return Tone.OK, told
    if found.content is not None:
        return Tone.BAD, say(_BAD[found.content])
    if found.fingerprint:
        return Tone.WARN, say("This computer does not know the server. It shows the key {key}.", key=found.fingerprint)
    why = say(WHYS[found.code]) if found.code in WHYS else failure_text(found.code, found.problem, say)
    return Tone.BAD, say("It cannot be used: {why}.", why=why)


def may_insist(found: ProbeResult) -> bool:
    """A person may add it all the same: a drive that is not connected now, a server that is down."""
    return found.content is None and not found.fingerprint and found.code != "usage"
