"""An API server that knows nothing but the answers it was given, for one question each.

For what a real one cannot be brought to say: old versions, services behind a proxy, other clocks.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import httpx
from kubernetes.client import Configuration
from sluice_cli.doctor.reader import Reader
from sluice_cli.doctor.remedy import Remedy
from sluice_cli.doctor.site import Site

Answers = Mapping[str, Any]
"""By path: a body that is answered with 200, or a pair of status and body; else 404."""
NAMESPACED = "/api/v1/namespaces/sluice"
PUBLIC_NAME = "kubernetes.example.org:6443"
APPS = "/apis/apps/v1/namespaces/sluice"
NO_WORKLOADS: Answers = {
    f"{APPS}/deployments": {"items": []},
    f"{APPS}/statefulsets": {"items": []},
    "/apis/batch/v1/namespaces/sluice/jobs": {"items": []},
}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, _Server)
        for prefix, url in self.server.behind.items():
            if self.path.startswith(prefix):
                self._pass_on(url + self.path.removeprefix(prefix))
                return
        given = self.server.answers.get(urlsplit(self.path).path, (404, refused("no such path")))
        code, body = given if isinstance(given, tuple) else (200, given)
        text = body if isinstance(body, str) else json.dumps(body)
        self.send_response(code)
        self.end_headers()
        self.wfile.write(text.encode())

    def _pass_on(self, url: str) -> None:
        """As the API server's proxy does: with the Host that the client knows the API server by."""
        answer = httpx.get(url, headers={"Host": PUBLIC_NAME}, timeout=10, trust_env=False)
        self.send_response(answer.status_code)
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, answers: Answers, behind: Mapping[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = answers
        self.behind = behind


@contextmanager
def site_of(answers: Answers, behind: Mapping[str, str] | None = None) -> Iterator[Site]:
    """A site whose API server gives these answers, and passes on what lies below some paths."""
    server = _Server({**NO_WORKLOADS, **answers}, behind or {})
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield site_at(f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def site_at(host: str) -> Site:
    """A site whose API server is said to be there."""
    return Site(Reader(Configuration(host=host)), Remedy(namespace="sluice", release="sluice"))


def refused(message: str, code: int = 404) -> dict[str, Any]:
    """A refusal in the words of the API server itself."""
    return {"kind": "Status", "status": "Failure", "message": message, "code": code}


def operator_deployment(**settings: str) -> dict[str, Any]:
    """The operator's Deployment, with these settings."""
    env = [{"name": f"SLUICE_{name.upper()}", "value": value} for name, value in settings.items()]
    labels = {"app.kubernetes.io/name": "operator", "app.kubernetes.io/instance": "sluice"}
    container = {"name": "operator", "image": "sluice-operator:0.1.0", "env": env}
    pod = {"serviceAccountName": "sluice-operator", "containers": [container]}
    return {
        "metadata": {"name": "sluice-operator", "namespace": "sluice", "labels": labels},
        "spec": {"replicas": 1, "template": {"spec": pod}},
    }
