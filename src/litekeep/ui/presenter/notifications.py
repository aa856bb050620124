"""Who is told of what: the lines of the settings page, its switch for the desktop, and how a test went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litekeep.config.notifications import NotificationSettings, Occasion
from litekeep.config.settings import BackupSettings
from litekeep.notify.delivery import Delivered, Delivery
from litekeep.records import dataclass
from litekeep.redaction import place_of
from litekeep.ui.language.words import Language, phrase
from litekeep.ui.presenter.models import DetailLine, Tone

DESKTOP = "desktop"
_KINDS = {
    "desktop": phrase("Desktop"),
    "email": phrase("E-mail"),
    "webhook": phrase("Webhook"),
    "ntfy": phrase("ntfy"),
    "apprise": phrase("Apprise"),
    "heartbeat": phrase("Heartbeat"),
}
_OCCASIONS: dict[Occasion, str] = {
    "failure": phrase("failures"),
    "overdue": phrase("missing backups"),
    "anomaly": phrase("unusual changes"),
    "recovery": phrase("recoveries"),
    "success": phrase("successes"),
}
_KEYS = tuple(f"on_{occasion}" for occasion in _OCCASIONS)


@dataclass(frozen=True, slots=True)
class NotificationsForm:
    """desktop: the switch. lines: the other channels as they are configured, to be read only; empty if there is none.

    note: a sentence for when nobody at all is told.
    """

    desktop: bool
    lines: tuple[DetailLine, ...]
    note: str = ""


def notifications_form(settings: BackupSettings, say: Language) -> NotificationsForm:
    """The form for these settings."""
    given = settings.notifications
    lines = [line for kind in ("email", "webhook", "ntfy", "apprise") if (line := _line(kind, given, say))]
    if given.heartbeat_url is not None:
        place = _place(given.heartbeat_url, say)
        kind = _KINDS["heartbeat"]
        lines.append(DetailLine(say(kind), say("{place}, called after every good backup", place=place)))
    told = any(given.channels(occasion) for occasion in _OCCASIONS) or given.heartbeat_url is not None
    note = "" if told else say("Nobody is told when a backup fails.")
    return NotificationsForm(_on_desktop(given), tuple(lines), note)


def desktop_changes(settings: BackupSettings, *, desktop: bool) -> dict[str, Any]:
    """What config.edit is to change so that the desktop is told, or not; nothing if it is so already.

    On: of failures, and of what follows them. Off: of nothing any more.
    """
    given = settings.notifications
    if desktop == _on_desktop(given):
        return {}
    if desktop:
        return {"backup.notifications.on_failure": [DESKTOP, *given.on_failure]}
    named = {key: getattr(given, key) for key in _KEYS}
    return {
        f"backup.notifications.{key}": [each for each in channels if each != DESKTOP]
        for key, channels in named.items()
        if channels and DESKTOP in channels
    }


def trial_lines(deliveries: Sequence[Delivery], say: Language) -> tuple[DetailLine, ...]:
    """How a test message went, a line for each channel; empty if no channel is there."""
    return tuple(_result(each, say) for each in deliveries)


def trial_text(deliveries: Sequence[Delivery], say: Language) -> str:
    """The same in a sentence."""
    failed = sum(each.result is not Delivered.OK for each in deliveries)
    if not deliveries:
        return say("There is nobody to tell: switch on the desktop, or add a channel in the settings file.")
    if failed:
        return say.plural("{n} test message did not arrive.", "{n} test messages did not arrive.", failed)
    return say.plural("The test message was sent.", "{n} test messages were sent.", len(deliveries))


def _on_desktop(given: NotificationSettings) -> bool:
    return any(DESKTOP in given.channels(occasion) for occasion in _OCCASIONS)


def _result(delivery: Delivery, say: Language) -> DetailLine:
    kind, _, place = delivery.channel.partition(" ")
    name = say(_KINDS[kind]) if kind in _KINDS else kind
    name = f"{name} · {place}" if place else name
    if delivery.result is Delivered.OK:
        return DetailLine(name, say("Sent"), Tone.OK)
    why = delivery.detail or say("no reason known")
    if delivery.result is Delivered.UNAVAILABLE:
        return DetailLine(name, say("Not available here: {why}", why=why), Tone.WARN)
    return DetailLine(name, say("Not sent: {why}", why=why), Tone.BAD)


def _line(kind: str, given: NotificationSettings, say: Language) -> DetailLine | None:
    place = _described(kind, given, say)
    if place is None:
        return None
    told = [say(word) for occasion, word in _OCCASIONS.items() if kind in given.channels(occasion)]
    if not told:
        return DetailLine(say(_KINDS[kind]), say("{place}, told of nothing", place=place), Tone.WARN)
    return DetailLine(say(_KINDS[kind]), say("{place}, told of {what}", place=place, what=say.listed(told)))


def _described(kind: str, given: NotificationSettings, say: Language) -> str | None:
    """Where a channel leads, without what is secret; None if it is not configured."""
    if kind == "email" and given.email is not None:
        return say.listed(given.email.recipients)
    if kind == "webhook" and given.webhook is not None:
        return _place(given.webhook.url, say)
    if kind == "ntfy" and given.ntfy is not None:
        return _place(given.ntfy.url, say)
    if kind == "apprise" and given.apprise is not None:
        return say.plural("{n} address", "{n} addresses", len(given.apprise.urls))
    return None


def _place(url: object, say: Language) -> str:
    """The host: whoever knows the whole address of a webhook or heartbeat can use it."""
    if not isinstance(url, str):
        return say("a secret address")
    return place_of(url).partition("://")[2] or place_of(url)
