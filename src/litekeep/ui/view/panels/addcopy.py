"""The form for another copy: what kind of place, where, with which password; a look at it, and then it is sent to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from litekeep import BackupManager
from litekeep.config.copies import CopySettings
from litekeep.ui.bridge import Answer
from litekeep.ui.presenter.causes import explain
from litekeep.ui.presenter.copyform import FIELDS, KINDS, CopyForm, FieldModel, Kind, free_name, problems
from litekeep.ui.presenter.copyprobe import may_insist, probe_lines
from litekeep.ui.presenter.facts import ViewFacts
from litekeep.ui.presenter.models import Tone
from litekeep.ui.view.panels.panel import WIDE, Panel
from litekeep.ui.view.settings.lines import FieldError, SignedLine
from litekeep.ui.view.stage import Stage
from litekeep.ui.widgets.buttons import Button
from litekeep.ui.widgets.buttons import Kind as Weight
from litekeep.ui.widgets.choices import Segmented
from litekeep.ui.widgets.ctk import Piece
from litekeep.ui.widgets.fields import Entry
from litekeep.ui.widgets.look import GAP, GAP_SMALL
from litekeep.ui.widgets.toggles import Check
from litekeep.ui.widgets.words import Words
from litekeep.worker.probing import ProbeResult

PROBE, ADD = "copy-probe", "copy-add"
"""The keys of its questions to the bridge."""
LABELS = 150
COLUMNS = 9
"""More than there are buttons."""
_FOLDER, _FILE = "folder", "key_file"


class AddCopyPanel(Panel):
    """Nothing is written before the last button: passwords that are tried are kept nowhere."""

    def __init__(self, master: Any, stage: Stage) -> None:
        say = stage.say
        sub = say("Every backup is sent there too, by itself. What is there stays, whatever happens here.")
        super().__init__(master, stage, say("Add a copy"), sub, wide=WIDE)
        self.say = say
        self._facts = stage.bridge.facts
        self._taken = [each.name for each in self._facts.settings.copies]
        self.form = CopyForm(name=free_name(Kind.FOLDER, self._taken))
        self._looked: tuple[CopyForm, ProbeResult] | None = None
        self._busy = self._wants_add = False
        self.lines: dict[str, FieldLine] = {}
        self._build()
        self.add_button(say("Cancel"), stage.close_panel)
        self.test = self.add_button(say("Test the connection"), self.try_it)
        self.add = self.add_button(say("Add and send"), self.accept, Weight.PRIMARY)
        for button in self.buttons:
            button.grid(row=2)
        self._choose(Kind.FOLDER)

    def _build(self) -> None:
        say, body = self.say, self.body
        self.kind = Segmented(body, [(kind, say(text)) for kind, text in KINDS.items()], Kind.FOLDER, self._choose)
        self.kind.grid(row=0, column=0, sticky="w", pady=(0, GAP))
        self.fields = Piece(body)
        self.fields.grid(row=1, column=0, sticky="ew")
        self.fields.grid_columnconfigure(0, weight=1)
        self.elsewhere = Check(
            body,
            say("Outside this building"),
            self._tick_elsewhere,
            sub=say("A fire or a thief here does not reach it."),
        )
        self.elsewhere.grid(row=2, column=0, sticky="ew", pady=(GAP, 0))
        self.open_talk = Check(
            body,
            say("Send these backups although they are not encrypted"),
            self._tick_open,
            sub=say("Whoever can look into that place can read the whole database."),
        )
        self.open_talk.grid(row=3, column=0, sticky="ew", pady=(GAP_SMALL, 0))
        self.open_error = FieldError(body)
        self.open_error.grid(row=4, column=0, sticky="ew")
        self.told = Piece(self._foot)  # always in sight, however long the form is
        self.told.grid(row=0, column=0, columnspan=COLUMNS, sticky="ew", pady=(0, GAP))
        self.told.grid_columnconfigure(0, weight=1)
        self.trust = Check(self._foot, say("It is the right server: trust this key"), self._tick_trust)
        self.trust.grid(row=1, column=0, columnspan=COLUMNS, sticky="ew", pady=(0, GAP))
        for piece in (self.open_error, self.told, self.trust):
            piece.hide()

    def first_focus(self) -> Any:
        return self.kind

    def show_facts(self, facts: ViewFacts) -> None:
        """Show these facts."""
        self._facts = facts
        self._show_open_talk()

    def cleanup(self) -> None:
        """No answers."""
        self.stage.bridge.forget(PROBE)
        self.stage.bridge.forget(ADD)

    # The form

    def _choose(self, key: str) -> None:
        """Another kind of place has other fields; what was typed is kept."""
        kind, named = Kind(key), self.form.name in ("", free_name(self.form.kind, self._taken))
        name = free_name(kind, self._taken) if named else self.form.name
        self._change(replace(self.form, kind=kind, name=name, off_site=None))
        for child in self.fields.winfo_children():
            child.destroy()
        say = self.say
        name_field = FieldModel("name", say("Name"))
        self.lines = {}
        for at, field in enumerate((*FIELDS[kind], name_field)):
            value = self.form.name if field is name_field else self.form.get(field.key)
            line = FieldLine(self.fields, self, field, value)
            line.grid(row=at, column=0, sticky="ew", pady=(GAP_SMALL if at else 0, 0))
            self.lines[field.key] = line
        self.elsewhere.set_on(self.form.elsewhere)
        self._show_open_talk()

    def typed(self, key: str, text: str) -> None:
        """Of a field."""
        self._change(replace(self.form, name=text) if key == "name" else self.form.put(key, text))
        if key in self.lines:
            self.lines[key].error.tell("")

    def browse(self, key: str) -> None:
        """A folder, or a file, from the system's dialog."""
        if key == _FOLDER:
            path = self.stage.files.folder(self.say("Where the copy is to be"))
        else:
            path = self.stage.files.open_file(self.say("Key file"), databases=False)
        if path is not None and not self.gone:
            self.lines[key].entry.set_text(str(path))
            self.typed(key, str(path))

    def _tick_elsewhere(self, on: bool) -> None:  # noqa: FBT001 - of a check
        self._change(replace(self.form, off_site=on))

    def _tick_open(self, on: bool) -> None:  # noqa: FBT001 - of a check
        self._change(replace(self.form, unencrypted=on))
        self.open_error.tell("")

    def _tick_trust(self, on: bool) -> None:  # noqa: FBT001 - of a check
        shown = self._looked[1].fingerprint if self._looked is not None else self.form.host_key
        self.form = replace(self.form, host_key=shown if on else "")
        if on:
            self.try_it()

    def _change(self, form: CopyForm) -> None:
        """What was found holds for what was typed then."""
        if form == self.form:
            return
        self.form, self._wants_add = form, False
        if self._looked is not None:
            self._looked = None
            self._tell()
            self.trust.set_on(bool(form.host_key))
            self.trust.hide()
            self.add.set_text(self.say("Add and send"))

    def _show_open_talk(self) -> None:
        wanted = self.form.is_remote and not self._facts.encrypted
        (self.open_talk.show if wanted else self.open_talk.hide)()
        if not wanted:
            self.open_error.tell("")

    def _correct(self) -> bool:
        """Say at the fields what is wrong; False if anything is."""
        found = problems(self.form, self._taken, self.say, encrypted=self._facts.encrypted)
        for key, line in self.lines.items():
            line.error.tell(found.get(key, ""))
        self.open_error.tell(found.get("unencrypted", ""))
        if "place" in found:
            self._tell((Tone.BAD, found["place"]))
        first = next((line for key, line in self.lines.items() if key in found), None)
        if first is not None:
            first.entry.focus_set()
        return not found

    # A look at the place

    def try_it(self) -> None:
        """Is it there, and what lies in it? The answer comes below the form."""
        if self._busy or not self._correct():
            return
        form = self.form
        entry = form.entry()
        copy = CopySettings(entry["name"], entry["url"], unencrypted=form.unencrypted)
        self._work(self.say("Looking…"))
        self.stage.bridge.ask(PROBE, partial(_probe, copy=copy, given=form.secrets), partial(self._found, form))

    def _found(self, form: CopyForm, answer: Answer[ProbeResult]) -> None:
        self._rest()
        if answer.value is None:
            self._tell((Tone.BAD, explain(answer.problem.code if answer.problem else "", "probe", self.say).what))
            return
        wants, self._wants_add = self._wants_add, False
        self._looked = (form, answer.value)
        self._tell(*probe_lines(answer.value, self.say))
        (self.trust.show if answer.value.fingerprint else self.trust.hide)()
        self.add.set_text(self.say("Add all the same") if may_insist(answer.value) else self.say("Add and send"))
        if wants and answer.value.usable:
            self.accept()

    def accept(self) -> None:
        """Into the settings, once somebody has looked at the place; then it is sent to."""
        if self._busy or not self._correct():
            return
        if self._looked is None or self._looked[0] != self.form:
            self.try_it()
            self._wants_add = True
        elif self._looked[1].usable or may_insist(self._looked[1]):
            self._work(self.say("Saving…"))
            form = self.form
            add = partial(_add, entry=form.entry(), given=form.secrets)
            self.stage.bridge.ask(ADD, add, partial(self._added, form.entry()["name"]))

    def _added(self, name: str, answer: Answer[None]) -> None:
        self._rest()
        if answer.problem is not None:
            told = [(Tone.BAD, explain(answer.problem.code, "settings", self.say).what)]
            told += [(Tone.CALM, text) for text in (answer.problem.what, *answer.problem.problems)]
            self._tell(*told)
            return
        bridge = self.stage.bridge
        self.stage.close_panel()
        bridge.send([name])
        bridge.refresh()

    def _work(self, text: str) -> None:
        self._busy = True
        for button in (self.test, self.add):
            button.set_enabled(False)
        self._tell((Tone.BUSY, text))

    def _rest(self) -> None:
        self._busy = False
        for button in (self.test, self.add):
            button.set_enabled(True)

    def _tell(self, *lines: tuple[Tone, str]) -> None:
        for child in self.told.winfo_children():
            child.destroy()
        for at, (tone, text) in enumerate(lines):
            line = SignedLine(self.told, tone, text)
            line.grid(row=at, column=0, sticky="ew", pady=(GAP_SMALL if at else 0, 0))
        (self.told.show if lines else self.told.hide)()

    @property
    def answer(self) -> tuple[str, ...]:
        """What is said below the form."""
        return tuple(child.text for child in self.told.winfo_children())


class FieldLine(Piece):
    """A label, an entry, perhaps a button that looks for a file, and below them what is wrong."""

    def __init__(self, master: Any, panel: AddCopyPanel, field: FieldModel, value: str) -> None:
        super().__init__(master)
        say = panel.say
        self.grid_columnconfigure(1, weight=1)
        Words(self, say(field.label), colour=self.look.muted).grid(row=0, column=0, sticky="w", padx=(0, GAP))
        hint = say(field.hint) if field.hint else "" if field.needed else say("may be empty")
        self.entry = Entry(self, value=value, placeholder=hint, command=partial(panel.typed, field.key))
        self.entry.grid(row=0, column=1, sticky="ew")
        if field.secret:
            self.entry.entry.configure(show="•")
        self.browse: Button | None = None
        if field.key == _FILE or (field.key == _FOLDER and panel.form.kind is Kind.FOLDER):
            self.browse = Button(self, say("Choose…"), partial(panel.browse, field.key))
            self.browse.grid(row=0, column=2, padx=(GAP, 0))
        self.error = FieldError(self)
        self.error.grid(row=1, column=1, columnspan=2, sticky="ew")
        self.error.hide()
        self.rescaled()

    def rescaled(self) -> None:
        self.grid_columnconfigure(0, minsize=self.scaled(LABELS))


def _probe(manager: BackupManager, *, copy: CopySettings, given: Mapping[str, str]) -> ProbeResult:
    return manager.probe_copy(copy, given)


def _add(manager: BackupManager, *, entry: Mapping[str, Any], given: Mapping[str, str]) -> None:
    manager.add_copy(entry, given)
