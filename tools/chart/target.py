"""Every generated file of the charts."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

from sluice_operator.api.crd import RESOURCES

from tools.chart import dashboard, definition, right
from tools.chart.readme import readme, umbrella_readme
from tools.chart.stack_values import PARTS
from tools.chart.text import schema_text, umbrella_schema, umbrella_text, values_text
from tools.chart.umbrella import Umbrella
from tools.page.mark import SENTENCE

SHARED = Path(__file__).with_name("parts.tpl")
SOURCE = "tools/chart/"


def shared_templates() -> str:
    """What all charts have in common."""
    text = SHARED.read_text(encoding="utf-8")
    return f"{{{{- /* {SENTENCE}. Source: tools/chart/parts.tpl */ -}}}}\n{text}"


def _chart(name: str) -> Iterator[tuple[str, Callable[[], str]]]:
    model = PARTS[name]
    yield f"helm/{name}/values.yaml", lambda: values_text(model(), source=SOURCE)
    yield f"helm/{name}/values.schema.json", partial(schema_text, model, source=SOURCE)
    yield f"helm/{name}/README.md", lambda: readme(name, model(), source=SOURCE)
    yield f"helm/{name}/templates/_parts.tpl", shared_templates


def _umbrella() -> Iterator[tuple[str, Callable[[], str]]]:
    yield "helm/sluice/values.yaml", lambda: umbrella_text(Umbrella(), source=SOURCE)
    yield "helm/sluice/README.md", lambda: umbrella_readme(Umbrella(), source=SOURCE)
    yield "helm/sluice/values.schema.json", partial(umbrella_schema, Umbrella, source=SOURCE)
    yield "helm/sluice/templates/_parts.tpl", shared_templates


def _operator() -> Iterator[tuple[str, Callable[[], str]]]:
    for resource in RESOURCES:
        path = f"helm/operator/files/definitions/{resource.plural}.yaml"
        yield path, partial(definition.kind, resource)
    yield "helm/operator/files/policy/rolloutactions.yaml", definition.policy
    yield "helm/operator/files/policy/roles.yaml", definition.roles
    yield "helm/operator/templates/_rights.tpl", right.rules


def _kfp() -> Iterator[tuple[str, Callable[[], str]]]:
    for wish in definition.KFP_KINDS:
        path = f"helm/kfp/files/definitions/{wish.plural}.yaml"
        yield path, partial(definition.open_kind, wish)
    yield "helm/kfp/templates/_rights.tpl", right.deploy_rules


def _dashboards() -> Iterator[tuple[str, Callable[[], str]]]:
    for board in dashboard.BOARDS:
        path = f"helm/grafana-dashboards/files/{board.name}.json"
        yield path, partial(dashboard.text, board)


TARGETS: Mapping[str, Callable[[], str]] = MappingProxyType(
    dict(_umbrella())
    | dict(_operator())
    | dict(_kfp())
    | dict(_dashboards())
    | {path: make for name in PARTS for path, make in _chart(name)}
)
