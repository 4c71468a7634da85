"""In what the two releases of Seldon Core 2 differ, as far as a rollout notices.

Source: https://github.com/SeldonIO/seldon-core at the tags v2.6.0 and v2.10.2, and runs of both,
see docs/seldon-contract.md.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One release of Seldon Core 2."""

    name: str
    route_timeout: str
    """Of requests, on every route; 0s is for ever."""
    retries: int
    """Of a weighted route, after an answer of 5xx; sticky routes never retry."""
    appends_experiment_route: bool
    """Whether each update of an Experiment is added to what `<name>.experiment` did before."""
    says_what_is_missing: bool
    """Whether the reason of a Model that found no server names what no server offers."""
    keeps_old_versions: bool
    """Whether old versions of a Model stay loaded while its route is divided."""
    cluster_per_model: bool
    """Envoy's clusters stand for a version of a Model, or for a Server."""
    label_is_route: bool
    """The metric label `model` is what was asked for, or the Model that answered."""
    refusal_seconds: float
    """How long after a refusal the Experiment says so; no other one is attended meanwhile."""
    gap_seconds: float
    """How long every route is missing after a restart of the scheduler."""


V2_6_0 = Release(
    name="2.6.0",
    route_timeout="60s",
    retries=0,
    appends_experiment_route=True,
    says_what_is_missing=True,
    keeps_old_versions=True,
    cluster_per_model=False,
    label_is_route=True,
    refusal_seconds=0.0,
    gap_seconds=2.4,
)
V2_10_2 = Release(
    name="2.10.2",
    route_timeout="0s",
    retries=5,
    appends_experiment_route=False,
    says_what_is_missing=False,
    keeps_old_versions=False,
    cluster_per_model=True,
    label_is_route=False,
    refusal_seconds=4.0,
    gap_seconds=0.0,
)
RELEASES = {release.name: release for release in (V2_6_0, V2_10_2)}
