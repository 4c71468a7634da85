import re

import pytest
from laptop_specs import spec
from sluice_operator.rollout.revision import wanted_revision

URI = "models:/churn/2"
DIGEST = f"sha256:{1:064x}"


def name_of(deployment="churn", **model):
    return wanted_revision(deployment, spec(model={"uri": URI, **model})).name


def test_an_equal_model_has_an_equal_name_on_every_machine():
    assert name_of() == "churn-eb4eb905"


@pytest.mark.parametrize(
    "change",
    [{"uri": "models:/churn/3"}, {"digest": DIGEST}, {"requirements": ["mlflow"]}],
    ids=lambda change: next(iter(change)),
)
def test_another_model_has_another_name(change):
    assert name_of(**change) != name_of()


def test_what_is_not_the_model_does_not_change_the_name():
    other = spec(model={"uri": URI}, rollback={"bake": "1s"}, suspend=True)
    assert wanted_revision("churn", other).name == name_of()


def test_parts_of_the_identity_are_not_mixed_up():
    assert name_of(requirements=["a", "b"]) != name_of(requirements=["ab"])
    assert name_of(requirements=["a", "b"]) != name_of(requirements=["b", "a"])


def test_the_name_is_a_dns_label_even_for_the_longest_deployment():
    name = name_of(deployment="x" * 45)
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name)


def test_two_deployments_of_one_model_have_revisions_of_their_own():
    assert name_of("churn") != name_of("fraud")


def test_the_revision_knows_where_its_model_is():
    revision = wanted_revision("churn", spec(model={"uri": URI, "digest": DIGEST}))
    assert (revision.uri, revision.digest) == (URI, DIGEST)
