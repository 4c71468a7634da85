"""Are the images of the release those of this version of Sluice?"""

from collections.abc import Iterator, Mapping
from importlib.metadata import version

from sluice_cli.doctor.finding import Finding, Group, Speaker
from sluice_cli.doctor.reader import Unknown
from sluice_cli.doctor.site import Site, containers_of, template_of

SAY = Speaker(Group.VERSIONS)
OURS = "sluice-"
"""How the names of our images begin."""


def examine(site: Site) -> Iterator[Finding]:
    """Each workload that runs an image of ours."""
    if isinstance(site.workloads, Unknown):
        yield SAY.unknown("images", site.workloads, site.remedy)
        return
    images = {
        f"{one['kind'].lower()} {one['metadata']['name']}": container["image"]
        for one in site.workloads
        for container in containers_of(template_of(one))
        if name_of(container["image"]).startswith(OURS)
    }
    yield from judge(images, version("sluice-cli"), site)


def judge(images: Mapping[str, str], mine: str, site: Site) -> Iterator[Finding]:
    """All of one version, which should be that of this command."""
    tags = {what: tag_of(image) for what, image in images.items()}
    known = {tag for tag in tags.values() if tag}
    if not images:
        yield SAY.not_installed(
            "images", f"nothing of release {site.release} runs an image of ours"
        )
    for what, tag in tags.items():
        if not tag:
            yield SAY.not_asked(what, f"{images[what]} is given by digest, which tells no version")
        elif tag == mine:
            yield SAY.ok(what, images[what])
        elif len(known) > 1:
            said = (
                f"{images[what]}, but others of the release are {', '.join(sorted(known - {tag}))}"
            )
            yield SAY.failure(what, said, site.remedy.upgrade(site.chart))
        else:
            said = (
                f"{images[what]}; this command is {mine}: upgrade the release, or use its command"
            )
            yield SAY.warning(what, said, site.remedy.upgrade(site.chart))


def name_of(image: str) -> str:
    """The last part of its name, without tag and digest."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0]


def tag_of(image: str) -> str:
    """Its tag; empty if a digest says which image is meant."""
    return "" if "@" in image else image.rpartition("/")[2].partition(":")[2] or "latest"
