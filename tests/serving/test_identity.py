import pytest
from sluice_serving.error import RejectedRequestError
from sluice_serving.identity import generated_id, identity_of


def test_the_id_of_the_body_wins_over_the_header():
    assert identity_of("body", {"x-request-id": "header"}).request_id == "body"


def test_the_header_names_a_request_whose_body_does_not():
    assert identity_of(generated_id(), {"x-request-id": "header"}).request_id == "header"
    assert identity_of("", {"x-request-id": "header"}).request_id == "header"
    assert identity_of(None, {"x-request-id": "header"}).request_id == "header"


def test_a_request_without_any_id_keeps_the_generated_one():
    fresh = generated_id()
    assert identity_of(fresh, {}).request_id == str(fresh)


def test_a_request_that_not_even_mlserver_named_gets_an_id():
    assert identity_of("", {}).request_id != identity_of("", {}).request_id


def test_the_id_is_plain_text_once_chosen():
    assert type(identity_of(generated_id(), {}).request_id) is str


@pytest.mark.parametrize(
    ("body", "headers", "field"),
    [("x" * 257, {}, "id"), (None, {"x-request-id": "x" * 257}, "x-request-id")],
)
def test_an_id_that_no_ledger_should_keep_is_refused(body, headers, field):
    with pytest.raises(RejectedRequestError, match=f"^{field}: has 257 characters"):
        identity_of(body, headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "localhost-shadow"},
        {"host": "127.0.0.1-shadow:8080"},
        {"x-sluice-mirror": "1", "host": "localhost"},
    ],
)
def test_a_mirrored_copy_is_known_by_its_host_or_header(headers):
    assert identity_of("a", headers).mirrored


@pytest.mark.parametrize(
    "headers",
    [{}, {"host": "shadow"}, {"host": "my-shadow.example:80"}, {"x-sluice-mirror": "0"}],
)
def test_other_requests_are_not_mirrored(headers):
    assert not identity_of("a", headers).mirrored
