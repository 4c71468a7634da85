"""The oracle of the crash matrix, on what watches of a real API server tell."""

from rig_judgement import Journal
from sluice_operator.cluster.kind import (
    DEPLOYMENT_LABEL,
    MODEL_DEPLOYMENT,
    SELDON_DEPLOYMENT,
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


def predictor(name, traffic):
    return {"name": name, "traffic": traffic, "graph": {"modelUri": f"s3://models/{name}"}}


def divided(journal, version, weight, available=(STABLE, CANDIDATE), gone=""):
    """One SeldonDeployment with both predictors, of which some can answer."""
    both = [predictor(STABLE, 100 - weight), predictor(CANDIDATE, weight)]
    workloads = {f"churn-{name}-0-model": {"availableReplicas": 1} for name in available}
    spec = {"predictors": [one for one in both if one["name"] != gone]}
    status = {"deploymentStatus": workloads}
    heard(journal, SELDON_DEPLOYMENT, version, "churn", spec=spec, status=status)


def journal_of_core_1(weight):
    journal = Journal()
    recorded(journal, 10, 0)
    divided(journal, 11, 0)
    recorded(journal, 12, weight)
    return journal


def test_on_core_1_too_only_weight_that_was_recorded_before_is_right():
    journal = journal_of_core_1(10)
    divided(journal, 13, 10)
    assert journal.wrong(KEY, ()) == []
    divided(journal, 14, 20)
    assert journal.wrong(KEY, ()) == [
        f"ml/churn v14: {CANDIDATE} got 20 %, but the record allows 10 (None)"
    ]


def test_a_predictor_that_cannot_answer_must_not_gain_weight():
    journal = journal_of_core_1(10)
    divided(journal, 13, 10, available=(STABLE,))
    assert journal.wrong(KEY, ()) == [f"ml/churn v13: {CANDIDATE} got 10 %, but is not ready"]


def test_a_predictor_must_not_go_while_the_record_grants_it_users():
    journal = journal_of_core_1(10)
    divided(journal, 13, 10)
    divided(journal, 14, 0, gone=CANDIDATE)
    assert journal.wrong(KEY, ()) == [
        f"ml/churn v14: predictor {CANDIDATE} went while it had weight"
    ]


def test_a_candidate_that_was_sent_home_may_lose_its_predictor_with_its_users():
    journal = journal_of_core_1(10)
    divided(journal, 13, 10)
    recorded(journal, 14, 0)
    divided(journal, 15, 0, gone=CANDIDATE)
    assert journal.wrong(KEY, ()) == []


def test_predictors_must_have_all_users_between_them():
    journal = journal_of_core_1(10)
    divided(journal, 13, 10, gone=STABLE)
    assert "ml/churn v13: 10 % of the users are divided" in journal.wrong(KEY, ())
