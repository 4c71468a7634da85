"""Our kinds on a real API server, as `kubectl apply -f manifests/crd` puts them there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from control_plane import ControlPlane
from eventually import eventually

MANIFESTS = Path(__file__).resolve().parents[2] / "manifests"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
PLURALS = (
    "modeldeployments",
    "rolloutruns",
    "rolloutactions",
    "gatetemplates",
    "clustergatetemplates",
)


def install_kinds(plane: ControlPlane) -> None:
    """Apply the definitions and wait until their objects can be written; harmless if repeated."""
    applied = plane.kubectl("apply", "--server-side", "-f", str(MANIFESTS / "crd"))
    assert applied.returncode == 0, applied.stderr
    with plane.client() as client:
        for plural in PLURALS:
            eventually(lambda name=plural: _is_served(client, name), within=20)


def _is_served(client: httpx.Client, plural: str) -> bool:
    found = client.get(f"{DEFINITIONS}/{plural}.sluice.dev").raise_for_status().json()
    conditions = found.get("status", {}).get("conditions") or ()  # null for a moment
    known = {c["type"]: c["status"] for c in conditions}
    listed = client.get(f"/apis/sluice.dev/v1alpha1/{plural}")
    return known.get("Established") == "True" and listed.status_code == httpx.codes.OK


@contextmanager
def policy_in_force(plane: ControlPlane) -> Iterator[None]:
    """The policy on RolloutActions, and its roles; gone afterwards, for other tests sign freely."""
    files = str(MANIFESTS / "policy")
    applied = plane.kubectl("apply", "--server-side", "-f", files)
    assert applied.returncode == 0, applied.stderr
    try:
        yield
    finally:
        removed = plane.kubectl("delete", "--ignore-not-found", "-f", files)
        assert removed.returncode == 0, removed.stderr


def resource(namespace: str, plural: str = "modeldeployments", name: str = "") -> str:
    """The path of a collection, or of one object."""
    within = "" if plural == "clustergatetemplates" else f"/namespaces/{namespace}"
    path = f"/apis/sluice.dev/v1alpha1{within}/{plural}"
    return f"{path}/{name}" if name else path


class Admission:
    """Asks the API server what it would say, and changes nothing."""

    def __init__(self, client: httpx.Client, namespace: str) -> None:
        self._client = client
        self._namespace = namespace

    def within(self, namespace: str) -> "Admission":
        """The same, asked in another namespace."""
        return Admission(self._client, namespace)

    def says(self, document: Any, plural: str = "modeldeployments") -> str:
        """Why the object would be refused; empty for one that would be admitted."""
        answer = self._client.post(
            resource(self._namespace, plural),
            params={"dryRun": "All", "fieldValidation": "Strict"},
            json=document,
        )
        return "" if answer.status_code == httpx.codes.CREATED else str(answer.json()["message"])

    def says_to_change(self, before: Any, after: Any, plural: str = "modeldeployments") -> str:
        """Why the object could not be changed so; the first of the two is kept."""
        self._client.post(resource(self._namespace, plural), json=before).raise_for_status()
        answer = self._client.patch(
            resource(self._namespace, plural, before["metadata"]["name"]),
            params={"dryRun": "All", "fieldValidation": "Strict"},
            headers={"content-type": "application/merge-patch+json"},
            json={"spec": after["spec"]},
        )
        return "" if answer.status_code == httpx.codes.OK else str(answer.json()["message"])
