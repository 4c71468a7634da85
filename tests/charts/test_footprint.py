"""The profile `kind` fits a machine, and docs/install.md says how much it needs."""

import re
import subprocess
import sys

from control_plane import kubernetes_version
from helm_charts import helm
from house import ROOT


def test_the_profile_fits_and_the_page_says_how_much() -> None:
    options = ["--helm", str(helm()), "--kube-version", kubernetes_version()]
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "footprint.py"), *options, "--most-gib", "8"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"^all +(\S+) cores +(\S+) GiB", done.stdout, re.MULTILINE)
    assert found is not None
    cores, memory = map(float, found.groups())
    page = (ROOT / "docs" / "install.md").read_text()
    assert f"come to {memory:.1f} GiB of memory and {cores:.1f} cores" in page
