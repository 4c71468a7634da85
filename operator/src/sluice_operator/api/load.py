"""A document from a person, checked: every problem at once, each with its field and the way out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_camel

from sluice_operator.api.rule import problems, template_problems
from sluice_operator.api.template import Template, Templates, gates_of
from sluice_operator.api.v1alpha1 import (
    ClusterGateTemplate,
    GateTemplate,
    ModelDeployment,
    TemplateKind,
)
from sluice_operator.errors import SpecError

_T = TypeVar("_T", bound=BaseModel)
_FOLLOWS = "default_factory_not_called"
"""What pydantic says of a default that depends on a field which is wrong itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """What a file asks for, in its order."""

    deployments: tuple[ModelDeployment, ...] = ()
    templates: tuple[Template, ...] = ()

    @property
    def gates(self) -> Templates:
        """The templates, as deployments name them."""
        return gates_of(self.templates)


def load(path: Path) -> ModelDeployment:
    """The one ModelDeployment in a YAML file, whatever templates stand beside it.

    Raises:
        SpecError: The file cannot be read, is not YAML, breaks the schema or a rule, or has none or
            several ModelDeployments.
    """
    found = read(path).deployments
    if len(found) != 1:
        raise SpecError(f"{path}: has {len(found)} ModelDeployments; expected one")
    return found[0]


def read(path: Path) -> Documents:
    """Every ModelDeployment and template in a YAML file.

    Raises:
        SpecError: The file cannot be read, is not YAML, or breaks the schema or a rule.
    """
    try:
        documents = tuple(yaml.safe_load_all(path.read_text()))
    except OSError as broken:
        raise SpecError(f"{path}: cannot be read: {broken.strerror}") from broken
    except UnicodeDecodeError as broken:
        raise SpecError(f"{path}: is not text in UTF-8 (byte {broken.start})") from broken
    except yaml.YAMLError as broken:
        raise SpecError(f"{path}: is not YAML: {broken}") from broken
    try:
        return _sorted([document for document in documents if document is not None])
    except SpecError as broken:
        raise SpecError("\n".join(f"{path}: {line}" for line in str(broken).split("\n"))) from None


def _sorted(documents: list[Any]) -> Documents:
    deployments, templates = list[ModelDeployment](), list[Template]()
    for document in documents or [None]:
        kind = document.get("kind") if isinstance(document, Mapping) else None
        if kind in set(TemplateKind):
            templates.append(parse_template(document))
        else:
            deployments.append(parse(document))
    return Documents(deployments=tuple(deployments), templates=tuple(templates))


def parse(document: Any) -> ModelDeployment:
    """The ModelDeployment in a parsed document, read as strictly as an API server does.

    A key without a value counts as absent, and no text is taken for a number.

    Raises:
        SpecError: One line for each problem.
    """
    if not isinstance(document, Mapping):
        raise SpecError("expected a ModelDeployment object; see manifests/samples/")
    wanted = _validated(ModelDeployment, document)
    if broken_rules := problems(wanted.spec):
        raise SpecError("\n".join(broken_rules))
    return wanted


def parse_template(document: Mapping[str, Any]) -> Template:
    """The template in a parsed document, read likewise.

    Raises:
        SpecError: One line for each problem.
    """
    template: Template
    if document.get("kind") == TemplateKind.GATE_TEMPLATE:
        template = _validated(GateTemplate, document)
    else:
        template = _validated(ClusterGateTemplate, document)
    if broken_rules := template_problems(template.spec.gates):
        raise SpecError("\n".join(broken_rules))
    return template


def _validated(model: type[_T], document: Mapping[str, Any]) -> _T:
    try:
        plain = json.dumps(_without_nulls(document), default=str)
        return model.model_validate_json(plain, strict=True)
    except ValidationError as broken:
        told = (error for error in broken.errors() if error["type"] != _FOLLOWS)
        raise SpecError("\n".join(_in_words(error, model) for error in told)) from None


def _without_nulls(value: Any) -> Any:
    """The value without keys that have none, as the API server prunes them."""
    if isinstance(value, Mapping):
        return {str(k): _without_nulls(child) for k, child in value.items() if child is not None}
    return [_without_nulls(child) for child in value] if isinstance(value, list) else value


def _in_words(error: Any, model: type[BaseModel]) -> str:
    """One problem of pydantic as `field: what; what to do`."""
    where = _path(error["loc"])
    match error["type"]:
        case "extra_forbidden":
            return f"{where}: unknown field{_nearest(error['loc'], model)}"
        case "missing":
            return f"{where}: missing; give it a value"
        case "enum":
            return f"{where}: {error['input']!r} is not one of {error['ctx']['expected']}"
        case _:
            return f"{where}: {error['msg'].removeprefix('Value error, ')}"


def _path(loc: tuple[str | int, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return text.removeprefix(".")


def _nearest(loc: tuple[str | int, ...], model: type[BaseModel]) -> str:
    known = [to_camel(name) for name in _fields_at(loc[:-1], model)]
    near = get_close_matches(str(loc[-1]), known, n=1)
    return f"; did you mean {near[0]}?" if near else f"; the fields here are {', '.join(known)}"


def _fields_at(loc: tuple[str | int, ...], model: type[BaseModel]) -> tuple[str, ...]:
    at: Any = model
    for part in loc:
        if isinstance(part, str):
            at = _model_in(_field(at, part))
    return tuple(at.model_fields)


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
