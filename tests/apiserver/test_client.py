"""What only a real API server can say to the client: refusals, rights, outages."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from cluster_world import THING, definition
from control_plane import ControlPlane
from eventually import eventually
from sluice_operator.cluster.client import KubernetesCluster, login
from sluice_operator.cluster.kind import (
    CRD,
    EVENT,
    FIELD_MANAGER,
    LEASE,
    SELDON_EXPERIMENT,
    Kind,
)
from sluice_operator.cluster.lease import Elector
from sluice_operator.cluster.permission import cluster_role, lease_role, missing_permissions
from sluice_operator.cluster.port import Cluster, Plain
from sluice_operator.cluster.store import Store
from sluice_operator.errors import (
    ClusterError,
    ForbiddenError,
    InvalidError,
    MissingError,
    MissingKindError,
    UnavailableError,
)
from sluice_operator.seldon.dialect import V2
from sluice_operator.seldon.manifest import Manifest
from sluice_operator.seldon.pen import Pen
from sluice_operator.seldon.place import Place

RBAC = "rbac.authorization.k8s.io"
CLUSTER_ROLE = Kind(
    group=RBAC, version="v1", kind="ClusterRole", plural="clusterroles", namespaced=False
)
CLUSTER_BINDING = Kind(
    group=RBAC,
    version="v1",
    kind="ClusterRoleBinding",
    plural="clusterrolebindings",
    namespaced=False,
)
ROLE = Kind(group=RBAC, version="v1", kind="Role", plural="roles")
BINDING = Kind(group=RBAC, version="v1", kind="RoleBinding", plural="rolebindings")
SPLIT = Kind(group="client.sluice.dev", version="v1", kind="Split", plural="splits")
STRICT = Kind(group="client.sluice.dev", version="v1", kind="Strict", plural="stricts")
RULE = {"rule": "self.weight <= 100", "message": "weight is at most 100; give percent"}
OPERATOR = "sluice-operator"


@pytest.fixture
def cluster(control_plane: ControlPlane) -> KubernetesCluster:
    return KubernetesCluster(login(control_plane.kubeconfig), user_agent="sluice/test")


@pytest.fixture
def strict(cluster: KubernetesCluster) -> Kind:
    """A kind with a schema and a rule."""
    crd = definition(STRICT)
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"]["spec"]["x-kubernetes-validations"] = [RULE]
    install(cluster, STRICT, crd)
    return STRICT


@pytest.fixture
def operator(control_plane: ControlPlane, cluster: Cluster, namespace: str) -> Cluster:
    """Somebody with the operator's own roles, and nothing else."""
    name = f"{OPERATOR}-{namespace}"
    subject = {"kind": "User", "apiGroup": RBAC, "name": name}
    role, own = cluster_role(), lease_role(namespace)
    role["metadata"]["name"] = name
    cluster.apply(CLUSTER_ROLE, role)
    cluster.apply(ROLE, own)
    binding = {"subjects": [subject]}
    everywhere = {"apiGroup": RBAC, "kind": "ClusterRole", "name": name}
    cluster.apply(CLUSTER_BINDING, {"metadata": {"name": name}, "roleRef": everywhere, **binding})
    here = {"apiGroup": RBAC, "kind": "Role", "name": own["metadata"]["name"]}
    metadata = {"name": OPERATOR, "namespace": namespace}
    cluster.apply(BINDING, {"metadata": metadata, "roleRef": here, **binding})
    return KubernetesCluster(login(control_plane.kubeconfig_for(name)))


@pytest.fixture
def own_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A control plane that may be broken."""
    plane = ControlPlane.start(tmp_path_factory.mktemp("plane"))
    yield plane
    plane.stop()


def install(cluster: Cluster, kind: Kind, crd: Plain) -> None:
    cluster.apply(CRD, crd)

    def served() -> bool:
        try:
            cluster.list(kind)
        except (MissingKindError, UnavailableError):
            return False
        return True

    eventually(served, within=20)


def test_what_a_hand_adds_to_our_object_goes_and_the_object_stays_ours(
    control_plane: ControlPlane, cluster: Cluster, namespace: str
) -> None:
    """The reason for replacing Seldon's objects: decision 0020."""
    install(cluster, SPLIT, definition(SPLIT))
    place = Place(namespace=namespace, deployment="churn", owner_uid="uid-1")
    pen = Pen(place, V2, cluster, Store())
    pen.write(split(weight=1), None)
    by_hand = {"spec": {"mirror": {"name": "spy"}}}
    for weight in (2, 3):
        control_plane.kubectl(
            *("patch", "splits.client.sluice.dev", "churn", "-n", namespace),
            *("--type=merge", "-p", json.dumps(by_hand), "--field-manager=hand"),
        )
        present = cluster.get(SPLIT, namespace, "churn")
        assert present is not None
        assert present["spec"]["mirror"] == {"name": "spy"}
        pen.write(split(weight=weight), present)
    after = cluster.get(SPLIT, namespace, "churn")
    assert after is not None
    assert after["spec"] == {"weight": 3}
    shown = control_plane.kubectl(
        *("get", "splits.client.sluice.dev", "churn", "-n", namespace),
        *("-o", "json", "--show-managed-fields"),
    )
    entries = json.loads(shown.stdout)["metadata"]["managedFields"]
    owners = {(one["manager"], one["operation"]) for one in entries}
    assert owners == {(FIELD_MANAGER, "Apply"), (FIELD_MANAGER, "Update")}


def split(weight: int) -> Manifest:
    return Manifest(kind=SPLIT, name="churn", spec={"weight": weight, "mirror": None}, epoch=weight)


def thing(namespace: str, name: str = "churn", **spec: object) -> Plain:
    return {"metadata": {"namespace": namespace, "name": name}, "spec": spec}


def test_a_broken_rule_is_told_with_its_field_and_its_way_out(cluster, strict, namespace) -> None:
    with pytest.raises(InvalidError, match=r"spec: .*weight is at most 100; give percent"):
        cluster.create(strict, thing(namespace, weight=101))


def test_a_wrong_type_is_told_as_a_fault_of_the_object(cluster, strict, namespace) -> None:
    with pytest.raises(InvalidError, match=r"\.spec\.weight"):
        cluster.create(strict, thing(namespace, weight="much"))


def test_a_wrong_name_is_told_with_its_field(cluster, strict, namespace) -> None:
    with pytest.raises(InvalidError, match=r"metadata\.name"):
        cluster.create(strict, thing(namespace, name="Not_A_Name"))


def test_a_namespace_that_is_not_there_is_named(cluster, strict) -> None:
    with pytest.raises(MissingError, match='namespaces "nowhere" not found'):
        cluster.create(strict, thing("nowhere"))
    assert cluster.get(strict, "nowhere", "churn") is None


def test_an_apply_of_a_field_that_the_schema_does_not_know_is_refused(
    cluster, strict, namespace
) -> None:
    with pytest.raises(InvalidError, match=r"\.spec\.weigth: field not declared in schema"):
        cluster.create(strict, thing(namespace, weigth=1))


def test_a_replacement_by_a_field_that_the_schema_does_not_know_is_warned_of(
    cluster, strict, namespace, caplog
) -> None:
    made = cluster.create(strict, thing(namespace, weight=1))
    after = cluster.replace(strict, {**made, "spec": {"weight": 1, "weigth": 2}})
    assert after["spec"] == {"weight": 1}
    assert any("spec.weigth" in record.getMessage() for record in caplog.records)


def test_a_version_that_is_not_served_counts_as_not_installed(cluster, strict, namespace) -> None:
    newer = Kind(group=strict.group, version="v2", kind=strict.kind, plural=strict.plural)
    with pytest.raises(MissingKindError, match="a version of it that serves v2"):
        cluster.get(newer, namespace, "churn")


def test_everything_of_ours_is_owned_by_apply_alone(control_plane, cluster, strict, namespace):
    cluster.create(strict, thing(namespace, weight=1))
    cluster.apply(strict, thing(namespace, weight=2))
    path = f"/apis/{strict.api_version}/namespaces/{namespace}/{strict.plural}/churn"
    with control_plane.client() as http:
        (entry,) = http.get(path).json()["metadata"]["managedFields"]
    assert (entry["manager"], entry["operation"]) == ("sluice", "Apply")
    assert json.dumps(entry["fieldsV1"]["f:spec"]) == '{"f:weight": {}}'


def test_who_we_are_is_known(control_plane: ControlPlane) -> None:
    account = control_plane.kubeconfig_for_service_account("ops", "sluice")
    assert KubernetesCluster(login(account)).whoami() == "system:serviceaccount:ops:sluice"


def test_a_login_that_is_not_known_is_told(control_plane: ControlPlane) -> None:
    configuration = login(control_plane.kubeconfig)
    configuration.cert_file = configuration.key_file = None
    configuration.api_key = {"authorization": "Bearer stale"}
    with pytest.raises(ForbiddenError, match="does not know who we are"):
        KubernetesCluster(configuration).get(LEASE, "default", "sluice")


def test_the_operators_roles_are_enough(operator: Cluster, namespace: str) -> None:
    assert missing_permissions(operator, lease_namespace=namespace) == ()


def test_one_right_too_few_is_named(operator: Cluster, cluster: Cluster, namespace: str) -> None:
    role = cluster_role()
    role["metadata"]["name"] = f"{OPERATOR}-{namespace}"
    for rule in role["rules"]:
        if "experiments" in rule["resources"]:
            rule["verbs"].remove("patch")
    cluster.apply(CLUSTER_ROLE, role)
    missing = eventually(lambda: missing_permissions(operator, lease_namespace=namespace))
    assert [said.split(";")[0] for said in missing] == [
        f"cannot patch {kind}.mlops.seldon.io" for kind in ("models", "experiments", "servers")
    ]
    with pytest.raises(ForbiddenError) as refused:
        operator.apply(SELDON_EXPERIMENT, thing(namespace))
    assert 'cannot patch resource "experiments" in API group "mlops.seldon.io"' in str(
        refused.value
    )
    assert str(refused.value).endswith("; grant it to that user")


def test_the_operators_events_are_taken(operator: Cluster, namespace: str) -> None:
    event = {
        "metadata": {"namespace": namespace, "name": "churn.1"},
        "eventTime": "2026-01-01T00:00:00.000000Z",
        "reportingController": "sluice.dev/operator",
        "reportingInstance": "a",
        "action": "Rollout",
        "reason": "Adopted",
        "type": "Normal",
        "note": "Adopted the first model",
        "regarding": {"kind": "Thing", "namespace": namespace, "name": "churn"},
    }
    assert operator.create(EVENT, event)["note"] == "Adopted the first model"


def test_a_lease_passes_from_one_to_the_next(operator: Cluster, namespace: str) -> None:
    first, second = (Elector(operator, namespace, "sluice", name) for name in ("a", "b"))
    assert first.step()
    assert not second.step()
    first.release()
    assert second.step()
    lease = operator.get(LEASE, namespace, "sluice")
    assert lease is not None
    assert lease["spec"]["holderIdentity"] == second.identity
    assert lease["spec"]["leaseTransitions"] == 1


def test_sixteen_threads_share_one_client(cluster, strict, namespace, caplog) -> None:
    def write(number: int) -> None:
        cluster.create(strict, thing(namespace, name=f"t{number}", weight=number % 100))

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(write, range(200)))
    assert len(cluster.list(strict, namespace)) == 200
    assert not [record for record in caplog.records if "pool" in record.getMessage()]


def test_an_api_server_that_is_killed_is_unavailable_until_it_is_back(own_plane) -> None:
    cluster = KubernetesCluster(login(own_plane.kubeconfig))
    install(cluster, THING, definition(THING))
    made = cluster.create(THING, thing("default", weight=1))
    own_plane.kill_api_server()
    with pytest.raises(UnavailableError):
        cluster.get(THING, "default", "churn")
    own_plane.start_api_server()
    assert eventually(lambda: live(cluster), within=20) == made


def test_an_api_server_that_hangs_is_given_up(own_plane) -> None:
    cluster = KubernetesCluster(login(own_plane.kubeconfig), read_seconds=0.5)
    cluster.get(LEASE, "default", "sluice")
    own_plane.freeze_api_server()
    start = time.monotonic()
    with pytest.raises(UnavailableError, match="no answer"):
        cluster.get(LEASE, "default", "sluice")
    assert time.monotonic() - start < 5
    own_plane.thaw_api_server()
    eventually(lambda: answers(cluster), within=20)


def live(cluster: Cluster) -> object:
    try:
        return cluster.get(THING, "default", "churn")
    except ClusterError:
        return None


def answers(cluster: Cluster) -> bool:
    try:
        cluster.get(LEASE, "default", "sluice")
    except ClusterError:
        return False
    return True
