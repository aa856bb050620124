"""Notifications: facts -> decide (what is worth a message) -> channels (desktop, e-mail, webhook, ntfy, Apprise).

    decide.py    pure: situations and what was sent before -> the messages that are due
    sent.py      what was sent, in notices.jsonl beside the journal
    notifier.py  decide, deliver, remember; a failing channel never breaks a run
    heartbeat    the other way round: a monitor elsewhere that raises the alarm when nothing is heard any more

The engine is not imported: whoever knows the state of the backups passes it as `Situation`s.
"""
