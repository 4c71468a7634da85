"""Write the table of docs/images.md: what images hold, and how long they take to answer.

Sizes are those of the files in buildah's store of the node; seconds are those that `pytest
tests/images` has written to build/images/starts.json.
"""

import json
import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "images.md"
STARTS = ROOT / "build" / "images" / "starts.json"
HOME = Path(os.environ.get("SLUICE_NODE_HOME", Path.home() / ".cache" / "sluice" / "node"))
NAMES = ("operator", "components", "serving", "serving-v1", "ledger", "mlflow")
BEGIN, END = "<!-- by tools/images/table.py -->\n", "<!-- end -->\n"
HEAD = "| image | all, MB | system | libraries | ours | bytecode in it | first answer, s |\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Bytes of an image by what they are for."""

    system: int
    libraries: int
    ours: int
    bytecode: int

    def row(self, name: str, seconds: float | None) -> str:
        """As a line of the table."""
        parts = (self.system + self.libraries + self.ours, self.system, self.libraries)
        megabytes = " | ".join(f"{part / 1e6:.0f}" for part in parts)
        rest = f"{self.ours / 1e6:.1f} | {self.bytecode / 1e6:.0f}"
        return f"| `sluice-{name}` | {megabytes} | {rest} | {_told(seconds)} |\n"


def main() -> int:
    """Measure, and write the page."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    starts = json.loads(STARTS.read_text(encoding="utf-8")) if STARTS.exists() else {}
    rows = [sizes_of(f"sluice-{n}:{project['version']}").row(n, starts.get(n)) for n in NAMES]
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    table = HEAD + "|" + " --- |" * HEAD.count(" | ") + " --- |\n" + "".join(rows)
    PAGE.write_text(before + BEGIN + table + END + after, encoding="utf-8")
    return 0


def sizes_of(reference: str) -> Sizes:
    """What an image in the node's store holds."""
    container = buildah("from", "--pull-never", f"localhost/{reference}")
    try:
        return measured(Path(buildah("mount", container)))
    finally:
        buildah("rm", container)


def measured(root: Path) -> Sizes:
    """The sizes of a file system, hard links counted as often as they appear."""
    found = {"system": 0, "libraries": 0, "ours": 0, "bytecode": 0}
    for path in root.rglob("*"):
        if path.is_symlink() or not path.is_file():
            continue
        size = path.lstat().st_size
        found[owner_of(path.relative_to(root))] += size
        found["bytecode"] += size if path.suffix == ".pyc" else 0
    return Sizes(**found)


def owner_of(path: Path) -> str:
    """Whose a file is, by where it lies."""
    if path.parts[:2] != ("opt", "sluice"):
        return "system"
    return "ours" if any(part.startswith("sluice_") for part in path.parts) else "libraries"


def buildah(*arguments: str) -> str:
    """What buildah prints about the store in which the node builds."""
    store = ("--root", HOME / "images", "--runroot", HOME / "state" / "run" / "buildah")
    done = subprocess.run(
        ["buildah", *store, *arguments], check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout.strip()


def _told(seconds: float | None) -> str:
    return "not measured" if seconds is None else f"{seconds:.1f}"


if __name__ == "__main__":
    sys.exit(main())
