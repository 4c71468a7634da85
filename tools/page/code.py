"""Reads facts that stand in code and nowhere else: calls, their texts, sentences under members."""

import ast
import inspect
import pkgutil
from collections.abc import Iterator
from enum import Enum
from importlib import import_module
from types import ModuleType
from typing import NamedTuple

UNSPOKEN = "…"
"""Stands where a text has something that only the run knows."""


class Said(NamedTuple):
    """One call, and the function in which it stands."""

    call: ast.Call
    inside: ast.FunctionDef

    def argument(self, name: str, position: int | None = None) -> ast.expr | None:
        """The argument with that name, or at that position."""
        named = {keyword.arg: keyword.value for keyword in self.call.keywords}
        if name in named or position is None:
            return named.get(name)
        return self.call.args[position] if position < len(self.call.args) else None


def modules_of(package: ModuleType) -> Iterator[ModuleType]:
    """Every module of a package, by name."""
    for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda found: found.name):
        yield import_module(f"{package.__name__}.{found.name}")


def calls_of(module: ModuleType, function: str) -> Iterator[Said]:
    """Every call of a function by its bare name, from top to bottom."""
    for inside in ast.parse(inspect.getsource(module)).body:
        if isinstance(inside, ast.FunctionDef):
            yield from (
                Said(node, inside)
                for node in ast.walk(inside)
                if isinstance(node, ast.Call) and ast.unparse(node.func) == function
            )


def text_of(node: ast.AST | None) -> str:
    """A text with its gaps: names stay as they are, what is longer becomes an ellipsis."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(text_of(part) for part in parts)
        case ast.FormattedValue(value=ast.Name() | ast.Attribute() as name):
            return f"{{{ast.unparse(name)}}}"
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return text_of(left) + text_of(right)
        case _:
            return UNSPOKEN


def branches_of(node: ast.expr | None) -> tuple[ast.expr, ...]:
    """What an expression may come to: itself, or its branches."""
    match node:
        case None:
            return ()
        case ast.IfExp(body=one, orelse=other):
            return (*branches_of(one), *branches_of(other))
        case ast.BoolOp(values=choices):
            return tuple(branch for choice in choices for branch in branches_of(choice))
        case _:
            return (node,)


def sentences_of(members: type[Enum]) -> dict[str, str]:
    """The sentence under each member of an enumeration, by its value."""
    body = ast.parse(inspect.getsource(members)).body[0]
    assert isinstance(body, ast.ClassDef)
    sentences = {member.value: "" for member in members}
    for above, below in zip(body.body, body.body[1:], strict=False):
        match above, below:
            case (
                ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                sentences[members[name].value] = " ".join(text.split())
            case _:
                pass
    return sentences


def first_line(thing: object) -> str:
    """The sentence that a docstring opens with."""
    return (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")
