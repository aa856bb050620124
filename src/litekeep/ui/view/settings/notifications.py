"""The card of notifications: who is told, the switch for this desktop, and a test of all channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litekeep import BackupManager
from litekeep.notify.delivery import Delivery
from litekeep.ui.bridge import Answer
from litekeep.ui.presenter.causes import explain
from litekeep.ui.presenter.models import DetailLine, Tone
from litekeep.ui.presenter.notifications import NotificationsForm, notifications_form, trial_lines, trial_text
from litekeep.ui.view.settings.card import EditCard
from litekeep.ui.view.settings.editor import Editor
from litekeep.ui.view.settings.lines import FieldError, NamedLine, SignedLine
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.buttons import Button
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.look import BAR_BUTTON, GAP, GAP_SMALL
from litekeep.ui.widgets.toggles import Switch
from litekeep.ui.widgets.words import Wrapped

TEST = "settings-notify"
"""The key of its question to the bridge."""
NAME_WIDTH = 88


class NotificationsCard(EditCard):
    """The desktop can be switched here; the other channels have passwords and addresses, and live in the file."""

    def __init__(self, master: Any, stage: Stage, editor: Editor) -> None:
        super().__init__(master, stage, stage.say("Notifications"), editor)

    def build(self) -> None:
        say, content = self.say, self.content
        self.test = Button(self.bar, say("Send a test"), self.send_test, height=BAR_BUTTON)
        self.test.grid(row=0, column=0)
        self.desktop = Switch(
            content,
            say("Messages on this desktop"),
            self.editor.edit_desktop,
            sub=say("When backups fail, are missing, or work again."),
        )
        self.desktop.grid(row=0, column=0, sticky="ew")
        self.error = FieldError(content)
        self.error.grid(row=1, column=0, sticky="ew")
        self.warning = SignedLine(content, Tone.WARN, "")
        self.warning.grid(row=2, column=0, sticky="ew", pady=(GAP_SMALL, 0))
        self.lines = _lines_place(content, 3)
        self.elsewhere = Wrapped(content, "", role="caption", colour=self.look.muted)
        self.elsewhere.grid(row=4, column=0, sticky="ew", pady=(GAP, 0))
        self.result = SignedLine(content, Tone.BUSY, "")
        self.result.grid(row=5, column=0, sticky="ew", pady=(GAP, 0))
        self.result.hide()
        self.results = _lines_place(content, 6)
        self._testing = False
        self._lines: tuple[DetailLine, ...] | None = None

    def show_draft(self) -> None:
        editor, say = self.editor, self.say
        form = notifications_form(editor.draft.settings, say)
        self.desktop.set_on(editor.draft.desktop)
        self.desktop.set_enabled(editor.editable)
        self.error.tell(editor.problems.get("notifications", ""))
        edited = editor.draft.desktop != form.desktop
        self.test.set_enabled(not self._testing and not edited)
        self._warn(form)
        if form.lines != self._lines:
            self._lines = form.lines
            _fill(self.lines, form.lines)
        text = say("E-mail, webhook, ntfy, Apprise and heartbeat are set up in the settings file.")
        if not editor.editable:
            text = say("E-mail, webhook, ntfy, Apprise and heartbeat are set up in the application.")
        self.elsewhere.set_text(say("Save first: the test goes where the saved settings say.") if edited else text)

    def _warn(self, form: NotificationsForm) -> None:
        """Who has switched the desktop off here sees at once that nobody is left."""
        desktop_only = form.desktop and not form.lines
        nobody = form.note and not self.editor.draft.desktop
        if nobody or (desktop_only and not self.editor.draft.desktop):
            self.warning.set(Tone.WARN, form.note or self.say("Nobody is told when a backup fails."))
            self.warning.show()
        else:
            self.warning.hide()

    def send_test(self) -> None:
        """Through every channel, at once; how each went is told below."""
        if self._testing:
            return
        self._testing = True
        self.test.set_enabled(False)
        _fill(self.results, ())
        self._tell(Tone.BUSY, self.say("Sending…"))
        self.stage.bridge.ask(TEST, _test, self._tested)

    def _tested(self, answer: Answer[Sequence[Delivery]]) -> None:
        self._testing = False
        self.show_draft()
        if answer.value is None:
            code = answer.problem.code if answer.problem is not None else ""
            self._tell(Tone.BAD, explain(code, "notify", self.say).what)
            return
        lines = trial_lines(answer.value, self.say)
        good = bool(lines) and all(line.tone is Tone.OK for line in lines)
        self._tell(Tone.OK if good else Tone.WARN, trial_text(answer.value, self.say))
        _fill(self.results, lines)

    def _tell(self, tone: Tone, text: str) -> None:
        self.result.set(tone, text)
        self.result.show()

    def cleanup(self) -> None:
        self.stage.bridge.forget(TEST)
        super().cleanup()


def _test(manager: BackupManager) -> Sequence[Delivery]:
    return manager.test_notifications()


def _lines_place(content: Piece, row: int) -> Piece:
    place = Piece(content)
    place.grid(row=row, column=0, sticky="ew", pady=(GAP_SMALL, 0))
    place.grid_columnconfigure(0, weight=1)
    place.hide()
    return place


def _fill(place: Piece, lines: Sequence[DetailLine]) -> None:
    for child in place.winfo_children():
        child.destroy()
    widest = max([NAME_WIDTH, *(round(place.text_width(line.name) / place.scale) + GAP for line in lines)])
    for at, line in enumerate(lines):
        shown = NamedLine(place, line, min(widest, 2 * NAME_WIDTH))
        shown.grid(row=at, column=0, sticky="ew", pady=(GAP_SMALL if at else 0, 0))
    if lines:
        place.show()
    else:
        place.hide()
