"""Where is the repository? The one that was named; else `backups` beside the database; else here."""

from __future__ import annotations

import os
from pathlib import Path

from litekeep.errors import NoRepository

CONFIG = "repository.json"
DEFAULT_NAME = "backups"


def place_for(database: Path, named: Path | None) -> Path:
    """The folder for the backups of this database, whether it is there or not."""
    return named if named is not None else database.absolute().parent / DEFAULT_NAME


def find_place(named: Path | None, database: Path | None = None) -> Path:
    """The folder of an existing repository; raises NoRepository, naming every place that was looked at."""
    places = _candidates(named, database)
    for place in places:
        if holds_repository(place):
            return place
    looked = " nor in ".join(str(place.absolute()) for place in places)
    absent = [place for place in places if not os.path.isdir(place)]
    what = "there is no folder" if named is not None and absent else "there is no Litekeep repository in"
    raise NoRepository(
        f"{what} {looked}",
        hint="Is the drive mounted? Name the repository with --repository (-r) or LITEKEEP_REPOSITORY; "
        "`litekeep backup app.db` makes a new one beside a database.",
    )


def holds_repository(place: Path) -> bool:
    """True if there is one, or what is left of one, or if this user may not look: opening it will tell."""
    try:
        os.stat(place / CONFIG)
    except PermissionError:
        return True
    except OSError:
        return os.path.isdir(place / "packs")
    return True


def _candidates(named: Path | None, database: Path | None) -> list[Path]:
    if named is not None:
        return [named]
    beside = [place_for(database, None)] if database is not None else []
    places = [*beside, Path(DEFAULT_NAME), Path()]
    return [place for number, place in enumerate(places) if place.absolute() not in _absolute(places[:number])]


def _absolute(places: list[Path]) -> list[Path]:
    return [place.absolute() for place in places]
