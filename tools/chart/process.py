"""Settings of a process as values of its chart: the same types, limits, defaults and sentences."""

from collections.abc import Collection, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field, create_model

from tools.chart.part import Part, Port


def settings_part(
    name: str,
    settings: type[BaseModel],
    *,
    without: Collection[str],
    instead: Mapping[str, Any],
) -> type[Part]:
    """A group of values with every setting but those that the chart knows by itself."""
    fields = {
        field: _value(settings, field, instead)
        for field in settings.model_fields
        if field not in without
    }
    about = f"Settings of the process; source: {settings.__module__}."
    made: type[Part] = create_model(name, __base__=Part, __doc__=about, **fields)  # type: ignore[call-overload]
    return made


def _value(settings: type[BaseModel], field: str, instead: Mapping[str, Any]) -> tuple[Any, Any]:
    setting = settings.model_fields[field]
    meaning = " ".join((setting.description or "").split())
    if field.endswith("_port"):
        return Port, Field(setting.default, description=meaning.partition(";")[0] + ".")
    if isinstance(setting.default, tuple):
        plain = meaning.replace(", separated by commas", "")
        return tuple[str, ...], Field(setting.default, description=plain)
    if field in instead:
        return instead[field], Field(setting.default, description=meaning)
    kind: Any = Annotated[(setting.annotation, *setting.metadata, "as the process reads it")]
    return kind, Field(setting.default, description=meaning)
