"""The operator process on a real API server and Prometheus; Seldon and users are played.

One stage serves many tests: each has a ModelDeployment of its own name. Models behave as their URI
says: `broken` never loads, `nowhere` does not exist, the rest is in `operator_users`.
"""

import json
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import yaml
from control_plane import ControlPlane, Request
from eventually import eventually
from operator_users import Users, history
from prometheus_server import PrometheusServer, backfill
from route_text import data_routes, dump, masked, mirror_routes
from seldon_painter import SeldonPainter
from seldon_states import Manner
from serving_process import free_ports
from sluice_operator.cluster.client import KubernetesCluster, login
from sluice_operator.cluster.kind import (
    MODEL_DEPLOYMENT,
    ROLLOUT_ACTION,
    ROLLOUT_RUN,
    SELDON_DEPLOYMENT,
    SELDON_EXPERIMENT,
    SELDON_MODEL,
    Kind,
    name_of,
)
from sluice_operator.cluster.permission import (
    ROLE_NAME,
    cluster_role,
    lease_role,
    missing_permissions,
)
from sluice_operator.errors import ClusterError
from sluice_operator.model import Routes
from sluice_operator.seldon.place import Place
from sluice_operator.serving.process import Process

ROOT = Path(__file__).parents[2]
NAMESPACE = "stage"
HOME = "sluice"
"""Where operators have their Lease."""
PASS_SECONDS = 0.1
WORDS = ("good", "better", "bad", "broken", "slow", "wrong")
GOOD, BETTER, BAD, BROKEN, SLOW, WRONG = (f"s3://models/{word}" for word in WORDS)


class Envoy(ThreadingHTTPServer):
    """The admin port of Seldon's Envoy, as far as the operator asks it."""

    daemon_threads = True

    def __init__(self, stage: "Stage") -> None:
        super().__init__(("127.0.0.1", 0), _Admin)
        self.stage = stage


class _Admin(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Envoy)
        text = self.server.stage.config_dump("mask" in parse_qs(urlsplit(self.path).query))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


@dataclass
class Stage:
    """Everything but the test itself."""

    plane: ControlPlane
    folder: Path
    operators: list[Process] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cluster = KubernetesCluster(login(self.plane.kubeconfig), user_agent="stage")
        self.login = self.plane.kubeconfig_for_service_account(HOME, ROLE_NAME)
        """As whom operators act."""
        self.users = Users(self.folder)
        self.prometheus = PrometheusServer(
            folder=self.folder / "prometheus", targets=self.users.targets, interval="500ms"
        )
        self.prometheus.folder.mkdir()
        failing = {"broken": "digest differs", "nowhere": "directory not found"}
        manner = Manner(load_seconds=0.5, route_seconds=0.2, failing=failing)
        self.painter = SeldonPainter(self.cluster, time.monotonic, manner)
        self.envoy = Envoy(self)
        self._lock = threading.Lock()
        self._tables: dict[str, Routes] = {}
        self._uris: dict[str, str] = {}
        self._first: set[str] = set()
        """Deployments of Seldon Core 1, which no Envoy of Seldon Core 2 knows."""
        self._version = 1
        self._closed = threading.Event()
        self._started = 0

    @property
    def envoy_url(self) -> str:
        """Where the router is asked."""
        return f"http://127.0.0.1:{self.envoy.server_port}"

    def open(self) -> None:
        """Kinds, namespaces, and everybody but the operator."""
        for place in (ROOT / "manifests" / "crd", ROOT / "tests" / "support" / "crds"):
            self.plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(place))
        for namespace in (NAMESPACE, HOME):
            self.plane.kubectl("create", "namespace", namespace)
        self._grant()
        backfill(self.prometheus.folder, history())
        self.prometheus.start()
        self._threads = [
            threading.Thread(target=run, daemon=True)
            for run in (self._play, self.envoy.serve_forever)
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End all that was started."""
        for operator in self.operators:
            operator.close(3)
        self._closed.set()
        self.envoy.shutdown()
        for thread in self._threads:
            thread.join()
        self.prometheus.stop()
        self.users.close()

    def start_operator(self, **settings: str) -> Process:
        """One more replica, once it says that it is ready."""
        health = self.launch_operator(**settings)
        operator, number = self.operators[-1], self._started - 1
        eventually(lambda: operator.ended() or _is_ok(f"{health}/readyz"), within=120, every=0.1)
        assert not operator.ended(), self.log_of(number)
        return operator

    def launch_operator(self, **settings: str) -> str:
        """One more replica, ready or not; where it is asked for its health."""
        health, metrics = free_ports(2)
        given = {
            "KUBECONFIG": str(self.login),
            "IDENTITY": f"replica-{self._started}",
            "PROMETHEUS_URL": self.prometheus.url,
            "PROMETHEUS_NAMESPACE_LABEL": "-",
            "ENVOY_ADMIN_URLS": self.envoy_url,
            "LEDGER": self.users.ledger_url,
            "POLL_SECONDS": "0.5",
            "LOG_FORMAT": "text",
            "HEALTH_PORT": str(health),
            "METRICS_PORT": str(metrics),
            "BIND": "127.0.0.1",
        } | settings
        words = [f"SLUICE_{name}={value}" for name, value in given.items()]
        log = self.folder / f"operator-{self._started}.log"
        command = ["/usr/bin/env", *words, sys.executable, "-m", "sluice_operator.controller"]
        self.operators.append(Process(command, log))
        self._started += 1
        return f"http://127.0.0.1:{given['HEALTH_PORT']}"

    def end_operator(self, operator: Process) -> None:
        """As a node that is drained ends it: it lets go of its Lease."""
        operator.close(10)
        self.operators.remove(operator)

    def _grant(self) -> None:
        """Bind the operator's account to the roles that the charts give it, and nothing else."""
        bindings = [bound("ClusterRoleBinding", cluster_role()), bound("RoleBinding", lease_role())]
        texts = yaml.safe_dump_all([cluster_role(), lease_role(HOME), *bindings])
        applied = self.plane.kubectl("apply", "-f", "-", stdin=texts)
        assert applied.returncode == 0, applied.stderr
        known = KubernetesCluster(login(self.login))
        eventually(lambda: missing_permissions(known, (), HOME) == (), within=30)

    def asked(self) -> tuple[Request, ...]:
        """Every request of the operators for objects."""
        account = f"system:serviceaccount:{HOME}:{ROLE_NAME}"
        return tuple(one for one in self.plane.requests(account) if one.resource)

    def log_of(self, number: int) -> str:
        """What a replica has written."""
        return (self.folder / f"operator-{number}.log").read_text()

    # what users of the cluster do

    def apply(self, name: str, uri: str, **changes: Any) -> None:
        """`kubectl apply` of a ModelDeployment."""
        self.apply_all(name, {"name": name, "spec": {"model": {"uri": uri}} | CANARY | changes})

    def apply_all(self, file: str, *wanted: Mapping[str, Any], how: str = "") -> None:
        """`kubectl apply` of one file with names and specs of ModelDeployments."""
        path = str(self.written(file, *wanted))
        self.plane.kubectl("apply", *([how] if how else []), "-f", path)

    def written(self, file: str, *wanted: Mapping[str, Any]) -> Path:
        """A file with names and specs of ModelDeployments."""
        known = {"apiVersion": MODEL_DEPLOYMENT.api_version, "kind": MODEL_DEPLOYMENT.kind}
        bodies = [
            known | {"metadata": {"name": w["name"], "namespace": NAMESPACE}, "spec": w["spec"]}
            for w in wanted
        ]
        path = self.folder / f"{file}.yaml"
        path.write_text(yaml.safe_dump_all(bodies))
        return path

    def ask(self, name: str, verb: str, revision: str) -> str:
        """Create a RolloutAction; its name."""
        action = f"{name}-{verb.lower()}-{time.monotonic_ns()}"
        spec = {"target": name, "revision": revision, "verb": verb, "by": "jo", "reason": "test"}
        body = {
            "apiVersion": ROLLOUT_ACTION.api_version,
            "kind": ROLLOUT_ACTION.kind,
            "metadata": {"name": action, "namespace": NAMESPACE},
            "spec": spec,
        }
        self.cluster.create(ROLLOUT_ACTION, body)
        return action

    def serving(self, name: str, uri: str = GOOD) -> None:
        """A deployment whose first model answers everything."""
        self.apply(name, uri)
        self.until(name, lambda status: status.get("phase") == "Healthy")

    def until(self, name: str, holds: Any, within: float = 120) -> dict[str, Any]:
        """The status once something holds of it."""
        found: dict[str, Any] = {}

        def check() -> bool:
            body = self.get(MODEL_DEPLOYMENT, name)
            found.clear()
            found.update(body.get("status") or {})
            assert holds(found), json.dumps(found, indent=0)
            return True

        eventually(check, within=within, every=0.1)
        return found

    def get(self, kind: Kind, name: str) -> dict[str, Any]:
        """An object; empty when there is none."""
        return dict(self.cluster.get(kind, NAMESPACE, name) or {})

    def run_of(self, name: str, attempt: int) -> dict[str, Any]:
        """The status of a RolloutRun."""
        return dict(self.get(ROLLOUT_RUN, f"{name}-{attempt}").get("status") or {})

    def weights(self, name: str) -> dict[str, int]:
        """What the router does."""
        with self._lock:
            return dict(self._tables.get(name, Routes()).weights)

    # what is played

    def config_dump(self, only_versions: bool) -> str:
        """What Envoy's admin port answers."""
        with self._lock:
            versions, stamps = (self._version, self._version), ("", "")
            if only_versions:
                return masked(versions, stamps)
            tables = {n: one for n, one in self._tables.items() if n not in self._first}
            data = [
                data_routes(name, tuple(routes.weights.items()), routes.mirror)
                for name, routes in tables.items()
                if routes.weights
            ]
            mirrors = [mirror_routes(name, one.mirror) for name, one in tables.items()]
            return dump(versions, ",".join(data), ",".join(filter(None, mirrors)), stamps)

    def _play(self) -> None:
        while not self._closed.wait(PASS_SECONDS):
            try:
                self.painter.look(NAMESPACE)
                self.painter.advance()
                self._publish()
            except ClusterError:
                continue  # the API server is away; so is Seldon, then
            finally:
                self._send()

    def _publish(self) -> None:
        models = {name_of(one): one for one in self.cluster.list(SELDON_MODEL, NAMESPACE)}
        names = {name_of(one) for one in self.cluster.list(SELDON_EXPERIMENT, NAMESPACE)}
        first = {name_of(one): one for one in self.cluster.list(SELDON_DEPLOYMENT, NAMESPACE)}
        tables = {
            name: self.painter.routes(Place(namespace=NAMESPACE, deployment=name)) or Routes()
            for name in names | first.keys() | {name for name in models if name in self._tables}
        }
        uris = {name: one["spec"]["storageUri"] for name, one in models.items()}
        for body in first.values():
            uris |= {p["name"]: p["graph"]["modelUri"] for p in body["spec"]["predictors"]}
        with self._lock:
            self._uris, self._first = uris, set(first)
            if tables != self._tables:
                self._tables, self._version = tables, self._version + 1

    def _send(self) -> None:
        """Users ask every deployment."""
        with self._lock:
            tables, uris, first = dict(self._tables), dict(self._uris), set(self._first)
        for name, routes in tables.items():
            self.users.ask(name, routes, uris, first=name in first)


CANARY: dict[str, Any] = {
    "strategy": {
        "type": "Canary",
        "steps": [
            {"setWeight": 10},
            {"analysis": {"gates": ["slo"], "minDuration": "1s", "maxDuration": "5m"}},
            {"setWeight": 50},
            {"analysis": {"gates": ["slo"], "minDuration": "1s", "maxDuration": "5m"}},
        ],
    },
    "gates": [
        {"name": "errors", "metric": "ErrorRate", "comparison": "Relative", "margin": "1.5"},
        {"name": "slo", "metric": "ErrorRate", "comparison": "Absolute", "margin": "0.1"},
    ],
    "rollback": {"bake": "3s"},
    "progressDeadline": "30s",
    "noDataLimit": "60s",
}


def bound(kind: str, role: Mapping[str, Any]) -> dict[str, Any]:
    """A binding of a role to the operator's account."""
    group = "rbac.authorization.k8s.io"
    namespace = role["metadata"].get("namespace")
    return {
        "apiVersion": f"{group}/v1",
        "kind": kind,
        "metadata": {"name": ROLE_NAME} | ({"namespace": namespace} if namespace else {}),
        "roleRef": {"apiGroup": group, "kind": role["kind"], "name": ROLE_NAME},
        "subjects": [{"kind": "ServiceAccount", "name": ROLE_NAME, "namespace": HOME}],
    }


def _is_ok(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


@contextmanager
def stage_on(plane: ControlPlane, folder: Path) -> Iterator[Stage]:
    """A stage without an operator, until the block ends."""
    stage = Stage(plane, folder)
    try:
        stage.open()
        yield stage
    finally:
        stage.close()
