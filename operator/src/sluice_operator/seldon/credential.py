"""Which Secret the server of a revision fetches its model with. Pure."""

from sluice_operator.model import Revision, Routing
from sluice_operator.seldon.place import Place
from sluice_operator.seldon.seen import Seen


def secret_of(
    place: Place, routing: Routing, revision: Revision, seen: Seen, held: str | None
) -> str:
    """Name of the Secret, empty for none; `held` is what the revision has, None if it is new.

    The Secret in the spec is for the model that the spec names: a stable of another URI keeps its
    own, or it could not be fetched again. While something is under way, who answers keeps what it
    has, for a changed server is started anew; who does not may lack just the right Secret.
    """
    at_rest = routing.candidate is None and routing.previous is None
    meant = revision.uri == place.secret_for
    free = meant and (at_rest or revision.name not in seen.ready)
    return place.secret_name if held is None or free else held
