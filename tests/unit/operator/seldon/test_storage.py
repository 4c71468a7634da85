"""Model URIs, resolved by a real MLflow in this process, and by awkward ones."""

import httpx
import pytest
from mlflow import MlflowClient
from seldon_world import revision
from sluice_operator.model import Revision
from sluice_operator.seldon.errors import ModelUnknownError, StorageUnknownError
from sluice_operator.seldon.storage import Storage, registered_model, seldon_uri

URL = "http://127.0.0.1:5000"


def named(uri):
    return Revision(name="churn-00000000", uri=uri)


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """MLflow's own handlers over a store in a file."""
    store = f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/registry.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("_MLFLOW_SERVER_FILE_STORE", store)
        patch.setenv("_MLFLOW_SERVER_REGISTRY_STORE", store)
        patch.setenv("MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE", "true")
        patch.setattr("mlflow.server.handlers._tracking_store", None)
        patch.setattr("mlflow.server.handlers._model_registry_store", None)
        client = MlflowClient(tracking_uri=store, registry_uri=store)
        client.create_registered_model("churn")
        version = client.create_model_version("churn", "s3://bucket/churn/1")
        client.set_registered_model_alias("churn", "champion", version.version)
        client.create_model_version("churn", "file:///models/two%20words")
        client.create_model_version("churn", "mlflow-artifacts:/churn/3")
        from mlflow.server import app  # noqa: PLC0415 - reads the environment when imported

        storage = Storage(URL, transport=httpx.WSGITransport(app=app))
        yield storage
        storage.close()


@pytest.mark.parametrize(
    ("uri", "found"),
    [
        ("models:/churn/1", "s3://bucket/churn/1"),
        ("models:/churn@champion", "s3://bucket/churn/1"),
        ("models:/churn/2", "/models/two words"),
        ("s3://bucket/path", "s3://bucket/path"),
        ("gs://bucket/path", "gs://bucket/path"),
        ("file:///models/churn", "/models/churn"),
    ],
)
def test_a_model_is_found(registry, uri, found):
    assert registry.resolve(named(uri)) == found


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("models:/churn/77", "RESOURCE_DOES_NOT_EXIST.*version=77"),
        ("models:/nobody/1", "nobody"),
        ("models:/churn@nobody", "alias nobody not found"),
        ("models:/churn/3", "--no-serve-artifacts"),
        ("models:/churn/latest", "write models:/NAME/VERSION with a number"),
        ("models:/churn", "write models:/NAME/VERSION"),
        ("models:/a/b/1", "write models:/NAME/VERSION"),
        ("models:/churn@", "write models:/NAME/VERSION"),
    ],
)
def test_a_model_that_cannot_be_had_says_why(registry, uri, words):
    with pytest.raises(ModelUnknownError, match=words):
        registry.resolve(named(uri))


def test_without_a_registry_the_setting_is_named():
    with pytest.raises(ModelUnknownError, match="SLUICE_MLFLOW_URL"):
        Storage().resolve(named("models:/churn/1"))
    assert Storage().resolve(revision("a")) == "s3://models/a"


def answering(status, text):
    transport = httpx.MockTransport(lambda request: httpx.Response(status, text=text))
    return Storage(URL, transport=transport)


@pytest.mark.parametrize(
    ("status", "text"),
    [(200, "nonsense"), (500, '{"error_code": "INTERNAL_ERROR"}'), (429, "{}"), (302, "")],
)
def test_a_registry_that_is_unwell_is_asked_again(status, text):
    with pytest.raises(StorageUnknownError, match=f"MLflow at {URL}"):
        answering(status, text).resolve(named("models:/churn/1"))


def test_a_registry_that_is_away_is_asked_again():
    def away(request):
        raise httpx.ConnectError("refused")

    with pytest.raises(StorageUnknownError, match=r"does not answer.*refused"):
        Storage(URL, transport=httpx.MockTransport(away)).resolve(named("models:/churn/1"))


def test_names_may_have_dots_and_spaces():
    assert registered_model("models:/my churn.v2/12").name == "my churn.v2"
    assert seldon_uri("/already/a/path") == "/already/a/path"
