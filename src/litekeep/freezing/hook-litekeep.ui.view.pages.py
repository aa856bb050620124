"""Run by PyInstaller for applications with the window: modules of it that are imported by name."""

from PyInstaller.utils.hooks import collect_submodules

hiddenimports = [*collect_submodules("litekeep.ui.view"), "PIL._tkinter_finder"]
