"""The errors of the serving runtime.

ServingError
├─ RefusedPackageError    this package can never be served here; a person must act
├─ SettingsError          the server folder is wrong; a person must act
├─ RejectedRequestError   the caller must change the request: HTTP 422, gRPC INVALID_ARGUMENT
└─ FailedModelError       the model did not answer: HTTP 500, gRPC INTERNAL
"""

from sluice_serving.problem import Problem, summary


class ServingError(Exception):
    """Root of the errors that the runtime raises on purpose."""


class RefusedPackageError(ServingError):
    """The package is not what was asked for, or cannot be loaded here."""


class SettingsError(ServingError):
    """`settings.json` or `model-settings.json` asks for something that cannot be."""


class RejectedRequestError(ServingError):
    """The request does not fit the contract; the message names each field and its problem."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(summary(problems))
        self.problems = tuple(problems)


class FailedModelError(ServingError):
    """The model raised, or returned something that is no answer."""
