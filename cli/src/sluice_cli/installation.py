"""A whole installation in one process: engine, evidence, controller."""

import json
import logging
import os
import signal
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import sluice_operator
from sluice_ledger.store import SqliteLedger
from sluice_ledger.url import open_ledger
from sluice_operator.errors import WorldError
from sluice_operator.evidence.envoy import EnvoyEvidence
from sluice_operator.evidence.ledger import LedgerEvidence
from sluice_operator.evidence.routed import RoutedEvidence
from sluice_operator.laptop.controller import Controller
from sluice_operator.laptop.home import Home, write_whole
from sluice_operator.laptop.lock import held
from sluice_operator.rollout.ports import Ports
from sluice_operator.serving.local import LocalEngine, Place
from sluice_operator.serving.runtime import MlServerRuntime

from sluice_cli.registry import Crown, resolver, tracking_uri

SERVING_PYTHON = "SLUICE_SERVING_PYTHON"
"""Environment variable with the Python in which the serving runtime is installed."""


def serve(home: Home, port: int, workspace: Path) -> None:
    """Serve until told to stop; every process that was started is ended before it returns.

    Raises:
        AlreadyRunningError: The home is in use.
        WorldError: A port is taken, or the serving runtime is not installed.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    uri = tracking_uri(workspace)
    with held(home):
        home.endpoint.unlink(missing_ok=True)
        SqliteLedger(home.root / "ledger.db").close()
        place = Place(folder=home.root, port=port, ledger=home.ledger_url)
        runtime = MlServerRuntime(python=serving_python())
        with LocalEngine(place, runtime, resolver(uri)) as engine:
            ports = Ports(
                serving=engine,
                evidence=_evidence(engine, home),
                clock=lambda: datetime.now(UTC),
            )
            write_whole(home.endpoint, json.dumps({"port": port, "pid": os.getpid()}))
            Controller(home=home, ports=ports, tell=Crown(uri).tell).run(stop)
        home.endpoint.unlink(missing_ok=True)


def _evidence(engine: LocalEngine, home: Home) -> RoutedEvidence:
    """Requests are counted at the router, answers in the ledger."""
    envoy = EnvoyEvidence(engine.admin_url)
    ledger = LedgerEvidence(lambda: open_ledger(home.ledger_url))
    return RoutedEvidence(
        {**dict.fromkeys(envoy.METRICS, envoy), **dict.fromkeys(ledger.METRICS, ledger)}
    )


def serving_python() -> Path:
    """The interpreter with the serving runtime: the one named, or that of this checkout.

    Raises:
        WorldError: There is none.
    """
    named = os.environ.get(SERVING_PYTHON)
    checkout = Path(sluice_operator.__file__).resolve().parents[3]
    python = Path(named) if named else checkout / "serving" / ".venv" / "bin" / "python"
    if not python.exists():
        raise WorldError(
            f"{python}: the serving runtime is not installed there; run `make init`, or set "
            f"{SERVING_PYTHON} to the Python that has sluice-serving"
        )
    return python
