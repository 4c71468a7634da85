"""A project whose raw data lie in the stack's object store, trained there as Pods."""

import json
import subprocess
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import yaml
from eventually import eventually
from house import ROOT
from image_pod import NODE, kubectl
from stack import NAMESPACE, RUNS, SLUICE, Stack
from training_projects import tumour_rows, write_tumour_project

COMMON, RARE = ("left", "right"), "both"
"""Sides of the body; versions that were trained on a part of the rows do not know the rare one."""
STORE = "sluice-object-store"
WEAK = ["symmetry", "fractal_dimension"]
RUNNER_ROLE = ROOT / "manifests" / "rbac" / "pipeline-runner.yaml"
BUCKET = "mlflow"
"""The release makes it; the raw data lie beside MLflow's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainer:
    """Trains versions of one model."""

    stack: Stack
    folder: Path

    def prepare(self) -> None:
        """Copy the raw data to the store, and let steps reach store and registry."""
        rows = tumour_rows()
        rows["side"] = [(*COMMON, RARE)[number % 3] for number in range(len(rows))]
        with self._store() as store:
            for name, part in {"all": rows, "some": rows[rows["side"] != RARE]}.items():
                content = part.to_csv(index=False).encode()
                store.put_object(Bucket=BUCKET, Key=f"raw/{name}/tumours.csv", Body=content)
        self._keep_settings()

    def train(
        self,
        version: str,
        *,
        raw: str = "all",
        deploy: dict[str, Any] | None = None,
        **changes: Any,
    ) -> Any:
        """What `sluice train --pods` says of a new version; its pipeline may deploy it as well."""
        home = self.folder / version
        features = {"unseen": "refuse", "categorical": ["side"], **changes.pop("features", {})}
        schema = [
            *({"name": name, "type": "float", "minimum": 0} for name in numeric_names()),
            {"name": "side", "type": "string"},
            {"name": "benign", "type": "integer"},
        ]
        features.setdefault("numeric", numeric_names())
        sections = {"schema": schema, "features": features, **changes}
        file = write_tumour_project(home, **sections)
        settings: dict[str, Any] = {
            "namespace": RUNS,
            "base": f"s3://{BUCKET}/raw/{raw}",
            "tracking_uri": f"http://sluice-mlflow.{NAMESPACE}:5000",
            "steps": {step: {"cpu": "100m", "memory": "256Mi"} for step in ("train", "evaluate")},
        }
        if deploy is not None:
            (home / "deployment.yaml").write_text(yaml.safe_dump(deploy))
            settings["deploy"] = {"manifest": "deployment.yaml", "wait": "5m"}
        (home / "cluster.yaml").write_text(yaml.safe_dump(settings))
        command = [SLUICE, "train", "--pods", "-f", file, "--kubeconfig", self.stack.kubeconfig]
        options = ["--workspace", self.folder / "workspace", "-o", "json"]
        done = subprocess.run(
            [*command, *options], capture_output=True, text=True, check=False, cwd=home
        )
        assert done.returncode == 0, f"{done.stderr[-4000:]}\n{self.stack.pods()}"
        return json.loads(done.stdout)

    def copied(self, uri: str, name: str) -> str:
        """Where a copy of a version's package lies: the same model as another revision."""
        number = uri.rpartition("/")[2]
        found = {one["version"]: one["source"] for one in versions(uri.split("/")[1])}
        folder = found[number].removeprefix(f"s3://{BUCKET}/")
        with self._store() as store:
            pages = store.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=folder)
            for key in [one["Key"] for page in pages for one in page.get("Contents", ())]:
                target = f"copies/{name}{key.removeprefix(folder)}"
                store.copy({"Bucket": BUCKET, "Key": key}, BUCKET, target)
        return f"s3://{BUCKET}/copies/{name}"

    def _keep_settings(self) -> None:
        keys = self.stack.secret(STORE)
        endpoint = f"http://{STORE}.{NAMESPACE}:8333"
        head = {"apiVersion": "v1", "metadata": {"name": "sluice-pipeline"}}
        secret = {
            "AWS_ACCESS_KEY_ID": keys["accesskey"],
            "AWS_SECRET_ACCESS_KEY": keys["secretkey"],
        }
        addresses = {
            "AWS_ENDPOINT_URL": endpoint,
            "MLFLOW_S3_ENDPOINT_URL": endpoint,
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        self.stack.apply(head | {"kind": "Secret", "data": secret}, RUNS)
        self.stack.apply(head | {"kind": "ConfigMap", "data": addresses}, RUNS)
        account = {"kind": "ServiceAccount", "metadata": {"name": "pipeline-runner"}}
        self.stack.apply({"apiVersion": "v1", **account}, RUNS)
        self._let_steps_deploy()

    def _let_steps_deploy(self) -> None:
        """What `deploy` may do in the namespace of the models, as the generated Role has it."""
        role, binding = yaml.safe_load_all(RUNNER_ROLE.read_text())
        binding["subjects"] = [one | {"namespace": RUNS} for one in binding["subjects"]]
        for body in (role, binding):
            body["metadata"].pop("namespace")
            self.stack.apply(body)

    @contextmanager
    def _store(self) -> Iterator[Any]:
        keys = self.stack.secret(STORE)
        with forwarded(f"service/{STORE}", 8333) as port:
            yield boto3.client(
                "s3",
                endpoint_url=f"http://127.0.0.1:{port}",
                aws_access_key_id=b64decode(keys["accesskey"]).decode(),
                aws_secret_access_key=b64decode(keys["secretkey"]).decode(),
                region_name="us-east-1",
            )


def numeric_names() -> list[str]:
    """The measurements."""
    return [name for name in tumour_rows().columns if name not in {"side", "benign"}]


@contextmanager
def forwarded(what: str, port: int) -> Iterator[int]:
    """A port of this machine that leads to one of the cluster, until the block ends."""
    log = ROOT / "build" / "e2e" / "forward.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w+") as output:
        command = [NODE, "kubectl", "port-forward", "-n", NAMESPACE, what, f":{port}"]
        child = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            said = eventually(lambda: log.read_text().partition("127.0.0.1:")[2], within=30)
            yield int(said.split()[0])
        finally:
            child.terminate()
            child.wait()


def versions(name: str) -> list[dict[str, Any]]:
    """What the registry knows of a model, the newest first."""
    service = "sluice-mlflow"
    with forwarded(f"service/{service}", 5000) as port:
        answer = httpx.get(
            f"http://127.0.0.1:{port}/api/2.0/mlflow/model-versions/search",
            params={"filter": f"name='{name}'"},
            headers={"Host": f"{service}:5000"},  # MLflow answers to its own names alone
            timeout=30,
        )
    answer.raise_for_status()
    found: list[dict[str, Any]] = answer.json()["model_versions"]
    return found


def left_behind() -> list[str]:
    """Pods of steps that are still there."""
    return kubectl("get", "pods", "-n", RUNS, "-o", "name").split()
