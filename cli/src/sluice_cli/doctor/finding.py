"""What one check came to: a verdict on one object, in words, with the command that comes next."""

from dataclasses import dataclass
from enum import StrEnum

from sluice_cli.doctor.reader import Unknown
from sluice_cli.doctor.remedy import Remedy


class Group(StrEnum):
    """What is examined together, in the order in which one thing rests on another."""

    CLUSTER = "cluster"
    KINDS = "kinds"
    RELEASE = "release"
    VERSIONS = "versions"
    RIGHTS = "rights"
    STORAGE = "storage"
    SELDON = "seldon"
    PROMETHEUS = "prometheus"
    LEDGER = "ledger"
    MLFLOW = "mlflow"
    KFP = "kfp"
    OPERATOR = "operator"


class Verdict(StrEnum):
    """How an object stands."""

    OK = "ok"
    WARNING = "warning"
    """It works, and may not for long."""
    FAILURE = "failure"
    NOT_INSTALLED = "not installed"
    """It is not there, and does not have to be: neither pass nor fail."""
    NOT_ASKED = "not asked"
    """Nobody could tell: neither pass nor fail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One verdict."""

    group: Group
    object: str
    """As kubectl names it, with its namespace where that is not the release's."""
    verdict: Verdict
    said: str
    next: str = ""
    """The command to type; every failure has one."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Makes the findings of one group."""

    group: Group

    def ok(self, what: str, said: str) -> Finding:
        """All is well with it."""
        return self._finding(what, Verdict.OK, said, "")

    def warning(self, what: str, said: str, step: str) -> Finding:
        """It works, and somebody should look."""
        return self._finding(what, Verdict.WARNING, said, step)

    def failure(self, what: str, said: str, step: str) -> Finding:
        """It does not work."""
        return self._finding(what, Verdict.FAILURE, said, step)

    def not_installed(self, what: str, said: str, step: str = "") -> Finding:
        """It is not there."""
        return self._finding(what, Verdict.NOT_INSTALLED, said, step)

    def not_asked(self, what: str, said: str, step: str = "") -> Finding:
        """The check was not made, and why."""
        return self._finding(what, Verdict.NOT_ASKED, said, step)

    def unknown(self, what: str, unknown: Unknown, remedy: Remedy) -> Finding:
        """The check was not made, since it could not be looked at."""
        step = remedy.my_rights() if unknown.refused else remedy.ready()
        return self._finding(what, Verdict.NOT_ASKED, unknown.why, step)

    def _finding(self, what: str, verdict: Verdict, said: str, step: str) -> Finding:
        plain = " ".join(said.split())
        return Finding(group=self.group, object=what, verdict=verdict, said=plain, next=step)
