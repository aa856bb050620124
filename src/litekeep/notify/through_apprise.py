"""Every other service through Apprise, an optional extra: it takes longer to import than a backup to begin."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from litekeep.notify.channels import AppriseChannel, reveal
from litekeep.notify.delivery import NotDelivered
from litekeep.notify.message import Message, Severity

_KINDS = {
    Severity.SUCCESS: "success",
    Severity.RECOVERED: "success",
    Severity.WARNING: "warning",
    Severity.FAILURE: "failure",
}


def send_apprise(channel: AppriseChannel, message: Message) -> None:
    """Send to all URLs; raises NotDelivered. Apprise itself does not say what went wrong, and its URLs are secret."""
    try:
        apprise: Any = import_module("apprise")
    except ImportError:
        raise NotDelivered("Apprise is not installed: pip install 'litekeep[apprise]'", available=False) from None
    sender = apprise.Apprise()
    for number, url in enumerate(channel.urls, 1):
        if not sender.add(reveal(url)):
            raise NotDelivered(f"address {number} of {len(channel.urls)} is none that Apprise knows")
    if not sender.notify(title=message.title, body=message.text, notify_type=_KINDS[message.severity]):
        raise NotDelivered(f"Apprise could not deliver to all of {len(channel.urls)} addresses", transient=True)
