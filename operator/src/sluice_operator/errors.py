"""The errors of the operator, named by who must act.

SluiceError
├─ SpecError                  the user must edit the object
│  └─ UnsupportedRoutingError   this engine cannot carry that traffic
└─ WorldError                 trying again may help
   ├─ ServingEngineError        the engine did not do what was asked
   └─ ClusterError              the API server did not do what was asked
      ├─ ConflictError            somebody else was faster: look again
      ├─ ExistsError              the name is taken
      ├─ MissingError             the object is gone
      ├─ MissingKindError         the kind is not installed
      ├─ ForbiddenError           a right is missing; the message names verb and resource
      ├─ InvalidError             the API server refuses what was written
      └─ UnavailableError         it is away, slow or busy (`retry_after_seconds`)

Anything else that is raised is a bug.
"""


class SluiceError(Exception):
    """Root of the errors that the operator raises on purpose."""

    revision: str = ""
    """Name of the revision that cannot be served because of it; empty if it is about none."""


class SpecError(SluiceError):
    """The object is wrong; the message names the field and the way out."""


class UnsupportedRoutingError(SpecError):
    """The chosen engine cannot carry the wanted traffic."""


class WorldError(SluiceError):
    """The world did not answer as it should; a later try may succeed."""


class ServingEngineError(WorldError):
    """The serving engine refused or failed to carry out a routing."""


class ClusterError(WorldError):
    """The API server did not do what was asked."""


class ConflictError(ClusterError):
    """The object is not the copy that was meant any more."""


class ExistsError(ClusterError):
    """An object of that name exists."""


class MissingError(ClusterError):
    """There is no such object."""


class MissingKindError(ClusterError):
    """The API server does not know the kind; its CRD is not installed."""


class ForbiddenError(ClusterError):
    """Our ServiceAccount lacks a right; the message names the verb and the resource."""


class InvalidError(ClusterError):
    """The API server refuses the object; the message names the field."""


class UnavailableError(ClusterError):
    """The API server did not answer, or asked us to come back later."""

    def __init__(self, message: str, retry_after_seconds: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
