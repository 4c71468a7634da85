"""A release is installed, upgraded, uninstalled and installed again, on a real API server.

No controller runs there, so no Pod starts: what is looked at is what helm keeps and replaces.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from control_plane import ControlPlane
from helm_charts import CHARTS, Object, run

RELEASE = "sluice"
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

    said: str
    installed: dict[tuple[str, str], Object]
    passwords: dict[str, dict[str, str]]
    upgraded: dict[tuple[str, str], Object]
    passwords_upgraded: dict[str, dict[str, str]]
    kind_before: Object
    kind_upgraded: Object
    uninstalled: dict[tuple[str, str], Object]
    kind_uninstalled: Object
    passwords_again: dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def site(control_plane: ControlPlane, namespace: str, tmp_path_factory) -> Site:
    home = tmp_path_factory.mktemp("helm")
    return Site(plane=control_plane, namespace=namespace, home=home)


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The umbrella as an earlier release might have been: one field of a kind was not there yet."""
    folder = tmp_path_factory.mktemp("earlier") / "helm"
    shutil.copytree(CHARTS, folder, symlinks=True)
    path = folder / "operator" / "files" / "definitions" / "modeldeployments.yaml"
    body = yaml.safe_load(path.read_text())
    columns = body["spec"]["versions"][0]["additionalPrinterColumns"]
    columns.pop()
    path.write_text(yaml.safe_dump(body))
    return folder


@pytest.fixture(scope="module")
def story(site: Site, earlier: Path) -> Iterator[Story]:
    kind = "modeldeployments.sluice.dev"
    profile = ("--values", str(CHARTS / "sluice" / "values-kind.yaml"))
    said = site.upgrade(earlier / "sluice", *profile)
    installed, passwords, before = site.objects(), site.secrets(), site.definition(kind)
    site.upgrade(CHARTS / "sluice", *profile, "--set", "operator.replicas=3")
    upgraded, passwords_upgraded, after = site.objects(), site.secrets(), site.definition(kind)
    site.helm("uninstall", RELEASE)
    uninstalled, left = site.objects(), site.definition(kind)
    site.upgrade(CHARTS / "sluice", *profile)
    yield Story(
        said=said,
        installed=installed,
        passwords=passwords,
        upgraded=upgraded,
        passwords_upgraded=passwords_upgraded,
        kind_before=before,
        kind_upgraded=after,
        uninstalled=uninstalled,
        kind_uninstalled=left,
        passwords_again=site.secrets(),
    )
    site.helm("uninstall", RELEASE)


def test_the_end_of_an_installation_says_what_comes_next(story: Story) -> None:
    assert "kubectl" in story.said.partition("NOTES:")[2]


def test_services_have_the_names_by_which_parts_find_each_other(story: Story) -> None:
    names = {name for kind, name in story.installed if kind == "Service"}
    parts = ("operator", "ledger", "mlflow", "postgresql", "object-store", "prometheus")
    assert names >= {f"{RELEASE}-{part}" for part in parts}


def test_passwords_are_made_once_and_kept_by_an_upgrade(story: Story) -> None:
    assert len(story.passwords) >= 5
    assert story.passwords_upgraded == story.passwords


def test_an_upgrade_changes_what_was_asked_for(story: Story) -> None:
    key = ("Deployment", f"{RELEASE}-operator")
    replicas = (story.installed[key]["spec"]["replicas"], story.upgraded[key]["spec"]["replicas"])
    assert replicas == (2, 3)


def test_an_upgrade_brings_kinds_up_to_date(story: Story) -> None:
    before, after = (
        len(one["spec"]["versions"][0]["additionalPrinterColumns"])
        for one in (story.kind_before, story.kind_upgraded)
    )
    assert after == before + 1


def test_after_uninstalling_only_data_and_passwords_are_left(story: Story) -> None:
    kinds = {
        kind for kind, _ in story.uninstalled if (kind, _) != ("ConfigMap", "kube-root-ca.crt")
    }
    assert kinds == {"Secret", "PersistentVolumeClaim"}
    claims = {key for key in story.installed if key[0] == "PersistentVolumeClaim"}
    assert claims <= set(story.uninstalled)
    assert story.kind_uninstalled["metadata"]["uid"] == story.kind_before["metadata"]["uid"]


def test_a_release_of_the_same_name_finds_its_passwords_again(story: Story) -> None:
    assert story.passwords_again == story.passwords
