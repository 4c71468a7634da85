"""Size budgets: functions of at most 40 lines without docstring, files of at most 400.

Source: the measured anchors of CONTRIBUTING.md; ruff has the budgets for arguments and complexity.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

FUNCTION_LINES = 40
FILE_LINES = 400
SHARED_NAMES = frozenset(
    {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}
)


def main() -> int:
    """Print every breach; their number decides the exit status."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.py"],
        check=True,
        capture_output=True,
        text=True,
    )
    paths = [Path(line) for line in listed.stdout.splitlines()]
    breaches = [breach for path in paths if path.exists() for breach in breaches_in(path)]
    print("\n".join(breaches) or f"budgets kept in {len(paths)} files")
    return 1 if breaches else 0


def breaches_in(path: Path) -> Iterator[str]:
    """Every broken budget of one file, in words."""
    text = path.read_text()
    lines = text.count("\n")
    if lines > FILE_LINES:
        yield f"{path}: {lines} lines; split it (at most {FILE_LINES})"
    if path.stem in SHARED_NAMES:
        yield f"{path}: name it after what it is for, not {path.stem!r}"
    if path.name == "__init__.py" and len(path.parts) == 2:  # noqa: PLR2004 - folder and file
        yield f"{path}: a top-level folder is no package (an `operator` would hide the stdlib's)"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            size = code_lines(node)
            if size > FUNCTION_LINES:
                yield f"{path}:{node.lineno}: {node.name} has {size} lines; split it"


def code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, without the docstring."""
    size = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        size -= (first.end_lineno or first.lineno) - first.lineno + 1
    return size


if __name__ == "__main__":
    sys.exit(main())
