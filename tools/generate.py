"""Writes every generated file; TARGETS is all there is. `--check` only says which are stale."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))  # at the end, or `operator/` would stand before the stdlib's module
os.environ.pop("SLUICE_COMPONENTS_IMAGE", None)  # what is committed names the default image

from tools.chart import target  # noqa: E402 - after the two lines above
from tools.page import (  # noqa: E402
    command,
    deployment,
    manifest,
    permission,
    pipeline,
    project,
    rule,
    setting,
    story,
)

TARGETS: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "docs/reference/sluice-yaml.schema.json": project.schema,
        "docs/reference/sluice-yaml.md": project.page,
        "docs/reference/modeldeployment.schema.json": deployment.schema,
        "docs/reference/modeldeployment.md": deployment.page,
        "docs/reference/rules.md": rule.page,
        "docs/reference/conditions-and-events.md": story.page,
        "docs/reference/cli.md": command.page,
        "docs/reference/operator-settings.md": setting.page,
        "docs/reference/status.md": deployment.records_page,
        "manifests/crd/modeldeployments.yaml": manifest.modeldeployments,
        "manifests/crd/rolloutruns.yaml": manifest.rolloutruns,
        "manifests/crd/rolloutactions.yaml": manifest.rolloutactions,
        "manifests/crd/gatetemplates.yaml": manifest.gatetemplates,
        "manifests/crd/clustergatetemplates.yaml": manifest.clustergatetemplates,
        "manifests/policy/rolloutactions.yaml": manifest.policy,
        "manifests/policy/roles.yaml": manifest.roles,
        "manifests/rbac/role.yaml": permission.roles,
        "manifests/rbac/pipeline-runner.yaml": pipeline.runner,
        "pipelines/compiled/flights.yaml": pipeline.flights,
        "pipelines/compiled/flights-objects.yaml": pipeline.flights_objects,
    }
    | dict(target.TARGETS)
)


def main() -> int:
    """Write, or with `--check` compare; the exit status is 1 when something is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, list stale files")
    parser.add_argument("--root", type=Path, default=ROOT, help="write below this folder")
    given = parser.parse_args()
    texts = {given.root / target: make() for target, make in TARGETS.items()}
    stale = [path for path, text in texts.items() if content_of(path) != text]
    for path in stale:
        print(f"{'stale' if given.check else 'written'}: {path.relative_to(given.root)}")
    if given.check:
        print(f"{len(stale)} of {len(texts)} generated files are stale; run `make generate`")
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts[path], encoding="utf-8")
    return 0


def content_of(path: Path) -> str | None:
    """What is there now; None for nothing."""
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
