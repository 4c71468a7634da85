"""For each rule of admission one object that keeps it and one, nearly the same, that breaks it."""

from dataclasses import dataclass

from admission_objects import (
    BEST,
    CHECK,
    COUNTERS,
    COVERED,
    DRIFT,
    ERRORS,
    EXPERIMENT,
    FAST,
    FIGURE,
    LABELS,
    MIRROR,
    OWN,
    PAIRS,
    RIGHT,
    SALES,
    SHIFT,
    SLO,
    SPLIT,
    Document,
    action,
    deployment,
    gates,
    named,
    run,
    steps,
    trial,
    without,
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A rule, and the pair."""

    rule: str
    accepted: Document
    refused: Document
    before: Document | None = None
    """For rules about changes: what is there when one of the two is applied."""


def _pair(rule: str, accepted: Document, refused: Document) -> Case:
    return Case(rule=rule, accepted=accepted, refused=refused)


def _backend(**backend: str) -> Document:
    return deployment(backend=backend)


_NEXT = {"uri": "models:/churn/4"}
_GUARDED = (ERRORS | {"alpha": "0.02"}, SLO | {"alpha": "0.02"})
_WATCHED = {"role": "Observe"}
_DRIFTS = tuple(DRIFT | {"name": f"drift-{n}"} for n in range(3))
_SHIFTS = tuple(SHIFT | _WATCHED | {"name": f"shift-{n}"} for n in range(5))
_DIFFERENT = tuple(
    shift | {"name": f"pairs-{n}", "comparison": "Paired"} for n, shift in enumerate(_SHIFTS)
)
CASES: tuple[Case, ...] = (
    _pair("name-is-short", named("a" * 45), named("a" * 46)),
    _pair("name-is-plain", named("churn-eu"), named("churn.eu")),
    Case(
        rule="backend-never-changes",
        before=_backend(type="SeldonV2"),
        accepted=_backend(type="SeldonV2", isolation="Server"),
        refused=_backend(type="SeldonV1"),
    ),
    _pair(
        "isolation-needs-v2",
        _backend(isolation="Server"),
        _backend(isolation="Server", type="SeldonV1"),
    ),
    _pair(
        "server-needs-v2", _backend(server="mlserver"), _backend(server="mlserver", type="SeldonV1")
    ),
    _pair(
        "server-or-isolation",
        _backend(server="mlserver", isolation="Shared"),
        _backend(server="mlserver", isolation="Server"),
    ),
    _pair(
        "ambassador-needs-v1",
        _backend(ingress="Ambassador", type="SeldonV1"),
        _backend(ingress="Ambassador"),
    ),
    Case(
        rule="ambassador-tries-nothing",
        before=_backend(type="SeldonV1", ingress="Ambassador"),
        accepted=deployment(model=_NEXT, backend={"type": "SeldonV1", "ingress": "Istio"}),
        refused=deployment(model=_NEXT, backend={"type": "SeldonV1", "ingress": "Ambassador"}),
    ),
    _pair(
        "uri-has-a-scheme",
        deployment(model={"uri": "s3://churn/3"}),
        deployment(model={"uri": "churn/3"}),
    ),
    _pair(
        "steps-are-not-needed",
        deployment(strategy={"type": "Immediate"}),
        steps({"setWeight": 10}, kind="Immediate"),
    ),
    _pair(
        "weights-rise",
        steps({"setWeight": 10}, {"setWeight": 10}),
        steps({"setWeight": 10}, {"setWeight": 9}),
    ),
    _pair("canary-sets-a-weight", steps(MIRROR, {"setWeight": 1}), steps(MIRROR)),
    _pair(
        "shadow-sets-no-weight",
        steps(MIRROR, kind="Shadow"),
        steps(MIRROR, {"setWeight": 10}, kind="Shadow"),
    ),
    _pair(
        "shadow-mirrors",
        steps(MIRROR, kind="Shadow"),
        steps({"mirror": {"percent": 0}}, kind="Shadow"),
    ),
    _pair(
        "mirror-comes-first",
        steps(MIRROR, {"setWeight": 10}),
        steps({"setWeight": 10}, MIRROR),
    ),
    _pair(
        "blue-green-switches-at-once",
        steps(MIRROR, CHECK, {"setWeight": 100}, kind="BlueGreen"),
        steps(MIRROR, CHECK, {"setWeight": 50}, kind="BlueGreen"),
    ),
    _pair(
        "blue-green-switches-last",
        steps({"pause": {"duration": "1m"}}, {"setWeight": 100}, kind="BlueGreen"),
        steps({"setWeight": 100}, {"pause": {"duration": "1m"}}, kind="BlueGreen"),
    ),
    _pair(
        "analysis-needs-traffic",
        steps({"pause": {}}, {"setWeight": 10}, CHECK),
        steps({"mirror": {"percent": 0}}, CHECK, {"setWeight": 10}),
    ),
    _pair(
        "experiment-is-needed",
        trial(),
        deployment(strategy={"type": "ABTest"}, gates=[SLO]),
    ),
    _pair(
        "experiment-is-not-needed",
        trial(),
        deployment(
            strategy={"type": "Shadow", "steps": [MIRROR], "experiment": EXPERIMENT}, gates=[BEST]
        ),
    ),
    _pair("experiment-may-have-its-weight", trial(weight=50), trial(weight=51)),
    _pair(
        "one-kind-per-step",
        steps({"setWeight": 10}, {"pause": {}}),
        steps({"setWeight": 10, "pause": {}}),
    ),
    _pair(
        "pause-takes-time",
        steps({"setWeight": 10}, {"pause": {"duration": "1ms"}}),
        steps({"setWeight": 10}, {"pause": {"duration": "0m"}}),
    ),
    _pair(
        "approval-takes-time",
        steps({"setWeight": 10}, {"approval": {"timeout": "1ms"}}),
        steps({"setWeight": 10}, {"approval": {"timeout": "0h"}}),
    ),
    _pair(
        "rollback-needs-a-timeout",
        steps({"setWeight": 10}, {"approval": {"timeout": "24h", "onTimeout": "Rollback"}}),
        steps({"setWeight": 10}, {"approval": {"onTimeout": "Rollback"}}),
    ),
    _pair(
        "analysis-takes-time",
        steps({"setWeight": 10}, {"analysis": {"gates": ["errors"], "maxDuration": "1ms"}}),
        steps({"setWeight": 10}, {"analysis": {"gates": ["errors"], "maxDuration": "0s"}}),
    ),
    _pair(
        "analysis-has-a-span",
        steps({"setWeight": 10}, {"analysis": {"gates": ["errors"], "minDuration": "60m"}}),
        steps({"setWeight": 10}, {"analysis": {"gates": ["errors"], "minDuration": "1h1ms"}}),
    ),
    _pair("experiment-takes-time", trial(duration="1s"), trial(duration="0s")),
    _pair(
        "experiment-has-a-span",
        trial(minDuration="2h", duration="2h"),
        trial(minDuration="2h1s", duration="2h"),
    ),
    _pair(
        "metric-knows-the-comparison",
        gates(ERRORS, DRIFT, SPLIT, SHIFT | {"comparison": "Paired"}),
        gates(ERRORS, SHIFT | {"comparison": "Absolute", "margin": "0.5"}),
    ),
    _pair(
        "rate-needs-a-margin",
        gates(without(ERRORS, "margin"), SHIFT | {"comparison": "Paired"}),
        gates(without(SLO, "margin")),
    ),
    _pair(
        "margin-is-a-ratio",
        gates(ERRORS | {"margin": "1.01"}, DRIFT | {"margin": "2"}),
        gates(SPLIT | {"margin": "1"}),
    ),
    _pair(
        "margin-is-a-rate",
        gates(SLO | {"margin": "0.99"}),
        gates(SHIFT | {"comparison": "Paired", "margin": "1"}),
    ),
    _pair("margin-is-a-loss", gates(PAIRS | {"margin": "0"}), gates(PAIRS | {"margin": "1"})),
    _pair("labels-are-needed", gates(RIGHT), gates(without(COVERED, "labels"))),
    _pair("labels-are-not-needed", gates(PAIRS), gates(PAIRS | {"labels": LABELS})),
    _pair("kpi-is-needed", gates(SALES), gates(without(SALES, "kpi"))),
    _pair("kpi-is-not-needed", gates(ERRORS), gates(ERRORS | {"kpi": FIGURE})),
    _pair(
        "kpi-has-a-span",
        gates(SALES | {"kpi": FIGURE | {"lowest": "-5", "highest": "100000.5"}}),
        gates(SALES | {"kpi": FIGURE | {"lowest": "10", "highest": "9"}}),
    ),
    _pair(
        "figure-takes-time",
        gates(SALES | {"kpi": FIGURE | {"maturity": "1ms"}}),
        gates(SALES | {"kpi": FIGURE | {"maturity": "0s"}}),
    ),
    _pair("counters-are-needed", gates(OWN), gates(without(OWN, "counters"))),
    _pair("counters-are-not-needed", gates(ERRORS), gates(ERRORS | {"counters": COUNTERS})),
    _pair(
        "answer-is-not-needed",
        gates(ERRORS, SHIFT | {"answer": "Confidence"}),
        gates(ERRORS, SHIFT | {"answer": "Class", "comparison": "Paired"}),
    ),
    _pair(
        "coverage-is-a-share",
        gates(RIGHT | {"labels": LABELS | {"minCoverage": "1"}}),
        gates(RIGHT | {"labels": LABELS | {"minCoverage": "1.01"}}),
    ),
    _pair(
        "maturity-takes-time",
        gates(COVERED | {"labels": {"maturity": "1ms"}}),
        gates(COVERED | {"labels": {"maturity": "0h"}}),
    ),
    _pair(
        "constant-latency-needs-a-threshold",
        gates(FAST, {"name": "slow", "metric": "LatencyExceedance"}),
        gates(without(FAST, "threshold")),
    ),
    _pair("threshold-is-not-needed", gates(SLO), gates(SLO | {"threshold": "250ms"})),
    _pair(
        "threshold-is-an-edge",
        gates(FAST | {"threshold": "0.25s"}),
        gates(FAST | {"threshold": "251ms"}),
    ),
    _pair(
        "alpha-is-a-small-chance",
        gates(BEST | {"alpha": "0.05"}),
        gates(BEST | {"alpha": "0.051"}),
    ),
    _pair(
        "alpha-safe-is-a-small-chance",
        gates(SLO | {"alphaSafe": "0.1"}),
        gates(SLO | {"alphaSafe": "0"}),
    ),
    _pair(
        "analysis-names-known-gates",
        steps({"setWeight": 10}, CHECK),
        steps({"setWeight": 10}, {"analysis": {"gates": ["errors", "eror"]}}),
    ),
    _pair(
        "experiment-names-a-known-gate",
        trial(BEST, ERRORS),
        trial(ERRORS, primaryGate="fastest"),
    ),
    _pair("primary-gate-is-the-objective", trial(BEST, SLO), trial(FAST, SLO)),
    _pair(
        "pairs-need-a-mirror",
        deployment(
            strategy={"type": "Canary", "steps": [MIRROR, {"setWeight": 10}]}, gates=[PAIRS]
        ),
        deployment(gates=[PAIRS]),
    ),
    _pair(
        "shares-need-a-weight",
        deployment(strategy={"type": "Canary"}, gates=[SPLIT]),
        deployment(strategy={"type": "Shadow", "steps": [MIRROR]}, gates=[ERRORS, SPLIT]),
    ),
    _pair(
        "guardrails-share-one-alpha",
        gates(*_GUARDED, PAIRS, DRIFT | {"alpha": "0.05"}),
        gates(*_GUARDED, PAIRS, SPLIT),
    ),
    _pair("few-gates-count-bins", gates(ERRORS, *_DRIFTS[:2]), gates(ERRORS, *_DRIFTS)),
    _pair(
        "few-gates-count-classes",
        gates(ERRORS, *_SHIFTS[:4], *_DIFFERENT),
        gates(ERRORS, *_SHIFTS),
    ),
    _pair(
        "some-gate-is-enforced",
        steps({"setWeight": 10}, ungated=True),
        gates(ERRORS | {"role": "Observe"}),
    ),
    _pair(
        "progress-deadline-is-long-enough",
        deployment(progressDeadline="30s"),
        deployment(progressDeadline="29s"),
    ),
    _pair(
        "no-data-limit-is-long-enough",
        deployment(noDataLimit="10s"),
        deployment(noDataLimit="9999ms"),
    ),
    _pair(
        "durations-end",
        deployment(rollback={"bake": "8760h"}),
        deployment(rollback={"bake": "8760h1ms"}),
    ),
    Case(
        rule="run-never-changes",
        before=run("churn-1a2b3c4d"),
        accepted=run("churn-1a2b3c4d"),
        refused=run("churn-99999999"),
    ),
    Case(
        rule="action-never-changes",
        before=action("Promote"),
        accepted=action("Promote"),
        refused=action("PromoteFull"),
    ),
)
