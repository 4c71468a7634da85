"""What users of a stage send, and what is counted of it: failures, times, answers, labels.

Revisions behave as their URI says: `bad` fails three of ten requests, `slow` takes long for as
many, `wrong` is wrong half of the time; `better` is right more often than everybody else.
"""

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client import CollectorRegistry, Histogram, start_http_server
from prometheus_exporter import Exporter
from sluice_ledger.records import Label, Prediction
from sluice_ledger.store import SqliteLedger
from sluice_operator.model import Routes

REQUESTS_PER_PASS = 40
QUICK_SECONDS, SLOW_SECONDS = 0.01, 0.7
ODD_SHARE = 0.3
RIGHT_SHARES = {"better": 0.95, "wrong": 0.5}
USUALLY_RIGHT = 0.8


class Executors:
    """The executors of Seldon Core 1 as Prometheus sees them."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._server, self._thread = start_http_server(0, addr="127.0.0.1", registry=registry)
        self.target = f"127.0.0.1:{self._server.server_port}"
        self._seconds = Histogram(
            "seldon_api_executor_server_requests_seconds",
            "",
            ("deployment_name", "predictor_name", "service", "method", "code"),
            registry=registry,
        )

    def serve(self, deployment: str, predictor: str, code: str, counted: int) -> None:
        """Requests of one predictor that ended alike."""
        one = self._seconds.labels(deployment, predictor, "predictions", "post", code)
        for _ in range(counted):
            one.observe(QUICK_SECONDS)

    def close(self) -> None:
        """Answer no scrape any more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@dataclass
class Users:
    """Everybody who asks the deployments of a stage."""

    folder: Path
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    def __post_init__(self) -> None:
        self.agents, self.executors = Exporter(), Executors()
        self._ledger = SqliteLedger(self.folder / "ledger.db")
        self._asked = 0

    @property
    def targets(self) -> tuple[str, str]:
        """What Prometheus scrapes."""
        return self.agents.target, self.executors.target

    @property
    def ledger_url(self) -> str:
        """Where answers and labels are."""
        return f"sqlite:///{self.folder / 'ledger.db'}"

    def close(self) -> None:
        """Nobody is counted any more."""
        self.agents.close()
        self.executors.close()
        self._ledger.close()

    def ask(self, name: str, routes: Routes, uris: Mapping[str, str], *, first: bool) -> None:
        """Some requests of one deployment; `first` says that it is one of Seldon Core 1."""
        for revision, share in (*routes.weights.items(), *routes.mirror.items()):
            asked, uri = round(REQUESTS_PER_PASS * share / 100), uris.get(revision, "")
            failed = round(asked * ODD_SHARE) if "bad" in uri else 0
            if first:
                self.executors.serve(name, revision, "200", asked - failed)
                self.executors.serve(name, revision, "500", failed)
            else:
                late = round(asked * ODD_SHARE) if "slow" in uri else 0
                self.agents.serve(revision, good=asked - failed - late, bad=failed)
                self.agents.serve(revision, good=late, seconds=SLOW_SECONDS)
        if routes.mirror:
            self._record(name, routes, uris)

    def _record(self, name: str, routes: Routes, uris: Mapping[str, str]) -> None:
        """Pairs for the ledger: what stable and its shadow said, and at once what was true."""
        (shadow, percent), *_ = routes.mirror.items()
        stable = max(routes.weights, key=lambda one: routes.weights[one], default="")
        predictions, labels = [], []
        for _ in range(round(REQUESTS_PER_PASS * percent / 100) if stable else 0):
            self._asked += 1
            request, now = f"request-{self._asked}", time.time()
            labels.append(Label(request_id=request, row=0, label="1", at=now))
            predictions += [
                Prediction(
                    request_id=request,
                    row=0,
                    deployment=name,
                    revision=revision,
                    prediction="1" if self.chance.random() < _right(uris[revision]) else "0",
                    confidence=None,
                    mirrored=revision == shadow,
                    at=now,
                )
                for revision in (stable, shadow)
            ]
        self._ledger.append_predictions(predictions)
        self._ledger.append_labels(labels)


def history() -> str:
    """Some minutes of samples, for a Prometheus that has just begun is not counted on."""
    now = int(time.time())
    families = {
        "seldon_model_infer": ("counter", 'total{model_internal="before_1",code="200"}'),
        "sluice_request_seconds": ("histogram", 'bucket{revision="before",le="+Inf"}'),
        "seldon_api_executor_server_requests_seconds": ("histogram", f"count{{{_BEFORE}}}"),
    }
    lines = []
    for family, (kind, series) in families.items():
        lines += [f"# TYPE {family} {kind}"]
        lines += [f"{family}_{series} {now - at} {at}" for at in range(now - 300, now, 10)]
    return "\n".join([*lines, "# EOF", ""])


_BEFORE = 'predictor_name="before",service="predictions",code="200"'


def _right(uri: str) -> float:
    return next((share for word, share in RIGHT_SHARES.items() if word in uri), USUALLY_RIGHT)
