"""A spec by which nothing begins and nothing goes on, for when nobody can know what is wanted."""

from sluice_operator.api.v1alpha1 import Spec
from sluice_operator.rollout.status import Status


def standing(spec: Spec, status: Status) -> Spec:
    """The model that is there, suspended, under those gates that are known.

    Harm is still acted upon, and a first model still adopted: nothing could be compared with it.
    """
    held = status.candidate or status.stable
    model = spec.model
    if held is not None:
        model = model.model_copy(
            update={"uri": held.uri, "digest": held.digest, "requirements": held.requirements}
        )
    return spec.model_copy(update={"suspend": True, "gate_templates": (), "model": model})
