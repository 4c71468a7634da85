"""Laws that hold for any sequence of pictures, readiness, edits by hand and outages."""

import contextlib
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from seldon_states import Manner, refusal
from seldon_world import DEPLOYMENT, NAMESPACE, ONE, THREE, TWO, SeldonWorld
from sluice_operator.api.v1alpha1 import Backend, Isolation
from sluice_operator.cluster.kind import (
    SELDON_DEPLOYMENT,
    SELDON_EXPERIMENT,
    SELDON_MODEL,
    SELDON_SERVER,
)
from sluice_operator.errors import ConflictError, SluiceError
from sluice_operator.model import Routing
from sluice_operator.seldon.dialect import V1, V2
from sluice_operator.seldon.manifest import epoch_of

REVISIONS = (ONE, TWO, THREE)
PERCENT = st.sampled_from((0, 1, 10, 50, 99, 100))
THOROUGH = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


@st.composite
def pictures(draw):
    stable, candidate, previous = draw(st.permutations(REVISIONS))
    trying = draw(st.booleans())
    weight = draw(PERCENT) if trying else 0
    mirror = draw(PERCENT) if trying and not weight else 0
    return Routing(
        stable=stable,
        candidate=candidate if trying else None,
        previous=previous if draw(st.booleans()) else None,
        weight=weight,
        mirror=mirror,
    )


NAMES = st.sampled_from((DEPLOYMENT, *(one.name for one in REVISIONS)))
EVENTS = st.one_of(
    st.tuples(st.just("picture"), pictures()),
    st.tuples(st.just("time"), st.sampled_from((0.5, 3.0, 10.0))),
    st.tuples(st.just("breaks"), NAMES),
    st.tuples(st.just("recovers"), st.none()),
    st.tuples(st.just("away"), st.booleans()),
    st.tuples(st.just("unreadable"), st.booleans()),
    st.tuples(st.just("edited"), NAMES),
    st.tuples(st.just("deleted"), NAMES),
    st.tuples(st.just("stale"), st.booleans()),
)


@dataclass
class Story:
    """One run, in which every write is looked at when it happens."""

    world: SeldonWorld
    picture: Routing = field(default_factory=lambda: Routing(stable=ONE, epoch=1))
    stale: bool = False

    def __post_init__(self):
        self.world.cluster._admission = self.judge
        self.acting = False
        self.listed = {}

    @property
    def traffic(self):
        return SELDON_EXPERIMENT if self.world.dialect is V2 else SELDON_DEPLOYMENT

    def judge(self, kind, body):
        """Called by the API server for each write that it would accept."""
        if not self.acting:
            return ""
        self.look_at_metadata(kind, body)
        if kind == SELDON_EXPERIMENT:
            self.look_at_experiment(body)
        elif kind == SELDON_DEPLOYMENT:
            self.look_at_predictors(body["spec"]["predictors"])
        return ""

    def look_at_metadata(self, kind, body):
        assert body["metadata"]["labels"]["sluice.dev/deployment"] == DEPLOYMENT
        if kind == self.traffic:
            assert epoch_of(body) == self.picture.epoch

    def look_at_experiment(self, body):
        spec = body["spec"]
        assert refusal(spec, []) == ""
        weights = {one["name"]: one["weight"] for one in spec["candidates"]}
        assert spec["default"] == DEPLOYMENT
        assert sum(weights.values()) == 100
        assert all(share for name, share in weights.items() if name != DEPLOYMENT)
        mirror = spec.get("mirror") or {}
        self.look_at_newcomers(weights | ({mirror["name"]: mirror["percent"]} if mirror else {}))

    def look_at_predictors(self, predictors):
        answering = [one for one in predictors if not one.get("shadow")]
        shadows = [one for one in predictors if one.get("shadow")]
        assert sum(one.get("traffic", 0) for one in answering) == 100
        assert len(shadows) <= 1
        assert all(one["traffic"] > 0 for one in shadows)
        if self.listed:
            self.look_at_newcomers({one["name"]: one.get("traffic", 0) for one in predictors})

    def look_at_newcomers(self, shares):
        """Who gains traffic answers; stable may take back what it had a part of."""
        if sum(self.answering.values()) != 100:
            return  # somebody had written nonsense: whatever is right gives somebody more
        for name, share in shares.items():
            gains = share > self.listed.get(name, 0)
            taking_back = name == self.picture.stable.name and self.listed.get(name)
            if gains and name != DEPLOYMENT and not taking_back:
                assert name in self.ready, f"{name} is given {share} and does not answer"

    def turn(self):
        engine = self.world.engine()
        seen = engine.observe(DEPLOYMENT)
        self.ready = seen.ready
        held = self.world.store.get(self.traffic, NAMESPACE, DEPLOYMENT)
        self.listed = _shares(held) if held else {}
        self.answering = _shares(held, mirrors=False) if held else {}
        pruned = self.standing()
        self.acting = True
        with contextlib.suppress(SluiceError):
            engine.route(DEPLOYMENT, self.picture)
        self.acting = False
        self.look_at_pruned(pruned - self.standing(), seen)

    def standing(self):
        return {
            body["metadata"]["name"]
            for body in self.world.cluster.list(SELDON_MODEL)
            if not body["metadata"].get("deletionTimestamp")
        }

    def look_at_pruned(self, gone, seen):
        for name in gone:
            assert seen.routes is not None, f"{name} was pruned although nobody knows the routes"
            assert name not in {**seen.routes.weights, **seen.routes.mirror}
            assert name not in {one.name for one in self.picture.revisions}

    def happen(self, what, value):
        world = self.world
        if what == "picture":
            epoch = self.picture.epoch + 1
            self.picture = Routing(
                stable=value.stable,
                candidate=value.candidate,
                previous=value.previous,
                weight=value.weight,
                mirror=value.mirror,
                epoch=epoch,
            )
        elif what == "time":
            world.seconds += value
        elif what == "breaks":
            world.painter.broken.add(value)
        elif what == "recovers":
            world.painter.broken.clear()
        elif what == "away":
            world.painter.away = value
        elif what == "unreadable":
            world.painter.unreadable = "nonsense" if value else ""
        elif what == "stale":
            self.stale = value
        else:
            self.meddle(what, value)

    def meddle(self, what, name):
        """Somebody edits or deletes our objects by hand."""
        cluster = self.world.cluster
        if what == "deleted":
            cluster.delete(SELDON_MODEL, NAMESPACE, name)
            return
        body = cluster.get(self.traffic, NAMESPACE, DEPLOYMENT)
        if body is None:
            return
        key = "candidates" if self.traffic == SELDON_EXPERIMENT else "predictors"
        share = "weight" if self.traffic == SELDON_EXPERIMENT else "traffic"
        cluster.edit(
            self.traffic,
            NAMESPACE,
            DEPLOYMENT,
            lambda body: body["spec"][key][0].update({share: 7}),
        )

    def paint(self):
        world = self.world
        world.seconds += 0.5
        world.painter.look(kinds=world.kinds)
        world.painter.advance()
        if not self.stale:
            world.watch()

    def settle(self):
        """Everything gets well, and the last picture is told until it stands."""
        world, self.stale = self.world, False
        world.painter.away, world.painter.unreadable = False, ""
        world.painter.broken.clear()
        for _ in range(60):
            self.turn()
            self.paint()
            if self.is_settled():
                return

    def is_settled(self):
        engine = self.world.engine()
        routes = engine.observe(DEPLOYMENT).routes
        return routes == self.picture.routes and not engine.unsettled(self.picture)


def _shares(body, mirrors=True):
    spec = body["spec"]
    if "predictors" in spec:
        told = [one for one in spec["predictors"] if mirrors or not one.get("shadow")]
        return {one["name"]: one.get("traffic", 0) for one in told}
    shares = {one["name"]: one["weight"] for one in spec["candidates"]}
    mirror = spec.get("mirror") if mirrors else None
    return shares | ({mirror["name"]: mirror["percent"]} if mirror else {})


def tell(world, events):
    story = Story(world)
    for what, value in events:
        story.happen(what, value)
        story.turn()
        story.paint()
    story.settle()
    return story


def stands(story):
    """The last picture is in force, costs nothing more, and left nothing behind."""
    world, picture = story.world, story.picture
    assert world.observe().routes == picture.routes
    before = world.cluster.requests.copy()
    world.engine().route(DEPLOYMENT, picture)
    assert world.cluster.requests == before
    wanted = {DEPLOYMENT, *(one.name for one in picture.revisions)}
    if world.dialect is V2:
        assert set(world.names(SELDON_MODEL)) == wanted
        assert set(world.names(SELDON_SERVER)) <= wanted
    assert world.engine().unsettled(picture) == ""


@pytest.mark.parametrize("isolation", list(Isolation))
@pytest.mark.parametrize("version", ["2.6.0", "2.10.2"])
@THOROUGH
@given(events=st.lists(EVENTS, max_size=25))
def test_the_laws_hold_for_seldon_2(version, isolation, events):
    manner = Manner(version=version, load_seconds=1.5, route_seconds=0.4)
    stands(tell(SeldonWorld(manner=manner, backend=Backend(isolation=isolation)), events))


@THOROUGH
@given(events=st.lists(EVENTS, max_size=25))
def test_the_laws_hold_for_seldon_1(events):
    stands(tell(SeldonWorld(dialect=V1, manner=Manner(load_seconds=1.5)), events))


@THOROUGH
@given(events=st.lists(st.tuples(st.booleans(), pictures()), min_size=1, max_size=12))
def test_two_operators_never_bring_an_older_picture_back(events):
    """The pictures are numbered as the leader decides them; the deposed one tells his late."""
    world = SeldonWorld(manner=Manner(load_seconds=1.0))
    newest, late = Routing(stable=ONE, epoch=1), Routing(stable=ONE, epoch=1)
    world.run(newest)
    for number, (deposed, value) in enumerate(events, start=2):
        if not deposed:
            late, newest = newest, _numbered(value, number)
            world.route(newest)
            world.paint()
            continue
        before = world.body(SELDON_EXPERIMENT)["spec"]
        with pytest.raises(ConflictError) if late != newest else contextlib.nullcontext():
            world.engine().route(DEPLOYMENT, late)
        if late != newest:
            assert world.body(SELDON_EXPERIMENT)["spec"] == before


def _numbered(picture, epoch):
    return Routing(
        stable=picture.stable,
        candidate=picture.candidate,
        previous=picture.previous,
        weight=picture.weight,
        mirror=picture.mirror,
        epoch=epoch,
    )
