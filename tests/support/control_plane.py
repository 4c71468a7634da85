"""A real control plane for tests: etcd and kube-apiserver on loopback, gone with the test run.

No controller runs beside them: nobody collects garbage by owner, and a namespace that is deleted
stays `Terminating`. Both processes end with the process that started them, even if it is killed.
"""

import itertools
import json
import os
import random
import re
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import httpx
from control_plane_identity import Authority, kubeconfig, signing_key
from eventually import eventually
from sluice_operator.serving.process import Process

ROOT = Path(__file__).resolve().parents[2]
KUBERNETES_MODULE = ROOT / "tools" / "node" / "modules" / "kubernetes" / "go.mod"
PROGRAMS = ("etcd", "kube-apiserver", "kubectl")
START_SECONDS = 60.0
LOWEST_PORT = 10_000
ADMIN = "admin"
AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata"}],
}


class ControlPlaneError(Exception):
    """The control plane cannot be had; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request that the API server has carried out or refused, from its audit log."""

    user: str
    verb: str
    group: str
    """Of the API; empty for the core's, and for paths."""
    resource: str
    """With the subresource behind a slash; empty for paths such as /readyz."""
    namespace: str
    name: str
    code: int


def programs() -> Path:
    """The folder with etcd, kube-apiserver and kubectl.

    Raises:
        ControlPlaneError: One of them is not there.
    """
    given = os.environ.get("KUBEBUILDER_ASSETS")
    folder = Path(given) if given else _built()
    for name in PROGRAMS:
        if not os.access(folder / name, os.X_OK):
            hint = (
                "KUBEBUILDER_ASSETS names that folder" if given else "make control-plane builds it"
            )
            raise ControlPlaneError(f"{folder / name} is not there: {hint}")
    return folder


def kubernetes_version() -> str:
    """The version that tools/node builds."""
    found = re.search(r"k8s\.io/kubernetes (v[\d.]+)", KUBERNETES_MODULE.read_text())
    if found is None:
        raise ControlPlaneError(f"{KUBERNETES_MODULE} requires no k8s.io/kubernetes: add it")
    return found[1]


def _built() -> Path:
    home = os.environ.get("SLUICE_NODE_HOME") or Path.home() / ".cache" / "sluice" / "node"
    return Path(home) / kubernetes_version() / "bin"


class ControlPlane:
    """A running etcd and API server; `start` makes one."""

    def __init__(self, folder: Path) -> None:
        """Lay out its files; nothing runs yet.

        Raises:
            ControlPlaneError: Its programs are not there.
        """
        self.folder = folder
        self._programs = programs()
        self._authority = Authority.fresh()
        self._etcd_port, self._peer_port, self._port = _ports(3)
        # the leash is tied to the thread that forks, and tests call us from threads that end
        self._forker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="control-plane")
        self._processes: dict[str, Process] = {}
        self._write()

    @classmethod
    def start(cls, folder: Path) -> Self:
        """One that is ready, with its files in the folder.

        Raises:
            ControlPlaneError: Its programs are not there, or one of them ended.
        """
        plane = cls(folder)
        try:
            plane._launch("etcd", plane._etcd_options())
            plane.start_api_server()
        except BaseException:
            plane.stop()
            raise
        return plane

    @property
    def url(self) -> str:
        """Where the API server listens."""
        return f"https://127.0.0.1:{self._port}"

    @property
    def kubeconfig(self) -> Path:
        """Of the administrator, who may do anything."""
        return self.folder / f"{ADMIN}.kubeconfig"

    @property
    def api_server_pid(self) -> int:
        """Process number of the API server, for accounts of its CPU and memory."""
        return self._processes["kube-apiserver"].pid

    @property
    def etcd_pid(self) -> int:
        """Process number of etcd."""
        return self._processes["etcd"].pid

    def stop(self) -> None:
        """End both processes; harmless if they have ended."""
        for name in ("kube-apiserver", "etcd"):
            self._end(name)
        self._forker.shutdown()

    def start_api_server(self) -> None:
        """Start the API server at the same address over the same data, and wait until it is ready.

        Raises:
            ControlPlaneError: It ended before it was ready.
        """
        self._launch("kube-apiserver", self._api_server_options())
        with self.client() as client:
            eventually(lambda: self._is_ready(client), within=START_SECONDS, every=0.05)

    def kill_api_server(self) -> None:
        """End it without warning: whoever asks is refused the connection."""
        self._end("kube-apiserver")

    def restart_api_server(self) -> None:
        """Kill it and start it again."""
        self.kill_api_server()
        self.start_api_server()

    def freeze_api_server(self) -> None:
        """Stop its clock: connections stay open, and nobody gets an answer."""
        os.kill(self.api_server_pid, signal.SIGSTOP)
        eventually(lambda: set(_thread_states(self.api_server_pid)) == {"T"})

    def thaw_api_server(self) -> None:
        """Let a frozen one go on."""
        os.kill(self.api_server_pid, signal.SIGCONT)

    def kubeconfig_for(self, user: str, groups: Sequence[str] = ()) -> Path:
        """A kubeconfig for somebody who may do nothing until a role is bound to the name."""
        credential, name = self._authority.user(user, groups), quote(user, safe="")
        credential.write(self.folder, name)
        path = self.folder / f"{name}.kubeconfig"
        path.touch(mode=0o600)
        path.write_text(kubeconfig(self.url, self._authority, credential))
        return path

    def kubeconfig_for_service_account(self, namespace: str, name: str) -> Path:
        """A kubeconfig for a client that the API server takes for this ServiceAccount."""
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}")
        return self.kubeconfig_for(f"system:serviceaccount:{namespace}:{name}", groups)

    def client(self, user: Path | None = None) -> httpx.Client:
        """An HTTP client that logs in as a kubeconfig's user; as the administrator if none."""
        return httpx.Client(
            base_url=self.url, verify=self._context(user or self.kubeconfig), timeout=10
        )

    def kubectl(
        self, *arguments: str, user: Path | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """What kubectl says to these arguments; its exit code is for the caller to judge."""
        login = ["--kubeconfig", str(user or self.kubeconfig)]
        return subprocess.run(
            [str(self._programs / "kubectl"), *login, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=os.environ | {"HOME": str(self.folder)},
        )

    def requests(self, user: str = "") -> Iterator[Request]:
        """Every request so far, in order; of one user if given. A watch counts when it begins."""
        seen = set()
        for line in (
            (self.folder / "audit.log").read_text(encoding="utf-8").splitlines(keepends=True)
        ):
            if not line.endswith("\n"):
                return  # the API server is in the middle of it
            event = json.loads(line)
            request = _request(event)
            if event["auditID"] not in seen and user in {"", request.user}:
                seen.add(event["auditID"])
                yield request

    def _context(self, user: Path) -> ssl.SSLContext:
        context = ssl.create_default_context(cadata=self._authority.certificate.decode())
        context.load_cert_chain(user.with_suffix(".crt"), user.with_suffix(".key"))
        return context

    def _launch(self, name: str, options: Sequence[str]) -> None:
        assert name not in self._processes, f"{name} runs already"
        command, log = [str(self._programs / name), *options], self.folder / f"{name}.log"
        self._processes[name] = self._forker.submit(Process, command, log).result()

    def _end(self, name: str) -> str:
        """End a process if it runs; how it ended."""
        process = self._processes.pop(name, None)
        if process is None:
            return f"{name} did not run"
        process.close()
        return f"{name} {process.why_ended()}"

    def _is_ready(self, client: httpx.Client) -> bool:
        for name, process in list(self._processes.items()):
            if process.ended():
                raise ControlPlaneError(self._end(name))
        try:
            return client.get("/readyz").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def _write(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "ca.crt").write_bytes(self._authority.certificate)
        self._authority.server("127.0.0.1").write(self.folder, "server")
        (self.folder / "tokens.key").write_bytes(signing_key())
        (self.folder / "audit.policy").write_text(json.dumps(AUDIT_POLICY))
        self.kubeconfig_for(ADMIN, ("system:masters",))

    def _etcd_options(self) -> list[str]:
        clients, peers = (
            f"http://127.0.0.1:{self._etcd_port}",
            f"http://127.0.0.1:{self._peer_port}",
        )
        return [
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={clients}",
            f"--advertise-client-urls={clients}",
            f"--listen-peer-urls={peers}",
            f"--initial-advertise-peer-urls={peers}",
            f"--initial-cluster=default={peers}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        ]

    def _api_server_options(self) -> list[str]:
        file = self.folder.joinpath
        return [
            f"--etcd-servers=http://127.0.0.1:{self._etcd_port}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={self._port}",
            "--endpoint-reconciler-type=none",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--authorization-mode=RBAC",
            f"--client-ca-file={file('ca.crt')}",
            f"--tls-cert-file={file('server.crt')}",
            f"--tls-private-key-file={file('server.key')}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-signing-key-file={file('tokens.key')}",
            f"--service-account-key-file={file('tokens.key')}",
            # no controller makes the ServiceAccount `default`, without which it admits no pod
            "--disable-admission-plugins=ServiceAccount",
            f"--audit-policy-file={file('audit.policy')}",
            f"--audit-log-path={file('audit.log')}",
            f"--cert-dir={file('generated')}",
        ]


def _ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on, and that no outgoing connection is given.

    An API server that is killed comes back at its port; from the range of outgoing connections a
    client that tries it in the meantime might be given that very port, and talk to itself.
    """
    first_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    candidates = range(LOWEST_PORT, max(first_outgoing, LOWEST_PORT + 1000))
    free = filter(_is_free, random.sample(candidates, len(candidates)))
    return list(itertools.islice(free, count))


def _is_free(port: int) -> bool:
    with socket.socket() as one:
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _thread_states(pid: int) -> Iterator[str]:
    """A letter for each thread; T is stopped, which each becomes on its own.

    Source: proc_pid_stat(5).
    """
    for thread in Path(f"/proc/{pid}/task").iterdir():
        yield (thread / "stat").read_text().rpartition(")")[2].split()[0]


def _request(event: dict[str, Any]) -> Request:
    what = event.get("objectRef", {})
    names = (what.get("resource", ""), what.get("subresource", ""))
    return Request(
        user=event["user"].get("username", ""),  # nobody, if the login was refused
        verb=event["verb"],
        group=what.get("apiGroup", ""),
        resource="/".join(filter(None, names)),
        namespace=what.get("namespace", ""),
        name=what.get("name", ""),
        code=event.get("responseStatus", {}).get("code", 0),
    )
