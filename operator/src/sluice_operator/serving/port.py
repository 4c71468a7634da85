"""Ports of the loopback address: who has them, and which are free."""

import random
import socket
import threading

from sluice_operator.errors import ServingEngineError
from sluice_operator.serving.errors import PortTakenError

LOOPBACK = "127.0.0.1"
POOL = range(20_000, 30_000)
"""Below the ports that Linux lends to outgoing connections: one of those may take a port between
the moment it was found free and the moment a server binds it."""


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def refuse_taken(port: int, option: str) -> None:
    """Make sure that a port which the user chose can be had.

    Raises:
        PortTakenError: It cannot; the message names the port and the option to pass.
    """
    if not is_free(port):
        raise PortTakenError(
            f"{LOOPBACK}:{port} is taken by another program;"
            f" end that program, or pass another port with {option}"
        )


class PortPool:
    """Hands out free ports, none twice, to servers of this process."""

    def __init__(self, ports: range = POOL) -> None:
        self._ports = ports
        self._lent: set[int] = set()
        self._lock = threading.Lock()

    def lend(self) -> int:
        """A free port.

        Raises:
            ServingEngineError: None is left.
        """
        with self._lock:
            for port in random.sample(self._ports, len(self._ports)):
                if port not in self._lent and is_free(port):
                    self._lent.add(port)
                    return port
        raise ServingEngineError(
            f"no free port on {LOOPBACK} in {self._ports.start}-{self._ports.stop - 1};"
            " end programs that listen there"
        )

    def take_back(self, port: int) -> None:
        """The port may be lent again."""
        with self._lock:
            self._lent.discard(port)
