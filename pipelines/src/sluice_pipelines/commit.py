"""The commit of a folder, as far as git knows one."""

import shutil
import subprocess
from pathlib import Path


def commit_of(folder: Path) -> str:
    """The commit that the folder is at, with `-dirty` after it if it has changes; empty without."""
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit:
        return ""
    return f"{commit}-dirty" if _git(folder, "status", "--porcelain", "--", ".") else commit


def _git(folder: Path, *arguments: str) -> str:
    program = shutil.which("git")
    if program is None:
        return ""
    done = subprocess.run(
        [program, "-C", str(folder), *arguments], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else ""
