"""The folder in which a laptop installation keeps everything; see docs/architecture.md."""

import json
import logging
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter
from sluice_package.atomic import write_atomically

from sluice_operator.api.load import load, read
from sluice_operator.api.template import NO_TEMPLATES, Template, Templates, gates_of, in_force
from sluice_operator.api.v1alpha1 import ModelDeployment, Spec, TemplateKind
from sluice_operator.errors import SpecError
from sluice_operator.model import Action, Verb
from sluice_operator.rollout.record import status_from_json, status_to_json
from sluice_operator.rollout.status import Status

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A request as it lies in its file, whose name is its id."""

    deployment: str
    verb: Verb
    revision: str
    by: str = ""
    reason: str = ""


_ASKED: TypeAdapter[_Asked] = TypeAdapter(_Asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Names of the files, and how they are written: whole, or not at all."""

    root: Path

    @property
    def ledger_url(self) -> str:
        """Where predictions and labels are joined."""
        return f"sqlite:///{self.root.resolve() / 'ledger.db'}"

    @property
    def endpoint(self) -> Path:
        """File that says where a running installation listens."""
        return self.root / "endpoint.json"

    def create(self) -> None:
        """Make the folders; harmless when they exist.

        Raises:
            OSError: The folder cannot be written.
        """
        kinds = (f"templates/{kind}" for kind in TemplateKind)
        for name in ("deployments", "actions", "status", "runs", "spool", "logs", *kinds):
            (self.root / name).mkdir(parents=True, exist_ok=True)

    def deployments(self) -> Iterator[str]:
        """Names of all deployments, those that are being deleted included."""
        for path in sorted((self.root / "deployments").glob("*.yaml")):
            yield path.stem

    def apply(self, wanted: ModelDeployment) -> None:
        """Remember what is wanted; the controller carries it out."""
        self.create()
        text = yaml.safe_dump(wanted.to_wire(), sort_keys=False)
        self._deletion(wanted.metadata.name).unlink(missing_ok=True)
        write_whole(self._deployment(wanted.metadata.name), text)

    def keep(self, template: Template) -> None:
        """Remember a template; deployments that name it go by it from their next look on."""
        self.create()
        text = yaml.safe_dump(template.to_wire(), sort_keys=False)
        write_whole(self._template(TemplateKind(template.kind), template.metadata.name), text)

    def drop(self, kind: TemplateKind, name: str) -> None:
        """Forget a template.

        Raises:
            SpecError: There is no such template, or a deployment still names it.
        """
        path = self._template(kind, name)
        if not path.exists():
            known = ", ".join(sorted(one.stem for one in path.parent.glob("*.yaml"))) or "none"
            raise SpecError(f"{name}: no such {kind}; there is {known}")
        if borrowers := ", ".join(self._borrowers(kind, name)):
            raise SpecError(
                f"{kind} {name}: still used by {borrowers}; take it out of spec.gateTemplates"
                " there, or delete the deployment first"
            )
        path.unlink(missing_ok=True)

    def _borrowers(self, kind: TemplateKind, name: str) -> Iterator[str]:
        """Deployments that name a template; one that is being taken down needs no gates."""
        for deployment in self.deployments():
            refs = () if self.deleted(deployment) else self.wanted(deployment).spec.gate_templates
            if any((ref.kind, ref.name) == (kind, name) for ref in refs):
                yield deployment

    def in_force(self, spec: Spec, fresh: Templates = NO_TEMPLATES) -> Spec:
        """What is carried out: the templates of the home brought in, and defaults filled in.

        Args:
            spec: Of a deployment.
            fresh: Templates that are being applied together with it; they win.

        Raises:
            SpecError: A template is missing or damaged, or the gates together break a rule.
        """
        named = ((ref.kind, ref.name) for ref in spec.gate_templates)
        kept = (self._template(*one) for one in named if one not in fresh)
        found = (template for path in kept if path.exists() for template in read(path).templates)
        return in_force(spec, {**gates_of(found), **fresh})

    def delete(self, name: str) -> None:
        """Ask for the deployment to be taken down.

        Raises:
            SpecError: There is no such deployment.
        """
        self._refuse_unknown(name)
        write_whole(self._deletion(name), "")

    def deleted(self, name: str) -> bool:
        """Whether the deployment is being taken down."""
        return self._deletion(name).exists()

    def forget(self, name: str) -> None:
        """Remove what was kept of a deployment that is gone; its runs stay.

        One that was applied again meanwhile is still wanted, and begins anew.
        """
        kept = [self._status(name), self.view_file(name)]
        if self.deleted(name):
            kept += [self._deployment(name), self._deletion(name)]
        kept += [path for path, asked in self._asked() if asked.deployment == name]
        for path in kept:
            path.unlink(missing_ok=True)

    def wanted(self, name: str) -> ModelDeployment:
        """What was applied under a name.

        Raises:
            SpecError: There is no such deployment, or its file was damaged.
        """
        self._refuse_unknown(name)
        return load(self._deployment(name))

    def _refuse_unknown(self, name: str) -> None:
        if not self._deployment(name).exists():
            known = ", ".join(self.deployments()) or "none"
            raise SpecError(f"{name}: no such deployment; there is {known}")

    def status(self, name: str) -> Status:
        """What is remembered of a deployment; a new one remembers nothing.

        Raises:
            SpecError: The file is damaged; it is never taken for a new deployment.
        """
        path = self._status(name)
        if not path.exists():
            return Status(deployment=name)
        try:
            return status_from_json(path.read_text())
        except ValueError as broken:
            raise SpecError(
                f"{path}: is damaged ({type(broken).__name__}); move it away to start {name} anew"
            ) from broken

    def save(self, status: Status) -> None:
        """Remember the status."""
        write_whole(self._status(status.deployment), status_to_json(status))

    def ask(self, name: str, verb: Verb, revision: str, reason: str) -> Action:
        """Put a request for the controller; it is carried out at its next look."""
        self.create()
        asked = _Asked(
            deployment=name,
            verb=verb,
            revision=revision,
            by=os.environ.get("USER", ""),
            reason=reason,
        )
        path = self.root / "actions" / f"{time.time_ns():020d}.json"
        write_whole(path, _ASKED.dump_json(asked).decode())
        return _action(path, asked)

    def actions(self, name: str) -> tuple[Action, ...]:
        """Requests for a deployment, oldest first."""
        return tuple(_action(path, one) for path, one in self._asked() if one.deployment == name)

    def _asked(self) -> Iterator[tuple[Path, _Asked]]:
        """Every request; one that was damaged is put aside, so that it stops nobody."""
        for path in sorted((self.root / "actions").glob("*.json")):
            try:
                yield path, _ASKED.validate_json(path.read_bytes())
            except ValueError:
                _log.warning("%s: is no request; put aside as %s.damaged", path, path.name)
                path.replace(path.with_name(f"{path.name}.damaged"))

    def clear_actions(self, actions: tuple[Action, ...], upto: str) -> None:
        """Remove the requests that the remembered status has carried out."""
        for action in actions:
            if action.id <= upto:
                (self.root / "actions" / f"{action.id}.json").unlink(missing_ok=True)

    def run_file(self, name: str, attempt: int) -> Path:
        """Where the decisions of one attempt are recorded."""
        return self.root / "runs" / name / f"{attempt:04d}.jsonl"

    def view_file(self, name: str) -> Path:
        """What people are shown of a deployment."""
        return self.root / "view" / f"{name}.json"

    def _deployment(self, name: str) -> Path:
        return self.root / "deployments" / f"{name}.yaml"

    def _template(self, kind: TemplateKind, name: str) -> Path:
        return self.root / "templates" / kind / f"{name}.yaml"

    def _deletion(self, name: str) -> Path:
        return self.root / "deployments" / f"{name}.delete"

    def _status(self, name: str) -> Path:
        return self.root / "status" / f"{name}.json"


def _action(path: Path, asked: _Asked) -> Action:
    return Action(
        id=path.stem,
        verb=asked.verb,
        revision=asked.revision,
        by=asked.by,
        reason=asked.reason,
    )


def write_whole(path: Path, text: str) -> None:
    """Replace a file so that a reader, or a crash, sees the old text or the new one.

    Raises:
        OSError: It cannot be written; the old text stands.
    """
    write_atomically(path, text.encode())


def read_json(path: Path) -> Any:
    """The JSON in a file, or None when there is no such file."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None
