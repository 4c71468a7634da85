"""The errors of the operator, named by who must act.

SluiceError
├─ SpecError                  the user must edit the object
│  └─ UnsupportedRoutingError   this engine cannot carry that traffic
└─ WorldError                 trying again may help
   └─ ServingEngineError        the engine did not do what was asked

Anything else that is raised is a bug.
"""


class SluiceError(Exception):
    """Root of the errors that the operator raises on purpose."""


class SpecError(SluiceError):
    """The object is wrong; the message names the field and the way out."""


class UnsupportedRoutingError(SpecError):
    """The chosen engine cannot carry the wanted traffic."""


class WorldError(SluiceError):
    """The world did not answer as it should; a later try may succeed."""


class ServingEngineError(WorldError):
    """The serving engine refused or failed to carry out a routing."""
