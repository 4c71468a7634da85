"""Whether a command line could be typed: its program, subcommands, options and files exist."""

import re
import shlex
import subprocess
from functools import cache

from control_plane import programs
from helm_charts import helm
from house import ROOT

OPTION = re.compile(r"(?<![\w-])--?[a-zA-Z][\w-]*")
GROUP = "Available Commands:"


def fault_of(line: str) -> str:
    """What is wrong with a command of kubectl or helm; empty if nothing is."""
    program, *words = shlex.split(line)
    if program not in {"kubectl", "helm"}:
        return f"{program}: none of kubectl and helm"
    plain = tuple(word for word in words if not word.startswith("-"))
    help_text = _help(program, plain)
    if not re.search(rf"(?m)^(Usage:)?\s*{program} {re.escape(plain[0])}\b", help_text):
        return f"{program} has no command {plain[0]}"
    if GROUP in help_text and "-f" not in words:
        return f"{program} {' '.join(plain)}: a group of commands, and none of them"
    known = set(OPTION.findall(help_text)) | set(OPTION.findall(_general(program)))
    given = {word.partition("=")[0] for word in words if word.startswith("-")}
    lost = [word for word in plain if word.startswith(("helm/", "manifests/"))]
    lost = [word for word in lost if not (ROOT / word).exists()]
    return "; ".join([f"no option {option}" for option in sorted(given - known)] + lost)


def _help(program: str, words: tuple[str, ...]) -> str:
    """The help of the command that the first of these words name."""
    return _said(program, *words, "--help")


def _general(program: str) -> str:
    """Options that every command has; helm's help repeats them."""
    return _said("kubectl", "options") if program == "kubectl" else ""


@cache
def _said(program: str, *words: str) -> str:
    folder = helm().parent if program == "helm" else programs()
    done = subprocess.run(
        [folder / program, *words], capture_output=True, text=True, check=False, timeout=60
    )
    return done.stdout
