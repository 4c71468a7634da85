"""Families of counters, as data: which label names the revision, and which the outcome.

The names are those of Seldon Core 2.6.0 and 2.10.2, of the executor of Seldon Core 1.17.1, and of
our own serving runtime; docs/evidence.md says how they were found and what each of them counts.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sluice_operator.evidence.series import Labels

FAILED_CODES = r"5[0-9]{2}|Unknown|DeadlineExceeded|Unimplemented|Internal|Unavailable|DataLoss"
"""HTTP 5xx, and the codes of gRPC that HTTP knows as 5xx.

Source: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
"""
BUCKET = "le"
PART = "|"
"""Between the parts of a name, such as field and bin."""
EVERYTHING = "+Inf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One counter of Prometheus, or the buckets of one histogram."""

    metric: str
    revision: str
    """Label with the name of the revision."""
    numbered: bool = False
    """Whether that label ends in `_<number>`, which Seldon counts up with each load."""
    outcome: str = BUCKET
    """Label that says how a request ended: a code, or a bucket of its time."""
    failed: str = ""
    """Outcomes that are failures, as a pattern; for counters of requests."""
    only: Labels = ()
    """Labels that a series must have to be one of the family."""
    part: str = ""
    """Label by which counts are told apart beside the outcome: a field, of inputs."""
    matchers: str = ""
    """Further matchers in the words of the user."""

    def revision_of(self, labels: Labels) -> str:
        """Which revision a series counts for; empty if none."""
        value = dict(labels).get(self.revision, "")
        if not self.numbered:
            return value
        name, _, number = value.rpartition("_")
        return name if number.isdecimal() else ""

    def matcher(self, revisions: Iterable[str]) -> str:
        """The matcher for the series of some revisions; of all of them, without any."""
        names = "|".join(pattern_of(name) for name in sorted(set(revisions)))
        if not self.numbered:
            return f'{self.revision}=~"{names or ".+"}"'
        return f'{self.revision}=~"({names or ".+"})_[0-9]+"'

    def selector(self, revisions: Iterable[str], more: Mapping[str, str], outcome: str = "") -> str:
        """The series of some revisions, of all without any; `outcome` is a further matcher."""
        fixed = [f'{name}="{quoted(value)}"' for name, value in {**dict(self.only), **more}.items()]
        parts = [self.matcher(revisions), *fixed, *filter(None, (self.matchers, outcome))]
        return f"{self.metric}{{{','.join(parts)}}}"


def pattern_of(text: str) -> str:
    """A regular expression of RE2 for exactly that text, inside of a quoted string."""
    return quoted(re.sub(r"([^0-9A-Za-z_-])", r"\\\1", text))


def quoted(text: str) -> str:
    """The text between quotation marks of PromQL."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


AGENT_REQUESTS = Family(
    metric="seldon_model_infer_total",
    revision="model_internal",
    numbered=True,
    outcome="code",
    failed=FAILED_CODES,
)
"""Seldon Core 2: attempts that reached an agent. The label `model` is the requested route in 2.6
and the answering model in 2.10, so it is never looked at."""
AGENT_SECONDS = Family(metric="seldon_model_infer_api_seconds_bucket", revision="server")
"""Seldon Core 2: time at the agent, by Server alone; for revisions on Servers of their own that are
called like the revision."""
EXECUTOR_REQUESTS = Family(
    metric="seldon_api_executor_server_requests_seconds_count",
    revision="predictor_name",
    outcome="code",
    failed=FAILED_CODES,
    only=(("service", "predictions"),),
)
"""Seldon Core 1: requests that reached the executor of a predictor, which is called like the
revision."""
EXECUTOR_SECONDS = Family(
    metric="seldon_api_executor_server_requests_seconds_bucket",
    revision="predictor_name",
    only=(("service", "predictions"),),
)
"""Seldon Core 1: time at the executor."""
RUNTIME_REQUESTS = Family(
    metric="sluice_requests_total", revision="revision", outcome="outcome", failed="failed"
)
"""Our runtime: requests that reached the model server and were V2 JSON."""
RUNTIME_SECONDS = Family(metric="sluice_request_seconds_bucket", revision="revision")
"""Our runtime: checking, predicting, building the answer; rejected requests have no time."""

RUNTIME_BINS = Family(
    metric="sluice_input_bins_total", revision="revision", outcome="bin", part="field"
)
"""Our runtime: rows by bin of the package's profile, for each field."""
PROFILE_SHARES = "sluice_profile_share"
"""Our runtime: the share of each bin in the data that the model was trained on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Where the numbers of one kind of deployment come from."""

    requests: Family
    seconds: Family


SELDON_V2 = Dialect(requests=AGENT_REQUESTS, seconds=RUNTIME_SECONDS)
"""Seldon Core 2.6.0 to 2.10.2, with our runtime in its model servers."""
SELDON_V2_OWN_SERVERS = Dialect(requests=AGENT_REQUESTS, seconds=AGENT_SECONDS)
"""The same with any runtime, each revision on a Server of its own name."""
SELDON_V1 = Dialect(requests=EXECUTOR_REQUESTS, seconds=EXECUTOR_SECONDS)
"""Seldon Core 1.17.1 with its executor."""
RUNTIME = Dialect(requests=RUNTIME_REQUESTS, seconds=RUNTIME_SECONDS)
"""Our runtime alone, behind whatever divides the traffic."""
