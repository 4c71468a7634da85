"""Plain HTTP to an API server, for worlds and users; the operator's own client stays its own."""

import ssl
from pathlib import Path
from typing import Any

import httpx
import yaml
from sluice_operator.cluster.kind import Kind

MERGE = {"content-type": "application/merge-patch+json"}
CONNECTIONS = 32


def client_of(kubeconfig: Path) -> httpx.Client:
    """A client for whom a kubeconfig is; its certificates lie beside it."""
    known = yaml.safe_load(kubeconfig.read_text())
    context = ssl.create_default_context(cafile=str(kubeconfig.parent / "ca.crt"))
    context.load_cert_chain(kubeconfig.with_suffix(".crt"), kubeconfig.with_suffix(".key"))
    return httpx.Client(
        base_url=known["clusters"][0]["cluster"]["server"],
        verify=context,
        timeout=30,
        limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
        trust_env=False,
    )


def path_of(kind: Kind, namespace: str = "", name: str = "", subresource: str = "") -> str:
    """Where objects of a kind are."""
    root = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
    place = f"/namespaces/{namespace}" if namespace else ""
    return "/".join(filter(None, (f"{root}{place}/{kind.plural}", name, subresource)))


def create(client: httpx.Client, kind: Kind, body: dict[str, Any]) -> dict[str, Any]:
    """Make an object as a user would."""
    namespace = body["metadata"].get("namespace", "")
    answer = client.post(path_of(kind, namespace), json=body)
    if answer.is_error:
        raise httpx.HTTPError(f"{kind.kind} {body['metadata']['name']}: {answer.text}")
    return dict(answer.json())


def patch(
    client: httpx.Client, kind: Kind, place: tuple[str, str], change: dict[str, Any]
) -> dict[str, Any]:
    """Change an object as a user would; `place` is namespace and name."""
    answer = client.patch(path_of(kind, *place), json=change, headers=MERGE)
    if answer.is_error:
        raise httpx.HTTPError(f"{kind.kind} {place}: {answer.text}")
    return dict(answer.json())
