"""One report for all deployments, from real Envoys and from awkward ones."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from eventually import eventually
from seldon_dump import data, dump, mirror_for, mirrors, routes_for
from seldon_envoy import RouteEnvoy
from seldon_world import DEPLOYMENT, ONE, TWO, only
from sluice_operator.model import Routes
from sluice_operator.seldon.envoy_routes import EnvoyRoutes
from sluice_operator.seldon.errors import RouterError
from sluice_operator.seldon.place import Place

PLACE = Place(namespace="shop", deployment=DEPLOYMENT)
ENTRY, FIRST, SECOND = f"{DEPLOYMENT}_1", f"{ONE.name}_1", f"{TWO.name}_1"
STABLE = (data(routes_for(DEPLOYMENT, {ENTRY: 0, FIRST: 100})), mirrors())


@pytest.fixture
def envoy(tmp_path):
    with RouteEnvoy(tmp_path) as running:
        yield running


@pytest.fixture
def reports():
    opened = []

    def open_report(*urls, **kwargs):
        opened.append(EnvoyRoutes(urls, **kwargs))
        return opened[-1]

    yield open_report
    for report in opened:
        report.close()


def test_a_real_envoy_reports_seldons_routes_and_their_changes(envoy, reports):
    report = reports(envoy.url, max_age=0.01)
    envoy.publish(*STABLE)
    assert eventually(lambda: report.routes(PLACE) == only(ONE.name))
    mirrored = routes_for(DEPLOYMENT, {ENTRY: 0, FIRST: 100}, mirror=20)
    envoy.publish(data(mirrored), mirrors(mirror_for(DEPLOYMENT, SECOND, 20)))
    wanted = Routes(weights={ONE.name: 100}, mirror={TWO.name: 20})

    def copied():
        try:
            return report.routes(PLACE) == wanted
        except RouterError:  # the two tables change one after the other
            return False

    assert eventually(copied)


class AwkwardEnvoy:
    """An admin address that answers as it is told."""

    def __init__(self):
        self.answer = dump(*STABLE)
        self.raw = None
        self.asked = []
        self.delay = 0.0
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                query = parse_qs(urlsplit(self.path).query)
                owner.asked.append("mask" in query)
                time.sleep(owner.delay)
                body = owner.raw if owner.raw is not None else json.dumps(owner.answer).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self):
        """Once or twice."""
        if self.thread.is_alive():
            self.server.shutdown()
            self.thread.join()
            self.server.server_close()


@pytest.fixture
def awkward():
    envoys = []

    def start():
        envoys.append(AwkwardEnvoy())
        return envoys[-1]

    yield start
    for envoy in envoys:
        envoy.close()


class Hand:
    """A clock moved by hand."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_all_deployments_share_one_fetch_and_an_unchanged_table_is_not_fetched_again(
    awkward, reports
):
    envoy, clock = awkward(), Hand()
    report = reports(envoy.url, clock=clock)
    for number in range(50):
        report.routes(Place(namespace="shop", deployment=f"d{number}"))
    assert envoy.asked == [True, False]
    clock.now += 1.0
    assert report.routes(PLACE) == only(ONE.name)
    assert envoy.asked == [True, False, True]
    envoy.answer = dump(data(routes_for(DEPLOYMENT, {ENTRY: 100})), version="2")
    clock.now += 1.0
    assert report.routes(PLACE) == only(DEPLOYMENT)
    assert envoy.asked == [True, False, True, True, False]


def test_what_was_read_before_our_own_write_is_no_report(awkward, reports):
    envoy, clock = awkward(), Hand()
    report = reports(envoy.url, clock=clock)
    assert report.routes(PLACE) == only(ONE.name)
    clock.now += 0.5
    report.expire(PLACE)
    assert report.routes(PLACE) is None
    assert report.routes(Place(namespace="shop", deployment="other")) == Routes()
    clock.now += 0.5
    assert report.routes(PLACE) == only(ONE.name)


def test_any_of_several_envoys_that_routes_a_revision_routes_it(awkward, reports):
    early, late = awkward(), awkward()
    early.answer = dump(data(routes_for(DEPLOYMENT, {ENTRY: 0, FIRST: 90, SECOND: 10})))
    report = reports(early.url, late.url)
    assert report.routes(PLACE) == Routes(weights={ONE.name: 100, TWO.name: 10})
    early.raw = b"nonsense"
    with pytest.raises(RouterError, match=f"Envoy at {early.url}"):
        reports(early.url, late.url).routes(PLACE)


def test_an_envoy_that_is_away_is_an_error_that_names_it(awkward, reports):
    envoy = awkward()
    url = envoy.url
    envoy.close()
    with pytest.raises(RouterError, match=f"Envoy at {url}: .*refused"):
        reports(url).routes(PLACE)


def test_a_name_that_nobody_knows_is_an_error(reports):
    with pytest.raises(RouterError, match=r"http://mesh\.invalid:9003 is not known"):
        reports("http://mesh.invalid:9003").routes(PLACE)
    with pytest.raises(RouterError, match="no Envoy is known"):
        reports().routes(PLACE)


@pytest.mark.parametrize("raw", [b"", b"nonsense", b"[]", b'{"configs": [{"route_config": 3}]}'])
def test_nonsense_is_an_error_and_never_an_empty_report(awkward, reports, raw):
    envoy = awkward()
    envoy.raw = raw
    with pytest.raises(RouterError, match="Envoy at http"):
        reports(envoy.url).routes(PLACE)


def test_while_one_thread_waits_for_a_slow_envoy_the_others_go_on(awkward, reports):
    envoy = awkward()
    report = reports(envoy.url, max_age=0.0)
    assert report.routes(PLACE) == only(ONE.name)
    envoy.delay = 0.5
    time_of = []

    def ask():
        began = time.monotonic()
        report.routes(PLACE)
        time_of.append(time.monotonic() - began)

    def asked_by(count):
        threads = [threading.Thread(target=ask) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    eventually(lambda: asked_by(4) or len(time_of) >= 4)
    assert sorted(time_of)[1] < 0.4


def test_an_envoy_of_each_namespace(awkward, reports):
    envoy = awkward()
    port = envoy.server.server_address[1]
    report = reports(f"http://127.0.0.{{namespace}}:{port}")
    assert report.routes(Place(namespace="1", deployment=DEPLOYMENT)) == only(ONE.name)
