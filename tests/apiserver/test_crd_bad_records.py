"""What people ask and what is recorded: each field of both kinds wrong in each way."""

from collections.abc import Iterator

import pytest
from admission_objects import Document, action, run
from control_plane import ControlPlane
from schema_mutation import Mutation, fields, mutations, places, shape
from sluice_kinds import Admission, install_kinds
from sluice_operator.api.crd import ROLLOUT_ACTION, ROLLOUT_RUN, Resource, schema_of


def more(document: Document, **spec: object) -> Document:
    """The same with optional fields."""
    return document | {"spec": document["spec"] | spec}


DIGEST = f"sha256:{'0' * 64}"
GOOD = {
    "rolloutactions": more(action("Promote", by="jo"), reason="the report is fine"),
    "rolloutruns": more(run("churn-1a2b3c4d"), digest=DIGEST, stable="churn-22222222", page=1),
}


def spec_of(resource: Resource):
    return schema_of(resource)["properties"]["spec"]


SCHEMAS = {one.plural: spec_of(one) for one in (ROLLOUT_ACTION, ROLLOUT_RUN)}
WRONG = [
    pytest.param(plural, wrong, id=f"{plural}: {wrong.name}")
    for plural, schema in SCHEMAS.items()
    for wrong in mutations(schema, GOOD[plural], ("spec",))
]


@pytest.fixture(scope="module")
def admission(control_plane: ControlPlane) -> Iterator[Admission]:
    install_kinds(control_plane)
    with control_plane.client() as client:
        yield Admission(client, "default")


@pytest.mark.parametrize("plural", GOOD)
def test_the_good_objects_have_every_field_and_are_good(plural, admission) -> None:
    document = GOOD[plural]
    told = {shape(path) for path, _ in places(SCHEMAS[plural], document["spec"])}
    assert told == set(fields(SCHEMAS[plural]))
    assert admission.says(document, plural) == ""


@pytest.mark.parametrize(("plural", "wrong"), WRONG)
def test_a_field_that_is_wrong_is_refused_by_its_name(
    plural: str, wrong: Mutation, admission: Admission
) -> None:
    said = admission.says(wrong.document, plural)
    part = wrong.what.rpartition(" ")[2] if wrong.what.startswith("without ") else ""
    name = part or (wrong.path[-1] if wrong.path else "spec")
    assert str(name) in said
