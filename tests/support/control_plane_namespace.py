"""Namespaces of tests: made, and emptied of custom objects when no controller is there to do so."""

from collections.abc import Iterator

import httpx
from eventually import eventually

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
MERGE = {"content-type": "application/merge-patch+json"}


def make(client: httpx.Client, name: str) -> None:
    """Make a namespace."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    client.post("/api/v1/namespaces", json=namespace).raise_for_status()


def empty(client: httpx.Client, name: str) -> None:
    """Take away every custom object with its finalizers; the namespace stays `Terminating`."""
    for path in _custom_resources(client):
        _take_away(client, path.format(namespace=name))
    client.delete(f"/api/v1/namespaces/{name}").raise_for_status()


def _custom_resources(client: httpx.Client) -> Iterator[str]:
    """The path of each kind that lives in namespaces."""
    answer = _got(client, DEFINITIONS).raise_for_status()
    for definition in answer.json()["items"]:
        spec = definition["spec"]
        if spec["scope"] == "Namespaced":
            version = next(v["name"] for v in spec["versions"] if v["served"])
            resource = f"namespaces/{{namespace}}/{spec['names']['plural']}"
            yield f"/apis/{spec['group']}/{version}/{resource}"


def _got(client: httpx.Client, path: str) -> httpx.Response:
    """An answer, once storage is ready: it begins anew with the API server and with each kind."""

    def check() -> httpx.Response | None:
        answer = client.get(path)
        return None if answer.status_code == httpx.codes.TOO_MANY_REQUESTS else answer

    answer = eventually(check, every=0.1)
    assert answer is not None
    return answer


def _take_away(client: httpx.Client, path: str) -> None:
    listed = _got(client, path)
    if listed.status_code == httpx.codes.NOT_FOUND:
        return  # its definition is going, or not served yet
    for item in listed.raise_for_status().json()["items"]:
        one = f"{path}/{item['metadata']['name']}"
        client.delete(one)
        if item["metadata"].get("finalizers"):
            freed = client.patch(one, json={"metadata": {"finalizers": None}}, headers=MERGE)
            assert freed.status_code in {httpx.codes.OK, httpx.codes.NOT_FOUND}, freed.text
