"""Namespaces of tests: made, and emptied of custom objects when no controller is there to do so."""

from collections.abc import Iterator

import httpx

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
    answer = client.get(DEFINITIONS).raise_for_status()
    for definition in answer.json()["items"]:
        spec = definition["spec"]
        if spec["scope"] == "Namespaced":
            version = next(v["name"] for v in spec["versions"] if v["served"])
            resource = f"namespaces/{{namespace}}/{spec['names']['plural']}"
            yield f"/apis/{spec['group']}/{version}/{resource}"


def _take_away(client: httpx.Client, path: str) -> None:
    listed = client.get(path)
    if listed.status_code == httpx.codes.NOT_FOUND:
        return  # its definition is going, or not served yet
    for item in listed.raise_for_status().json()["items"]:
        one = f"{path}/{item['metadata']['name']}"
        client.delete(one)
        if item["metadata"].get("finalizers"):
            freed = client.patch(one, json={"metadata": {"finalizers": None}}, headers=MERGE)
            assert freed.status_code in {httpx.codes.OK, httpx.codes.NOT_FOUND}, freed.text
