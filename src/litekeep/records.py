"""`dataclass`, as in the standard library, made in a quarter of the time.

A command line is started far more often than it works for long, and a start defines some sixty such classes. Python
compiles the source of each of their methods by itself, six for a frozen class: a third of the time that all imports of
a backup take (docs/explanation/decisions/0022-records.md). Here only `__init__` is compiled; what compares, hashes,
shows and freezes is shared. Fields, slots, `replace`, `fields` and `asdict` are the standard library's own.

Type checkers see the standard library's. What is not used in Litekeep is not offered: inheritance between such classes,
`order`, keyword-only fields, `InitVar`, and a default of a field that `__init__` does not take.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 - for those who import it from here
else:
    import dataclasses
    from dataclasses import MISSING, FrozenInstanceError
    from operator import attrgetter

    class _Made:
        def __repr__(self):
            return "<factory>"

    _nothing = staticmethod(lambda _record: ())
    _MADE = _Made()
    """The default of a parameter whose value is made anew each time."""

    def dataclass(*, frozen=False, slots=False):
        """A decorator; frozen and slots as in the standard library."""

        def decorate(plain):
            made = dataclasses.dataclass(plain, init=False, repr=False, eq=False, slots=slots)
            fields = dataclasses.fields(made)
            compared = [field.name for field in fields if field.compare]
            made.__init__ = _init(made, fields, frozen=frozen)
            made.__repr__ = _repr
            made.__eq__ = _eq
            made.__hash__ = _hash if frozen else None
            made.__values__ = attrgetter(*compared) if compared else _nothing
            if frozen:
                made.__setattr__, made.__delattr__ = _refuse_to_set, _refuse_to_delete
                made.__getstate__, made.__setstate__ = _state, _set_state
            return made

        return decorate

    def _init(made, fields, *, frozen):
        """`__init__`, as source and then as a function."""
        known = {"_MADE": _MADE, "_set": object.__setattr__}
        parameters, lines, types = ["self"], [], {}
        for field in fields:
            name = field.name
            if not field.init:
                if field.default is not MISSING or field.default_factory is not MISSING:
                    raise TypeError(f"{made.__qualname__}.{name}: a default that __init__ does not take")
                continue
            types[name] = field.type
            if field.default_factory is not MISSING:
                known[f"_make_{name}"] = field.default_factory
                parameters.append(f"{name}=_MADE")
                lines.append(f"if {name} is _MADE: {name} = _make_{name}()")
            elif field.default is not MISSING:
                known[f"_default_{name}"] = field.default
                parameters.append(f"{name}=_default_{name}")
            else:
                parameters.append(name)
            lines.append(f"_set(self, {name!r}, {name})" if frozen else f"self.{name} = {name}")
        if hasattr(made, "__post_init__"):
            lines.append("self.__post_init__()")
        source = "\n ".join([f"def __init__({', '.join(parameters)}):", *(lines or ["pass"])])
        exec(source, known)  # noqa: S102 - of names of fields, as the standard library does it
        init = known["__init__"]
        init.__qualname__, init.__module__ = f"{made.__qualname__}.__init__", made.__module__
        init.__annotations__ = {**types, "return": None}
        return init

    def _repr(self):
        shown = (f"{each.name}={getattr(self, each.name)!r}" for each in dataclasses.fields(self) if each.repr)
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def _eq(self, other):
        return self.__values__(self) == other.__values__(other) if type(other) is type(self) else NotImplemented

    def _hash(self):
        return hash(self.__values__(self))

    def _refuse_to_set(self, name, value):  # noqa: ARG001 - as Python calls it
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def _refuse_to_delete(_self, name):
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def _state(self):
        return [getattr(self, field.name) for field in dataclasses.fields(self)]

    def _set_state(self, state):
        for field, value in zip(dataclasses.fields(self), state, strict=True):
            object.__setattr__(self, field.name, value)
