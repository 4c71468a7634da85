"""Grafana's dashboards, from a table of what is shown."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tools.page.mark import SENTENCE

PANEL_WIDTH = 12
PANEL_HEIGHT = 8
SOURCE = {"type": "prometheus", "uid": "${source}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One picture."""

    title: str
    about: str
    """What it tells, and from which value on somebody should act."""
    expression: str
    """PromQL; `$namespace` and `$deployment` stand for what the viewer chose."""
    legend: str = ""
    unit: str = "short"


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One dashboard."""

    name: str
    title: str
    panels: tuple[Panel, ...]
    by_deployment: bool = False
    """Whether the viewer chooses a deployment."""


_OF = 'namespace=~"$namespace",deployment=~"$deployment"'
_HERE = 'namespace=~"$namespace"'

BOARDS = (
    Board(
        name="rollouts",
        title="Sluice: rollouts",
        by_deployment=True,
        panels=(
            Panel(
                title="Requests by revision",
                about="The share of each revision, as model servers counted it.",
                expression=f"sum by (revision) (sluice:requests:rate1m{{{_OF}}})",
                legend="{{revision}}",
                unit="reqps",
            ),
            Panel(
                title="Failed requests by revision",
                about="Errors of the model; what does not fit the contract is not counted.",
                expression=f"sum by (revision) (sluice:failures:ratio1m{{{_OF}}})",
                legend="{{revision}}",
                unit="percentunit",
            ),
            Panel(
                title="Rejected requests by revision",
                about="Requests that the contract refuses: somebody calls with other inputs.",
                expression="sum by (revision) "
                f'(rate(sluice_requests_total{{{_OF},outcome="rejected"}}[5m]))',
                legend="{{revision}}",
                unit="reqps",
            ),
            Panel(
                title="Time of one request, 99 of 100 are faster",
                about="The model server's own work, without queues before it.",
                expression=f"max by (revision) (sluice:request_seconds:p99{{{_OF}}})",
                legend="{{revision}}",
                unit="s",
            ),
            Panel(
                title="Predictions in memory",
                about="Grows while the spool takes nothing; beyond 50,000 they are lost.",
                expression=f"sum by (revision) (sluice_ledger_waiting{{{_OF}}})",
                legend="{{revision}}",
            ),
            Panel(
                title="Predictions lost",
                about="Anything but 0 is a loss: gates on accuracy know nothing of them.",
                expression="sum by (revision) "
                f"(increase(sluice_ledger_dropped_total{{{_OF}}}[5m]))",
                legend="{{revision}}",
            ),
        ),
    ),
    Board(
        name="operator",
        title="Sluice: the operator",
        panels=(
            Panel(
                title="Deployments by phase",
                about="What all deployments are doing.",
                expression=f"sum by (phase) (max by (phase, pod) (sluice_deployments{{{_HERE}}}))",
                legend="{{phase}}",
            ),
            Panel(
                title="Who leads",
                about="Exactly one replica shows 1.",
                expression=f"sluice_leading{{{_HERE}}}",
                legend="{{pod}}",
            ),
            Panel(
                title="Looks",
                about="Looks at a deployment, by what came of them.",
                expression=f"sum by (result) (rate(sluice_turns_total{{{_HERE}}}[5m]))",
                legend="{{result}}",
                unit="ops",
            ),
            Panel(
                title="Time of one look, 95 of 100 are faster",
                about="Requests to the API server included.",
                expression="histogram_quantile(0.95, "
                f"sum by (le) (rate(sluice_turn_seconds_bucket{{{_HERE}}}[5m])))",
                legend="95 of 100",
                unit="s",
            ),
            Panel(
                title="The longest wait for a worker",
                about="If it grows, more workers or a longer poll are needed.",
                expression=f"max(sluice_queue_oldest_seconds{{{_HERE}}})",
                legend="seconds",
                unit="s",
            ),
            Panel(
                title="Records",
                about="RolloutRuns, events and results of actions, by what came of writing them.",
                expression=f"sum by (result) (rate(sluice_records_total{{{_HERE}}}[5m]))",
                legend="{{result}}",
                unit="ops",
            ),
        ),
    ),
    Board(
        name="ledger",
        title="Sluice: the ledger",
        panels=(
            Panel(
                title="Records",
                about="What was handed in, and what became of it.",
                expression="sum by (kind, fate) "
                f"(rate(sluice_ledger_records_total{{{_HERE}}}[1m]))",
                legend="{{kind}} {{fate}}",
                unit="ops",
            ),
            Panel(
                title="Waiting in memory",
                about="At its limit, requests are answered with 429 and come again.",
                expression=f"sum by (pod) (sluice_ledger_waiting_bytes{{{_HERE}}})",
                legend="{{pod}}",
                unit="bytes",
            ),
            Panel(
                title="Time of one commit, 95 of 100 are faster",
                about="Grows when the database or its disk is slow.",
                expression="histogram_quantile(0.95, sum by (le) "
                f"(rate(sluice_ledger_commit_seconds_bucket{{{_HERE}}}[5m])))",
                legend="95 of 100",
                unit="s",
            ),
            Panel(
                title="What the database refused",
                about="Anything but 0 asks for a look at the database.",
                expression="sum by (pod) "
                f"(increase(sluice_ledger_store_errors_total{{{_HERE}}}[5m]))",
                legend="{{pod}}",
            ),
        ),
    ),
    Board(
        name="seldon",
        title="Sluice: what Seldon counts",
        panels=(
            Panel(
                title="Attempts by model",
                about="Seldon repeats failed requests, so these are attempts.",
                expression="sum by (model_internal) "
                f"(rate(seldon_model_infer_total{{{_HERE}}}[1m]))",
                legend="{{model_internal}}",
                unit="reqps",
            ),
            Panel(
                title="Attempts that failed",
                about="Codes 5xx, and of gRPC those that HTTP maps to 5xx.",
                expression="sum by (model_internal, code) "
                f'(rate(seldon_model_infer_total{{{_HERE},code=~"5..|Unknown|DeadlineExceeded|'
                'Unimplemented|Internal|Unavailable|DataLoss"}[1m]))',
                legend="{{model_internal}} {{code}}",
                unit="reqps",
            ),
        ),
    ),
)


def text(board: Board) -> str:
    """The dashboard as Grafana reads it."""
    return json.dumps(_board(board), indent=2, ensure_ascii=False) + "\n"


def _board(board: Board) -> dict[str, Any]:
    return {
        "description": f"{SENTENCE}. Source: tools/chart/dashboard.py",
        "uid": f"sluice-{board.name}",
        "title": board.title,
        "tags": ["sluice"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "10s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": list(_choices(board))},
        "panels": [_panel(number, panel) for number, panel in enumerate(board.panels)],
    }


def _choices(board: Board) -> Iterator[dict[str, Any]]:
    yield {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    yield _choice("namespace", "label_values(up, namespace)")
    if board.by_deployment:
        query = 'label_values(sluice_requests_total{namespace=~"$namespace"}, deployment)'
        yield _choice("deployment", query)


def _choice(name: str, query: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": "query",
        "datasource": SOURCE,
        "definition": query,
        "query": {"query": query, "refId": name},
        "includeAll": True,
        "multi": True,
        "allValue": ".*",
        "refresh": 2,
        "current": {"text": "All", "value": "$__all"},
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    row, column = divmod(number, 2)
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.about,
        "datasource": SOURCE,
        "gridPos": {
            "h": PANEL_HEIGHT,
            "w": PANEL_WIDTH,
            "x": column * PANEL_WIDTH,
            "y": row * PANEL_HEIGHT,
        },
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {
                "refId": "A",
                "datasource": SOURCE,
                "expr": panel.expression,
                "legendFormat": panel.legend,
            }
        ],
    }
