"""Model servers as Pods: a StatefulSet for each Server, as Seldon's operator makes it.

The Pod is that of the ServerConfig with what the Server says on top, container by container.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import aiohttp
from seldon_double.agent import Host
from seldon_double.backend import LoadError
from seldon_double.envoy_table import Address
from seldon_double.floor import ServerAgent
from seldon_double.pod_agent import ORDERS_PORT
from sluice_operator.cluster.kind import SELDON_SERVER, Kind, Object, name_of
from sluice_operator.cluster.port import Cluster

SERVER_CONFIG = Kind(
    group="mlops.seldon.io", version="v1alpha1", kind="ServerConfig", plural="serverconfigs"
)
STATEFUL_SET = Kind(group="apps", version="v1", kind="StatefulSet", plural="statefulsets")
POD = Kind(group="", version="v1", kind="Pod", plural="pods")
LABEL = "seldon-server-name"
REQUESTS_PORT = 9001
KEYED = {"containers", "volumes", "env", "volumeMounts", "ports", "imagePullSecrets"}
"""Lists whose items are merged by their names."""

Json = dict[str, Any]


class RemoteAgent:
    """An agent in a Pod."""

    def __init__(self, uid: str, host: str) -> None:
        self.uid = uid
        self._host = host

    @property
    def address(self) -> Address:
        """Where Envoy finds it."""
        return self._host, REQUESTS_PORT

    async def load(self, internal: str, uri: str, parameters: dict[str, str]) -> None:
        """See `ServerAgent`."""
        await self._order("load", {"internal": internal, "uri": uri, "parameters": parameters})

    async def unload(self, internal: str) -> None:
        """See `ServerAgent`; a Pod that is gone holds nothing."""
        try:
            await self._order("unload", {"internal": internal})
        except LoadError:
            return

    async def close(self) -> None:
        """The Pod is its StatefulSet's."""

    async def _order(self, verb: str, order: Json) -> None:
        url = f"http://{self._host}:{ORDERS_PORT}/{verb}"
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=150)) as client,
                client.post(url, json=order) as answer,
            ):
                if not answer.ok:
                    raise LoadError(await answer.text())
        except (aiohttp.ClientError, TimeoutError) as away:
            raise LoadError(f"{url}: {away!r}") from away


class PodFloor:
    """The Servers of one namespace, one replica each."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._ready: dict[str, tuple[str, str]] = {}
        """By Server, uid and address of its Pod."""

    def look(self, servers: Iterable[Object]) -> None:
        """Make what is missing, and see which Pods are ready."""
        have = {name_of(one) for one in self._cluster.list(STATEFUL_SET, self._namespace)}
        for server in servers:
            if name_of(server) not in have:
                self._cluster.create(STATEFUL_SET, self._stateful_set(server))
        pods = self._cluster.list(POD, self._namespace, selector=LABEL)
        self._ready = {
            pod["metadata"]["labels"][LABEL]: (pod["metadata"]["uid"], pod["status"]["podIP"])
            for pod in pods
            if is_ready(pod)
        }

    def agent(self, server: Object, host: Host) -> RemoteAgent | None:
        """See `Floor`."""
        pod = self._ready.get(name_of(server))
        return RemoteAgent(*pod) if pod else None

    def holds(self, name: str, agent: ServerAgent) -> bool:
        """Whether the Pod is the same one, and ready."""
        pod = self._ready.get(name)
        return pod is not None and isinstance(agent, RemoteAgent) and agent.uid == pod[0]

    def _stateful_set(self, server: Object) -> Json:
        wanted = server["spec"]["serverConfig"]
        config = self._cluster.get(SERVER_CONFIG, self._namespace, wanted)
        if config is None:
            raise AssertionError(f"there is no ServerConfig {wanted}")
        return stateful_set(server, config["spec"])


def stateful_set(server: Object, config: Mapping[str, Any]) -> Json:
    """What a Server becomes."""
    name, labels = name_of(server), {LABEL: name_of(server)}
    metadata = server["metadata"]
    owner = {
        "apiVersion": SELDON_SERVER.api_version,
        "kind": SELDON_SERVER.kind,
        "name": name,
        "uid": metadata["uid"],
        "controller": True,
    }
    return {
        "metadata": {
            "name": name,
            "namespace": metadata["namespace"],
            "ownerReferences": [owner],
        },
        "spec": {
            "serviceName": name,
            "replicas": 1,
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": merged(config["podSpec"], server["spec"].get("podSpec") or {}),
            },
            "volumeClaimTemplates": [
                {"metadata": {"name": one["name"]}, "spec": one["spec"]}
                for one in config.get("volumeClaimTemplates", ())
            ],
        },
    }


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> Json:
    """One Pod's spec on top of another, by the names of what they list."""
    both = dict(below)
    for key, value in above.items():
        if key in KEYED and key in below:
            both[key] = _by_name(below[key], value)
        elif isinstance(value, Mapping) and isinstance(below.get(key), Mapping):
            both[key] = merged(below[key], value)
        else:
            both[key] = value
    return both


def is_ready(pod: Object) -> bool:
    """Whether it takes requests, and is not on its way out."""
    conditions = pod.get("status", {}).get("conditions", ())
    ready = {"Ready"} <= {c["type"] for c in conditions if c["status"] == "True"}
    return ready and "deletionTimestamp" not in pod["metadata"]


def _by_name(below: list[Json], above: list[Json]) -> list[Json]:
    items = {_key(item): item for item in below}
    for item in above:
        items[_key(item)] = merged(items.get(_key(item), {}), item)
    return list(items.values())


def _key(item: Json) -> str:
    return str(item.get("mountPath") or item.get("name"))
