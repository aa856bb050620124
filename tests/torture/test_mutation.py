"""The mistakes that mutation testing puts into the code, and how they get into functions that exist already."""

from __future__ import annotations

import ast
import json
import tomllib
from pathlib import Path
from types import FunctionType

import pytest

from torture.mutants import mutants, mutated

ROOT = Path(__file__).parents[2]
SOURCE = '''
"""Text."""
from litekeep.errors import Refused

LIMIT = 3

def kept(days: int, ages: list[int]) -> list[int]:
    """Those that stay."""
    assert days >= 0
    if not ages:
        raise Refused("nothing is there", hint="make one")
    return [age for age in sorted(ages) if age < days and age != LIMIT]
'''


def test_every_kind_of_mistake_is_named() -> None:
    assert {each.name.partition(": ")[2] for each in mutants(SOURCE) if each.inside} == {
        "not ages -> ages",
        "raise Refused('nothing is there', hint='make one') -> pass",
        "return [age for age in sorted(ages) if age < days and age != LIMIT] -> return None",
        "sorted(ages) -> list(ages)",
        "sorted(ages) -> ()",
        "age < days and age != LIMIT -> age < days or age != LIMIT",
        "age < days and age != LIMIT -> age < days",
        "age < days and age != LIMIT -> age != LIMIT",
        "age < days and age != LIMIT -> True",
        "age < days -> age <= days",
        "age < days -> age >= days",
        "age != LIMIT -> age == LIMIT",
    }
    assert [each.name for each in mutants(SOURCE) if not each.inside] == ["module: LIMIT = 3 -> LIMIT = 4"]


def test_each_is_another_program_and_the_same_one_every_time() -> None:
    source = (ROOT / "src/litekeep/formats/columns.py").read_text("utf-8")
    found = mutants(source)
    assert len({each.name for each in found}) == len(found) > 50
    programs = {ast.unparse(mutated(source, each.number)) for each in found}
    assert len(programs) == len(found)
    assert ast.unparse(ast.parse(source)) not in programs


def test_functions_that_exist_take_a_mistake_in() -> None:
    """Wherever they are known: by another name, as a method, below a decorator."""
    pytest.importorskip("coverage", reason="make mutation installs it")
    from torture.mutation import exchange

    source = "class Age:\n    @property\n    def old(self): return 3 > 2\ndef is_old(): return 3 > 2\n"
    names: dict[str, object] = {}
    exec(compile(source, "here", "exec"), names)
    age, known_elsewhere = names["Age"], names["is_old"]
    assert isinstance(known_elsewhere, FunctionType)
    functions = {
        (each.__code__.co_qualname, each.__code__.co_firstlineno): [each]
        for each in (known_elsewhere, vars(age)["old"].fget)
    }
    for each in mutants(source):
        if each.name.endswith("3 > 2 -> 3 <= 2"):
            exchange(functions, compile(mutated(source, each.number), "here", "exec"))
    assert (known_elsewhere(), age().old) == (False, True), "the last mistake is the only one in the module"  # type: ignore[operator]


def test_what_is_examined_exists() -> None:
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mutation"]
    for module, tests in asked.items():
        assert (ROOT / "src/litekeep" / module).is_file()
        assert all((ROOT / test).exists() for test in tests)
    folder = Path(__file__).parent
    assert tomllib.loads((folder / "survivors.toml").read_text("utf-8")).keys() <= asked.keys()
    results = folder / "results" / "mutation.json"
    kept = json.loads(results.read_text("utf-8"))["modules"] if results.exists() else {}
    assert kept.keys() <= asked.keys()
    assert all(all(each["survivors"].values()) for each in kept.values())
