"""YAML that remembers where each key stands.

Plain words follow YAML 1.2: `on` and `no` are texts, `1e-3` is a number, `010` is ten. PyYAML alone
reads YAML 1.1, where a key called `on` becomes `True`.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sluice_components.errors import ProjectError
from sluice_components.project.problem import KeyPath, Place, Problem, spell

_INT = "tag:yaml.org,2002:int"
_FLOAT = "tag:yaml.org,2002:float"
_BOOL = "tag:yaml.org,2002:bool"
_TIMESTAMP = "tag:yaml.org,2002:timestamp"
"""Dates stay texts: PyYAML fails on 2024-13-01 without a place, the models do not."""


class _CoreLoader(yaml.SafeLoader):
    """SafeLoader with the words and numbers of the YAML 1.2 core schema."""


def _read_int(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    return int(loader.construct_scalar(node))


def _read_float(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> float:
    return float(loader.construct_scalar(node).replace(".inf", "inf").replace(".nan", "nan"))


_CoreLoader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in pairs if tag not in {_INT, _FLOAT, _BOOL, _TIMESTAMP}
    ]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _tag, _pattern, _first in (
    (_BOOL, r"^(true|True|TRUE|false|False|FALSE)$", "tTfF"),
    (_INT, r"^[-+]?[0-9]+$", "-+0123456789"),
    (_FLOAT, r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", "-+.0123456789"),
    (_FLOAT, r"^([-+]?\.inf|\.nan)$", "-+."),
):
    _CoreLoader.add_implicit_resolver(_tag, re.compile(_pattern), list(_first))
_CoreLoader.add_constructor(_INT, _read_int)
_CoreLoader.add_constructor(_FLOAT, _read_float)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A YAML file as plain values, with the tree that knows the places."""

    file: str
    """Name of the file as messages give it."""
    root: yaml.Node
    values: dict[str, Any]

    def place(self, path: KeyPath) -> Place:
        """Where a path stands; a key that is not there is placed at its parent.

        Steps in the middle that the file does not have (the tag that pydantic puts into the path of
        a union) are left out.
        """
        node: yaml.Node | None = self.root
        mark, steps = self.root.start_mark, list[str | int]()
        for depth, step in enumerate(path):
            found = _step(node, step)
            if found is not None:
                mark, node = found
            if found is not None or depth == len(path) - 1:
                steps.append(step)
        return Place(line=mark.line + 1, column=mark.column + 1, path=spell(tuple(steps)))


def read_document(file: Path) -> Document:
    """Read a YAML file whose top level is a mapping.

    Raises:
        ProjectError: The file cannot be read, or its syntax is wrong.
    """
    text = _read_text(file)
    try:
        loader = _CoreLoader(text)
        root = loader.get_single_node()
        values = None if root is None else loader.construct_document(root)
    except yaml.YAMLError as error:
        raise ProjectError(_syntax_message(file.name, error)) from error
    if root is None or not isinstance(values, dict):
        raise ProjectError(
            f"{file.name}:1:1: the file holds no project; it must be a mapping of keys such as"
            " `name:` and `source:`, as `sluice init` writes them"
        )
    return Document(file=file.name, root=root, values=values)


def repeated_keys(node: yaml.Node, path: KeyPath = ()) -> Iterator[Problem]:
    """A problem for every key that a mapping states twice."""
    for step, child in _children(node):
        yield from repeated_keys(child, (*path, step))
    if isinstance(node, yaml.MappingNode):
        counts = Counter(str(key.value) for key, _ in node.value)
        for key, count in counts.items():
            if count > 1:
                yield Problem(path=(*path, key), message=f"stated {count} times; keep one")


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ProjectError(f"{file}: no such file; `sluice init` writes one") from error
    except UnicodeDecodeError as error:
        raise ProjectError(
            f"{file}: not UTF-8 text (byte {error.start}); save it as UTF-8"
        ) from error
    except OSError as error:
        raise ProjectError(f"{file}: cannot be read: {error.strerror}") from error


def _syntax_message(file: str, error: yaml.YAMLError) -> str:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return f"{file}: not YAML: {error}"
    mark = error.problem_mark
    context = f" ({error.context})" if error.context else ""
    return f"{file}:{mark.line + 1}:{mark.column + 1}: not YAML: {error.problem}{context}"


def _children(node: yaml.Node) -> Iterator[tuple[str | int, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        yield from ((str(key.value), value) for key, value in node.value)
    elif isinstance(node, yaml.SequenceNode):
        yield from enumerate(node.value)


def _step(node: yaml.Node | None, step: str | int) -> tuple[yaml.Mark, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        pairs = reversed(node.value)
        return next(
            ((key.start_mark, value) for key, value in pairs if key.value == str(step)), None
        )
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark, node.value[step]
    return None
