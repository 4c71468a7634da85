"""Compile the modules of an image, because a file system that is read-only keeps no bytecode.

A step of the Dockerfiles, after those that fill /opt/sluice and /image/system. Bytecode is as large
as its source, and most modules are never imported, so an image that must be small names the
libraries that its program imports, and only what these load is compiled.
"""

import argparse
import json
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from compileall import compile_dir
from pathlib import Path
from py_compile import PycInvalidationMode
from py_compile import compile as compile_one

ENVIRONMENT = Path("/opt/sluice")
SYSTEM = Path("/image/system")
NEVER_CHANGED = PycInvalidationMode.UNCHECKED_HASH
LOADED = """
import importlib, json, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps([getattr(module, "__file__", None) for module in list(sys.modules.values())]))
"""


def main() -> int:
    """Compile what the command line asks for."""
    asked = arguments()
    for name in asked.bare:
        leave_only_bytecode(name)
    if asked.loaded_by:
        for path in loaded_by(asked.loaded_by):
            compile_one(str(inside(path)), dfile=str(path), invalidation_mode=NEVER_CHANGED)
        return 0
    library = Path(sysconfig.get_path("stdlib"))
    compile_all(SYSTEM / library.relative_to("/"), library)
    compile_all(ENVIRONMENT, ENVIRONMENT)
    return 0


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loaded-by", nargs="*", help="compile only what these modules load")
    parser.add_argument(
        "--bare", nargs="*", default=[], help="packages of which neither source nor docstrings stay"
    )
    return parser.parse_args()


def leave_only_bytecode(name: str) -> None:
    """Replace a package of generated code by its bytecode; tracebacks into it lose their lines."""
    (folder,) = ENVIRONMENT.glob(f"lib/python3.*/site-packages/{name}")
    compile_dir(folder, quiet=1, legacy=True, optimize=2, invalidation_mode=NEVER_CHANGED)
    for source in folder.rglob("*.py"):
        source.unlink()
    forget(name)


def forget(name: str) -> None:
    """Take sources out of the RECORD of the distribution that brought them."""
    for record in ENVIRONMENT.glob("lib/python3.*/site-packages/*.dist-info/RECORD"):
        rows = record.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [row for row in rows if not (row.startswith(f"{name}/") and ".py," in row)]
        record.write_text("".join(kept), encoding="utf-8")


def loaded_by(modules: list[str]) -> Iterator[Path]:
    """Sources of all modules that are there once these are imported."""
    python = ENVIRONMENT / "bin" / "python"
    told = subprocess.run(
        [python, "-c", LOADED, *modules], check=True, capture_output=True, text=True
    )
    for name in json.loads(told.stdout):
        if name and name.endswith(".py") and inside(Path(name)).exists():
            yield Path(name)


def inside(path: Path) -> Path:
    """Where a source of this environment lies until the image is put together."""
    return path if path.is_relative_to(ENVIRONMENT) else SYSTEM / path.relative_to("/")


def compile_all(folder: Path, known_as: Path) -> None:
    """Compile every module below; tracebacks will show the folder by its later name."""
    compile_dir(
        folder,
        quiet=1,
        stripdir=str(folder),
        prependdir=str(known_as),
        invalidation_mode=NEVER_CHANGED,
        workers=0,
    )


if __name__ == "__main__":
    sys.exit(main())
