"""The verdict on top: am I safe, since when, when next, proved when; and the buttons that fit.

Stable words of the states:
at rest: loading, never, healthy, unproven, overdue, failing, unsound, damaged, missing, busy, paused, suspicious,
key_needed, key_unconfirmed, altered, copy_unreachable;
at work: running, verifying, testing, restoring, undoing, exporting, cleaning, rebuilding,
working.
A verdict that is not known here is shown by how much it matters, under its own word.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from litekeep.journal.history import Outcome
from litekeep.operations.status import MAX_AGE, Protection, Verdict
from litekeep.ui.language.times import passed
from litekeep.ui.language.words import Language, phrase
from litekeep.ui.presenter.buttons import button, disabled_main_buttons, main_buttons
from litekeep.ui.presenter.causes import explain
from litekeep.ui.presenter.copies import trouble_text, troubled
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.losses import losses_text, suspicious
from litekeep.ui.presenter.models import Action, Button, Glyph, Hero, Tone
from litekeep.ui.presenter.rest import Rest
from litekeep.ui.presenter.runs import BACKUP, is_good, newest_of
from litekeep.ui.presenter.working import working

_FIRST_BYTES_PER_SECOND = 50_000_000
"""What a first backup stores and reads back in a second on a slow machine; for saying roughly how long it takes."""
_MOST_LOSSES = 2
_MOST_COPIES = 2
_AGAIN = phrase("Try again")


def hero(facts: ViewFacts, say: Language) -> Hero:
    """What is shown on top. Pure; every state is one function below."""
    if facts.work is not None:
        return working(facts, facts.work, say)
    if facts.status is None:
        sub = say("Looking at the backups of {name}", name=facts.name)
        return Hero("loading", Tone.CALM, Glyph.SHIELD_PLAIN, say("One moment…"), sub, disabled_main_buttons(say))
    return _STATES.get(str(facts.status.verdict), _unknown)(Rest(facts, facts.status, say))


def _never(rest: Rest) -> Hero:
    say = rest.say
    sub = _first_backup(rest)
    if failure := rest.failure:
        cause = explain(failure.code, BACKUP, say)
        sub = say("The last attempt failed: {what} {hint}", what=cause.what, hint=cause.hint)
    buttons = main_buttons(rest.facts, say, Action.BACK_UP, text=_AGAIN if failure else "")
    if rest.facts.settings.copies:  # on a new computer, say
        buttons = (*buttons[:2], button(Action.FROM_COPY, say))
    return Hero("never", Tone.WARN, Glyph.SHIELD_PLAIN, say("Not protected yet"), sub.strip(), buttons)


def _first_backup(rest: Rest) -> str:
    say, size = rest.say, rest.facts.database_bytes
    if size is None:
        return say("Make the first backup now.")
    seconds = size / _FIRST_BYTES_PER_SECOND
    if seconds < 8:
        return say("The first backup ({size}) takes a few seconds.", size=say.size(size))
    about = say.span(timedelta(seconds=max(10, 10 * round(seconds / 10)) if seconds < 60 else 60 * round(seconds / 60)))
    return say("The first backup ({size}) takes about {span}.", size=say.size(size), span=about)


def _healthy(rest: Rest) -> Hero:
    return _calm(rest) or Hero(
        "healthy",
        Tone.OK,
        Glyph.SHIELD_CHECK,
        rest.say("Protected"),
        rest.line(rest.last(), rest.next(), rest.tested()),
        _with_review(rest, main_buttons(rest.facts, rest.say, Action.BACK_UP)),
    )


def _unproven(rest: Rest) -> Hero:
    say, newest = rest.say, rest.facts.snapshots[-1] if rest.facts.snapshots else None
    if newest is not None and not newest.sound:
        headline, first = say("Backed up, not yet verified"), Action.VERIFY
        good = rest.newest_good
        when = say.when(good.created_at, rest.now) if good else ""
        known = say("Newest verified backup {when}", when=when) if good else say("No backup has been verified yet")
        return Hero(
            *("unproven", Tone.WARN, Glyph.SHIELD_QUESTION, headline),
            rest.line(known, rest.next()),
            main_buttons(rest.facts, say, first),
        )
    if calm := _calm(rest):
        return calm
    never = rest.status.drilled_at is None
    headline = say("Backed up, restore not yet tested") if never else say("Backed up, restore not tested lately")
    tone = Tone.OK if rest.status.protection is Protection.PROTECTED else Tone.WARN
    sub = rest.line(rest.last(), rest.next(), "" if never else rest.tested())
    buttons = main_buttons(rest.facts, say, Action.TEST_RESTORE)
    return Hero("unproven", tone, Glyph.SHIELD_QUESTION, headline, sub, buttons)


def _calm(rest: Rest) -> Hero | None:
    """What stands above a good verdict: an unusual loss that nobody looked at, or a pause."""
    say = rest.say
    if found := suspicious(rest.facts.snapshots):
        lost = ". ".join(say.begun(text) for text in losses_text(found.anomaly, say)[:_MOST_LOSSES])
        when = say.when(found.created_at, rest.now)
        kept = say("The backup from before, {when}, is pinned; nothing is cleaned up until you have looked.", when=when)
        headline = say("Unusual loss in your data")
        sub = rest.line(f"{lost}. {kept}", rest.last() if rest.old else "")
        buttons = main_buttons(rest.facts, say, Action.SEE_PROBLEM)
        return Hero("suspicious", Tone.WARN, Glyph.SHIELD_QUESTION, headline, sub, buttons)
    if rest.facts.paused:
        sub = rest.line(rest.last(), rest.tested())
        buttons = main_buttons(rest.facts, say, Action.RESUME)
        return Hero("paused", Tone.CALM, Glyph.PAUSE, say("Automatic backups are paused"), sub, buttons)
    return None


def _with_review(rest: Rest, buttons: tuple[Button, ...]) -> tuple[Button, ...]:
    """While the clean-up waits for a person's yes, looking at it takes the place of Verify."""
    newest = newest_of(rest.rows, "prune")
    if newest is None or newest.outcome is not Outcome.REFUSED:
        return buttons
    return (*buttons[:2], button(Action.REVIEW_REMOVAL, rest.say))


def _overdue(rest: Rest) -> Hero:
    say, at = rest.say, rest.status.last_good_at
    if at is not None and rest.misdated:
        day = say.date(at.astimezone(rest.now.tzinfo).date())
        headline = say("At risk: the newest backup has a wrong date")
        sub = say("It is dated {date}, which has not come yet: the clock is or was wrong.", date=day)
    else:
        span = say.span(passed(at, rest.now)) if at else ""
        headline = say("At risk: no backup for {span}", span=span) if at else say("At risk: no good backup")
        sub = rest.line(_why_overdue(rest), rest.last())
    first = Action.RESUME if rest.facts.paused else Action.BACK_UP
    return Hero("overdue", Tone.WARN, Glyph.CLOCK, headline, sub, main_buttons(rest.facts, say, first))


def _why_overdue(rest: Rest) -> str:
    """Only what is known: that no run was written down does not tell whether the computer was off."""
    if failure := rest.failure:
        return explain(failure.code, BACKUP, rest.say).what.rstrip(".")
    if rest.facts.paused or rest.facts.settings.effective_schedule is None or not rest.facts.started:
        return rest.next()
    return rest.line(rest.say("Planned backups have not run"), rest.next())


def _failing(rest: Rest) -> Hero:
    say, newest = rest.say, rest.facts.snapshots[-1] if rest.facts.snapshots else None
    failure = rest.failure
    if failure is None and newest is not None and newest.problems:
        return _unsound(rest)
    cause = explain(failure.code if failure else "backup", BACKUP, say)
    parts = [cause.what, cause.safe, cause.hint]
    facts = rest.line(rest.last(), rest.next())
    sub = rest.line(" ".join(part for part in parts if part), facts)
    buttons = main_buttons(rest.facts, say, Action.BACK_UP, text=_AGAIN)
    return Hero("failing", Tone.BAD, Glyph.SHIELD_CROSS, say("Backup failed"), sub, buttons)


def _unsound(rest: Rest) -> Hero:
    """The copy is faithful, the database itself is not in order."""
    say, good = rest.say, rest.newest_good
    if good:
        sub = say("The newest backup without problems is from {when}.", when=say.when(good.created_at, rest.now))
    else:
        sub = say("There is no backup without problems.")
    headline = say("The database itself has problems")
    return Hero(
        *("unsound", Tone.BAD, Glyph.SHIELD_CROSS, headline, rest.line(sub, rest.next())),
        main_buttons(rest.facts, say, Action.SEE_PROBLEM),
    )


def _damaged(rest: Rest) -> Hero:
    say, facts, good = rest.say, rest.facts, rest.newest_good
    damaged = sum(bool(each.damage) for each in facts.snapshots)
    if damaged:
        headline = say.plural("A backup is damaged", "{n} backups are damaged", damaged)
        told = say("{n} of {total}.", n=say.number(damaged), total=say.number(len(facts.snapshots)))
    else:
        headline, told = say("A stored file of the backups is damaged"), ""
    buttons = main_buttons(facts, say, Action.SEE_PROBLEM)
    if good is None:
        rest_of_it = say("No verified backup is left. Your data is not affected: back it up now.")
        buttons = (
            button(Action.BACK_UP, say, primary=True),
            button(Action.SEE_PROBLEM, say),
            button(Action.FROM_COPY, say)
            if facts.settings.copies
            else button(Action.VERIFY, say, enabled=bool(facts.snapshots)),
        )
    else:
        when = say.when(good.created_at, rest.now)
        rest_of_it = say("The newest good one was made {when}. Your data is not affected.", when=when)
    return Hero(
        *("damaged", Tone.BAD, Glyph.SHIELD_CROSS, headline),
        " ".join(part for part in (told, rest_of_it) if part),
        buttons,
    )


def _missing(rest: Rest) -> Hero:
    """An absent drive is nothing bad by itself, only when it has been away for longer than backups may be old."""
    say, facts = rest.say, rest.facts
    known = [row.at for row in rest.rows if is_good(row)] + [each.created_at for each in facts.snapshots]
    since = max(known, default=None)
    fresh = since is not None and timedelta(0) <= passed(since, facts.now) <= MAX_AGE
    last = say("Last backup {when}", when=say.when(since, facts.now)) if since else ""
    sub = rest.line(facts.folder, last, say("Your data is not affected"))
    copies = bool(facts.settings.copies)
    buttons = (
        button(Action.LOCATE, say, primary=True),
        button(Action.BACK_UP, say, enabled=False),
        button(Action.FROM_COPY, say) if copies else button(Action.RESTORE, say, enabled=False),
    )
    tone = Tone.CALM if fresh else Tone.WARN
    return Hero("missing", tone, Glyph.FOLDER, say("Backup folder not found"), sub, buttons)


def _busy(rest: Rest) -> Hero:
    """Somebody else holds the folder: another program, or the command line."""
    say = rest.say
    buttons = disabled_main_buttons(say, *((Action.RESTORE, Action.VERIFY) if rest.facts.snapshots else ()))
    headline = say("Another program is working in the backup folder")
    return Hero("busy", Tone.BUSY, Glyph.ARROWS, headline, rest.line(rest.last(), rest.next(), rest.tested()), buttons)


def _key_needed(rest: Rest) -> Hero:
    """The backups are there, and nobody gave a key that opens them."""
    say = rest.say
    sub = say("The backups are encrypted, and no key that fits was given. Name the key in the settings file.")
    buttons = disabled_main_buttons(say)
    return Hero("key_needed", Tone.WARN, Glyph.SHIELD_QUESTION, say("Key needed"), sub, buttons)


def _altered(rest: Rest) -> Hero:
    """Backups are gone that nobody removed. What exactly, the check-up in the settings tells."""
    say, good = rest.say, rest.newest_good
    told = say("Somebody may have deleted files, or put an older state of the backup folder back.")
    if good is None:
        known = say("No verified backup is left. Your data is not affected: back it up now.")
    else:
        when = say.when(good.created_at, rest.now)
        known = say("The newest good one was made {when}. Nothing is cleaned up until you have looked.", when=when)
    buttons = main_buttons(rest.facts, say, Action.BACK_UP)
    headline = say("Backups have gone missing")
    return Hero("altered", Tone.BAD, Glyph.SHIELD_CROSS, headline, f"{told} {known}", buttons)


def _copy_unreachable(rest: Rest) -> Hero:
    """All is well here, and what lies elsewhere is of days ago."""
    if calm := _calm(rest):
        return calm
    say, facts = rest.say, rest.facts
    bad = troubled(facts)
    away = bool(bad) and all(each.is_off_site for each in bad)
    headline = say("Protected here, off-site copy waiting") if away else say("Protected here, a copy is waiting")
    told = [trouble_text(each, facts, say) for each in bad[:_MOST_COPIES]] or [
        say("Nothing has arrived there for days")
    ]
    buttons = main_buttons(facts, say, Action.SYNC)
    if facts.sending is not None:
        told = [say("Sending to {name}…", name=facts.sending.name)]
        buttons = (replace(buttons[0], enabled=False), *buttons[1:])
    return Hero("copy_unreachable", Tone.WARN, Glyph.CLOCK, headline, rest.line(*told, rest.last()), buttons)


def _key_unconfirmed(rest: Rest) -> Hero:
    """Backups that nobody can open any more are none."""
    if calm := _calm(rest):
        return calm
    say = rest.say
    told = say(
        "If the key is lost, so are the backups. Print the recovery sheet, keep it elsewhere, and confirm its key."
    )
    sub = rest.line(told, rest.last())
    headline = say("Backed up, recovery key not confirmed")
    buttons = main_buttons(rest.facts, say, Action.RECOVERY_KEY)
    return Hero("key_unconfirmed", Tone.WARN, Glyph.SHIELD_QUESTION, headline, sub, buttons)


def _unknown(rest: Rest) -> Hero:
    """By what stands above it, an unusual loss say, else by how much it matters: the verdict may be a later one."""
    if rest.status.protection is Protection.PROTECTED:
        return _healthy(rest)
    if calm := _calm(rest):
        return calm
    none = rest.status.protection is Protection.NOT_PROTECTED
    headline = rest.say("Not protected") if none else rest.say("At risk")
    buttons = main_buttons(rest.facts, rest.say, Action.BACK_UP)
    sub = rest.line(rest.last(), rest.next(), rest.tested())
    return Hero(str(rest.status.verdict), Tone.WARN, Glyph.SHIELD_QUESTION, headline, sub, buttons)


_STATES: dict[str, Callable[[Rest], Hero]] = {
    Verdict.NEVER: _never,
    Verdict.HEALTHY: _healthy,
    Verdict.UNPROVEN: _unproven,
    Verdict.OVERDUE: _overdue,
    Verdict.FAILING: _failing,
    Verdict.DAMAGED: _damaged,
    Verdict.REPOSITORY_MISSING: _missing,
    Verdict.SUSPICIOUS: _unknown,
    Verdict.KEY_NEEDED: _key_needed,
    Verdict.KEY_UNCONFIRMED: _key_unconfirmed,
    Verdict.ALTERED: _altered,
    Verdict.COPY_UNREACHABLE: _copy_unreachable,
    Verdict.RUNNING: _busy,
}
