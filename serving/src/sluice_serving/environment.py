"""What the name of a model and the environment of the process say about who is served.

Seldon Core 2 loads a Model `churn-4f2a91c3` under the name `churn-4f2a91c3_1`: its own name, and
the number of its version. Seldon Core 1 gives each predictor pods of its own and says who they are
by environment variables.

Source: Seldon Core v2.6.0, scheduler/pkg/agent; Seldon Core v1.17.1,
operator/controllers/seldondeployment_controller.go and seldondeployment_prepackaged_servers.go.
"""

import json
import re
from collections.abc import Mapping

from sluice_serving.error import SettingsError

PARAMETERS = "PREDICTIVE_UNIT_PARAMETERS"
"""Where Seldon Core 1 puts the `parameters` of a graph node, as a JSON list."""
_VARIABLES = {
    "SELDON_DEPLOYMENT_ID": "deployment",
    "PREDICTOR_ID": "revision",
    "SLUICE_DEPLOYMENT": "deployment",
    "SLUICE_REVISION": "revision",
    "SLUICE_LEDGER": "ledger",
    "SLUICE_SPOOL": "spool",
}
"""Later ones win."""
_MODEL_URI = "model_uri"
"""The one of them that is for the launcher, not for the runtime."""
_VERSION = re.compile(r"_\d+$")
_REVISION = re.compile(r"(?P<deployment>.+)-[0-9a-f]{8}")


def settings_in_name(name: str) -> dict[str, str]:
    """Deployment and revision by the name that the operator gives to models.

    A model named as no revision stands for its deployment, which then is all that is known of it.
    """
    revision = _VERSION.sub("", name)
    if not revision:
        return {}
    match = _REVISION.fullmatch(revision)
    return {"deployment": match["deployment"] if match else revision, "revision": revision}


def settings_in_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Settings by environment variables, empty ones say nothing, and by Seldon's parameters.

    Raises:
        SettingsError: The parameters are not the JSON list that Seldon Core 1 writes.
    """
    stated = {field: environ[name] for name, field in _VARIABLES.items() if environ.get(name)}
    return stated | _parameters(environ.get(PARAMETERS) or "[]")


def _parameters(text: str) -> dict[str, str]:
    try:
        given = {item["name"]: str(item["value"]) for item in json.loads(text)}
        return {name: value for name, value in given.items() if name != _MODEL_URI}
    except (ValueError, TypeError, KeyError) as wrong:
        raise SettingsError(
            f"{PARAMETERS} is {text!r}, not a JSON list of objects with name and value"
        ) from wrong
