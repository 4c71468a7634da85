"""Seldon Core in a namespace of a real cluster: `python -m seldon_double.in_cluster`.

One program in place of Seldon's operator, scheduler and Envoy; model servers run as Pods. It stops
with an error when it cannot go on, so that its Pod is started again.
"""

import os
import signal
import threading
from pathlib import Path

from seldon_double.double import Ground, SeldonDouble
from seldon_double.mesh import Site
from seldon_double.pod_floor import PodFloor
from seldon_double.release import RELEASES
from sluice_operator.cluster.client import KubernetesCluster, login

TURN_SECONDS = 0.2
"""Each turn asks the API server for five lists."""


def main() -> None:
    """Attend to one namespace until told to end."""
    namespace = os.environ["POD_NAMESPACE"]
    cluster = KubernetesCluster(login(), user_agent="seldon-double")
    ground = Ground(
        release=RELEASES[os.environ.get("SELDON_RELEASE", "2.6.0")],
        folder=Path("/tmp/double"),
        site=Site.of_pod(),
        turn_seconds=TURN_SECONDS,
    )
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    with SeldonDouble(cluster, PodFloor(cluster, namespace), ground, namespace=namespace) as double:
        while not over.wait(1.0):
            if double.failure is not None:
                return


if __name__ == "__main__":
    main()
