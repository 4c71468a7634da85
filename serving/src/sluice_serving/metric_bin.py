"""Inputs by bin for Prometheus, computed when it asks; nothing is counted twice, nor forgotten.

Registered once, in a module of its own: see `metric`.
"""

from collections.abc import Iterator

from prometheus_client.core import REGISTRY, CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from sluice_serving.bin import InputBins
from sluice_serving.metric import LABELS
from sluice_serving.setting import RuntimeSettings

BIN_LABELS = (*LABELS, "field", "bin")


class BinCollector(Collector):
    """The bins of every revision that this process has served."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], InputBins] = {}

    def bins(self, labels: tuple[str, str], bins: InputBins) -> InputBins:
        """The bins to count into: those of before, if the revision was loaded before."""
        known = self._known.get(labels)
        if known is None or not known.has_bins_of(bins):
            self._known[labels] = known = bins
        return known

    def collect(self) -> Iterator[Metric]:
        """See `Collector`."""
        counted = CounterMetricFamily(
            "sluice_input_bins", "Rows by input and by bin of the profile", labels=BIN_LABELS
        )
        shares = GaugeMetricFamily(
            "sluice_profile_share", "Share of each bin in the training data", labels=BIN_LABELS
        )
        for labels, bins in tuple(self._known.items()):
            counts = bins.counts()
            for name, field in bins.fields.items():
                for place, one in enumerate(field.names):
                    counted.add_metric((*labels, name, one), counts[name][place])
                    shares.add_metric((*labels, name, one), field.shares[place])
        yield counted
        yield shares


BINS = BinCollector()
REGISTRY.register(BINS)


def bins_of(settings: RuntimeSettings, bins: InputBins) -> InputBins:
    """The bins to count into for what has just been loaded."""
    return BINS.bins((settings.deployment, settings.revision), bins)
