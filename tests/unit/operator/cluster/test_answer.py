"""What answers that are no success mean to us."""

import json

import pytest
from sluice_operator.cluster.answer import Asked, error_of
from sluice_operator.cluster.kind import LEASE, SELDON_EXPERIMENT, Kind
from sluice_operator.errors import (
    ConflictError,
    ExistsError,
    ForbiddenError,
    InvalidError,
    MissingError,
    MissingKindError,
    UnavailableError,
)

APPLY = Asked(verb="apply", kind=SELDON_EXPERIMENT, namespace="shop", name="churn")


def status(reason: str, message: str = "", **details: object) -> bytes:
    return json.dumps({"reason": reason, "message": message, "details": details}).encode()


@pytest.mark.parametrize(
    ("code", "body", "kind"),
    [
        (409, status("AlreadyExists"), ExistsError),
        (409, status("Conflict"), ConflictError),
        (404, status("NotFound", name="churn"), MissingError),
        (404, status("NotFound"), MissingKindError),
        (404, b"404 page not found\n", MissingKindError),
        (401, status("Unauthorized"), ForbiddenError),
        (403, status("Forbidden"), ForbiddenError),
        (400, status("BadRequest"), InvalidError),
        (413, b"too large", InvalidError),
        (422, status("Invalid"), InvalidError),
        (500, status("", "failed to create typed patch object (shop/churn …)"), InvalidError),
        (408, b"", UnavailableError),
        (429, status("TooManyRequests"), UnavailableError),
        (500, status("InternalError"), UnavailableError),
        (503, b"<html>busy</html>", UnavailableError),
        (504, status("Timeout"), UnavailableError),
        (302, b"", UnavailableError),
    ],
)
def test_every_answer_says_whose_turn_it_is(code: int, body: bytes, kind: type) -> None:
    assert type(error_of(APPLY, code, {}, body)) is kind


def test_messages_begin_with_what_was_asked() -> None:
    said = str(error_of(APPLY, 409, {}, status("Conflict", "the object has been modified")))
    assert said == "apply experiments.mlops.seldon.io shop/churn: the object has been modified"


def test_a_missing_kind_is_named_with_its_version() -> None:
    said = str(error_of(APPLY, 404, {}, b"404 page not found\n"))
    assert said.endswith(
        "does not know experiments.mlops.seldon.io in version v1alpha1; install the CRD of "
        "Experiment, or a version of it that serves v1alpha1"
    )


def test_a_right_that_a_person_lacks_is_passed_on_for_somebody_else_to_grant() -> None:
    words = 'experiments "churn" is forbidden: User "jo" cannot patch resource "experiments"'
    said = str(error_of(APPLY, 403, {}, status("Forbidden", words)))
    assert said.endswith(f"{words}; grant it to that user")


def test_a_right_that_the_operator_lacks_is_passed_on_with_the_way_out() -> None:
    account = "system:serviceaccount:sluice:operator"
    words = f'experiments "churn" is forbidden: User "{account}" cannot patch "experiments"'
    said = str(error_of(APPLY, 403, {}, status("Forbidden", words)))
    assert words in said
    assert said.endswith("; add it to the operator's ClusterRole")


def test_what_admission_forbids_cannot_be_granted() -> None:
    words = "unable to create new content in namespace shop because it is being terminated"
    said = str(error_of(APPLY, 403, {}, status("Forbidden", words)))
    assert said.endswith(words)


def test_every_wrong_field_is_named() -> None:
    causes = [{"field": "spec.mirror", "message": "too many"}, {"message": "odd"}]
    said = str(error_of(APPLY, 422, {}, status("Invalid", "long words", causes=causes)))
    assert said.endswith("shop/churn: spec.mirror: too many; object: odd")


@pytest.mark.parametrize(("given", "seconds"), [("7", 7.0), ("", 1.0), ("Wed, 21 Oct", 1.0)])
def test_it_is_known_when_to_come_back(given: str, seconds: float) -> None:
    error = error_of(APPLY, 429, {"Retry-After": given} if given else {}, b"")
    assert isinstance(error, UnavailableError)
    assert error.retry_after_seconds == seconds


def test_an_answer_without_words_has_a_message() -> None:
    said = str(error_of(APPLY, 502, {}, b""))
    assert said.endswith("HTTP 502, no reason given")


def test_requests_are_named_as_rules_name_them() -> None:
    namespace = Kind(group="", version="v1", kind="Namespace", plural="namespaces")
    assert Asked(verb="list", kind=namespace).what == "list namespaces"
    assert (
        Asked(verb="replace", kind=LEASE, namespace="a", name="b", subresource="status").what
        == "replace leases.coordination.k8s.io/status a/b"
    )
