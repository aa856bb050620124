"""A record behaves as a dataclass of the standard library does."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from dataclasses import FrozenInstanceError, asdict, field, fields, replace
from typing import Any

import pytest

from litekeep.records import dataclass as record


@record(frozen=True, slots=True)
class Fixed:
    """Frozen."""

    name: str
    size: int = 3
    parts: list[int] = field(default_factory=list)
    secret: str = field(default="x", repr=False)
    note: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ValueError("a size")


@dataclasses.dataclass(frozen=True, slots=True)
class StandardFixed:
    """The same."""

    name: str
    size: int = 3
    parts: list[int] = field(default_factory=list)
    secret: str = field(default="x", repr=False)
    note: str = field(default="", compare=False)


@record(slots=True)
class Open:
    """Not frozen."""

    name: str
    inside: list[str] = field(default_factory=list)
    later: int = field(init=False)


@record(frozen=True)
class WithoutSlots:
    """With a dictionary."""

    name: str = "a"


@record(frozen=True, slots=True)
class Empty:
    """Nothing in it."""


def test_values_and_defaults() -> None:
    first, second = Fixed("a"), Fixed("a", 4, [1])
    assert (first.name, first.size, first.parts, first.secret, first.note) == ("a", 3, [], "x", "")
    assert (second.size, second.parts) == (4, [1])
    assert Fixed("a").parts is not first.parts
    assert Fixed(name="b", parts=[2]).parts == [2]
    with pytest.raises(TypeError, match="name"):
        Fixed()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="other"):
        Fixed("a", other=1)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="a size"):
        Fixed("a", -1)


def test_shown_as_the_standard_librarys() -> None:
    assert repr(Fixed("a", 1, [2], "s", "n")) == repr(StandardFixed("a", 1, [2], "s", "n")).replace("Standard", "")
    assert repr(Empty()) == "Empty()"


def test_equal_and_hashed_by_what_is_compared() -> None:
    parts = (1, 2)
    one, same, other = (Fixed("a", 1, parts, note=note) for note in "xyz")  # type: ignore[arg-type]
    assert one == same
    assert hash(one) == hash(same)
    assert replace(other, size=2) != one
    assert one != StandardFixed("a", 1, parts)  # type: ignore[arg-type]
    assert one != object()
    assert len({one, same}) == 1
    with pytest.raises(TypeError, match="unhashable"):
        hash(Fixed("a"))
    assert Empty() == Empty()
    assert hash(Empty()) == hash(Empty())
    assert WithoutSlots("a") != WithoutSlots("b")
    opened = Open("a")
    opened.later = 1
    assert opened == copy.copy(opened)
    with pytest.raises(TypeError, match="unhashable"):
        hash(Open("a"))


@pytest.mark.parametrize("made", [Fixed("a"), WithoutSlots(), Empty()])
def test_frozen(made: Any) -> None:
    for name in ("name", "anything"):
        with pytest.raises(FrozenInstanceError, match=f"cannot assign to field '{name}'"):
            setattr(made, name, 1)
        with pytest.raises(FrozenInstanceError, match=f"cannot delete field '{name}'"):
            delattr(made, name)


def test_not_frozen() -> None:
    made = Open("a")
    made.name, made.later = "b", 4
    made.inside.append("x")
    assert (made.name, made.inside, made.later) == ("b", ["x"], 4)
    assert not hasattr(Open("a"), "later")
    with pytest.raises(AttributeError):
        made.elsewhere = 1  # type: ignore[attr-defined]
    assert not hasattr(made, "__dict__")
    assert not hasattr(Fixed("a"), "__dict__")


def test_the_standard_librarys_functions() -> None:
    made = Fixed("a", 1, [2])
    assert asdict(made) == asdict(StandardFixed("a", 1, [2]))
    assert replace(made, size=5) == Fixed("a", 5, [2])
    with pytest.raises(ValueError, match="a size"):
        replace(made, size=-1)
    assert [each.name for each in fields(Fixed)] == [each.name for each in fields(StandardFixed)]
    match made:
        case Fixed(name, size):
            assert (name, size) == ("a", 1)
    wanted = inspect.signature(StandardFixed)
    assert str(inspect.signature(Fixed)) == str(wanted)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_sent_to_another_process(protocol: int) -> None:
    still_open = Open("a")
    still_open.later = 2
    for made in (Fixed("a", 1, [2], "s", "n"), still_open, WithoutSlots("b"), Empty()):
        sent = pickle.loads(pickle.dumps(made, protocol))
        assert sent == made
        assert type(sent) is type(made)
    assert pickle.loads(pickle.dumps(Fixed("a", note="n"), protocol)).note == "n"


def test_copied() -> None:
    made = Fixed("a", 1, [2])
    assert copy.copy(made) == made
    deep = copy.deepcopy(made)
    assert deep == made
    assert deep.parts is not made.parts


def test_what_is_not_offered_is_refused() -> None:
    with pytest.raises(TypeError, match="does not take"):

        @record(slots=True)
        class Odd:
            """A default that nobody can give."""

            name: str = field(default="a", init=False)
