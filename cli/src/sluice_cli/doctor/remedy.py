"""Every command that a finding may name, as it has to be typed for the cluster that was asked."""

import shlex
from dataclasses import dataclass
from pathlib import Path

SELDON_REPOSITORY = "https://seldonio.github.io/helm-charts"
SELDON_VERSION = "2.6.0"
LAST_LINES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """Commands for one release in one cluster."""

    namespace: str
    release: str
    kubeconfig: Path | None = None
    context: str = ""

    def version(self) -> str:
        """Which Kubernetes that is."""
        return self._kubectl("version")

    def contexts(self) -> str:
        """Which clusters the kubeconfig knows."""
        given = ["--kubeconfig", str(self.kubeconfig)] if self.kubeconfig else []
        return shlex.join(["kubectl", "config", "get-contexts", *given])

    def ready(self) -> str:
        """What of the API server itself is not ready."""
        return self._kubectl("get", "--raw", "/readyz?verbose")

    def whoami(self) -> str:
        """As whom the API server knows us."""
        return self._kubectl("auth", "whoami")

    def my_rights(self) -> str:
        """What we may do in the namespace."""
        return self._there("auth", "can-i", "--list")

    def may_i(self, verb: str, resource: str) -> str:
        """Whether we may do one thing in the namespace."""
        return self._there("auth", "can-i", verb, resource)

    def describe(self, kind: str, name: str, namespace: str = "") -> str:
        """All of one object, with its events."""
        return self._there("describe", kind, name, namespace=namespace)

    def describe_wide(self, kind: str, name: str) -> str:
        """The same of an object that has no namespace."""
        return self._kubectl("describe", kind, name)

    def get(self, kind: str, selector: str = "", namespace: str = "") -> str:
        """A list."""
        matching = ["--selector", selector] if selector else []
        return self._there("get", kind, *matching, namespace=namespace)

    def get_wide(self, kind: str) -> str:
        """A list of objects that have no namespace."""
        return self._kubectl("get", kind)

    def logs(self, of: str, container: str = "", *, previous: bool = False) -> str:
        """The last lines of a Pod, or of what stands for Pods."""
        which = ["--container", container] if container else []
        before = ["--previous"] if previous else []
        return self._there("logs", of, *which, *before, "--tail", str(LAST_LINES))

    def forward(self, service: str, port: int | str, namespace: str = "") -> str:
        """A way to a service that does not lead through the API server's proxy."""
        return self._there("port-forward", f"service/{service}", f"{port}", namespace=namespace)

    def secret(self, name: str, key: str) -> str:
        """A Secret with one key, read from a file of that name."""
        return self._there("create", "secret", "generic", name, f"--from-file={key}")

    def apply_kinds(self) -> str:
        """Our kinds from the files of this version."""
        return self._kubectl("apply", "--server-side", "--force-conflicts", "-f", "manifests/crd")

    def install(self) -> str:
        """The release, where there is none."""
        return self._helm("upgrade", "--install", self.release, "helm/sluice", "--create-namespace")

    def upgrade(self, chart: str = "sluice", *options: str) -> str:
        """The release as this version's chart has it, with the values that it was given before."""
        values = ("--reset-then-reuse-values", *options)
        return self._helm("upgrade", "--install", self.release, f"helm/{chart}", *values)

    def history(self) -> str:
        """What helm did, and how it ended."""
        return self._helm("history", self.release)

    def releases(self) -> str:
        """What helm has installed in the namespace."""
        return self._helm("list", "--all")

    def install_seldon(self, chart: str) -> str:
        """One of Seldon's own charts."""
        where = ("--repo", SELDON_REPOSITORY, "--version", SELDON_VERSION)
        values = ("--values", "helm/seldon/official/setup.values.yaml")
        mine = values if chart.endswith("setup") else ()
        return self._helm("upgrade", "--install", chart, chart, *where, *mine)

    def _there(self, *words: str, namespace: str = "") -> str:
        return self._kubectl(*words, "--namespace", namespace or self.namespace)

    def _kubectl(self, *words: str) -> str:
        login = ["--kubeconfig", str(self.kubeconfig)] if self.kubeconfig else []
        which = ["--context", self.context] if self.context else []
        return shlex.join(["kubectl", *words, *login, *which])

    def _helm(self, *words: str) -> str:
        login = ["--kubeconfig", str(self.kubeconfig)] if self.kubeconfig else []
        which = ["--kube-context", self.context] if self.context else []
        return shlex.join(["helm", *words, "--namespace", self.namespace, *login, *which])
