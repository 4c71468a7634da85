"""kopf's part: it lists and watches, and hands every object over; all else happens elsewhere.

One event handler for each kind fills the store. There are no timers, daemons or change handlers:
kopf then adds no finalizer and no annotation of its own, and an object at rest costs nothing.
"""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import kopf
from typing_extensions import override

from sluice_operator.cluster.client import login
from sluice_operator.cluster.kind import (
    CLUSTER_GATE_TEMPLATE,
    GATE_TEMPLATE,
    MANAGED_BY,
    MODEL_DEPLOYMENT,
    ROLLOUT_ACTION,
    SELDON_DEPLOYMENT,
    SELDON_EXPERIMENT,
    SELDON_MODEL,
    SELDON_SERVER,
    VIRTUAL_SERVICE,
    Kind,
    Object,
)

OWN_KINDS = (MODEL_DEPLOYMENT, ROLLOUT_ACTION, GATE_TEMPLATE, CLUSTER_GATE_TEMPLATE)
MADE_KINDS = (SELDON_MODEL, SELDON_EXPERIMENT, SELDON_SERVER, SELDON_DEPLOYMENT)
"""Written by us: of these, only those with our label are watched."""
WATCHED_KINDS = (*OWN_KINDS, *MADE_KINDS, VIRTUAL_SERVICE)
SELECTOR = ",".join(f"{label}={value}" for label, value in MANAGED_BY.items())

Feed = Callable[[Kind, str, Object], None]
"""Told the kind, the event (ADDED, MODIFIED, DELETED; empty when listed), and the object."""


class NoEssence(kopf.DiffBaseStorage):
    """Compares nothing: kopf would copy every object at every event, for handlers we do not have.

    With a thousand deployments in motion that was a fifth of all that the process does.
    """

    @override
    def build(self, *, body: kopf.Body, extra_fields: Any = None) -> kopf.BodyEssence:
        return cast("kopf.BodyEssence", {})

    @override
    def fetch(self, *, body: kopf.Body) -> kopf.BodyEssence | None:
        return None

    @override
    def store(self, *, body: kopf.Body, patch: kopf.Patch, essence: kopf.BodyEssence) -> None:
        """Nothing is kept on objects."""


def registry_of(feed: Feed) -> kopf.OperatorRegistry:
    """One handler for each kind."""
    registry = kopf.OperatorRegistry()
    for kind in WATCHED_KINDS:
        _listen(registry, kind, feed)
    return registry


def _listen(registry: kopf.OperatorRegistry, kind: Kind, feed: Feed) -> None:
    @kopf.on.event(kind.group, kind.version, kind.plural, registry=registry, id=kind.plural)
    async def hand_over(event: Any, **_: Any) -> None:
        feed(kind, event["type"] or "", event["object"])


def connection(kubeconfig: Path | None) -> kopf.ConnectionInfo:
    """The login of the rest of the operator, in kopf's words."""
    known = login(kubeconfig)
    header = str(known.get_api_key_with_prefix("authorization") or "")
    scheme, _, token = header.rpartition(" ")
    return kopf.ConnectionInfo(
        server=known.host,
        ca_path=known.ssl_ca_cert,
        insecure=not known.verify_ssl,
        scheme=scheme or None,
        token=token or None,
        certificate_path=known.cert_file,
        private_key_path=known.key_file,
    )


def kopf_settings() -> kopf.OperatorSettings:
    """No events of kopf's own, quick reaction, and a new watch every few minutes."""
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.persistence.diffbase_storage = NoEssence()
    settings.peering.standalone = True
    settings.watching.server_timeout = 300
    settings.watching.client_timeout = 330
    settings.watching.connect_timeout = 5
    settings.networking.request_timeout = 30
    settings.queueing.idle_timeout = 0.5
    settings.queueing.exit_timeout = 0.5
    for kind in MADE_KINDS:
        settings.watching.label_selectors[kind.group, kind.plural] = SELECTOR
    settings.process.ultimate_exiting_timeout = 5
    return settings


async def watch(
    feed: Feed, namespaces: Sequence[str], kubeconfig: Path | None, stop: threading.Event
) -> None:
    """List and watch until told to stop."""
    registry = registry_of(feed)

    @kopf.on.login(registry=registry)  # asked again whenever the API server refuses the login
    def log_in(**_: Any) -> kopf.ConnectionInfo:
        return connection(kubeconfig)

    await kopf.operator(
        registry=registry,
        settings=kopf_settings(),
        standalone=True,
        clusterwide=not namespaces,
        namespaces=namespaces,
        stop_flag=stop,
    )
