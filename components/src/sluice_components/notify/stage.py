"""Tells how a run ended: a Kubernetes Event, and a JSON message to a webhook.

A message that cannot be delivered never fails a run; what went wrong is returned and printed.
"""

import json
import os
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import uuid4

from sluice_components.api_server import ApiServer, Target, own_namespace
from sluice_components.errors import ClusterError

Plain = dict[str, Any]

WEBHOOK: Final = "SLUICE_WEBHOOK_URL"
"""Environment variable with the address; a secret, for who knows it may write there."""
CONTROLLER: Final = "sluice.dev/pipeline"
_ATTEMPTS: Final = 3
_PAUSE_SECONDS: Final = 2.0
_TIMEOUT_SECONDS: Final = 10.0
_LONGEST_NOTE: Final = 1024
"""Bytes of an Event's note. Source: events.k8s.io/v1, field `note`."""
_STATES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "COMPLETE": "SUCCEEDED",
        "CACHED": "SUCCEEDED",
        "CANCELED": "CANCELLED",
        "NEW": "STOPPED",
        "RUNNING": "STOPPED",
    }
)
"""The back end hands on the state of an execution, where Kubeflow's SDK and local runner have words
of their own. What still runs when the end is told was broken off: terminated, or out of time.
Source: `Execution.State` of ML Metadata 1.14, seen in Kubeflow Pipelines 2.17"""
_REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {"SUCCEEDED": "TrainingSucceeded", "STOPPED": "TrainingStopped"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run ended."""

    pipeline: str
    run: str
    """Resource name of the run."""
    state: str
    """`SUCCEEDED`, `FAILED`, `CANCELLED`, or `STOPPED` before its end."""
    message: str = ""

    @property
    def text(self) -> str:
        """One sentence for people."""
        return f"{self.pipeline}: {self.state.lower()}" + (
            f": {self.message}" if self.message else ""
        )


def ending_of(pipeline: str, status: Mapping[str, Any]) -> Ending:
    """The end of a run from Kubeflow's PipelineTaskFinalStatus."""
    state = str(status.get("state") or "UNKNOWN")
    return Ending(
        pipeline=pipeline,
        run=str(status.get("pipeline_job_resource_name") or ""),
        state=_STATES.get(state, state),
        message=str(status.get("error_message") or ""),
    )


def notify_plain(pipeline: str, status: Mapping[str, Any], event: bool) -> str:
    """Tell everyone who wants to know; what became of each message, in words."""
    ending, webhook, namespace = (
        ending_of(pipeline, status),
        os.environ.get(WEBHOOK),
        own_namespace(),
    )
    done = [post(webhook, ending)] if webhook else []
    # outside of a cluster, as on a laptop, there is nobody to keep an Event
    done += [record(ApiServer(), namespace, ending)] if event and namespace else []
    return "; ".join(done) or "nobody asked to be told"


def event_of(ending: Ending, namespace: str, now: datetime) -> Plain:
    """An Event about the Pod that tells it, which carries the names of the run."""
    return {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": f"{ending.pipeline}.{uuid4().hex[:12]}", "namespace": namespace},
        "eventTime": now.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "action": "Train",
        "reason": _REASONS.get(ending.state, "TrainingFailed"),
        "type": "Normal" if ending.state == "SUCCEEDED" else "Warning",
        "note": _clipped(f"{ending.text} ({ending.run})"),
        "reportingController": CONTROLLER,
        "reportingInstance": os.environ.get("HOSTNAME", "unknown"),
        "regarding": {
            "apiVersion": "v1",
            "kind": "Pod",
            "namespace": namespace,
            "name": os.environ.get("HOSTNAME", "unknown"),
        },
    }


def record(cluster: ApiServer, namespace: str, ending: Ending) -> str:
    """Keep the end as an Event; its name, or why there is none."""
    target = Target(group="events.k8s.io/v1", plural="events", namespace=namespace)
    try:
        made = cluster.create(target, event_of(ending, namespace, datetime.now(UTC)))
    except ClusterError as wrong:
        return f"Event: {wrong}"
    return f"Event {made['metadata']['name']}"


def post(webhook: str, ending: Ending, pause_seconds: float = _PAUSE_SECONDS) -> str:
    """Send the end as JSON: `pipeline`, `run`, `state`, `message` and `text`; what came of it."""
    body = json.dumps({**asdict(ending), "text": ending.text}).encode()
    request = urllib.request.Request(  # noqa: S310 - the scheme is checked below
        webhook, body, {"Content-Type": "application/json"}, method="POST"
    )
    if request.type not in {"http", "https"}:
        return f"webhook: {WEBHOOK} must begin with http:// or https://"
    why = ""
    for attempt in range(_ATTEMPTS):
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
                return f"webhook: HTTP {answer.status}"
        except OSError as wrong:  # refusals of the server among them
            why = str(wrong)
        time.sleep(pause_seconds * attempt)
    # not the address itself: it holds a secret, and logs are read by many
    return f"webhook: not delivered in {_ATTEMPTS} attempts: {why}; see {WEBHOOK}"


def _clipped(text: str) -> str:
    return text.encode()[:_LONGEST_NOTE].decode(errors="ignore")
