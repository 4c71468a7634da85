"""How the service answers whoever speaks HTTP to it: scopes, limits, CloudEvents, refusals."""

import json
from collections.abc import Iterator
from threading import Thread
from typing import Any

import httpx
import psycopg
import pytest
from eventually import eventually
from ledger_rows import answered
from ledger_service import Address, service, token_of
from ledger_world import new_database
from sluice_ledger.client import HttpLedger, parcels, token_from
from sluice_ledger.errors import LedgerError, RefusedError, StoreError
from sluice_ledger.url import open_ledger

BODY_BYTES = 200_000
WAITING_BYTES = 1 << 20


@pytest.fixture(scope="module")
def database() -> str:
    return new_database()


@pytest.fixture(scope="module")
def address(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """One for all tests here: each hands in requests with names of its own."""
    folder = tmp_path_factory.mktemp("service")
    limits = {"body_bytes": BODY_BYTES, "waiting_bytes": WAITING_BYTES}
    with service(database, folder, **limits) as running:
        yield running


def prediction(request: str, **other: Any) -> dict[str, Any]:
    fields = {"revision": "churn-a", "deployment": "churn", "prediction": "1", "at": 1.5}
    return {"request_id": request, **fields, **other}


def cloud(data: object, kind: str = "prediction", **other: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "type": f"dev.sluice.{kind}.v1",
        "source": "/shop",
        "id": "1",
        "data": data,
        **other,
    }


def post(address: Address, path: str, body: Any, holder: str | None = "all") -> httpx.Response:
    with address.http(holder) as http:
        return http.post(path, json=body)


def test_records_with_little_said_are_taken(address):
    body = {"records": [prediction("plain-1"), prediction("plain-2", row=3, confidence=0.5)]}
    said = post(address, "/v1/predictions", body)
    nothing = {"known": 0, "contradicting": 0, "erased": 0, "refused": []}
    assert (said.status_code, said.json()) == (200, {"new": 2, **nothing})
    assert post(address, "/v1/predictions", body).json()["known"] == 2


@pytest.mark.parametrize(
    ("holder", "allowed"),
    [
        ("serving", {"/v1/predictions"}),
        ("business", {"/v1/labels", "/v1/events"}),
        ("operator", {"/v1/arrival", "/v1/conflicts"}),
        ("privacy", {"/v1/erasures"}),
        ("all", {"/v1/predictions", "/v1/labels", "/v1/events", "/v1/arrival", "/v1/conflicts"}),
    ],
)
def test_a_token_opens_what_its_scopes_say_and_nothing_else(address, holder, allowed):
    empty = {"records": []}
    posts = dict.fromkeys(("/v1/predictions", "/v1/labels", "/v1/events"), empty)
    posts["/v1/erasures"] = {"subject": "nobody"}
    with address.http(holder) as http:
        said = {path: http.post(path, json=body).status_code for path, body in posts.items()}
        said |= {path: http.get(path).status_code for path in ("/v1/arrival", "/v1/conflicts")}
    if holder == "all":
        allowed = set(said)
    assert {path for path, status in said.items() if status == 200} == allowed
    assert {status for path, status in said.items() if path not in allowed} <= {403}


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer nonsense", "Basic YTpi", "Bearer ü"]
)
def test_without_a_known_token_nothing_opens(address, header):
    headers = {} if header is None else {"authorization": header.encode()}
    with httpx.Client(base_url=address.url, trust_env=False) as http:
        said = http.get("/v1/arrival", headers=headers)
    assert said.status_code == 401
    assert said.headers["www-authenticate"] == "Bearer"
    assert "token" in said.json()["error"]


def test_one_bad_record_is_refused_by_itself(address):
    bad = {"request_id": "bad-2", "row": "first"}
    records = [prediction("bad-1"), bad, prediction("bad-3", surprise=1), prediction("bad-4")]
    said = post(address, "/v1/predictions", {"records": records})

    assert said.status_code == 422
    assert said.json()["new"] == 2
    refused = {one["index"]: one["reason"] for one in said.json()["refused"]}
    assert refused.keys() == {1, 2}
    assert "deployment: Field required" in refused[1]
    assert "surprise: Extra inputs are not permitted" in refused[2]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "records"),
        (b'{"records": 1}', "records"),
        (b'{"records": [], "more": 1}', "records"),
    ],
)
def test_a_body_that_is_not_one_is_refused_as_a_whole(address, body, why):
    with address.http() as http:
        headers = {"content-type": "application/json"}
        said = http.post("/v1/labels", content=body, headers=headers)
    assert said.status_code == 400
    assert why in said.json()["error"]


def test_a_body_of_another_kind_is_told_what_to_send(address):
    with address.http() as http:
        said = http.post("/v1/labels", content=b"a,b", headers={"content-type": "text/csv"})
    assert said.status_code == 415
    assert "application/json" in said.json()["error"]


def test_a_body_that_is_too_long_is_not_even_read(address):
    said = post(address, "/v1/predictions", {"records": [prediction("x" * BODY_BYTES)]})
    assert said.status_code == 413
    assert str(BODY_BYTES) in said.json()["error"]


def test_a_body_of_unknown_length_is_refused(address):
    with address.http() as http:
        said = http.post("/v1/labels", content=iter([b"{}"]))
    assert said.status_code == 411


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/nothing", "/docs"])
def test_a_path_that_is_not_there_says_where_to_look(address, path):
    with address.http() as http:
        said = http.get(path)
    assert said.status_code == 404
    assert "/v1/openapi.json" in said.json()["error"]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"deployment": "d", "revision": "r", "cursor": -1},
        {"deployment": "", "revision": "r", "cursor": 0},
    ],
)
def test_a_question_that_is_no_question_names_the_field(address, asked):
    with address.http() as http:
        said = http.get("/v1/outcomes/arm", params=asked)
    assert said.status_code == 400
    assert "query." in said.json()["error"]


@pytest.mark.parametrize("edges", [[2, 1], [1, 1], ["nan"], ["inf"], list(range(33))])
def test_edges_that_do_not_rise_or_are_too_many_are_refused(address, edges):
    asked = {"deployment": "d", "revision": "r", "score": "number", "cursor": 0, "edges": edges}
    with address.http() as http:
        said = http.get("/v1/outcomes/bins", params=asked)
    assert said.status_code == 400
    assert "query.edges" in said.json()["error"]


def test_a_cloud_event_in_structured_mode_is_taken(address):
    event = cloud(prediction("cloud-1"))
    with address.http() as http:
        headers = {"content-type": "application/cloudevents+json; charset=utf-8"}
        said = [
            http.post("/v1/predictions", content=json.dumps(event), headers=headers)
            for _ in range(2)
        ]
    assert [one.status_code for one in said] == [200, 200]
    assert [(one.json()["new"], one.json()["known"]) for one in said] == [(1, 0), (0, 1)]


def test_cloud_events_in_batched_mode_are_taken_one_by_one(address):
    label = {"request_id": "cloud-2", "label": "1"}
    events = [
        cloud(label, "label", time="2026-03-01T00:00:00Z"),
        cloud(label, "label"),
        cloud(label, "prediction", time="2026-03-01T00:00:00Z"),
        cloud({**label, "at": 7.0}, "label", specversion="0.3"),
        "no event",
    ]
    with address.http() as http:
        headers = {"content-type": "application/cloudevents-batch+json"}
        said = http.post("/v1/labels", content=json.dumps(events), headers=headers)
    reasons = {one["index"]: one["reason"] for one in said.json()["refused"]}
    assert (said.status_code, said.json()["new"]) == (422, 1)
    assert "at: Field required" in reasons[1]
    assert "this path takes 'dev.sluice.label.v1'" in reasons[2]
    assert "specversion" in reasons[3]
    assert reasons.keys() == {1, 2, 3, 4}


def test_a_kpi_event_is_known_by_its_source_and_id(address):
    data = {"request_id": "cloud-3", "name": "purchase", "value": 2.5}
    events = [cloud(data, "kpi", id=name, time="2026-03-01T00:00:00Z") for name in ("a", "b", "a")]
    post(address, "/v1/predictions", {"records": [prediction("cloud-3", deployment="shop")]})
    with address.http() as http:
        headers = {"content-type": "application/cloudevents-batch+json"}
        said = http.post("/v1/events", content=json.dumps(events), headers=headers)
        asked = {"deployment": "shop", "revision": "churn-a", "name": "purchase", "cursor": 0}
        seen = http.get("/v1/outcomes/kpi", params=asked).json()
    assert (said.json()["new"], said.json()["known"]) == (2, 1)
    assert (seen["count"], seen["total"], seen["squares"]) == (2, 5.0, 12.5)


def test_a_subject_is_erased_with_all_its_requests(address):
    told = [prediction("ann-1", subject="ann"), prediction("ann-2"), prediction("bob-1")]
    post(address, "/v1/predictions", {"records": told})
    label = {"request_id": "ann-2", "label": "1", "at": 9.0, "subject": "ann"}
    post(address, "/v1/labels", {"records": [label]})

    gone = post(address, "/v1/erasures", {"subject": "ann"}).json()
    again = post(address, "/v1/predictions", {"records": told}).json()

    assert gone == {"requests": 2, "predictions": 2, "labels": 1, "events": 0}
    assert (again["erased"], again["known"], again["new"]) == (2, 1, 0)


def test_more_than_fits_into_memory_is_sent_away_and_taken_later(address, database):
    body = {"records": [prediction(f"press-{number}") for number in range(1_000)]}
    raw = psycopg.connect(database.replace("+psycopg", ""))
    raw.execute("SELECT last FROM arrival FOR UPDATE")  # a writer that takes its time
    said: list[httpx.Response] = []
    threads = [
        Thread(target=lambda: said.append(post(address, "/v1/predictions", body)))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    refused = eventually(lambda: [one for one in said if one.status_code == 429])
    raw.rollback()
    raw.close()
    for thread in threads:
        thread.join()

    assert refused[0].headers["retry-after"] == "1"
    assert "nothing of this request was kept" in refused[0].json()["error"]
    taken = [one.json()["new"] for one in said if one.status_code == 200]
    assert sum(taken) == 1_000
    assert len(taken) + len([one for one in said if one.status_code == 429]) == 20


def test_prometheus_reads_what_became_of_records(address):
    post(address, "/v1/predictions", {"records": [prediction("metric-1")]})
    with address.http(None) as http:
        text = http.get("/metrics").text
    assert 'sluice_ledger_records_total{fate="new",kind="prediction"}' in text
    assert 'sluice_ledger_requests_total{path="/v1/predictions",status="200"}' in text
    assert "sluice_ledger_waiting_bytes 0.0" in text
    assert "sluice_ledger_commit_seconds_bucket" in text


def test_probes_need_no_token(address):
    with address.http(None) as http:
        assert [http.get(path).text for path in ("/healthz", "/readyz")] == ["ok", "ok"]


def test_a_service_without_its_database_lives_but_is_not_ready(tmp_path):
    away = "postgresql+psycopg://sluice@127.0.0.1:1/ledger"
    with service(away, tmp_path) as running:
        with running.http() as http:
            alive, ready = http.get("/healthz"), http.get("/readyz")
        with running.ledger() as ledger, pytest.raises(StoreError, match="trying again may help"):
            ledger.append_predictions([answered("r1")])
    assert (alive.status_code, ready.status_code) == (200, 503)
    assert "cannot open" in ready.json()["error"]
    assert ready.headers["retry-after"]


def test_the_client_names_the_records_that_were_refused(address):
    rows = [answered("mine-1"), answered("\ud800"), answered("mine-2"), answered("l" * 70_000)]
    with address.ledger() as ledger, pytest.raises(RefusedError) as refused:
        ledger.append_predictions(rows)
    assert sorted(one.index for one in refused.value.refusals) == [1, 3]
    with address.ledger() as ledger:
        assert ledger.append_predictions([answered("mine-1"), answered("mine-2")]) == 0


def test_a_token_that_may_not_is_an_error_that_waiting_does_not_help(address):
    with address.ledger("operator") as ledger:
        with pytest.raises(LedgerError, match="token operator: has the scopes read") as refused:
            ledger.append_predictions([answered("r1")])
        assert not isinstance(refused.value, StoreError)


def test_the_url_and_a_file_with_the_token_are_all_that_a_client_needs(
    address, tmp_path, monkeypatch
):
    (tmp_path / "token").write_text(token_of("operator") + "\n")
    monkeypatch.setenv("SLUICE_LEDGER_TOKEN_FILE", str(tmp_path / "token"))
    ledger = open_ledger(address.url + "/")
    assert ledger.last_arrival() >= 0
    ledger.close()
    with pytest.raises(StoreError):
        ledger.last_arrival()


def test_a_token_file_that_is_missing_is_named(address, tmp_path):
    ledger = HttpLedger(
        address.url, token_from({"SLUICE_LEDGER_TOKEN_FILE": str(tmp_path / "gone")})
    )
    with ledger, pytest.raises(StoreError, match=r"gone: cannot read the ledger's token"):
        ledger.last_arrival()


def test_a_token_of_odd_letters_is_never_sent(address):
    with (
        HttpLedger(address.url, lambda: "ü\n") as ledger,
        pytest.raises(LedgerError, match="token"),
    ):
        ledger.last_arrival()


def test_somebody_else_at_the_address_is_no_ledger(address):
    with HttpLedger(f"{address.url}/healthz") as ledger, pytest.raises(LedgerError, match="404"):
        ledger.last_arrival()


def test_batches_are_cut_by_number_and_by_size():
    many = list(parcels(["x"] * 12_000))
    large = list(parcels(["y" * (3 << 20)] * 3))
    assert [(one.start, len(one.lines)) for one in many] == [(0, 5000), (5000, 5000), (10000, 2000)]
    assert [(one.start, len(one.lines)) for one in large] == [(0, 1), (1, 1), (2, 1)]
    assert [(one.start, one.lines) for one in parcels([])] == [(0, ())]
