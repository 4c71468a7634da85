"""The errors of the components, named by what has to change.

ComponentError
├─ ProjectError        the project file must be edited
├─ DataError           the data must be repaired, or the contract in the project file changed
│  ├─ SourceError        a file is absent, empty, unreadable or lacks a column
│  ├─ JoinError          the right side of a join is not unique, or names collide
│  ├─ ContractError      the data set as a whole breaks the schema
│  ├─ TargetError        there is nothing to learn from the target
│  └─ LeakageError       training rows and hold-out rows are not apart
├─ ModelError          the model must become better, or the rules for it changed
│  ├─ TrainingError      the estimator could not be fitted
│  ├─ AcceptanceError    an acceptance rule is not met
│  └─ RegistrationError  the package lacks what the registry demands
└─ ClusterError        Kubernetes must be reached, or allow what was asked
   ├─ NoClusterError     there is no login to any cluster
   ├─ ClusterAwayError   no answer, or one that may be another soon: trying again may help
   ├─ ClusterRefusedError  the API server said no: rights, a missing kind, an invalid object
   │  └─ ClusterTakenError  the name of a new object is taken
   └─ DeployError        a rollout did not end with the model in charge

Anything else that is raised is a bug.
"""


class ComponentError(Exception):
    """Root of the errors that the components raise on purpose."""


class ProjectError(ComponentError):
    """The project file is wrong; the message holds every problem with its line."""


class DataError(ComponentError):
    """The data does not allow the stage to go on."""


class SourceError(DataError):
    """A source cannot be read, or lacks a column."""


class JoinError(DataError):
    """A join would multiply rows or mix up names."""


class ContractError(DataError):
    """The data set as a whole breaks the schema."""


class TargetError(DataError):
    """The target cannot be learned."""


class LeakageError(DataError):
    """The hold-out is not apart from the training rows."""


class ModelError(ComponentError):
    """The model does not allow the stage to go on."""


class TrainingError(ModelError):
    """The estimator could not be fitted."""


class AcceptanceError(ModelError):
    """An acceptance rule is not met."""


class RegistrationError(ModelError):
    """The package lacks what the registry demands."""


class ClusterError(ComponentError):
    """Kubernetes does not do what was asked of it."""


class NoClusterError(ClusterError):
    """There is no login to a cluster."""


class ClusterAwayError(ClusterError):
    """The API server did not answer, or cannot just now."""


class ClusterRefusedError(ClusterError):
    """The API server refused a request."""


class ClusterTakenError(ClusterRefusedError):
    """An object of this name exists."""


class DeployError(ClusterError):
    """A rollout did not end with the model in charge."""
