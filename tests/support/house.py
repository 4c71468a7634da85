"""The house as its tests see it: files, pages, and what stands between their fences."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OWN_LOCKS = ("serving", "serving-v1")
"""Units with a lock of their own, outside of the workspace."""
UNITS = ("package", "ledger", "operator", "components", "pipelines", *OWN_LOCKS, "cli")
_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """What stands between two fences."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@cache
def version() -> str:
    """Of the workspace, and so the tag of all images."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


@cache
def files() -> tuple[Path, ...]:
    """Every file of the repository, those that are not committed yet included."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return tuple(sorted(path for path in paths if path.is_file()))


def pages() -> tuple[Path, ...]:
    """Every Markdown file."""
    return tuple(path for path in files() if path.suffix == ".md")


def snippets(*languages: str) -> Iterator[Snippet]:
    """Every fenced block in these languages; "" stands for none."""
    for page in pages():
        text = page.read_text(encoding="utf-8")
        for found in _FENCE.finditer(text):
            if found[1] in languages:
                line = text.count("\n", 0, found.start()) + 2
                yield Snippet(page=page, line=line, language=found[1], text=found[2])


def commands(program: str) -> Iterator[tuple[str, str]]:
    """Every command line of a program that a page names, and where."""
    for page in pages():
        text = page.read_text(encoding="utf-8")
        lines = [line.strip() for found in _FENCE.finditer(text) for line in found[2].splitlines()]
        named = [*lines, *_CODE.findall(_FENCE.sub("", text))]
        for line in named:
            if line.startswith(f"{program} "):
                yield str(page.relative_to(ROOT)), line.partition("#")[0].strip()
