"""python -m examples.employees [--database PATH] [--sample] [--language en|fr]"""

from __future__ import annotations

import litekeep

litekeep.freeze_support()  # first: in a helper process of a frozen program this never returns

import argparse  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402


def main() -> int:
    """Open the window, and return when it is closed."""
    parser = argparse.ArgumentParser(prog="examples.employees", description="A small employee manager.")
    parser.add_argument("--database", type=Path, default=Path("employees-data", "employees.db"), help="the file")
    parser.add_argument("--sample", action="store_true", help="make it with invented people if it is not there")
    parser.add_argument("--language", choices=("en", "fr"), help="of the window; else that of the system")
    options = parser.parse_args()
    path: Path = options.database.absolute()
    if options.sample and not path.exists():
        make_sample(path)
    return run(path, options.language)


def make_sample(path: Path) -> None:
    """People and a past, with a line that says how far it is."""
    from examples.employees import past

    def told(done: int, total: int) -> None:
        print(f"\rMaking a sample company and its backups: {done} of {total} nights", end="", flush=True)

    past.make(path, told=told)
    print(f"\n{path}")


def run(path: Path, language: str | None) -> int:
    """The program itself."""
    import customtkinter

    from examples.employees.app import Application
    from examples.employees.models import open_database
    from examples.employees.protection import protect
    from litekeep.config.environment import process_environment
    from litekeep.ui.language.choice import choose_language

    # Light or dark as the system is now: following it would start a program of the system again and again on Linux.
    customtkinter.set_appearance_mode(customtkinter.get_appearance_mode())
    window = customtkinter.CTk()
    window.geometry("1120x720")
    open_database(path)
    manager = protect(path)
    manager.start()
    Application(window, manager, choose_language(language, process_environment()))
    window.mainloop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
