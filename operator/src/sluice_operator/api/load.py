"""A document from a person, checked: every problem at once, each with its field and the way out."""

import json
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_camel

from sluice_operator.api.rule import problems
from sluice_operator.api.v1alpha1 import ModelDeployment
from sluice_operator.errors import SpecError


def load(path: Path) -> ModelDeployment:
    """The ModelDeployment in a YAML file.

    Raises:
        SpecError: The file cannot be read, is not YAML, or breaks the schema or a rule.
    """
    try:
        document = yaml.safe_load(path.read_text())
    except OSError as broken:
        raise SpecError(f"{path}: cannot be read: {broken.strerror}") from broken
    except UnicodeDecodeError as broken:
        raise SpecError(f"{path}: is not text in UTF-8 (byte {broken.start})") from broken
    except yaml.YAMLError as broken:
        raise SpecError(f"{path}: is not YAML: {broken}") from broken
    try:
        return parse(document)
    except SpecError as broken:
        raise SpecError("\n".join(f"{path}: {line}" for line in str(broken).split("\n"))) from None


def parse(document: Any) -> ModelDeployment:
    """The ModelDeployment in a parsed document, read as strictly as an API server does.

    A key without a value counts as absent, and no text is taken for a number.

    Raises:
        SpecError: One line for each problem.
    """
    if not isinstance(document, Mapping):
        raise SpecError("expected a ModelDeployment object; see manifests/samples/")
    try:
        plain = json.dumps(_without_nulls(document), default=str)
        wanted = ModelDeployment.model_validate_json(plain, strict=True)
    except ValidationError as broken:
        raise SpecError("\n".join(_in_words(error) for error in broken.errors())) from None
    if broken_rules := problems(wanted.spec):
        raise SpecError("\n".join(broken_rules))
    return wanted


def _without_nulls(value: Any) -> Any:
    """The value without keys that have none, as the API server prunes them."""
    if isinstance(value, Mapping):
        return {str(k): _without_nulls(child) for k, child in value.items() if child is not None}
    return [_without_nulls(child) for child in value] if isinstance(value, list) else value


def _in_words(error: Any) -> str:
    """One problem of pydantic as `field: what; what to do`."""
    where = _path(error["loc"])
    match error["type"]:
        case "extra_forbidden":
            return f"{where}: unknown field{_nearest(error['loc'])}"
        case "missing":
            return f"{where}: missing; give it a value"
        case "enum":
            return f"{where}: {error['input']!r} is not one of {error['ctx']['expected']}"
        case _:
            return f"{where}: {error['msg'].removeprefix('Value error, ')}"


def _path(loc: tuple[str | int, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return text.removeprefix(".")


def _nearest(loc: tuple[str | int, ...]) -> str:
    known = [to_camel(name) for name in _fields_at(loc[:-1])]
    near = get_close_matches(str(loc[-1]), known, n=1)
    return f"; did you mean {near[0]}?" if near else f"; the fields here are {', '.join(known)}"


def _fields_at(loc: tuple[str | int, ...]) -> tuple[str, ...]:
    model: Any = ModelDeployment
    for part in loc:
        if isinstance(part, str):
            model = _model_in(_field(model, part))
    return tuple(model.model_fields)


def _field(model: type[BaseModel], alias: str) -> Any:
    return next(
        info.annotation for name, info in model.model_fields.items() if to_camel(name) == alias
    )


def _model_in(annotation: Any) -> Any:
    """The wire type inside `X`, `X | None` or `tuple[X, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = getattr(annotation, "__args__", ())
    return next((m for m in map(_model_in, inner) if m is not None), None)
