"""The reasons of the retention plan as sentences: why a backup stays or goes, and until when where that is certain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta

from litekeep.model import Snapshot
from litekeep.retention import Code, Decision, RetentionPlan, RetentionPolicy, Why
from litekeep.ui.language.words import Language, phrase
from litekeep.ui.presenter.losses import losses_text

_PLAIN: Mapping[Code, str] = {
    Code.PINNED: phrase("Pinned: it is never removed automatically."),
    Code.MANUAL: phrase("Made by hand: it is never removed automatically."),
    Code.NOTHING_SOUND: phrase("No backup is verified and good yet, so nothing is removed."),
    Code.FUTURE: phrase("Its date has not come yet: the clock was wrong. It stays until then."),
    Code.NO_RULE: phrase("No rule keeps it any more."),
    Code.SAFETY_COPY_OLD: phrase("Safety copy before a restore, and its time is over."),
}
_UNSOUND = {
    "until_newer": phrase("{fault} It stays until there is a newer backup that is verified and good."),
    "as_good": phrase("{fault} It stays as long as a good one in its place would."),
}


def whys_of(decision: Decision, now: datetime, say: Language) -> tuple[str, ...]:
    """Each reason of a decision, a sentence each."""
    return tuple(why_text(why, decision.snapshot, now, say) for why in decision.whys)


def why_text(why: Why, snapshot: Snapshot, now: datetime, say: Language) -> str:
    """One reason for one backup."""
    if why.code in _PLAIN:
        return say(_PLAIN[why.code])
    tell = _TOLD.get(why.code)
    return tell(why, snapshot, now, say) if tell else say.begun(f"{why.text}.")


def waiting_reasons(plan: RetentionPlan, policy: RetentionPolicy, now: datetime, say: Language) -> tuple[str, ...]:
    """Why the clean-up asks a person first, a sentence each; empty if it need not ask. policy: that of the plan."""
    if not plan.needs_confirmation:
        return ()
    return tuple(_wait_text(why, policy, now, say) for why in (*plan.brakes, *plan.holds))


def fault_text(snapshot: Snapshot, say: Language) -> str:
    """Why a backup does not count as good, as a sentence."""
    if snapshot.damage:
        return say("The backup is damaged.")
    if snapshot.problems:
        return say("The database itself had problems.")
    return say("The backup has not been verified.")


def _newest(why: Why, _s: Snapshot, _n: datetime, say: Language) -> str:
    if why.number:
        return say("It was made last, whatever its date says.")
    return say("The newest verified backup always stays.")


def _daily(why: Why, snapshot: Snapshot, now: datetime, say: Language) -> str:
    text = say.plural(
        "Daily: not older than {n} day, counted from the newest backup",
        "Daily: not older than {n} days, counted from the newest backup",
        why.limit,
    )
    return _until(text, _later(snapshot.created_at, why.limit), now, say)


def _weekly(why: Why, snapshot: Snapshot, now: datetime, say: Language) -> str:
    text = say(
        "Weekly: the newest of its week, number {n} of {limit}", n=say.number(why.number), limit=say.number(why.limit)
    )
    own = snapshot.created_at.date()
    monday = own - timedelta(days=own.weekday())
    if monday >= _today(snapshot, now) - timedelta(days=6):
        return say("{text}, until this week has a newer one.", text=text)
    return _until_day(text, _days_later(monday, 7 * why.limit), say)


def _monthly(why: Why, snapshot: Snapshot, now: datetime, say: Language) -> str:
    text = say(
        "Monthly: the newest of its month, number {n} of {limit}", n=say.number(why.number), limit=say.number(why.limit)
    )
    own = snapshot.created_at.date()
    first, today = own.replace(day=1), _today(snapshot, now)
    if (first.year, first.month) == (today.year, today.month):
        return say("{text}, until this month has a newer one.", text=text)
    return _until_day(text, _months_later(first, why.limit), say)


def _oldest(why: Why, _s: Snapshot, _n: datetime, say: Language) -> str:
    values = {"n": say.number(why.number), "limit": say.number(why.limit)}
    if why.detail == "weeks":
        return say("The oldest one: it stays while only {n} of {limit} weeks have a backup.", **values)
    return say("The oldest one: it stays while only {n} of {limit} months have a backup.", **values)


def _last(why: Why, _s: Snapshot, _n: datetime, say: Language) -> str:
    return say.plural(
        "The newest {n} stays whatever its age.",
        "One of the newest {n}, which stay whatever their age (number {place}).",
        why.limit,
        place=say.number(why.number),
    )


def _unsound(why: Why, snapshot: Snapshot, _n: datetime, say: Language) -> str:
    fault = fault_text(snapshot, say)
    if why.detail in _UNSOUND:
        return say(_UNSOUND[why.detail], fault=fault)
    return say.plural(
        "{fault} It stays until a good backup is {n} day newer.",
        "{fault} It stays until a good backup is {n} days newer.",
        why.limit,
        fault=fault,
    )


def _unsound_old(_w: Why, snapshot: Snapshot, _n: datetime, say: Language) -> str:
    return say("{fault} No rule would keep it even if it were good.", fault=fault_text(snapshot, say))


def _safety_copy(why: Why, snapshot: Snapshot, now: datetime, say: Language) -> str:
    text = say("Safety copy: it takes the restore back")
    return _until(text, _later(snapshot.created_at, why.limit), now, say)


def _misdated(why: Why, _s: Snapshot, now: datetime, say: Language) -> str:
    if why.moment is None:
        return say("Its date is too early: the clock was wrong.")
    return say("Its date is too early: it was made after the backup of {date}.", date=_date(why.moment, now, say))


def _trash(why: Why, snapshot: Snapshot, now: datetime, say: Language) -> str:
    until = _later(snapshot.trashed_at, why.limit) if snapshot.trashed_at else None
    if until is None:
        return say("In the trash.")
    return say("In the trash until {date}; until then it can be brought back.", date=_date(until, now, say))


def _trash_waits(why: Why, _s: Snapshot, _n: datetime, say: Language) -> str:
    if why.detail == "clock":
        return say("Its time in the trash is over, but it stays while the clock seems to be wrong.")
    return say("Its time in the trash is over, but it stays because no good backup is left outside.")


def _trash_due(why: Why, _s: Snapshot, _n: datetime, say: Language) -> str:
    return say.plural(
        "Its {n} day in the trash is over: gone for good at the next clean-up.",
        "Its {n} days in the trash are over: gone for good at the next clean-up.",
        why.limit,
    )


_TOLD: Mapping[Code, Callable[[Why, Snapshot, datetime, Language], str]] = {
    Code.NEWEST: _newest,
    Code.DAILY: _daily,
    Code.WEEKLY: _weekly,
    Code.MONTHLY: _monthly,
    Code.OLDEST: _oldest,
    Code.LAST: _last,
    Code.UNSOUND: _unsound,
    Code.UNSOUND_OLD: _unsound_old,
    Code.SAFETY_COPY: _safety_copy,
    Code.MISDATED: _misdated,
    Code.TRASH: _trash,
    Code.TRASH_WAITS: _trash_waits,
    Code.TRASH_DUE: _trash_due,
}


def _wait_text(why: Why, policy: RetentionPolicy, now: datetime, say: Language) -> str:
    if why.code is Code.MANY:
        return say.plural(
            "The clean-up would remove {n} of {all} backups, more than {percent} % at once.",
            "The clean-up would remove {n} of {all} backups, more than {percent} % at once.",
            why.number,
            all=say.number(why.limit),
            percent=policy.brake_percent,
        )
    if why.code is Code.CLOCK_AHEAD:
        return say.plural(
            "The newest backup is {n} day old: the clock may be wrong, or backups have stopped.",
            "The newest backup is {n} days old: the clock may be wrong, or backups have stopped.",
            why.number,
        )
    if why.code is Code.CLOCK_BEHIND:
        return say.plural(
            "{n} backup is dated in the future: the clock is or was wrong.",
            "{n} backups are dated in the future: the clock is or was wrong.",
            why.number,
        )
    when = _date(why.moment, now, say) if why.moment else ""
    if why.code is Code.ANOMALY:
        what = say.listed(losses_text(why.detail, say))
        return say(
            "Data went missing after the backup of {date}: {what}. Look at it, then unpin that backup.",
            date=when,
            what=what,
        )
    if why.code is Code.SOURCE_PROBLEM:
        return say("The database had problems in the backup of {date}: {what}.", date=when, what=why.detail)
    return say.begun(f"{why.text}.")


def _until(text: str, until: datetime | None, now: datetime, say: Language) -> str:
    """With the day before which it certainly stays, unless that day is past."""
    if until is None or until <= now:
        return f"{text}."
    return say("{text}; at least until {date}.", text=text, date=_date(until, now, say))


def _until_day(text: str, until: date | None, say: Language) -> str:
    return f"{text}." if until is None else say("{text}; at least until {date}.", text=text, date=say.date(until))


def _date(moment: datetime, now: datetime, say: Language) -> str:
    return say.date(moment.astimezone(now.tzinfo).date())


def _today(snapshot: Snapshot, now: datetime) -> date:
    """Where the backup was made: weeks and months are counted there."""
    return now.astimezone(snapshot.created_at.tzinfo).date()


def _later(moment: datetime, days: int) -> datetime | None:
    with suppress(OverflowError):
        return moment + timedelta(days=days)
    return None


def _days_later(day: date, days: int) -> date | None:
    with suppress(OverflowError):
        return day + timedelta(days=days)
    return None


def _months_later(first: date, months: int) -> date | None:
    years, month = divmod(first.month - 1 + months, 12)
    with suppress(ValueError):
        return first.replace(year=first.year + years, month=month + 1)
    return None
