"""The scheduler of the double: from Models and Experiments to routes. Pure, and single-threaded.

It follows what Seldon's scheduler does in the order in which it does it, because its oddities come
from that order.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from seldon_double.experiment import Experiment, RefusedError, Share, refuse_invalid
from seldon_double.registry import Model, ModelSpec, State, Version, choose_server
from seldon_double.release import Release

ACTIVE = "experiment active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A version of a Model within a route, and its weight."""

    model: str
    internal: str
    server: str
    weight: int


@dataclass(slots=True, kw_only=True)
class Route:
    """What is done with requests whose `seldon-model` is its name."""

    name: str
    clusters: list[Split] = field(default_factory=list)
    mirrors: list[Split] = field(default_factory=list)


class NoReplicaError(Exception):
    """A Model cannot take requests."""


class Scheduler:
    """Models, Experiments and routes."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self.servers: dict[str, Collection[str]] = {}
        """Capabilities of each server."""
        self.models: dict[str, Model] = {}
        self.experiments: dict[str, Experiment] = {}
        self.routes: dict[str, Route] = {}
        self.to_load: list[Version] = []
        """For the agents; whoever takes one away answers by `loaded` or `failed`."""
        self.to_unload: list[Version] = []

    def add_server(self, name: str, capabilities: Collection[str]) -> None:
        """A server has connected; models that found none are tried again."""
        self.servers[name] = capabilities
        for model in self.models.values():
            if model.latest.state in {State.UNSCHEDULED, State.FAILED} and not model.deleting:
                self._schedule(model.latest)

    def remove_server(self, name: str) -> None:
        """A server is gone, and with it what was loaded there."""
        del self.servers[name]
        for model in list(self.models.values()):
            if model.latest.server == name and not model.deleting:
                model.latest.loaded = False
                self._schedule(model.latest)
                self._model_changed(model.name)

    def load_model(self, name: str, spec: ModelSpec) -> None:
        """A Model was created or its spec changed.

        Raises:
            RefusedError: A Model of that name is still being deleted.
        """
        model = self.models.setdefault(name, Model(name=name))
        if model.deleting:
            raise RefusedError(f"Model {name} is being deleted")
        if model.versions and model.latest.spec == spec:
            return
        number = model.latest.number + 1 if model.versions else 1
        model.versions.append(Version(model=name, number=number, spec=spec))
        self._schedule(model.latest)

    def loaded(self, version: Version) -> None:
        """A server has loaded a version: it joins, and once available it replaces the rest."""
        version.loaded = True
        self._model_changed(version.model)
        version.state, version.reason = State.AVAILABLE, ""
        self._model_changed(version.model)

    def failed(self, version: Version, reason: str) -> None:
        """A server could not load a version."""
        version.state, version.reason = State.FAILED, reason
        self._model_changed(version.model)

    def unload_model(self, name: str) -> None:
        """A Model was deleted: its route goes first, then its versions."""
        model = self.models[name]
        model.deleting = True
        model.latest.state = State.TERMINATING
        self._model_changed(name)
        self.to_unload += [version for version in model.versions if version.server]

    def forget_model(self, name: str) -> None:
        """All versions of a deleted Model are unloaded; the next of that name begins at 1."""
        del self.models[name]

    def start_experiment(self, wanted: Experiment) -> None:
        """An Experiment was created or its spec changed.

        Raises:
            RefusedError: The scheduler does not accept it; the one that it has stays.
        """
        others = [other for other in self.experiments.values() if other.name != wanted.name]
        refuse_invalid(wanted, others)
        before = self.experiments.get(wanted.name)
        self.experiments[wanted.name] = wanted
        if before is not None:
            wanted.active, wanted.reason = before.active, before.reason
            if before.default and before.default != wanted.default:
                self._route_model(before.default)
        self._route_experiment(wanted)

    def stop_experiment(self, name: str) -> None:
        """An Experiment was deleted: its default answers alone."""
        stopped = self.experiments.pop(name, None)
        if stopped is None:
            return
        if stopped.default:
            self._route_model(stopped.default)
        self.routes.pop(stopped.route, None)

    def restart(self) -> None:
        """After a restart: what agents and the database remember, and nothing else."""
        self.routes.clear()
        for name in self.models:
            self._route_model(name)
        for experiment in self.experiments.values():
            self._route_experiment(experiment)

    def _schedule(self, version: Version) -> None:
        version.server, reason = choose_server(version.spec, self.servers)
        if version.server:
            version.state, version.reason = State.PROGRESSING, ""
            self.to_load.append(version)
        else:
            said = reason if self._release.says_what_is_missing else "no server matches"
            version.state, version.reason = State.UNSCHEDULED, said

    def _model_changed(self, name: str) -> None:
        self._route_model(name)
        for experiment in self.experiments.values():
            if name in experiment.models:
                self._route_experiment(experiment)

    def _route_model(self, name: str) -> None:
        """The route of a Model: the Experiment that it is the default of, or itself alone."""
        self.routes.pop(name, None)
        model = self.models.get(name)
        if model is None or not model.live:
            return
        of_default = [e for e in self.experiments.values() if e.default == name]
        try:
            self._add_experiment(name, *of_default[:1])
        except NoReplicaError:
            self.routes.pop(name, None)
            of_default = []
        if not of_default:
            self._add(name, Share(name=name, weight=100), mirror=False)
        self._clean_up(model)

    def _route_experiment(self, experiment: Experiment) -> None:
        experiment.candidates_ready = all(self._available(c.name) for c in experiment.candidates)
        mirror = experiment.mirror
        experiment.mirror_ready = mirror is None or self._available(mirror.name)
        if experiment.default:
            self._route_model(experiment.default)
        if not self._release.appends_experiment_route:
            self.routes.pop(experiment.route, None)
        try:
            self._add_experiment(experiment.route, experiment)
        except NoReplicaError as missing:
            experiment.active, experiment.reason = False, str(missing)
        else:
            experiment.active, experiment.reason = True, ACTIVE

    def _add_experiment(self, route: str, *experiments: Experiment) -> None:
        for experiment in experiments:
            for candidate in experiment.candidates:
                self._add(route, candidate, mirror=False)
            if experiment.mirror is not None:
                self._add(route, experiment.mirror, mirror=True)

    def _add(self, route: str, share: Share, *, mirror: bool) -> None:
        model = self.models.get(share.name)
        if model is None or not model.live:
            raise NoReplicaError(f"no live replica of model {share.name} for route {route}")
        target = self.routes.setdefault(route, Route(name=route))
        added = [_split(version, weight) for version, weight in model.share(share.weight)]
        if not mirror:
            target.clusters += added
        elif self._release.appends_experiment_route:
            target.mirrors += added
        else:
            target.mirrors = added[-1:]

    def _available(self, name: str) -> bool:
        model = self.models.get(name)
        return model is not None and bool(model.live) and model.latest.state is State.AVAILABLE

    def _clean_up(self, model: Model) -> None:
        """Old versions go once the newest is available; in 2.6.0 not while the route is divided."""
        divided = len(self.routes[model.name].clusters) > 1
        if model.latest.state is State.AVAILABLE and not (
            divided and self._release.keeps_old_versions
        ):
            self.to_unload += model.versions[:-1]
            model.versions = [model.latest]


def _split(version: Version, weight: int) -> Split:
    return Split(
        model=version.model, internal=version.internal, server=version.server, weight=weight
    )
