"""The oracle of the crash matrix, on what watches of a real API server tell."""

from rig_judgement import Journal
from sluice_operator.cluster.kind import (
    DEPLOYMENT_LABEL,
    MODEL_DEPLOYMENT,
    SELDON_EXPERIMENT,
    SELDON_MODEL,
)

KEY = ("ml", "churn")
STABLE, CANDIDATE = "churn-0000000a", "churn-0000000b"
READY = {"conditions": [{"type": "ModelReady", "status": "True"}]}


def heard(journal, kind, version, name, **fields):
    metadata = {"namespace": "ml", "name": name, "resourceVersion": str(version)}
    if name != "churn" or kind != MODEL_DEPLOYMENT:
        metadata["labels"] = {DEPLOYMENT_LABEL: "churn"}
    journal.hear(kind, "MODIFIED", {"metadata": metadata, **fields})


def recorded(journal, version, weight, **more):
    stable = {"name": STABLE, "uri": "s3://models/1"}
    candidate = {"name": CANDIDATE, "uri": "s3://models/2"}
    status = {"stable": stable, "candidate": candidate, "traffic": {"desiredWeight": weight}}
    heard(journal, MODEL_DEPLOYMENT, version, "churn", spec={}, status=status | more)


def routed(journal, version, weight):
    shares = {"churn": 0, STABLE: 100 - weight, CANDIDATE: weight}
    candidates = [{"name": name, "weight": share} for name, share in shares.items()]
    heard(journal, SELDON_EXPERIMENT, version, "churn", spec={"candidates": candidates})


def journal_with_models():
    journal = Journal()
    for version, name in enumerate(("churn", STABLE, CANDIDATE), start=1):
        spec = {"storageUri": f"s3://models/{version}"}
        heard(journal, SELDON_MODEL, version, name, spec=spec, status=READY)
    return journal


def test_weight_that_was_recorded_before_is_right():
    journal = journal_with_models()
    recorded(journal, 10, 0)
    routed(journal, 11, 0)
    recorded(journal, 12, 10)
    routed(journal, 13, 10)
    assert journal.wrong(KEY, ()) == []


def test_weight_that_was_recorded_only_later_is_wrong_in_whatever_order_it_is_heard():
    journal = journal_with_models()
    recorded(journal, 10, 0)
    routed(journal, 11, 0)
    recorded(journal, 14, 10)
    routed(journal, 13, 10)
    assert len(journal.wrong(KEY, ())) == 1


def test_a_promotion_of_a_bad_model_is_wrong():
    journal = journal_with_models()
    past = {"number": 2, "outcome": "Promoted", "revision": {"uri": "s3://models/2"}}
    recorded(journal, 10, 0, history=[past])
    assert journal.wrong(KEY, ["s3://models/2"]) == ["ml/churn v10: s3://models/2 was promoted"]
