"""A real server under Seldon Core 2: models come and go by request, under names of its agent."""

import itertools
import json

import grpc
import httpx
import pytest
from bomb import Bomb
from eventually import eventually
from ledger_content import answers_to
from loan_requests import one_loan
from packages import loan_package
from seldon_agent import seldon_server

MODEL = "loans-4f2a91c3_1"
numbers = itertools.count()


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seldon")
    return folder / "server", folder / "ledger.db", folder / "spool"


@pytest.fixture(scope="module")
def server(places):
    folder, ledger, spool = places
    with seldon_server(folder, SLUICE_LEDGER=f"sqlite:///{ledger}", SLUICE_SPOOL=str(spool)) as s:
        yield s


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("package") / "loans"
    loan_package(folder)
    return folder


def digest_of(package):
    return json.loads((package / "manifest.json").read_text())["digest"]


@pytest.fixture
def name(server):
    """A model name of the test's own, not loaded any more afterwards."""
    name = f"loans-{next(numbers):08x}_1"
    yield name
    if server.client.get(f"/v2/models/{name}/ready").is_success:
        server.unload(name)


def refusal(server, name):
    with pytest.raises(grpc.RpcError) as refused:
        server.load(name)
    assert server.client.get(f"/v2/models/{name}/ready").status_code == httpx.codes.NOT_FOUND
    return refused.value.details()


def test_a_package_is_served_under_the_name_that_the_agent_gives(server, package, name):
    server.download(package, name, digest=digest_of(package))
    server.load(name)
    answer = server.infer(name, one_loan()).json()
    assert answer["model_name"] == name
    assert answer["parameters"]["revision"] == name.removesuffix("_1")
    assert answer["parameters"]["digest"] == digest_of(package)


def test_what_is_recorded_bears_deployment_and_revision(server, package, name, places):
    server.download(package, name)
    server.load(name)
    server.infer(name, one_loan(id=name))
    found = eventually(lambda: answers_to(places[1], name), within=30)
    assert found == [("loans", name.removesuffix("_1"), False)]


def test_parameters_of_the_model_say_who_it_is_where_its_name_does_not(server, package):
    server.download(package, "loans_7", deployment="loans", revision="loans-0a1b2c3d")
    server.load("loans_7")
    assert server.infer("loans_7", one_loan()).json()["parameters"]["revision"] == "loans-0a1b2c3d"
    server.unload("loans_7")


def test_loading_a_damaged_package_fails_with_the_reason_and_unpickles_nothing(
    server, name, tmp_path
):
    loan_package(tmp_path / "package", Bomb(tmp_path / "exploded"))
    (tmp_path / "package" / "sluice" / "card.md").write_text("another card")
    server.download(tmp_path / "package", name)
    assert "sluice/card.md: content differs from the manifest" in refusal(server, name)
    assert not (tmp_path / "exploded").exists()


def test_over_http_a_refusal_is_an_error_with_the_reason_too(server, package, name):
    (server.download(package, name) / "sluice" / "card.md").unlink()
    refused = server.client.post(f"/v2/repository/models/{name}/load")
    assert refused.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert "sluice/card.md: missing" in refused.json()["error"]


def test_a_package_of_another_digest_is_refused(server, package, name):
    server.download(package, name, digest="sha256:" + "0" * 64)
    assert f"the package is {digest_of(package)}, but sha256:000" in refusal(server, name)


def test_an_unknown_parameter_of_the_model_is_refused_by_name(server, package, name):
    server.download(package, name, digset=digest_of(package))
    assert "digset: Extra inputs are not permitted" in refusal(server, name)


def test_a_repaired_package_is_served(server, package, name):
    (server.download(package, name) / "model.pkl").write_bytes(b"")
    assert "model.pkl: content differs" in refusal(server, name)
    server.download(package, name)
    server.load(name)
    assert server.infer(name, one_loan()).is_success


def test_a_served_model_goes_on_when_it_cannot_be_loaded_anew(server, package, name):
    folder = server.download(package, name)
    server.load(name)
    (folder / "model.pkl").write_bytes(b"")
    with pytest.raises(grpc.RpcError):
        server.load(name)
    assert server.infer(name, one_loan()).is_success


def test_a_package_without_settings_is_still_verified(server, name, tmp_path):
    # where a Model requires sklearn, the agent names MLServer's own runtime, which verifies nothing
    loan_package(tmp_path / "package", Bomb(tmp_path / "exploded"))
    (tmp_path / "package" / "model-settings.json").unlink()
    (tmp_path / "package" / "sluice" / "card.md").unlink()
    server.download(tmp_path / "package", name)
    assert "sluice/card.md: missing" in refusal(server, name)
    assert not (tmp_path / "exploded").exists()


def test_code_in_the_folder_of_a_model_is_not_run(server, package, name, tmp_path):
    folder = server.download(package, name)
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    settings = folder / "model-settings.json"
    document = json.loads(settings.read_text()) | {"implementation": "evil.Model"}
    settings.write_text(json.dumps(document))
    assert "evil.py: not in the manifest" in refusal(server, name)
    assert not (tmp_path / "ran").exists()


def test_two_models_of_one_revision_share_their_metrics(server, package):
    for name in ("loans_8", "loans-aaaaaaaa_1"):
        server.download(package, name, deployment="loans", revision="loans-aaaaaaaa")
        server.load(name)
        assert server.infer(name, one_loan()).is_success
    metrics = httpx.get(f"http://127.0.0.1:{server.metrics}/metrics").text
    labels = 'deployment="loans",outcome="ok",revision="loans-aaaaaaaa"'
    assert f"sluice_requests_total{{{labels}}} 2.0" in metrics
    server.unload("loans_8")
    assert server.infer("loans-aaaaaaaa_1", one_loan()).is_success
    server.unload("loans-aaaaaaaa_1")


def test_the_workers_of_a_stock_server_are_left_out(tmp_path, package):
    with seldon_server(tmp_path / "server", MLSERVER_PARALLEL_WORKERS="1") as server:
        server.download(package, MODEL)
        server.load(MODEL)
        assert server.infer(MODEL, one_loan()).is_success
