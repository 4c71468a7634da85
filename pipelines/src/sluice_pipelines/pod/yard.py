"""Where Pods live and die: made, followed until they end, their logs shown, and taken away."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sluice_components.api_server import ApiServer, Target
from sluice_components.errors import ClusterAwayError, ClusterError

from sluice_pipelines.failure import POD_MARK
from sluice_pipelines.pod.explain import Trouble, has_ended, phase_of, trouble_of
from sluice_pipelines.pod.spec import (
    CONTAINER,
    PIPELINE_LABEL,
    WORKSPACE_LABEL,
    Ground,
    Work,
    pod_of,
)

Pod = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a Pod is waited for."""

    stuck: float = 120.0
    """Seconds for what may pass: images that do not come, no node with room."""
    start: float = 900.0
    """Seconds until it runs at all; a large image takes minutes to pull."""
    away: float = 120.0
    """Seconds without an answer of the API server."""
    look: float = 0.5
    """Seconds between two looks."""


class PodYard:
    """Carries out the steps of one run as Pods."""

    def __init__(
        self, cluster: ApiServer, ground: Ground, patience: Patience | None = None
    ) -> None:
        """Nothing is made yet."""
        self._cluster = cluster
        self._ground = ground
        self._patience = patience or Patience()
        self._pods = Target(group="v1", plural="pods", namespace=ground.namespace)

    def clear(self) -> int:
        """Take away what a run that was killed has left of this pipeline here; how many."""
        labels = {key: self._ground.labels[key] for key in (PIPELINE_LABEL, WORKSPACE_LABEL)}
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        left = self._cluster.found(self._pods, selector)
        for pod in left:
            self._cluster.delete(self._pods, pod["metadata"]["name"])
        return len(left)

    def carry_out(self, work: Work, show: Callable[[str], None]) -> bool:
        """Whether the step succeeded; what it prints, and what is wrong with its Pod, is shown.

        Raises:
            ClusterError: The Pod is refused, or the API server is away for long.
        """
        try:  # also around the making: a Ctrl-C may come when the cluster has it and we do not know
            self._cluster.create(self._pods, pod_of(work, self._ground))
            show(f"Pod {self._ground.namespace}/{work.name}")
            trouble = self._followed(work.name, show)
        finally:
            self._cluster.delete(self._pods, work.name)
        if trouble is not None and trouble.text:
            show(f"{POD_MARK}{trouble.text}")
        return trouble is None

    def _followed(self, name: str, show: Callable[[str], None]) -> Trouble | None:
        """None for a Pod that succeeded; an empty trouble where the log has told it already."""
        pod = self._started(name)
        if isinstance(pod, Trouble):
            return pod
        reached = ""
        while True:
            for moment, line in self._log(name, reached):
                reached = moment
                show(line)
            seen = self._seen(name)
            if seen is None:
                return Trouble(text="somebody deleted it while it ran; run again")
            if has_ended(seen):
                for _, line in self._log(name, reached):
                    show(line)
                return (
                    None if phase_of(seen) == "Succeeded" else trouble_of(seen) or Trouble(text="")
                )
            time.sleep(self._patience.look)

    def _started(self, name: str) -> Pod | Trouble:
        """The Pod once it runs or has ended; or what keeps it from that."""
        began = stuck_since = time.monotonic()
        while True:
            pod = self._seen(name)
            if pod is None:
                return Trouble(text="somebody deleted it before it ran; run again")
            if phase_of(pod) != "Pending":
                return pod
            now, trouble = time.monotonic(), trouble_of(pod)
            if trouble is None:
                stuck_since = now
            elif now - stuck_since > self._patience.stuck:
                return trouble
            if now - began > self._patience.start:
                return Trouble(text=f"did not start within {self._patience.start:g} s")
            time.sleep(self._patience.look)

    def _seen(self, name: str) -> Pod | None:
        """The Pod as it is now; an API server that is away is asked again for a while."""
        end = time.monotonic() + self._patience.away
        while True:
            try:
                return self._cluster.get(self._pods, name)
            except ClusterAwayError:
                if time.monotonic() > end:
                    raise
            time.sleep(self._patience.look)

    def _log(self, name: str, after: str) -> Iterator[tuple[str, str]]:
        """New lines with their moments, until the log ends or the connection does."""
        query = {"container": CONTAINER, "follow": "true", "timestamps": "true"}
        if after:
            query["sinceTime"] = after
        try:
            for line in self._cluster.lines(self._pods.path(name, "log"), query):
                moment, _, text = line.partition(" ")
                # the kubelet counts whole seconds: what was shown comes again
                if moment > after:
                    yield moment, text
        except ClusterError:
            return  # of a Pod that is gone, or whose node does not answer; its status decides
