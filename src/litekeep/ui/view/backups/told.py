"""What the pane says about what is selected: nothing, one backup, one run, or several rows. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from litekeep.model import Snapshot
from litekeep.ui.language.words import Language
from litekeep.ui.presenter.detail import detail
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import Tone
from litekeep.ui.view.backups.acts import Act, possible
from litekeep.ui.view.backups.blocks import PaneModel, blocks_of, summary_of, summary_title


def pane_model(keys: Sequence[str], chosen: Sequence[Snapshot], facts: ViewFacts, say: Language) -> PaneModel:
    """keys: of all selected rows; chosen: the backups among them."""
    if not keys:
        return PaneModel("", hint=say("Select a backup to see what is in it, and why it is kept."))
    if len(keys) > 1:
        return _several(keys, chosen, facts, say)
    return _one(keys[0], chosen, facts, say)


def _several(keys: Sequence[str], chosen: Sequence[Snapshot], facts: ViewFacts, say: Language) -> PaneModel:
    in_trash = bool(chosen) and all(each.trashed_at is not None for each in chosen)
    return PaneModel(
        key="several",
        title=summary_title(len(keys), say),
        parts=summary_of(chosen, len(keys) - len(chosen), facts, say),
        button=say("Recover") if in_trash else "",
        copy=say("Copy the identifiers") if chosen else "",
    )


def _one(key: str, chosen: Sequence[Snapshot], facts: ViewFacts, say: Language) -> PaneModel:
    found = detail(key, facts, say)
    if found is None:
        return PaneModel("", hint=say("This backup is not there any more."))
    tone = found.lines[0].tone if found.lines else Tone.CALM
    if not chosen:
        return PaneModel(
            key,
            found.title,
            tone,
            blocks_of(found),
            button=say("Try again") if _is_newest(key, facts) else "",
            enabled=facts.work is None,
            copy=say("Copy all of it"),
        )
    act, verb = (Act.RECOVER, say("Recover")) if found.in_trash else (Act.RESTORE, say("Restore…"))
    return PaneModel(
        key,
        found.title,
        tone,
        blocks_of(found),
        button=verb,
        enabled=act in possible(chosen, facts),
        copy=say("Copy the identifier"),
    )


def _is_newest(key: str, facts: ViewFacts) -> bool:
    """No backup was made since that run."""
    newest = facts.snapshots[-1].created_at if facts.snapshots else None
    later = takewhile(lambda row: newest is None or row.at > newest, facts.rows)
    return any(key.startswith(f"run:{row.at.isoformat()}") for row in later)
