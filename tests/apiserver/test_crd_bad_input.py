"""API server and laptop refuse the same: each field wrong in each way, and what chance finds."""

from collections.abc import Iterator
from copy import deepcopy

import pytest
from admission_corpus import CASES
from admission_objects import (
    BEST,
    COUNTERS,
    ERRORS,
    FAST,
    FIGURE,
    LABELS,
    OWN,
    PAIRS,
    RIGHT,
    SALES,
    SHIFT,
    Document,
    deployment,
)
from control_plane import ControlPlane
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from schema_mutation import Mutation, fields, mutations, places, put, shape
from sluice_kinds import Admission, install_kinds
from sluice_operator.api.crd import MODEL_DEPLOYMENT, schema_of
from sluice_operator.api.load import parse
from sluice_operator.errors import SpecError

SCHEMA = schema_of(MODEL_DEPLOYMENT)["properties"]["spec"]
MODEL = {
    "uri": "s3://models/churn/3",
    "digest": f"sha256:{'0' * 64}",
    "requirements": ["mlflow"],
    "memory": "512Mi",
    "replicas": 2,
    "secretName": "s3.credentials",
}
GATE = {"alpha": "0.01", "alphaSafe": "0.05", "minSamples": 200, "onNoData": "Pause"}
CANARY = deployment(
    backend={"type": "SeldonV2", "isolation": "Shared", "server": "mlserver", "ingress": "Istio"},
    model=MODEL,
    strategy={
        "type": "Canary",
        "ungated": False,
        "maxWeightBeforeObjectives": 50,
        "steps": [
            {"name": "copy", "mirror": {"percent": 50}},
            {"setWeight": 10},
            {
                "analysis": {
                    "gates": ["errors"],
                    "minDuration": "1m",
                    "maxDuration": "1h",
                    "onInconclusive": "Rollback",
                }
            },
            {"pause": {"duration": "1m"}},
            {"approval": {"timeout": "24h", "onTimeout": "Rollback"}},
        ],
    },
    gates=[
        ERRORS | {"role": "Guardrail", "comparison": "Relative"} | GATE,
        FAST,
        PAIRS,
        RIGHT | {"labels": LABELS | {"minCoverage": "0.5"}},
        SALES | {"kpi": FIGURE | {"lowest": "0", "highest": "100"}},
        OWN | {"role": "Observe", "counters": COUNTERS | {"label": "model"}},
        SHIFT | {"role": "Observe", "answer": "Confidence"},
    ],
    gateTemplates=[{"name": "house", "kind": "GateTemplate"}],
    rollback={"bake": "30m"},
    suspend=False,
    progressDeadline="10m",
    noDataLimit="5m",
    revisionHistoryLimit=10,
)
TRIAL = deployment(
    strategy={
        "type": "ABTest",
        "experiment": {
            "weight": 50,
            "primaryGate": "fast",
            "minDuration": "1h",
            "duration": "168h",
        },
    },
    gates=[BEST],
)
EXPERIMENT = ("strategy", "experiment")
WRONG = [
    *mutations(SCHEMA, CANARY, ("spec",)),
    *(m for m in mutations(SCHEMA, TRIAL, ("spec",)) if m.path[:2] == EXPERIMENT),
]


@pytest.fixture(scope="module")
def admission(control_plane: ControlPlane) -> Iterator[Admission]:
    install_kinds(control_plane)
    with control_plane.client() as client:
        yield Admission(client, "default")


def laptop_says(document: Document) -> str:
    try:
        parse(document)
    except SpecError as refused:
        return str(refused)
    return ""


def test_the_good_documents_have_every_field_of_the_schema() -> None:
    told = {
        shape(path) for document in (CANARY, TRIAL) for path, _ in places(SCHEMA, document["spec"])
    }
    assert told == set(fields(SCHEMA))


@pytest.mark.parametrize("document", [CANARY, TRIAL], ids=["canary", "trial"])
def test_the_good_documents_are_good(document: Document, admission: Admission) -> None:
    assert (laptop_says(document), admission.says(document)) == ("", "")


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)
def test_a_field_that_is_wrong_is_refused_by_both(wrong: Mutation, admission: Admission) -> None:
    assert laptop_says(wrong.document)
    assert admission.says(wrong.document)


def test_the_largest_deployment_is_within_the_budget_of_the_rules(admission: Admission) -> None:
    names = [f"{i:02d}{'a' * 61}" for i in range(32)]
    gate = {"metric": "LatencyExceedance", "threshold": "10s", "margin": "2", "alpha": "0.0015"}
    analysis = {"analysis": {"gates": names, "minDuration": "1h", "maxDuration": "8760h"}}
    document = deployment(
        model=MODEL | {"uri": f"s3://{'a' * 2043}", "requirements": ["a" * 63] * 16},
        strategy={"type": "Canary", "steps": [{"setWeight": 1}, *[analysis] * 31]},
        gates=[gate | {"name": name} for name in names],
    )
    assert (laptop_says(document), admission.says(document)) == ("", "")


def alike(document: Document, admission: Admission) -> None:
    """Both refuse, or both take."""
    ours, theirs = laptop_says(document), admission.says(document)
    assert bool(ours) == bool(theirs), f"laptop: {ours or 'takes it'}; API: {theirs or 'takes it'}"


LEAVES = [path for path, node in places(SCHEMA, CANARY["spec"]) if node["type"] == "string"]
NUMBERS = [path for path, node in places(SCHEMA, CANARY["spec"]) if node["type"] == "integer"]
TEXTS = st.one_of(
    st.text(max_size=24),
    st.text("0123456789.hms", max_size=22),
    st.text("abz09-.", max_size=70),
    st.from_regex(r"[0-9]{1,7}(\.[0-9]{1,7})?(h|m|s|ms|Mi|Gi|)", fullmatch=True),
    st.sampled_from(["1.5\n", "10m\n", "-1", "+1", "1e3", " 1", "01", "1h1h", "9999h", "٣", "ﬀ"]),
)
QUIET = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@QUIET
@given(path=st.sampled_from(LEAVES), text=TEXTS)
@example(path=("rollback", "bake"), text="999999h999999h99999h")
@example(path=("gates", 0, "margin"), text="99999.999999")
@example(path=("model", "uri"), text="models:/")
def test_any_text_in_any_field_is_judged_alike(path, text, admission) -> None:
    alike(put(deepcopy(CANARY), ("spec", *path), lambda _: text), admission)


@QUIET
@given(path=st.sampled_from(NUMBERS), number=st.integers(-2, 120) | st.integers(-(2**62), 2**62))
def test_any_number_in_any_field_is_judged_alike(path, number, admission) -> None:
    alike(put(deepcopy(CANARY), ("spec", *path), lambda _: number), admission)


STEP = st.one_of(
    st.fixed_dictionaries({"setWeight": st.sampled_from([1, 10, 50, 100])}),
    st.fixed_dictionaries({"mirror": st.fixed_dictionaries({"percent": st.sampled_from([0, 50])})}),
    st.fixed_dictionaries(
        {
            "analysis": st.fixed_dictionaries(
                {"gates": st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=2)},
                optional={"minDuration": st.sampled_from(["0s", "2h"])},
            )
        }
    ),
    st.sampled_from([{}, {"pause": {}}, {"approval": {"onTimeout": "Rollback"}}, {"name": "x"}]),
)
GATES = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(["a", "b", "c"]),
            "metric": st.sampled_from(["ErrorRate", "LatencyExceedance", "Accuracy"]),
            "comparison": st.sampled_from(["Relative", "Absolute", "Paired"]),
            "margin": st.sampled_from(["0", "0.5", "1", "2"]),
        },
        optional={
            "role": st.sampled_from(["Guardrail", "Objective", "Observe"]),
            "alpha": st.sampled_from(["0", "0.01", "0.05", "0.06"]),
            "threshold": st.sampled_from(["2s", "1s"]),
        },
    ),
    max_size=3,
)
STRATEGY = st.fixed_dictionaries(
    {"type": st.sampled_from(["Canary", "Shadow", "BlueGreen", "ABTest", "Immediate"])},
    optional={
        "steps": st.lists(STEP, max_size=4),
        "ungated": st.booleans(),
        "maxWeightBeforeObjectives": st.sampled_from([10, 50]),
        "experiment": st.fixed_dictionaries(
            {
                "weight": st.sampled_from([10, 50]),
                "primaryGate": st.sampled_from(["a", "b"]),
                "duration": st.sampled_from(["0s", "1h"]),
            },
            optional={"minDuration": st.sampled_from(["1m", "2h"])},
        ),
    },
)
BACKEND = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["SeldonV1", "SeldonV2"]),
        "isolation": st.sampled_from(["Shared", "Server"]),
        "ingress": st.sampled_from(["Istio", "Ambassador"]),
        "server": st.just("mlserver"),
    },
)


@QUIET
@given(backend=BACKEND, strategy=STRATEGY, gates=GATES)
def test_any_mixture_of_strategy_and_gates_is_judged_alike(
    backend, strategy, gates, admission
) -> None:
    alike(deployment(backend=backend, strategy=strategy, gates=gates), admission)


DEPLOYMENTS = [
    document["spec"]
    for case in CASES
    for document in (case.accepted, case.accepted, case.refused)
    if document["kind"] == "ModelDeployment"
]
PARTS = st.fixed_dictionaries(
    {
        key: st.sampled_from([spec[key] for spec in DEPLOYMENTS if key in spec])
        for key in ("backend", "strategy", "gates")
    }
)


@QUIET
@given(parts=PARTS)
def test_any_mixture_of_known_deployments_is_judged_alike(parts, admission) -> None:
    alike(deployment(**parts), admission)


@pytest.mark.parametrize("path", LEAVES + NUMBERS, ids=lambda path: ".".join(map(str, path)))
def test_a_key_without_a_value_is_judged_alike(path, admission) -> None:
    alike(put(deepcopy(CANARY), ("spec", *path), lambda _: None), admission)
