"""What a caller gets over HTTP from a real server."""

import math
from pathlib import Path

import httpx
import numpy as np
import pytest
from eventually import eventually
from ledger_content import rows
from loan_requests import one_loan, request_of
from packages import LOAN_COLUMNS, loans

FRAME = loans(300, seed=11)[[column.name for column in LOAN_COLUMNS.columns]]


def outputs(response):
    assert response.status_code == httpx.codes.OK, response.text
    return {output["name"]: output for output in response.json()["outputs"]}


def ledger_of(server):
    return Path(server.ledger.removeprefix("sqlite:///"))


def test_answers_are_what_scikit_learn_predicts(shared_server, model):
    found = outputs(shared_server.infer(request_of(FRAME)))
    assert found["prediction"]["datatype"] == "INT64"
    assert found["prediction"]["shape"] == [300]
    assert found["prediction"]["data"] == model.predict(FRAME).tolist()
    assert found["confidence"]["datatype"] == "FP64"
    likeliest = model.predict_proba(FRAME).max(axis=1)
    assert np.array_equal(found["confidence"]["data"], likeliest)


def test_the_order_of_the_inputs_does_not_matter(shared_server):
    request = request_of(FRAME)
    turned = {"inputs": request["inputs"][::-1]}
    assert outputs(shared_server.infer(turned)) == outputs(shared_server.infer(request))


def test_the_answer_says_which_revision_and_package_gave_it(shared_server, package):
    parameters = shared_server.infer(one_loan()).json()["parameters"]
    assert parameters == {"revision": "loans-1", "digest": package[1]}


@pytest.mark.parametrize(
    ("body", "header", "expected"),
    [("b-1", "h-1", "b-1"), ("b-2", None, "b-2"), (None, "h-2", "h-2"), ("", "h-3", "h-3")],
)
def test_the_id_of_the_body_wins_over_the_header(shared_server, body, header, expected):
    request = one_loan() if body is None else one_loan(id=body)
    headers = {} if header is None else {"x_request_id": header}
    assert shared_server.infer(request, **headers).json()["id"] == expected
    eventually(lambda: expected in {row[0] for row in rows(ledger_of(shared_server))})


def test_an_id_of_the_body_that_looks_generated_still_wins(shared_server):
    sent = "5f7c2c3e-8f1b-4a52-9d57-9f4de18bb6ae"
    assert shared_server.infer(one_loan(id=sent), x_request_id="h").json()["id"] == sent


def test_a_request_without_an_id_gets_one_that_the_ledger_knows(shared_server):
    first = shared_server.infer(one_loan()).json()["id"]
    second = shared_server.infer(one_loan()).json()["id"]
    assert first != second
    known = eventually(lambda: {first, second} <= {r[0] for r in rows(ledger_of(shared_server))})
    assert known


def test_the_ledger_has_what_the_caller_got(shared_server):
    answer = outputs(shared_server.infer(request_of(FRAME[:20], id="twenty")))
    found = eventually(
        lambda: sorted(r for r in rows(ledger_of(shared_server)) if r[0] == "twenty")
    )
    assert [row[1] for row in found] == list(range(20))
    assert [row[3] for row in found] == [str(v) for v in answer["prediction"]["data"]]
    assert [row[4] for row in found] == answer["confidence"]["data"]
    assert {(row[2], row[5]) for row in found} == {("loans-1", False)}


@pytest.mark.parametrize(
    "headers", [{"host": "localhost-shadow"}, {"x_sluice_mirror": "1"}], ids=["host", "header"]
)
def test_a_mirrored_copy_is_recorded_as_one(shared_server, headers):
    request_id = f"copy-{'host' in headers}"
    shared_server.infer(one_loan(id=request_id), **headers)
    found = eventually(lambda: [r for r in rows(ledger_of(shared_server)) if r[0] == request_id])
    assert [row[5] for row in found] == [True]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"age": 17}, "age: row 0: 17 is below the minimum 18"),
        ({"age": 18.5}, "age: row 0: 18.5 is not an integer"),
        ({"age": None}, "age: row 0: None is missing, and the column allows no missing values"),
        ({"region": "mars"}, "region: row 0: 'mars' is not one of north, south, west"),
        ({"amount": "much"}, "amount: row 0: 'much' is not a number"),
        ({"member": 2}, "member: row 0: 2 is neither true nor false"),
    ],
)
def test_a_bad_value_is_refused_by_field(shared_server, changes, problem):
    response = shared_server.infer(one_loan(**changes))
    assert response.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert response.json() == {"error": problem}


def test_all_problems_of_a_request_are_told_at_once(shared_server):
    request = one_loan(age=17, region="mars")
    request["inputs"] = request["inputs"][1:]
    error = shared_server.infer(request).json()["error"]
    assert error == (
        "amount: is missing; age: row 0: 17 is below the minimum 18; "
        "region: row 0: 'mars' is not one of north, south, west"
    )


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b'{"inputs": [{"name": "age"}]}', b'{"inputs": 3}', b"\xff"],
)
def test_a_body_that_is_no_v2_request_is_refused(shared_server, content):
    url = "/v2/models/loans/infer"
    headers = {"content-type": "application/json"}
    response = shared_server.client.post(url, content=content, headers=headers)
    assert response.status_code == httpx.codes.UNPROCESSABLE_ENTITY


def test_missing_values_are_answered_where_the_contract_allows_them(shared_server, model):
    row = FRAME[FRAME["amount"].isna()][:1]
    found = outputs(shared_server.infer(request_of(row)))
    assert found["prediction"]["data"] == model.predict(row).tolist()


def test_the_server_tells_the_contract(shared_server):
    document = shared_server.client.get("/v2/models/loans").json()
    assert [(i["name"], i["datatype"]) for i in document["inputs"]] == [
        ("amount", "FP64"),
        ("age", "INT64"),
        ("region", "BYTES"),
        ("member", "BOOL"),
    ]
    assert [o["name"] for o in document["outputs"]] == ["prediction", "confidence"]
    assert "refused" not in document["parameters"]


def test_requests_are_counted_and_timed_per_revision(shared_server):
    def count(outcome):
        return shared_server.metric("sluice_requests_total", revision="loans-1", outcome=outcome)

    ok, rejected = count("ok"), count("rejected")
    timed = shared_server.metric("sluice_request_seconds_count", deployment="loans")
    shared_server.infer(one_loan())
    shared_server.infer(one_loan(age=17))
    assert (count("ok") - ok, count("rejected") - rejected, count("failed")) == (1, 1, 0)
    assert shared_server.metric("sluice_request_seconds_count", deployment="loans") == timed + 1
    for edge in ("0.001", "10.0"):
        bucket = shared_server.metric("sluice_request_seconds_bucket", le=edge)
        assert not math.isnan(bucket)
    assert shared_server.metric("sluice_ledger_dropped_total", revision="loans-1") == 0


def test_inputs_are_counted_by_bin_beside_the_shares_of_training(shared_server):
    def count(field, name):
        labels = {"revision": "loans-1", "field": field, "bin": name}
        return shared_server.metric("sluice_input_bins_total", **labels)

    before = [count("region", name) for name in ("north", "other")]
    missing = count("amount", "missing")
    shared_server.infer(one_loan())
    shared_server.infer(one_loan(age=17))  # refused: no model is asked, and nothing is counted
    assert [count("region", name) for name in ("north", "other")] == [before[0] + 1, before[1]]
    assert count("amount", "missing") == missing
    share = shared_server.metric("sluice_profile_share", field="region", bin="north")
    assert 0 < share < 1


def test_a_model_that_raises_fails_its_request_only(server_of, failing_package):
    server = server_of(failing_package, revision="loans-3").start().wait_ready()
    failed = server.infer(one_loan(region="west", id="bad"))
    assert failed.status_code == httpx.codes.INTERNAL_SERVER_ERROR
    assert failed.json() == {"error": "loans-3: the model raised KeyError; its log says more"}
    for _ in range(5):
        assert server.infer(one_loan(region="west")).status_code == 500
        assert server.infer(one_loan(region="north", id="good")).status_code == 200
    assert server.metric("sluice_requests_total", outcome="failed") == 6
    assert server.metric("sluice_requests_total", outcome="ok") == 5
    assert "no such region: west" in server.log
    assert server.log.count("Traceback") == 1
    eventually(lambda: {row[0] for row in rows(ledger_of(server))} == {"good"})
