"""Values of the charts that watch: Prometheus and Grafana's dashboards."""

from typing import Annotated, Literal

from pydantic import Field

from tools.chart.part import (
    Account,
    Chart,
    Image,
    Name,
    NetworkPolicy,
    Part,
    Persistence,
    Pod,
    Resources,
    sized,
)

Seconds = Annotated[str, Field(pattern=r"^\d+s$")]


class Alerts(Part):
    """Rules that this chart brings."""

    recording: bool = True
    """Recording rules, which the dashboards use."""
    alerting: bool = True
    """Alerting rules."""
    as_prometheus_rule: bool = False
    """Make a PrometheusRule instead, for clusters with the Prometheus operator."""
    labels: dict[str, str] = Field(default={})
    """Labels by which that Prometheus finds the PrometheusRule."""


class PrometheusValues(Chart):
    """Prometheus, one server, with the scrape configuration and rules that rollouts need."""

    server: bool = True
    """Run a server; off where only the rules are wanted."""
    image: Image = Image(repository="prom/prometheus", tag="v3.5.0")
    """Prometheus 2.42 or later."""
    discovery: Literal["pods", "none"] = "pods"
    """How targets are found: `pods` asks the API server; `none` leaves it to
    `extraScrapeConfigs`, for builds of Prometheus that know no Kubernetes."""
    namespaces: tuple[Name, ...] = ()
    """Namespaces whose Pods are scraped; the release's own if empty."""
    scrape_interval: Seconds = "5s"
    """Between two scrapes: 5s where rollouts should be fast, never more than 60s."""
    scrape_timeout: Seconds = "4s"
    """The longest scrape: below the interval, and never more than 10s."""
    retention: Annotated[str, Field(pattern=r"^\d+(h|d|w)$")] = "15d"
    """How long samples are kept."""
    alertmanagers: tuple[str, ...] = ()
    """Addresses (`host:port`) of Alertmanagers."""
    rules: Alerts = Alerts()
    """Rules that this chart brings."""
    extra_scrape_configs: tuple[dict[str, object], ...] = ()
    """Further `scrape_configs`."""
    service_account: Account = Account()
    """The ServiceAccount, which may see the Pods of the namespaces."""
    pod: Pod = Pod(run_as_user=65534)
    """Where Pods run, and as whom."""
    persistence: Persistence = Persistence(size="10Gi")
    """A claim that outlives the release."""
    resources: Resources = sized("200m", "512Mi", "2", "2Gi")
    """Of the server."""
    network_policy: NetworkPolicy = NetworkPolicy()
    """Who may speak to the server."""


class DashboardsValues(Chart):
    """Dashboards as ConfigMaps, which Grafana's sidecar finds by their label."""

    label: str = "grafana_dashboard"
    """Label that Grafana's sidecar looks for."""
    label_value: str = "1"
    """Value of that label."""
    folder: str = "Sluice"
    """Folder in Grafana (annotation `grafana_folder`)."""
