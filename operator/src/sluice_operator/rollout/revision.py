"""Revisions: names that change exactly when the model does."""

import hashlib

from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.model import Revision


def wanted_revision(deployment: str, spec: Spec) -> Revision:
    """The revision that the spec asks for."""
    model = spec.model
    identity = "\n".join((model.uri, model.digest, *model.requirements))
    short = hashlib.sha256(identity.encode()).hexdigest()[:8]
    return Revision(
        name=f"{deployment}-{short}",
        uri=model.uri,
        digest=model.digest,
        requirements=model.requirements,
    )
