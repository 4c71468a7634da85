"""The errors of the local engine; each is a `ServingEngineError` that says more.

ServingEngineError
├─ PortTakenError      another program listens where we should
└─ ModelNotFoundError  there is no model package behind a URI
"""

from sluice_operator.errors import ServingEngineError


class PortTakenError(ServingEngineError):
    """Another program listens on a port that the user chose."""


class ModelNotFoundError(ServingEngineError):
    """There is no model package behind the URI of a revision."""
