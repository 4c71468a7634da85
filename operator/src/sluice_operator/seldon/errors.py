"""What can go wrong between Sluice and Seldon.

ServingEngineError
├─ RouterError             the router's report cannot be had, or cannot be understood
└─ StorageUnknownError     the model registry did not answer
SpecError
├─ NameTakenError          an object of somebody else bears the name that we need
└─ ModelUnknownError       the registry has no such model, or it cannot be fetched from there
"""

from sluice_operator.errors import ServingEngineError, SpecError


class RouterError(ServingEngineError):
    """Nothing certain is known about the routes in force."""


class StorageUnknownError(ServingEngineError):
    """The registry did not say where a model lies; asking again may help."""


class NameTakenError(SpecError):
    """An object that is not ours has the name that we need; we never touch it."""


class ModelUnknownError(SpecError):
    """There is no such model, or Seldon could not fetch it from where it is."""
