"""The 3-2-1 rule on the overview: three places, two devices, one of them elsewhere; what is missing, and what helps."""

from __future__ import annotations

from litekeep.operations.spread import COPIES, DEVICES, OFF_SITE, Lack, Spread
from litekeep.ui.language.words import Language
from litekeep.ui.presenter.buttons import button
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import Action, Button, Light, Meter, Tone


def meter(facts: ViewFacts, say: Language) -> Meter | None:
    """None while there is nothing to say: before the first backup, or without its folder."""
    spread = facts.spread
    if spread is None or not facts.snapshots:
        return None
    lights = (
        _light(spread.copies, COPIES, say.plural("{n} place", "{n} places", spread.copies)),
        _light(spread.devices, DEVICES, say.plural("{n} drive or server", "{n} drives or servers", spread.devices)),
        _light(spread.off_site, OFF_SITE, _elsewhere(spread.off_site, say)),
    )
    return Meter(say("3-2-1 rule"), lights, _sentence(spread, say), _button(spread, facts, say))


def _elsewhere(number: int, say: Language) -> str:
    return say.plural("{n} elsewhere", "{n} elsewhere", number) if number else say("none elsewhere")


def _light(number: int, needed: int, text: str) -> Light:
    return Light(Tone.OK if number >= needed else Tone.WARN, text)


def _sentence(spread: Spread, say: Language) -> str:
    """The most serious of what is missing; what a place elsewhere would mend is told together."""
    gaps = {gap.code: gap for gap in spread.missing}
    if not gaps:
        return say("Your data survives a dead drive, and a fire or theft here.")
    late = _late(spread)
    names = say.listed(late)
    drive, house = Lack.DEVICES in gaps, Lack.OFF_SITE in gaps
    if late:
        told = say.plural("{names} is not up to date.", "{names} are not up to date.", len(late), names=names)
        if drive:
            return say("{told} Till then, a drive that fails takes everything.", told=told)
        if house:
            return say("{told} Till then, a fire or a thief takes everything.", told=told)
        return told
    if drive and house:
        return say("A drive that fails, a fire or a thief takes everything. Add a copy in another place.")
    if drive:
        return say("A drive that fails takes everything. Add a copy on another drive.")
    if house:
        return say("A fire or a thief takes everything. Add a copy in another place.")
    return say("Three places should have the data, the database included. Add a copy.")


def _late(spread: Spread) -> tuple[str, ...]:
    """The copies that would mend something, if they were up to date."""
    return tuple(dict.fromkeys(name for gap in spread.missing for name in gap.places))


def _button(spread: Spread, facts: ViewFacts, say: Language) -> Button | None:
    if spread.holds:
        return None
    if _late(spread):
        return button(Action.SYNC, say, enabled=facts.sending is None)
    return button(Action.ADD_COPY, say, enabled=facts.editable)
