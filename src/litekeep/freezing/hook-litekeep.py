"""Run by PyInstaller: files that are read and modules that are imported by name, which it cannot find by itself."""

from PyInstaller.utils.hooks import collect_data_files

datas = collect_data_files(
    "litekeep",
    include_py_files=True,
    includes=["config/*.json", "repository/README.txt", "repository/restore.py", "ui/language/locale/**/*.mo"],
)
hiddenimports = [
    "litekeep.manager.manager",
    "litekeep.scheduling.scheduler",
    "litekeep.worker.process",
    "litekeep.worker.serve",
]
