"""A double of the Kubeflow Pipelines API v2beta1: what its client asks for, kept in memory.

Written from the public API description. Nothing runs in it: tests say how a run goes with `paint`.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Lock, Thread
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlparse
from uuid import uuid4

import yaml

ROOT = "/apis/v2beta1"
START = datetime(2026, 1, 1, tzinfo=UTC)
Plain = dict[str, Any]


class RefusedError(Exception):
    """An answer that is not a success."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class KubeflowDouble:
    """What the server keeps, and how it misbehaves."""

    token: str = ""
    """Bearer token that it asks for; none if empty."""
    refuse: int = 0
    """HTTP status of every answer, in place of what was asked."""
    port: int = 0
    pipelines: dict[str, Plain] = field(default_factory=dict)
    versions: dict[str, Plain] = field(default_factory=dict)
    experiments: dict[str, Plain] = field(default_factory=dict)
    runs: dict[str, Plain] = field(default_factory=dict)
    recurring: dict[str, Plain] = field(default_factory=dict)
    _seconds: Any = field(default_factory=count)
    lock: Any = field(default_factory=Lock)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def paint(self, run: str, state: str, tasks: Plain | None = None, error: str = "") -> None:
        """Let a run stand so; tasks by name: a state, or a state and a message."""
        with self.lock:
            found = self.runs[run]
            found["state"] = state
            found["run_details"] = {
                "task_details": [self._task(run, *item) for item in (tasks or {}).items()]
            }
            if error:
                found["error"] = {"code": 13, "message": error}

    def fire(self, schedule: str) -> str:
        """The time of a schedule has come; the run that it starts."""
        with self.lock:
            held = self.recurring[schedule]
            facts = {"experiment_id": held["experiment_id"], "recurring_run_id": schedule}
            made = self._made("run_id", **facts, state="RUNNING")
            self.runs[made["run_id"]] = made
        return str(made["run_id"])

    def answer(self, method: str, path: str, query: Plain, body: bytes, kind: str) -> Plain:
        """What the API answers.

        Raises:
            RefusedError: It refuses.
        """
        for verb, pattern, name in ROUTES:
            found = re.fullmatch(f"{ROOT}{pattern}", path)
            if verb == method and found:
                given = (
                    _uploaded(body, kind) if "multipart" in kind else json.loads(body or b"null")
                )
                return dict(getattr(self, f"_{name}")(*found.groups(), query=query, body=given))
        raise RefusedError(404, f"{method} {path}: not found")

    def _healthz(self, *, query: Plain, body: object) -> Plain:
        return {"multi_user": False, "pipeline_store": "database"}

    def _upload(self, *, query: Plain, body: Plain) -> Plain:
        if any(one["display_name"] == query["name"] for one in self.pipelines.values()):
            raise RefusedError(409, f"the pipeline {query['name']} exists already")
        made = self._made("pipeline_id", display_name=query["name"])
        self.pipelines[made["pipeline_id"]] = made
        self._upload_version(query={**query, "pipelineid": made["pipeline_id"]}, body=body)
        return made

    def _upload_version(self, *, query: Plain, body: Plain) -> Plain:
        held = [v for v in self.versions.values() if v["pipeline_id"] == query["pipelineid"]]
        if any(one["display_name"] == query["name"] for one in held):
            raise RefusedError(409, f"the version {query['name']} exists already")
        made = self._made(
            "pipeline_version_id",
            display_name=query["name"],
            pipeline_id=query["pipelineid"],
            pipeline_spec=body,
        )
        self.versions[made["pipeline_version_id"]] = made
        return made

    def _list_pipelines(self, *, query: Plain, body: object) -> Plain:
        return _page("pipelines", _chosen(self.pipelines, query), query)

    def _list_versions(self, pipeline: str, *, query: Plain, body: object) -> Plain:
        held = {k: v for k, v in self.versions.items() if v["pipeline_id"] == pipeline}
        return _page("pipeline_versions", _chosen(held, query), query)

    def _list_experiments(self, *, query: Plain, body: object) -> Plain:
        return _page("experiments", _chosen(self.experiments, query), query)

    def _create_experiment(self, *, query: Plain, body: Plain) -> Plain:
        made = self._made("experiment_id", **body)
        self.experiments[made["experiment_id"]] = made
        return made

    def _create_run(self, *, query: Plain, body: Plain) -> Plain:
        self._known_version(body)
        made = self._made("run_id", **body, state="PENDING")
        self.runs[made["run_id"]] = made
        return made

    def _get_run(self, run: str, *, query: Plain, body: object) -> Plain:
        if run not in self.runs:
            raise RefusedError(404, f"run {run} not found")
        return self.runs[run]

    def _list_runs(self, *, query: Plain, body: object) -> Plain:
        wanted = query.get("experiment_id")
        held = [r for r in self.runs.values() if r["experiment_id"] == wanted]
        return _page("runs", held, query)

    def _create_recurring(self, *, query: Plain, body: Plain) -> Plain:
        self._known_version(body)
        made = self._made("recurring_run_id", **body, status="ENABLED")
        self.recurring[made["recurring_run_id"]] = made
        return made

    def _list_recurring(self, *, query: Plain, body: object) -> Plain:
        wanted = query.get("experiment_id")
        held = [r for r in self.recurring.values() if r["experiment_id"] == wanted]
        return _page("recurringRuns", held, query)

    def _get_recurring(self, name: str, *, query: Plain, body: object) -> Plain:
        if name not in self.recurring:
            raise RefusedError(404, f"recurring run {name} not found")
        return self.recurring[name]

    def _disable_recurring(self, name: str, *, query: Plain, body: object) -> Plain:
        self._get_recurring(name, query=query, body=body)["status"] = "DISABLED"
        return {}

    def _delete_recurring(self, name: str, *, query: Plain, body: object) -> Plain:
        if self.recurring.pop(name, None) is None:
            raise RefusedError(404, f"recurring run {name} not found")
        return {}

    def _known_version(self, body: Plain) -> None:
        named = (body.get("pipeline_version_reference") or {}).get("pipeline_version_id")
        if named not in self.versions:
            raise RefusedError(400, f"no pipeline version {named}")

    def _made(self, key: str, **facts: Any) -> Plain:
        return {key: str(uuid4()), "created_at": self._moment(), **facts}

    def _moment(self) -> str:
        return (START + timedelta(seconds=next(self._seconds))).isoformat()

    def _task(self, run: str, name: str, told: str | tuple[str, str]) -> Plain:
        state, message = told if isinstance(told, tuple) else (told, "")
        ended = {"end_time": self._moment()} if state in {"SUCCEEDED", "FAILED"} else {}
        error = {"error": {"code": 2, "message": message}} if message else {}
        return {
            "run_id": run,
            "task_id": str(uuid4()),
            "display_name": name,
            "start_time": START.isoformat(),
            "state": state,
            **ended,
            **error,
        }


ROUTES = (
    ("GET", "/healthz", "healthz"),
    ("POST", "/pipelines/upload", "upload"),
    ("POST", "/pipelines/upload_version", "upload_version"),
    ("GET", "/pipelines", "list_pipelines"),
    ("GET", "/pipelines/([^/]+)/versions", "list_versions"),
    ("GET", "/experiments", "list_experiments"),
    ("POST", "/experiments", "create_experiment"),
    ("POST", "/runs", "create_run"),
    ("GET", "/runs", "list_runs"),
    ("GET", "/runs/([^/]+)", "get_run"),
    ("POST", "/recurringruns", "create_recurring"),
    ("GET", "/recurringruns", "list_recurring"),
    ("GET", "/recurringruns/([^/]+)", "get_recurring"),
    ("POST", "/recurringruns/([^/]+):disable", "disable_recurring"),
    ("DELETE", "/recurringruns/([^/]+)", "delete_recurring"),
)


class Handler(BaseHTTPRequestHandler):
    """Hands requests to the double."""

    double: ClassVar[KubeflowDouble]

    def do_GET(self) -> None:
        """Reads."""
        self._serve()

    def do_POST(self) -> None:
        """Creates."""
        self._serve()

    def do_DELETE(self) -> None:
        """Takes away."""
        self._serve()

    def log_message(self, *_: Any) -> None:
        """Says nothing."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        place = urlparse(self.path)
        query = {name: values[0] for name, values in parse_qs(place.query).items()}
        kind = self.headers.get("Content-Type") or ""
        try:
            self._let_in()
            with self.double.lock:
                answer = self.double.answer(self.command, place.path, query, body, kind)
            self._say(200, answer)
        except RefusedError as refused:
            self._say(refused.status, {"code": refused.status, "message": str(refused)})

    def _let_in(self) -> None:
        if self.double.refuse:
            raise RefusedError(self.double.refuse, "as the test wishes")
        asked = f"Bearer {self.double.token}"
        if self.double.token and self.headers.get("authorization") != asked:
            raise RefusedError(401, "unauthenticated")

    def _say(self, status: int, answer: Plain) -> None:
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


@contextmanager
def kubeflow_double() -> Iterator[KubeflowDouble]:
    """A server on loopback, until the block ends."""
    double = KubeflowDouble()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Ours", (Handler,), {"double": double}))
    double.port = server.server_port
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()


def _chosen(held: dict[str, Plain], query: Plain) -> list[Plain]:
    """What the filter of the query leaves: predicates on names, as the client writes them."""
    predicates = json.loads(query.get("filter") or "{}").get("predicates", ())
    names = {one["stringValue"] for one in predicates if one["key"] == "display_name"}
    return [one for one in held.values() if not names or one["display_name"] in names]


def _page(name: str, held: list[Plain], query: Plain) -> Plain:
    """One page of a list, and the token of the one after it; the newest first only if asked."""
    if query.get("sort_by") == "created_at desc":
        held = sorted(held, key=lambda one: one["created_at"], reverse=True)
    first, size = int(query.get("page_token") or 0), int(query.get("page_size") or 10)
    rest = {"next_page_token": str(first + size)} if len(held) > first + size else {}
    return {name: held[first : first + size], **rest}


def _uploaded(body: bytes, kind: str) -> Plain:
    """The pipeline in the form that uploads have; refused where it is none."""
    whole = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    parts: Any = whole.get_payload()
    documents = list(yaml.safe_load_all(parts[0].get_payload(decode=True)))
    if "pipelineInfo" not in documents[0]:
        raise RefusedError(400, "the file holds no pipeline")
    return {"pipeline_spec": documents[0], "platform_spec": documents[1:] and documents[1]}
