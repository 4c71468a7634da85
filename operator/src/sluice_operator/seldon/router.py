"""The port through which an engine learns what the router really does."""

from typing import Protocol

from sluice_operator.model import Routes
from sluice_operator.seldon.place import Place


class RouterReport(Protocol):
    """Tells the routes in force."""

    def routes(self, place: Place) -> Routes | None:
        """The routes of a deployment; None while none is known that is younger than `expire`.

        Raises:
            RouterError: The router cannot be read, or says what we do not understand.
        """
        ...

    def expire(self, place: Place) -> None:
        """Traffic was just changed: what was read before this moment says nothing any more."""
        ...
