"""The entry point: worker first, wrapper once the model answers, and the end of both.

Seldon takes a container for ready as soon as somebody listens on its port, so the wrapper must not
listen before the model answers.
"""

import logging
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import httpx

from sluice_serving_v1.error import StartError
from sluice_serving_v1.leash import adopt_orphans
from sluice_serving_v1.program import Command, Program
from sluice_serving_v1.setting import PARAMETERS, Settings
from sluice_serving_v1.worker import Address, free_address, health_of, prepare

COMPONENT = "sluice_serving_v1.component.SluiceComponent"
LOOK_SECONDS = 0.1
START_SECONDS = 240.0
TIMEOUT_SECONDS = 1.0
STOP_SECONDS = 8.0
logger = logging.getLogger("sluice")


def main() -> None:
    """Serve until told to stop; the exit status is 1 if the package cannot be served."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    stopping = _stop_signal()
    adopt_orphans()
    try:
        settings = Settings.of_environment(os.environ)
    except StartError as refused:
        sys.exit(f"Cannot start: {refused}")
    try:
        with tempfile.TemporaryDirectory(prefix="sluice-serving-v1-") as folder:
            serve(settings, Path(folder), stopping)
    except StartError as refused:
        with suppress(OSError):  # outside of Kubernetes nobody reads it
            settings.termination_log.write_text(str(refused))
        sys.exit(f"Cannot serve {settings.package}: {refused}")


def serve(settings: Settings, folder: Path, stopping: threading.Event) -> None:
    """Serve the package until `stopping` is set.

    Raises:
        StartError: The package was refused, or one of the programs ended by itself.
    """
    address = free_address(settings.deployment)
    worker = Program(prepare(folder, settings, address, os.environ))
    try:
        if _answers_in_time(worker, address, stopping):
            _serve_behind_wrapper(worker, address, stopping)
    finally:
        worker.stop(STOP_SECONDS)


def wrapper_command(address: Address, environ: Mapping[str, str]) -> Command:
    """Seldon's wrapper around our component."""
    microservice = Path(sys.executable).with_name("seldon-core-microservice")
    return Command(
        name="wrapper",
        arguments=(sys.executable, str(microservice), COMPONENT, "--service-type", "MODEL"),
        environ={**environ, **address.variables, PARAMETERS: "[]"},
    )


def _serve_behind_wrapper(worker: Program, address: Address, stopping: threading.Event) -> None:
    wrapper = Program(wrapper_command(address, os.environ))
    try:
        while not stopping.wait(LOOK_SECONDS):
            _refuse_ended(worker)
            _refuse_ended(wrapper)
    finally:
        wrapper.stop(STOP_SECONDS)


def _answers_in_time(worker: Program, address: Address, stopping: threading.Event) -> bool:
    """Whether the model answered before somebody asked to stop."""
    deadline = time.monotonic() + START_SECONDS
    with httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
        while time.monotonic() < deadline:
            if _answers(address, client):
                return True
            _refuse_ended(worker)
            if stopping.wait(LOOK_SECONDS):
                return False
    raise StartError(f"the worker was not ready within {START_SECONDS:g} s; its log says more")


def _answers(address: Address, client: httpx.Client) -> bool:
    health = health_of(address, client)
    if health.refused:
        raise StartError(health.refused)
    return health.ready


def _refuse_ended(program: Program) -> None:
    code = program.exit_code
    if code is not None:
        raise StartError(f"the {program.name} ended with status {code}; its log says why")


def _stop_signal() -> threading.Event:
    stopping = threading.Event()
    for how in (signal.SIGTERM, signal.SIGINT):
        signal.signal(how, lambda *_: stopping.set())
    return stopping


if __name__ == "__main__":
    main()
