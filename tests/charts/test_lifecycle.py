"""A release is installed, upgraded, uninstalled and installed again, on a real API server.

No controller runs there, so no Pod starts: what is looked at is what helm keeps and replaces.
"""

import json
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest
import yaml
from control_plane import ControlPlane
from helm_charts import CHARTS, Object, run
from sluice_pipelines.setting import ClusterSettings, settings_of

RELEASE = "sluice"
EARLIER = Path(__file__).with_name("earlier") / "sluice-0.1.0-e4127f2.tgz"
"""The first charts that there were, packed by helm at that commit, without READMEs. Nothing has
been released yet; with the first release, its chart takes this one's place."""
DEFINITION = Path("operator") / "files" / "definitions" / "modeldeployments.yaml"
KINDS = "secrets,persistentvolumeclaims,configmaps,services,deployments,statefulsets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where the release lives."""

    plane: ControlPlane
    namespace: str
    home: Path

    def helm(self, *arguments: str) -> str:
        """helm, logged in."""
        login = ("--kubeconfig", str(self.plane.kubeconfig), "--namespace", self.namespace)
        return run(*arguments, *login, home=self.home)

    def upgrade(self, chart: Path, *options: str) -> str:
        """Install it, or bring it to what the chart says now; what helm prints."""
        return self.helm("upgrade", "--install", RELEASE, str(chart), *options)

    def objects(self) -> dict[tuple[str, str], Object]:
        """What is there, by kind and name."""
        done = self.plane.kubectl("get", KINDS, "-n", self.namespace, "-o", "json")
        items = json.loads(done.stdout)["items"]
        return {(one["kind"], one["metadata"]["name"]): one for one in items}

    def secrets(self) -> dict[str, dict[str, str]]:
        """Every password, by Secret; without what helm itself keeps."""
        return {
            name: one["data"]
            for (kind, name), one in self.objects().items()
            if kind == "Secret" and one["type"] == "Opaque"
        }

    def definition(self, name: str) -> Object:
        """A kind, as the cluster knows it."""
        done = self.plane.kubectl("get", "crd", name, "-o", "json")
        assert done.returncode == 0, done.stderr
        found: Object = json.loads(done.stdout)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What was there after each chapter."""

    installed: dict[tuple[str, str], Object]
    passwords: dict[str, dict[str, str]]
    said: str
    upgraded: dict[tuple[str, str], Object]
    passwords_upgraded: dict[str, dict[str, str]]
    kind_upgraded: Object
    kind_later: Object
    uninstalled: dict[tuple[str, str], Object]
    kind_uninstalled: Object
    passwords_again: dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def site(control_plane: ControlPlane, namespace: str, tmp_path_factory) -> Site:
    home = tmp_path_factory.mktemp("helm")
    return Site(plane=control_plane, namespace=namespace, home=home)


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The umbrella as it once was, with its own profiles."""
    folder = tmp_path_factory.mktemp("earlier")
    with tarfile.open(EARLIER) as packed:
        packed.extractall(folder, filter="data")
    return folder / "sluice"


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The umbrella as a later release might be: with one more column of a kind."""
    folder = tmp_path_factory.mktemp("later") / "helm"
    shutil.copytree(CHARTS, folder, symlinks=True)
    body = yaml.safe_load((folder / DEFINITION).read_text())
    column = {"name": "More", "type": "string", "jsonPath": ".metadata.name"}
    body["spec"]["versions"][0]["additionalPrinterColumns"].append(column)
    (folder / DEFINITION).write_text(yaml.safe_dump(body))
    return folder / "sluice"


def profile_of(chart: Path) -> tuple[str, str]:
    return "--values", str(chart / "values-kind.yaml")


@pytest.fixture(scope="module")
def story(site: Site, earlier: Path, later: Path) -> Iterator[Story]:
    kind = "modeldeployments.sluice.dev"
    today = CHARTS / "sluice"
    site.upgrade(earlier, *profile_of(earlier))
    installed, passwords = site.objects(), site.secrets()
    said = site.upgrade(today, *profile_of(today), "--set", "operator.replicas=3")
    upgraded, passwords_upgraded, after = site.objects(), site.secrets(), site.definition(kind)
    site.upgrade(later, *profile_of(later))
    kind_later = site.definition(kind)
    site.helm("uninstall", RELEASE)
    uninstalled, left = site.objects(), site.definition(kind)
    site.upgrade(today, *profile_of(today))
    yield Story(
        installed=installed,
        passwords=passwords,
        said=said,
        upgraded=upgraded,
        passwords_upgraded=passwords_upgraded,
        kind_upgraded=after,
        kind_later=kind_later,
        uninstalled=uninstalled,
        kind_uninstalled=left,
        passwords_again=site.secrets(),
    )
    site.helm("uninstall", RELEASE)


def test_the_end_of_an_installation_says_what_comes_next(story: Story) -> None:
    assert "kubectl" in story.said.partition("NOTES:")[2]


def test_it_says_with_which_settings_one_trains_there(story: Story, site: Site) -> None:
    text = story.said.partition("this is cluster.yaml:")[2].partition("  kubectl")[0]
    settings = settings_of(yaml.safe_load(dedent(text)), "NOTES.txt")
    assert settings.namespace == site.namespace
    assert settings.image == ClusterSettings().image
    assert settings.base == "s3://mlflow/raw"
    assert {("Secret", settings.secret), ("ConfigMap", settings.config_map)} <= set(story.upgraded)
    host, _, port = settings.host.rpartition(":")
    assert host == "http://127.0.0.1"
    assert f"-n {site.namespace} port-forward service/ml-pipeline {port} &" in story.said
    ports = story.upgraded["Service", "ml-pipeline"]["spec"]["ports"]
    assert int(port) in {one["port"] for one in ports}


def test_services_have_the_names_by_which_parts_find_each_other(story: Story) -> None:
    names = {name for kind, name in story.upgraded if kind == "Service"}
    parts = ("operator", "ledger", "mlflow", "postgresql", "object-store", "prometheus")
    assert names >= {f"{RELEASE}-{part}" for part in parts}


def test_passwords_are_made_once_and_kept_by_an_upgrade(story: Story) -> None:
    assert len(story.passwords) >= 5
    assert story.passwords_upgraded.items() >= story.passwords.items()
    more = set(story.passwords_upgraded) - set(story.passwords)
    assert more == {"sluice-pipeline"}
    keys = story.passwords["sluice-object-store"].values()
    assert sorted(story.passwords_upgraded["sluice-pipeline"].values()) == sorted(keys)


def test_an_upgrade_changes_what_was_asked_for(story: Story) -> None:
    key = ("Deployment", f"{RELEASE}-operator")
    replicas = (story.installed[key]["spec"]["replicas"], story.upgraded[key]["spec"]["replicas"])
    assert replicas == (2, 3)


def test_an_upgrade_leaves_what_holds_data_where_it_was(story: Story) -> None:
    holders = {key for key in story.installed if key[0] in {"PersistentVolumeClaim", "StatefulSet"}}
    assert holders
    for key in holders:
        before, after = story.installed[key]["metadata"], story.upgraded[key]["metadata"]
        assert before["uid"] == after["uid"], key


def test_an_upgrade_brings_kinds_up_to_date(story: Story) -> None:
    today = yaml.safe_load((CHARTS / DEFINITION).read_text())["spec"]["versions"][0]
    upgraded, later = (
        one["spec"]["versions"][0] for one in (story.kind_upgraded, story.kind_later)
    )
    assert upgraded["schema"] == today["schema"]
    columns = upgraded["additionalPrinterColumns"]
    assert [one["name"] for one in later["additionalPrinterColumns"]] == [
        *(one["name"] for one in columns),
        "More",
    ]


def test_after_uninstalling_only_data_and_passwords_are_left(story: Story) -> None:
    kinds = {
        kind for kind, _ in story.uninstalled if (kind, _) != ("ConfigMap", "kube-root-ca.crt")
    }
    assert kinds == {"Secret", "PersistentVolumeClaim"}
    claims = {key for key in story.upgraded if key[0] == "PersistentVolumeClaim"}
    assert claims <= set(story.uninstalled)
    assert story.kind_uninstalled["metadata"]["uid"] == story.kind_upgraded["metadata"]["uid"]


def test_a_release_of_the_same_name_finds_its_passwords_again(story: Story) -> None:
    assert story.passwords_again == story.passwords_upgraded
