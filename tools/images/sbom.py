"""The bill of materials of an image, in CycloneDX: what locks name, and Debian's packages.

A step of the Dockerfiles, after `install.sh libraries`, which asks uv what the lock names. Only
what is in the image is listed, with the licence that it states, and nothing that changes from build
to build. A library that is there and in no lock ends the build.
"""

import json
import platform
import re
import sys
from collections.abc import Iterator
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

Component = dict[str, Any]
LOCKS = Path("/image/locks")
SYSTEM = Path("/image/system")
INSTALLED = (Path("/opt/sluice"), Path("/image/units"))
BILL = Path("/image/units/usr/share/sluice/sbom.cdx.json")
UNEVEN = re.compile(r"[-_.]+")
LONGEST_NAME = 80
"""Of a licence; some write the whole text into that field."""


def main() -> int:
    """Write the bill of the image whose name and version the command line says."""
    (image,) = sys.argv[1:]
    make(image)
    return 0


def make(image: str) -> None:
    """Write the bill of what is installed, by what the locks say of it."""
    locked = dict(pair for path in sorted(LOCKS.glob("*.json")) for pair in exported(path))
    present = [one for folder in INSTALLED for one in installed(folder)]
    strangers = sorted(f"{name} {at}" for name, at in identities(present) - locked.keys())
    if strangers or not present:
        sys.exit(f"in the image, but in no lock: {', '.join(strangers) or 'nothing is there'}")
    libraries = {key(one): locked[key(one)] | licences(one) for one in present}
    parts = [*libraries.values(), interpreter(), *debian(SYSTEM)]
    BILL.parent.mkdir(parents=True, exist_ok=True)
    BILL.write_text(json.dumps(bill(image, parts), indent=1), encoding="utf-8")


def exported(path: Path) -> Iterator[tuple[tuple[str, str], Component]]:
    """Each component of a lock by name and version, our own among them."""
    told = json.loads(path.read_text(encoding="utf-8"))
    for one in (told["metadata"]["component"], *told["components"]):
        yield (even(one["name"]), one.get("version", "")), named(one)


def named(one: Component) -> Component:
    """A component without what only uv knows, and with an address if it has none."""
    purl = one.get("purl") or f"pkg:generic/{one['name']}@{one.get('version', '')}"
    kept = {at: one[at] for at in ("name", "version", "externalReferences") if at in one}
    return {"type": "library", "bom-ref": purl, "purl": purl} | kept


def installed(folder: Path) -> Iterator[Message]:
    """The metadata of every distribution below a folder."""
    for path in sorted(folder.rglob("site-packages/*.dist-info/METADATA")):
        yield HeaderParser().parsestr(path.read_text(encoding="utf-8"))


def identities(present: list[Message]) -> set[tuple[str, str]]:
    """Names and versions."""
    return {key(one) for one in present}


def key(one: Message) -> tuple[str, str]:
    """Name and version of a distribution, as locks write them."""
    return even(one["Name"]), one["Version"]


def even(name: str) -> str:
    """A name of a distribution in its normal form."""
    return UNEVEN.sub("-", name).lower()


def licences(one: Message) -> Component:
    """What a distribution says of its licence."""
    if one["License-Expression"]:
        return {"licenses": [{"expression": one["License-Expression"]}]}
    said = [one["License"] or ""] + [
        line.rpartition(" :: ")[2]
        for line in one.get_all("Classifier", [])
        if line.startswith("License :: ")
    ]
    names = [name for name in said if name and "\n" not in name and len(name) <= LONGEST_NAME]
    return {"licenses": [{"license": {"name": name}} for name in names[:1]]} if names else {}


def interpreter() -> Component:
    """Python itself, which not every base image has from a package."""
    version = platform.python_version()
    purl = f"pkg:generic/python@{version}"
    return {
        "type": "application",
        "bom-ref": purl,
        "purl": purl,
        "name": "python",
        "version": version,
        "licenses": [{"license": {"id": "Python-2.0"}}],
    }


def debian(root: Path) -> Iterator[Component]:
    """Packages of which files were taken."""
    for path in sorted(root.glob("var/lib/dpkg/status.d/*")):
        package = HeaderParser().parsestr(path.read_text(encoding="utf-8"))
        name, version = package["Package"], package["Version"]
        purl = f"pkg:deb/debian/{name}@{version}?arch={package['Architecture']}"
        yield {
            "type": "library",
            "bom-ref": purl,
            "purl": purl,
            "name": name,
            "version": version,
        }


def bill(image: str, parts: list[Component]) -> Component:
    """The whole document."""
    name, _, version = image.partition(":")
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "container", "name": name, "version": version}},
        "components": sorted(parts, key=lambda part: str(part["purl"])),
    }


if __name__ == "__main__":
    sys.exit(main())
