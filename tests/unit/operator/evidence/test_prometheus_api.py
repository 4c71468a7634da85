"""Prometheus answers nonsense, late, or not at all: always words, never a count or a crash."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from prometheus_asking import ask, question
from serving_process import free_ports
from sluice_operator.evidence.family import SELDON_V2
from sluice_operator.evidence.prometheus import Prometheus, PrometheusEvidence
from sluice_operator.evidence.prometheus_api import Access, PrometheusApi

NAME = {"__name__": "seldon_model_infer_total", "model_internal": "churn-0000000a_1", "code": "200"}
TIME = {"status": "success", "data": {"resultType": "scalar", "result": [1.8e9, "1800000000"]}}
Handle = Callable[[httpx.Request], httpx.Response]


def source_that(handle: Handle) -> PrometheusEvidence:
    """The clock can be read; everything else is answered as told."""

    def answer(request: httpx.Request) -> httpx.Response:
        if b"time%28%29" in request.read():
            return httpx.Response(200, json=TIME)
        return handle(request)

    api = PrometheusApi(Access(url="http://prometheus.test"), httpx.MockTransport(answer))
    return PrometheusEvidence(Prometheus(api, refresh_seconds=0, warm_seconds=0), SELDON_V2)


def matrix(*result: object) -> bytes:
    data = {"resultType": "matrix", "result": list(result)}
    return json.dumps({"status": "success", "data": data}).encode()


def series(*values: object, **more: object) -> dict[str, object]:
    return {"metric": NAME, "values": list(values), **more}


NOW = 1_800_000_000
FAILED = b'{"status":"error","errorType":"execution","error":"query timed out"}'
NONSENSE = {
    "no JSON": (b"<html>Sign in</html>", "is no JSON"),
    "half of an answer": (matrix(series([NOW, "1"]))[:-20], "is no JSON"),
    "nothing": (b"", "is no JSON"),
    "a list": (b"[]", "reports"),
    "an error": (FAILED, "reports execution: query timed out"),
    "another type": (json.dumps(TIME).encode(), "was asked for a matrix"),
    "no data": (b'{"status":"success"}', "was asked for a matrix and answers null"),
    "no list": (b'{"status":"success","data":{"resultType":"matrix","result":{}}}', "no list"),
    "a list of numbers": (matrix(3), "no list of series"),
    "no labels": (matrix({"values": [[NOW, "1"]]}), "without labels"),
    "labels of numbers": (matrix({"metric": {"a": 1}, "values": [[NOW, "1"]]}), "without labels"),
    "no samples": (matrix({"metric": NAME}), "no plain counter"),
    "empty samples": (matrix(series()), "no plain counter"),
    "native histograms": (matrix(series([NOW, "1"], histograms=[])), "no plain counter"),
    "a sample of three": (matrix(series([NOW, "1", "2"])), "a sample that is none"),
    "a number for text": (matrix(series([NOW, 1])), "a sample that is none"),
    "text for a time": (matrix(series(["now", "1"])), "a sample that is none"),
    "true for a time": (matrix(series([True, "1"])), "a sample that is none"),
    "a word for a number": (matrix(series([NOW, "many"])), "a sample that is none"),
    "an infinite time": (matrix(series([1e308, "1"])), "a sample that is none"),
    "no number for a time": (b'{"a":NaN}', "is no JSON"),
    "time that goes back": (matrix(series([NOW, "1"], [NOW - 1, "1"])), "goes back in time"),
    "a series twice": (matrix(series([NOW, "1"]), series([NOW, "1"])), "twice"),
    "depth": (b"[" * 100_000, "is no JSON"),
    "warnings": (
        matrix()[:-1] + b', "warnings": ["half is away"]}',
        "warns that data may be missing",
    ),
}


@pytest.mark.parametrize(("body", "words"), NONSENSE.values(), ids=NONSENSE.keys())
def test_nonsense_is_an_error_that_says_what(body, words):
    window = ask(source_that(lambda _: httpx.Response(200, content=body)), cursor="1799999990000")
    assert words in window.error
    assert len(window.error) < 600
    assert (window.cursor, window.stable, window.candidate) == ("1799999990000", None, None)


@pytest.mark.parametrize("status", [400, 401, 404, 422, 429, 500, 503])
def test_a_refusal_is_told_with_its_status_and_words(status):
    source = source_that(lambda _: httpx.Response(status, content=FAILED))
    said = f"http://prometheus.test answers {status}, execution: query timed out"
    refused = ask(source)
    assert said in refused.error
    assert refused.away == (status not in {400, 422})
    source = source_that(lambda _: httpx.Response(status, content=b"go away"))
    assert f"answers {status}, 'go away'" in ask(source).error


def test_a_redirect_is_not_followed():
    source = source_that(lambda _: httpx.Response(302, headers={"location": "http://else.test"}))
    assert "answers 302" in ask(source).error


def test_an_answer_without_end_is_cut_off(monkeypatch):
    monkeypatch.setattr("sluice_operator.evidence.prometheus_api.MOST_BYTES", 1000)
    source = source_that(lambda _: httpx.Response(200, content=b" " * 2000))
    assert "narrow the series down" in ask(source).error


def test_a_prometheus_that_does_not_listen_is_named():
    url = f"http://127.0.0.1:{free_ports(1)[0]}/prefix"
    source = PrometheusEvidence(Prometheus(PrometheusApi(Access(url=url))), SELDON_V2)
    assert f"Prometheus at {url} does not answer: ConnectError" in ask(source).error


class Slow(BaseHTTPRequestHandler):
    """Sends one byte at a time, for ever."""

    asked = 0

    def do_POST(self) -> None:
        type(self).asked += 1
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b" ")
                time.sleep(0.05)
        except OSError:
            pass

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@contextmanager
def slow_server() -> Iterator[tuple[str, type[Slow]]]:
    handler = type("Handler", (Slow,), {"asked": 0})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", handler
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_slow_prometheus_is_waited_for_once_by_one_thread_and_no_longer_than_agreed():
    with slow_server() as (url, handler):
        api = PrometheusApi(Access(url=url, timeout_seconds=0.5, rest_seconds=60))
        source = PrometheusEvidence(Prometheus(api, refresh_seconds=0), SELDON_V2)
        errors: list[str] = []
        threads = [
            threading.Thread(target=lambda: errors.append(ask(source).error)) for _ in range(20)
        ]
        begun = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        waited = time.monotonic() - begun
        assert ask(source).error
        assert handler.asked == 1
    assert len(errors) == 20
    assert all("no complete answer within 0.5 s" in error for error in errors)
    assert waited < 20, "twenty threads did not wait one after the other"


def test_headers_such_as_a_token_are_sent():
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return httpx.Response(500)

    access = Access(url="http://prometheus.test", headers={"Authorization": "Bearer secret"})
    api = PrometheusApi(access, httpx.MockTransport(answer))
    window = ask(PrometheusEvidence(Prometheus(api), SELDON_V2))
    assert seen == ["Bearer secret"]
    assert "secret" not in window.error


def test_many_threads_share_one_fetch():
    asked = []
    go_on = threading.Event()

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        go_on.wait(30)
        return httpx.Response(200, content=matrix(series([NOW, "1"])))

    api = PrometheusApi(
        Access(url="http://prometheus.test"),
        httpx.MockTransport(
            lambda r: httpx.Response(200, json=TIME) if b"time%28%29" in r.read() else answer(r)
        ),
    )
    shared = Prometheus(api, refresh_seconds=600, warm_seconds=0)
    windows = []
    threads = [
        threading.Thread(
            target=lambda: windows.append(
                PrometheusEvidence(shared, SELDON_V2).windows("churn", (question(),))
            )
        )
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    go_on.set()
    for thread in threads:
        thread.join()
    assert len(asked) == 1
    assert len(windows) == 16
    assert all(window == windows[0] for window in windows)
    assert not windows[0][0].error
