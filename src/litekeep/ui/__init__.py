"""The window: what people see who never open a terminal.

    view = BackupView(master, manager)          # a frame of a CustomTkinter application

presenter/  what is to be said (pure)          language/  in which words: English, French, numbers, dates
bridge/     what happens off the Tk thread     widgets/   how it is drawn and used
view/       BackupView: the pages              app/       the standalone program

BackupView is imported when it is first asked for: it needs tkinter, the rest of Litekeep does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from litekeep.ui.view.view import BackupView

__all__ = ["BackupView"]


def __getattr__(name: str) -> Any:
    if name == "BackupView":
        from litekeep.ui.view.view import BackupView

        return BackupView
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
