"""Does the API of Kubeflow Pipelines answer, in a version that our client knows?"""

from collections.abc import Iterator
from importlib.metadata import version

from sluice_cli.doctor.finding import Finding, Group, Speaker
from sluice_cli.doctor.reader import Plain, Unknown
from sluice_cli.doctor.service import Address, Server, healthy
from sluice_cli.doctor.site import Site, containers_of, template_of
from sluice_cli.doctor.version import tag_of

SAY = Speaker(Group.KFP)
NAME = "ml-pipeline"
"""Of the Service and of its Deployment; built into Kubeflow's programs."""
PORT = "8888"
HEALTH = "/apis/v2beta1/healthz"


def examine(site: Site) -> Iterator[Finding]:
    """Its API server, if there is one in the namespace."""
    found = site.one("v1", "services", NAME)
    if isinstance(found, Unknown):
        yield SAY.unknown("kfp", found, site.remedy)
        return
    if found is None:
        yield SAY.not_installed("kfp", f"no Service {NAME} in namespace {site.namespace}")
        return
    address = Address(service=NAME, namespace=site.namespace, port=PORT)
    yield from healthy(Server(say=SAY, site=site, address=address), HEALTH)
    yield judge_version(site.one("apps/v1", "deployments", NAME), version("kfp"), site)


def judge_version(deployment: Plain | Unknown | None, mine: str, site: Site) -> Finding:
    """Whether server and client are of the same minor version."""
    what = f"deployment {NAME}"
    if deployment is None or isinstance(deployment, Unknown):
        why = deployment.why if deployment else "there is none, so nothing tells the version"
        return SAY.not_asked(what, why)
    image = next(containers_of(template_of(deployment)))["image"]
    theirs = tag_of(image).removeprefix("v")
    if _minor(theirs) == _minor(mine):
        return SAY.ok(what, f"version {theirs}, client {mine}")
    said = f"{image}; pipelines are compiled by kfp {mine}, and newer ones may be refused"
    return SAY.warning(what, said, site.remedy.describe("deployment", NAME))


def _minor(text: str) -> tuple[str, ...]:
    return tuple(text.split(".")[:2])
