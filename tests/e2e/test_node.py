"""Programs of the node that die: it says which, and `up` brings them back under running pods."""

import json
import os
import re
import signal
import subprocess
from uuid import uuid4

import pytest
from eventually import eventually
from house import version
from image_pod import NODE, Container, KubectlError, Pod, kubectl

COUNTS = """
import itertools, time
for number in itertools.count(1):
    print(number)
    time.sleep(1)
"""
VICTIMS = ("etcd", "kube-apiserver", "containerd", "kubelet")
pytestmark = pytest.mark.timeout(300)


def status() -> tuple[int, str]:
    """What `node status` ends with, and what it prints."""
    done = subprocess.run([NODE, "status"], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


@pytest.fixture
def pod():
    """A program that prints a line each second, for as long as the test lasts."""
    namespace = f"node-{uuid4().hex[:8]}"
    try:
        kubectl("create", "namespace", namespace)
    except KubectlError as down:
        pytest.fail(f"the node does not answer: make node-up\n{down}")
    found = Pod(
        namespace=namespace,
        name="counter",
        main=Container(image=f"sluice-operator:{version()}", command=("python", "-uc", COUNTS)),
    )
    found.start()
    eventually(lambda: found.phase() == "Running", within=120, every=0.5)
    yield found
    kubectl("delete", "namespace", namespace, "--wait=false")


def instance(pod: Pod) -> tuple[str, int]:
    """Which container it is that runs, and how often it was started anew."""
    got = kubectl("get", "pod", "-n", pod.namespace, pod.name, "-o", "json")
    (main,) = json.loads(got)["status"]["containerStatuses"]
    return main["containerID"], main["restartCount"]


def counted(pod: Pod) -> int:
    """How far it has come."""
    lines = pod.log().split()
    return int(lines[-1]) if lines else 0


def test_programs_of_the_node_that_were_killed_come_back_under_running_pods(pod) -> None:
    before, _ = instance(pod), eventually(lambda: counted(pod) > 1, within=30)
    code, told = status()
    assert (code, "does not run" in told) == (0, False)
    for name in VICTIMS:
        (number,) = re.findall(rf"^{name} runs as process (\d+)$", told, re.MULTILINE)
        os.kill(int(number), signal.SIGKILL)
    dead = eventually(lambda: (s := status())[1].count("though it was started") == 4 and s)
    assert dead[0] != 0
    assert all(f"{name} does not run, though it was started: see" in dead[1] for name in VICTIMS)
    subprocess.run([NODE, "up"], check=True, capture_output=True)
    assert status()[0] == 0
    assert instance(pod) == before
    reached = counted(pod)
    eventually(lambda: counted(pod) > reached, within=30, every=0.5)
