"""Small mistakes, put into a source on purpose: a test suite that trusts the result does not know what it tests.

A mutant is one module with one mistake of the kinds that people make: a bound that is off by one, a condition turned
round or left out, a statement forgotten, the wrong operator, the wrong constant, an exception not caught. Left alone
are annotations, decorators, docstrings, assertions, texts for people inside of errors, and branches for other systems.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_NAMES = {"any": "all", "all": "any", "min": "max", "max": "min", "sorted": "list"}
_METHODS = {"startswith": "endswith", "endswith": "startswith", "lstrip": "rstrip", "rpartition": "partition"}
_OPTIONAL = {"key", "reverse", "default"}
_ERRORS = {"ValueError", "TypeError", "KeyError", "OSError"}
_LEFT_ALONE = {"annotation", "returns", "decorator_list", "format_spec"}
_DELETABLE = (ast.Expr, ast.AugAssign, ast.Raise, ast.Continue, ast.Break, ast.Delete)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mistake. name: the function and what became of what, unique in its module. lines: of its statement.

    inside: it is in the body of a function, so that the functions that exist already can take it in.
    """

    number: int
    name: str
    lines: range
    inside: bool


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the walk is."""

    function: str = ""
    inside: bool = False
    lines: range = range(0)
    told: bool = False
    """Inside of an error, whose texts are for people."""


def mutants(source: str) -> list[Mutant]:
    """All mistakes that can be put into a module."""
    seen: Counter[str] = Counter()
    found = []
    for number, (place, name, _) in enumerate(_walk(ast.parse(source))):
        seen[name] += 1
        unique = name if seen[name] == 1 else f"{name} ({seen[name]})"
        found.append(Mutant(number, unique, place.lines, place.inside))
    return found


def mutated(source: str, number: int) -> ast.Module:
    """The module with one of them."""
    for each, (_, _, tree) in enumerate(_walk(ast.parse(source))):
        if each == number:
            return tree
    raise ValueError(f"there is no mutant {number}")


def _walk(tree: ast.Module) -> Iterator[tuple[_Place, str, ast.Module]]:
    """The tree with each mistake in turn; it is taken back when the next one is asked for."""
    errors = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "litekeep.errors"
        for alias in node.names
    }
    for place, name in _below(tree, _Place(), errors | _ERRORS):
        yield place, name, tree


def _below(node: ast.AST, place: _Place, errors: set[str]) -> Iterator[tuple[_Place, str]]:
    for field, value in ast.iter_fields(node):
        if _is_left_alone(node, field):
            continue
        children = list(enumerate(value)) if isinstance(value, list) else [(-1, value)]
        for index, child in children:
            if not isinstance(child, ast.AST) or _is_docstring(child):
                continue
            here = _placed(node, field, child, place, errors)
            whole = node if isinstance(child, ast.Constant) and isinstance(node, (ast.expr, ast.Assign)) else None
            for new in _alternatives(node, field, child, here):
                was = _text(whole or child)
                _put(node, field, index, new)
                yield here, f"{here.function or 'module'}: {was} -> {_text(whole or new)}"
                _put(node, field, index, child)
            yield from _below(child, here, errors)


def _put(node: ast.AST, field: str, index: int, child: ast.AST) -> None:
    if index < 0:
        setattr(node, field, child)
    else:
        getattr(node, field)[index] = child


def _is_left_alone(node: ast.AST, field: str) -> bool:
    if isinstance(node, (ast.Assert, ast.Import, ast.ImportFrom)) or field in _LEFT_ALONE:
        return True
    if isinstance(node, ast.If) and isinstance(node.test, ast.Compare):  # what another system or Python takes
        left = ast.unparse(node.test.left)
        return left == "sys.version_info" or (left == "sys.platform" and field in {"test", "body"})
    return False


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _placed(node: ast.AST, field: str, child: ast.AST, place: _Place, errors: set[str]) -> _Place:
    """Where a child is."""
    function, inside, lines, told = place.function, place.inside, place.lines, place.told
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and field == "body" and isinstance(child, ast.stmt):
        function = f"{function}.{node.name}" if function else node.name
        inside = inside or isinstance(node, ast.FunctionDef)
    elif isinstance(node, ast.FunctionDef) and field == "args":
        function = f"{function}.{node.name}" if function else node.name
        inside = False
    if isinstance(child, (ast.stmt, ast.ExceptHandler)):
        body = getattr(child, "body", None)
        end = body[0].lineno - 1 if isinstance(body, list) else child.end_lineno or child.lineno
        lines = range(child.lineno, max(end, child.lineno) + 1)
    if isinstance(child, ast.Call) and isinstance(child.func, ast.Name) and child.func.id in errors:
        told = True
    return _Place(function, inside, lines, told)


def _text(node: ast.AST) -> str:
    """One line of a piece of source."""
    if isinstance(node, ast.ExceptHandler):
        return f"except {ast.unparse(node.type) if node.type else ''}"
    return " ".join(ast.unparse(node).split())[:160]


def _alternatives(node: ast.AST, field: str, child: ast.AST, place: _Place) -> Iterator[ast.AST]:
    """What could stand in the place of a child by mistake."""
    for new in _wrong(node, field, child, place):
        ast.copy_location(new, child)
        yield ast.fix_missing_locations(new)


def _wrong(node: ast.AST, field: str, child: ast.AST, place: _Place) -> Iterator[ast.AST]:
    if isinstance(child, ast.stmt):
        yield from _wrong_statement(child)
    elif isinstance(child, ast.ExceptHandler):
        yield _with(child, type=ast.Tuple([], ast.Load()))
    elif isinstance(child, ast.Constant):
        if not isinstance(node, ast.JoinedStr) or child is node.values[0]:
            yield from _wrong_constant(child, place)
    elif isinstance(child, ast.expr):
        yield from _wrong_expression(child)
    if field == "test" and isinstance(child, ast.expr) and not _turned_anyway(child):
        yield ast.UnaryOp(ast.Not(), child)
    if isinstance(node, ast.comprehension) and field == "ifs":
        yield ast.Constant(value=True)
    if isinstance(node, (ast.For, ast.comprehension)) and field == "iter":
        yield ast.Tuple([], ast.Load())


def _turned_anyway(test: ast.expr) -> bool:
    """The operators of comparisons turn them round already."""
    single = isinstance(test, ast.Compare) and len(test.ops) == 1
    return single or (isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not))


def _wrong_statement(child: ast.stmt) -> Iterator[ast.AST]:
    if isinstance(child, _DELETABLE) or (
        isinstance(child, ast.Assign) and isinstance(child.targets[0], (ast.Attribute, ast.Subscript))
    ):
        yield ast.Pass()
    if isinstance(child, ast.Continue):
        yield ast.Break()
    elif isinstance(child, ast.Break):
        yield ast.Continue()
    elif isinstance(child, ast.Return) and not (child.value is None or _is_constant(child.value, None)):
        yield ast.Return(ast.Constant(value=None))
    elif isinstance(child, ast.AugAssign) and type(child.op) in _ARITHMETIC:
        yield _with(child, op=_ARITHMETIC[type(child.op)]())


def _wrong_constant(child: ast.Constant, place: _Place) -> Iterator[ast.AST]:
    value = child.value
    if isinstance(value, bool):
        yield ast.Constant(value=not value)
    elif isinstance(value, (int, float)):
        yield ast.Constant(value=value + 1)
        if value >= 1 and place.inside:  # each of the others needs a process
            yield ast.Constant(value=value - 1)
    elif isinstance(value, str) and not place.told:
        yield ast.Constant(value=f"{value}X")
    elif isinstance(value, bytes):
        yield ast.Constant(value=value + b"X")


def _wrong_expression(child: ast.expr) -> Iterator[ast.AST]:
    if isinstance(child, ast.Compare):
        for place, op in enumerate(child.ops):
            for other in _COMPARISONS[type(op)]:
                yield _with(child, ops=[*child.ops[:place], other(), *child.ops[place + 1 :]])
    elif isinstance(child, ast.BoolOp):
        yield _with(child, op=ast.Or() if isinstance(child.op, ast.And) else ast.And())
        for place in range(len(child.values)):
            left = [*child.values[:place], *child.values[place + 1 :]]
            yield _with(child, values=left) if len(left) > 1 else copy.copy(left[0])
    elif isinstance(child, ast.BinOp):
        if type(child.op) in _ARITHMETIC and not _is_text(child.left):
            yield _with(child, op=_ARITHMETIC[type(child.op)]())
    elif isinstance(child, ast.UnaryOp):
        yield copy.copy(child.operand)
    elif isinstance(child, ast.IfExp):
        yield _with(child, body=child.orelse, orelse=child.body)
    elif isinstance(child, ast.Slice):
        for bound in ("lower", "upper"):
            if getattr(child, bound) is not None:
                yield _with(child, **{bound: None})
    elif isinstance(child, ast.Set):
        for place in range(len(child.elts) if len(child.elts) > 1 else 0):
            yield _with(child, elts=[*child.elts[:place], *child.elts[place + 1 :]])
    elif isinstance(child, ast.Call):
        yield from _wrong_call(child)


def _wrong_call(child: ast.Call) -> Iterator[ast.AST]:
    if isinstance(child.func, ast.Name) and child.func.id in _NAMES:
        other = _NAMES[child.func.id]
        yield _with(child, func=ast.Name(other, ast.Load()), keywords=[] if other == "list" else child.keywords)
    elif isinstance(child.func, ast.Name) and child.func.id == "suppress":
        yield _with(child, args=[])
    elif isinstance(child.func, ast.Attribute) and child.func.attr in _METHODS:
        yield _with(child, func=_with(child.func, attr=_METHODS[child.func.attr]))
    for place, keyword in enumerate(child.keywords):
        if keyword.arg in _OPTIONAL:
            yield _with(child, keywords=[*child.keywords[:place], *child.keywords[place + 1 :]])


def _with(node: ast.AST, **fields: object) -> ast.AST:
    """A copy with other fields."""
    made = copy.copy(node)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def _is_constant(node: ast.expr, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)))
