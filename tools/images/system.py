"""The part of a base image that a program in Python needs, as a root file system of its own.

A step of the Dockerfiles: Python with its standard library, the shared libraries that it, the named
programs and the environment are linked to, certificates, time zones, users. No package manager, no
compiler, and only those programs of the shell that are named. Each Debian package of which a file
is taken stays known to scanners, by `/var/lib/dpkg/status.d`, and keeps its licence.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

USER = 65532
ELF = b"\x7fELF"
LINKED = re.compile(r"(?:=> )?(/\S+) \(0x|(\S+) => not found")
NOT_OF_THE_LIBRARY = frozenset(
    {"__pycache__", "ensurepip", "idlelib", "lib2to3", "site-packages", "dist-packages", "test"}
    | {"tests", "tkinter", "turtledemo", "pydoc_data", "curses", "dbm"}
)
"""Parts of the standard library that only developers use, or programs with a terminal."""
NOT_OF_ITS_BINARIES = (
    "_curses",
    "_dbm",
    "_gdbm",
    "_tkinter",
    "_test",
    "nis",
    "ossaudiodev",
    "readline",
)
"""Such binaries; some are linked to libraries that nothing else needs."""
CERTIFICATES = ("/usr/share/ca-certificates", "/usr/local/share/ca-certificates")
BUNDLE = "etc/ssl/certs/ca-certificates.crt"
DATA = (
    "/usr/share/zoneinfo",
    "/usr/lib/locale/C.utf8",
    "/usr/lib/ssl/openssl.cnf",
    "/etc/ssl/openssl.cnf",
)
NAMES = ("/etc/os-release", "/etc/debian_version", "/etc/nsswitch.conf", "/etc/host.conf")
ACCOUNTS = {
    "etc/passwd": f"root:x:0:0::/root:/sbin/nologin\nsluice:x:{USER}:{USER}::/tmp:/sbin/nologin\n",
    "etc/group": f"root:x:0:\nsluice:x:{USER}:\n",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """A root file system in the making."""

    folder: Path
    taken: set[Path] = field(default_factory=set)
    """Real paths of the files of the base image that were copied."""

    def take(self, path: Path) -> None:
        """Copy one file to where it is here, and the links that lead to it."""
        here = path.parent.resolve() / path.name
        there = self.inside(here)
        if os.path.lexists(there):
            return
        there.parent.mkdir(parents=True, exist_ok=True)
        if here.is_symlink():
            there.symlink_to(here.readlink())
            if here.exists():
                self.take(here.resolve())
        else:
            shutil.copy2(here, there)
            self.taken.add(here)

    def take_below(
        self, folder: Path, *, without: frozenset[str] = frozenset(), nor: tuple[str, ...] = ()
    ) -> None:
        """Copy every file below, except in folders of these names, nor files that begin so."""
        for where, folders, names in os.walk(folder):
            folders[:] = [name for name in folders if name not in without]
            for name in names:
                if not (nor and name.startswith(nor)):
                    self.take(Path(where, name))

    def write(self, name: str, text: str) -> None:
        """Write a file that the base image has not, or has otherwise."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def inside(self, path: Path) -> Path:
        """Where a path of the base image lies in this one."""
        return self.folder / path.relative_to("/")


def main() -> int:
    """Make the root file system that the command line describes."""
    asked = arguments()
    root = Root(folder=asked.root)
    top_links(root)
    python(root)
    programs = [
        Path(shutil.which(name) or sys.exit(f"no program {name}")) for name in asked.programs
    ]
    for program in programs:
        root.take(program)
    libraries(root, asked.environment)
    data(root)
    accounts(root)
    subprocess.run(["ldconfig", "-r", root.folder], check=True)
    packages(root)
    return 0


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path, help="folder to make")
    parser.add_argument("programs", nargs="*", help="programs of the base image to take along")
    parser.add_argument("--environment", type=Path, default=Path("/opt/sluice"))
    return parser.parse_args()


def top_links(root: Root) -> None:
    """`/lib` and the like, which are links into `/usr` on Debian."""
    root.folder.mkdir(parents=True)
    for path in Path("/").iterdir():
        if path.is_symlink() and not path.readlink().is_absolute():
            root.inside(path).symlink_to(path.readlink())
            root.inside(path.resolve()).mkdir(parents=True, exist_ok=True)


def python(root: Root) -> None:
    """The interpreter under all its names, and its standard library."""
    program = Path(sys.executable)
    for name in ("python3", f"python3.{sys.version_info.minor}", "python"):
        if (program.parent / name).exists():
            root.take(program.parent / name)
    library = Path(sysconfig.get_path("stdlib"))
    config = {path.name for path in library.glob("config-3.*")}
    root.take_below(library, without=NOT_OF_THE_LIBRARY | config, nor=NOT_OF_ITS_BINARIES)


def libraries(root: Root, environment: Path) -> None:
    """Shared libraries of the base image that anything here is linked to."""
    binaries = [path for path in [*root.taken, *environment.rglob("*.so*")] if is_binary(path)]
    for binary in binaries:
        for library in linked(binary):
            if not library.resolve().is_relative_to(environment):
                root.take(library)


def is_binary(path: Path) -> bool:
    """Whether the dynamic linker has to do with it."""
    if not path.is_file():
        return False
    with path.open("rb") as opened:
        return opened.read(4) == ELF


def linked(binary: Path) -> Iterator[Path]:
    """What the dynamic linker would load for it; what it does not find is said, not fatal."""
    told = subprocess.run(["ldd", binary], capture_output=True, text=True, check=False)
    for found, missing in LINKED.findall(told.stdout):
        if missing:
            print(f"{binary} wants {missing}, which the base image has not")
        else:
            yield Path(found)


def data(root: Root) -> None:
    """Certificates of the public authorities, time zones, one locale, and what this system is."""
    for name in (*DATA, *NAMES):
        if Path(name).is_dir():
            root.take_below(Path(name), without=frozenset({"posix", "right"}))
        elif Path(name).exists():
            root.take(Path(name))
    # not the bundle of the machine that builds, which may trust others
    trusted = sorted(path for name in CERTIFICATES for path in Path(name).rglob("*.crt"))
    root.write(BUNDLE, "".join(path.read_text(encoding="ascii") for path in trusted))
    root.taken.update(trusted)


def accounts(root: Root) -> None:
    """Users and groups, the one of the programs included, and the folder that it may write."""
    for name, text in ACCOUNTS.items():
        root.write(name, text)
    (root.folder / "tmp").mkdir()
    (root.folder / "tmp").chmod(0o1777)


def packages(root: Root) -> None:
    """Say of which Debian packages files were taken, with their licences."""
    status = Path("/var/lib/dpkg/status")
    if not status.exists():
        return
    owners = {owner for path in root.taken if (owner := OWNERS.get(path)) is not None}
    for entry in status.read_text(encoding="utf-8").split("\n\n"):
        fields = dict(re.findall(r"^(\S+): (.*)$", entry, re.MULTILINE))
        name = fields.get("Package", "")
        if name in owners:
            root.write(f"var/lib/dpkg/status.d/{name}", entry.strip() + "\n")
            root.take(Path(f"/usr/share/doc/{name}/copyright"))


def owner_of_each_file() -> dict[Path, str]:
    """Which package brought which file, by real path."""
    owners = {}
    for listing in Path("/var/lib/dpkg/info").glob("*.list"):
        package = listing.stem.partition(":")[0]
        for name in listing.read_text(encoding="utf-8").split("\n"):
            path = Path(name)
            owners[path.parent.resolve() / path.name] = package
    return owners


OWNERS = owner_of_each_file()

if __name__ == "__main__":
    sys.exit(main())
