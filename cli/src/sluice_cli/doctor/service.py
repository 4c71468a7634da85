"""A server inside of the cluster, asked through the API server's proxy; what it answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from sluice_cli.doctor.finding import Finding, Speaker
from sluice_cli.doctor.reader import Answer, Plain, Unknown
from sluice_cli.doctor.site import CHART_NAME, INSTANCE, OperatorSeen, Site, path

PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A port of a Service."""

    service: str
    namespace: str
    port: str
    """Number or name."""
    secure: bool = False
    prefix: str = ""
    """Path below which it answers."""

    def proxied(self, where: str) -> str:
        """The path of the API server that leads there."""
        name = f"https:{self.service}:{self.port}" if self.secure else f"{self.service}:{self.port}"
        return f"{path('v1', 'services', self.namespace)}/{name}/proxy{self.prefix}{where}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """There is no Service to ask, and why."""

    said: str
    installed: bool = False
    """Whether there is something all the same, out of the API server's reach."""


def address_of(url: str, namespace: str) -> Address | Absence:
    """The Service that a URL means to a Pod in this namespace."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        return Absence(said=f"{url} is no address of a server", installed=True)
    labels = parts.hostname.split(".")
    inside = len(labels) <= 2 or labels[2] == "svc"  # noqa: PLR2004 - NAME.NAMESPACE.svc
    if not inside or labels[0].isdecimal():
        return Absence(said=f"{url} is outside of the cluster", installed=True)
    return Address(
        service=labels[0],
        namespace=labels[1] if len(labels) > 1 else namespace,
        port=str(parts.port or PORTS[parts.scheme]),
        secure=parts.scheme == "https",
        prefix=parts.path.rstrip("/"),
    )


def found_by(site: Site, setting: str, chart: str) -> Address | Absence:
    """Where the operator looks for it; without an operator, the Service of the release's chart."""
    if isinstance(site.operator, OperatorSeen):
        url = site.operator.setting(setting)
        missing = Absence(said=f"the operator has no {setting} in its settings")
        return address_of(url, site.namespace) if url else missing
    selector = f"{INSTANCE}={site.release},{CHART_NAME}={chart}"
    services = site.listed("v1", "services", selector)
    if isinstance(services, Unknown):
        return Absence(said=services.why, installed=True)
    ports = ((one, port) for one in services for port in one["spec"].get("ports") or ())
    for service, port in ports:
        name = service["metadata"]["name"]
        return Address(service=name, namespace=site.namespace, port=str(port["port"]))
    return Absence(said=f"release {site.release} has neither it nor an operator that names one")


def absent(say: Speaker, what: str, absence: Absence) -> Finding:
    """What there is to say of a server that cannot be asked."""
    if absence.installed:
        return say.not_asked(what, absence.said)
    return say.not_installed(what, absence.said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One server, and who speaks of it."""

    say: Speaker
    site: Site
    address: Address

    @property
    def what(self) -> str:
        """As findings name it."""
        there = self.address.namespace == self.site.namespace
        return f"service {'' if there else self.address.namespace + '/'}{self.address.service}"

    def ask(self, where: str, query: Mapping[str, str] | None = None) -> Answer:
        """One request."""
        return self.site.reader.ask(self.address.proxied(where), query)

    def refusal(self, where: str, answer: Answer) -> Finding:
        """What an answer means that is no success."""
        if not answer.by_api_server:
            said = f"{where} answers HTTP {answer.code}: {answer.said[:200]}"
            return self.say.failure(self.what, said, self._logs())
        if answer.code == HTTPStatus.FORBIDDEN:
            step = self.site.remedy.may_i("get", "services/proxy")
            return self.say.not_asked(self.what, answer.said, step)
        return self._unreached(answer)

    def _unreached(self, answer: Answer) -> Finding:
        """The API server could not pass the question on: for want of a Pod, or of a way to it."""
        remedy, address = self.site.remedy, self.address
        service = self.site.one("v1", "services", address.service, address.namespace)
        if service is None:
            step = remedy.get("services", namespace=address.namespace)
            return self.say.failure(self.what, "there is no such Service", step)
        if isinstance(service, Unknown):
            return self.say.unknown(self.what, service, remedy)
        if answer.code == HTTPStatus.NOT_FOUND or "no endpoints available" in answer.said:
            selector = ",".join(f"{k}={v}" for k, v in sorted(_selector(service).items()))
            step = remedy.get("pods", selector, address.namespace)
            return self.say.failure(self.what, "no Pod behind it is ready", step)
        if "no service port" in answer.said:
            step = remedy.describe("service", address.service, address.namespace)
            return self.say.failure(self.what, answer.said, step)
        step = remedy.forward(address.service, address.port, address.namespace)
        said = f"the API server's proxy does not reach it ({answer.said[:200]}); try another way"
        return self.say.not_asked(self.what, said, step)

    def _logs(self) -> str:
        return self.site.remedy.logs(f"service/{self.address.service}")


def healthy(server: Server, *places: str) -> Iterator[Finding]:
    """One finding for the first of some pages that is no success, or that all are."""
    for where in places:
        answer = server.ask(where)
        if not answer.fine:
            yield server.refusal(where, answer)
            return
    yield server.say.ok(server.what, f"{' and '.join(places)} answer")


def _selector(service: Plain) -> dict[str, str]:
    return dict(service["spec"].get("selector") or {})
