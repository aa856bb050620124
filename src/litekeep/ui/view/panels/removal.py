"""The clean-up that waits for a person: why, what would go, and yes or not now."""

from __future__ import annotations

from typing import Any

from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import RetentionPreview
from litekeep.ui.presenter.reasons import reason_text
from litekeep.ui.presenter.retention import retention_preview
from litekeep.ui.presenter.whys import whys_of
from litekeep.ui.view.panels.panel import Panel
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.buttons import Kind
from litekeep.ui.widgets.look import GAP, GAP_SMALL
from litekeep.ui.widgets.tree import TableColumn, TextTable
from litekeep.ui.widgets.words import Wrapped

ROWS = 6


class RemovalPanel(Panel):
    """Shows the plan that the clean-up would carry out, and carries it out only as it was shown."""

    def __init__(self, master: Any, stage: Stage) -> None:
        say = stage.say
        super().__init__(master, stage, say("Review the clean-up"))
        self._shown: object = None
        self.waits = Wrapped(self.body)
        columns = (
            TableColumn("date", say("Date")),
            TableColumn("reason", say("Reason"), stretch=True, least=110),
            TableColumn("why", say("Why it goes"), stretch=True, least=160),
        )
        self.table = TextTable(self.body, columns, rows_shown=ROWS)
        self.note = Wrapped(self.body, role="caption", colour=self.look.muted)
        self.waits.grid(row=0, column=0, sticky="ew")
        self.table.grid(row=1, column=0, sticky="ew", pady=(GAP, 0))
        self.note.grid(row=2, column=0, sticky="ew", pady=(GAP_SMALL, 0))
        self.later_button = self.add_button(say("Not now"), stage.close_panel)
        self.remove = self.add_button("", self.carry_out, Kind.DANGER, enabled=False)

    def first_focus(self) -> Any:
        return self.later_button

    def carry_out(self) -> None:
        """Yes."""
        if self.stage.bridge.clean_up(confirmed=True):
            self.stage.close_panel()

    def show_facts(self, facts: ViewFacts) -> None:
        """Show these facts."""
        say, policy, plan = self.stage.say, facts.settings.retention, facts.plan
        self.remove.set_enabled(plan is not None and bool(plan.removed) and facts.work is None)
        if plan is None:
            self.sub.set_text(say("Counting…"))
            self.remove.set_text(say("Remove"))
        elif plan is not self._shown:
            self._shown = plan
            model = retention_preview(facts, policy, plan, facts.plan_frees_bytes, say)
            self._write(model)
            going = [each for each in plan.decisions if not each.keep and each.snapshot.trashed_at is None]
            moments = [say.moment(each.snapshot.created_at, facts.now) for each in going]
            whys = [" ".join(whys_of(each, facts.now, say)) for each in going]
            reasons = [reason_text(each.snapshot, say) for each in going]
            self.table.set_rows(list(zip(moments, reasons, whys, strict=True)))
            self.table.tree.configure(height=max(min(len(going), ROWS), 1))

    def _write(self, model: RetentionPreview) -> None:
        say = self.stage.say
        self.sub.set_text(f"{model.sub}.")
        self.waits.set_text("\n".join(model.waits))
        (self.waits.show if model.waits else self.waits.hide)()
        self.note.set_text(model.note)
        self.remove.set_text(say.plural("Remove {n} backup", "Remove {n} backups", model.removes))
