from pathlib import Path

import pytest
from mlflow_packages import mlflow_package
from packages import loan_model
from serving_process import Server, running
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer


@pytest.fixture(scope="session")
def model():
    """The model that the package of these tests holds."""
    return loan_model()


@pytest.fixture(scope="session")
def package(tmp_path_factory, model):
    """A package that nobody changes: its folder and its digest."""
    folder = tmp_path_factory.mktemp("shared") / "package"
    return folder, mlflow_package(folder, model)


@pytest.fixture(scope="session")
def failing_package(tmp_path_factory, model):
    """A package whose model raises for every loan in the west."""

    def refuse_the_west(frame):
        if (frame["region"] == "west").any():
            raise KeyError("no such region: west")
        return frame

    folder = tmp_path_factory.mktemp("failing") / "package"
    failing = make_pipeline(FunctionTransformer(refuse_the_west), model)
    return folder, mlflow_package(folder, failing)


@pytest.fixture
def server_of(tmp_path):
    """Makes servers, not started yet, that record into a ledger of this test."""
    made: list[Server] = []

    def make(package: tuple[Path, str], **options) -> Server:
        folder, digest = package
        places = {"ledger": f"sqlite:///{tmp_path}/ledger.db", "spool": str(tmp_path / "spool")}
        server = Server(
            folder=tmp_path / f"server-{len(made)}",
            package=folder,
            digest=digest,
            **(places | options),
        )
        made.append(server)
        return server

    yield make
    for server in made:
        if hasattr(server, "process"):
            server.stop()


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory, package):
    """One running server for tests that leave nothing behind."""
    folder = tmp_path_factory.mktemp("server")
    path, digest = package
    server = Server(
        folder=folder / "server",
        package=path,
        digest=digest,
        ledger=f"sqlite:///{folder}/ledger.db",
        spool=str(folder / "spool"),
    )
    with running(server):
        yield server
