"""Objects that keep every rule of admission, whole and in parts."""

from copy import deepcopy
from typing import Any

Document = dict[str, Any]
ERRORS = {"name": "errors", "metric": "ErrorRate", "margin": "2"}
SLO = {"name": "slo", "metric": "ErrorRate", "comparison": "Absolute", "margin": "0.02"}
PAIRS = {"name": "pairs", "metric": "Accuracy", "comparison": "Paired", "margin": "0.01"}
FAST = {
    "name": "fast",
    "metric": "LatencyExceedance",
    "comparison": "Absolute",
    "threshold": "250ms",
    "margin": "0.05",
}
BEST = FAST | {"role": "Objective"}
LABELS = {"maturity": "24h"}
RIGHT = {"name": "right", "metric": "Accuracy", "labels": LABELS}
COVERED = {"name": "covered", "metric": "LabelCoverage", "labels": LABELS}
FIGURE = {"name": "purchase", "maturity": "24h"}
SALES = {"name": "sales", "metric": "BusinessKPI", "kpi": FIGURE}
COUNTERS = {"bad": "failures_total", "total": "attempts_total"}
OWN = {"name": "own", "metric": "Counters", "counters": COUNTERS}
SHIFT = {"name": "shift", "metric": "PredictionShift"}
DRIFT = {"name": "drift", "metric": "FeatureDrift"}
SPLIT = {"name": "split", "metric": "SampleRatio"}
CHECK = {"analysis": {"gates": ["errors"]}}
MIRROR = {"mirror": {"percent": 50}}
EXPERIMENT = {"weight": 50, "primaryGate": "fast", "duration": "168h"}


def deployment(**spec: Any) -> Document:
    """A deployment that keeps all rules, with parts of its spec exchanged."""
    good = {
        "model": {"uri": "models:/churn/3"},
        "strategy": {"type": "Canary", "steps": [{"setWeight": 10}, {"setWeight": 50}]},
        "gates": [ERRORS],
    }
    return {
        "apiVersion": "sluice.dev/v1alpha1",
        "kind": "ModelDeployment",
        "metadata": {"name": "churn"},
        "spec": deepcopy(good | spec),
    }


def named(name: str) -> Document:
    """The good deployment under another name."""
    return deployment() | {"metadata": {"name": name}}


def steps(*some: Document, kind: str = "Canary", **strategy: Any) -> Document:
    """The good deployment with another strategy."""
    return deployment(strategy={"type": kind, "steps": list(some)} | strategy)


def gates(*some: Document) -> Document:
    """The good deployment with other gates, and with a mirror for those that need pairs."""
    return deployment(
        strategy={"type": "Canary", "steps": [MIRROR, {"setWeight": 10}]}, gates=list(some)
    )


def trial(*some: Document, **experiment: Any) -> Document:
    """An A/B test."""
    return deployment(
        strategy={"type": "ABTest", "experiment": EXPERIMENT | experiment},
        gates=list(some) or [BEST],
    )


def without(gate: Document, field: str) -> Document:
    """The gate with one field left out."""
    return {key: value for key, value in gate.items() if key != field}


def template(*some: Document, kind: str = "GateTemplate") -> Document:
    """A template of gates."""
    return {
        "apiVersion": "sluice.dev/v1alpha1",
        "kind": kind,
        "metadata": {"name": "house"},
        "spec": {"gates": list(some)},
    }


def run(revision: str) -> Document:
    """A RolloutRun."""
    return {
        "apiVersion": "sluice.dev/v1alpha1",
        "kind": "RolloutRun",
        "metadata": {"name": "churn-2"},
        "spec": {"deployment": "churn", "attempt": 2, "revision": revision, "uri": "models:/c/1"},
    }


def action(verb: str, by: str = "admin", name: str = "ask") -> Document:
    """A RolloutAction."""
    return {
        "apiVersion": "sluice.dev/v1alpha1",
        "kind": "RolloutAction",
        "metadata": {"name": name},
        "spec": {"target": "churn", "revision": "churn-1a2b3c4d", "verb": verb, "by": by},
    }
