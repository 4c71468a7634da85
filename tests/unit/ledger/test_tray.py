import pytest
from sluice_ledger.server.metric import Metrics
from sluice_ledger.server.refusal import HttpRefusal
from sluice_ledger.server.tray import Tray


def test_what_has_left_makes_room_again():
    metrics = Metrics()
    tray = Tray(100, metrics)
    with tray.place(60), tray.place(40):
        assert metrics.registry.get_sample_value("sluice_ledger_waiting_bytes") == 100
        with pytest.raises(HttpRefusal, match="100 bytes of other requests") as full, tray.place(1):
            pass
    assert (full.value.status, full.value.headers) == (429, {"retry-after": "1"})
    with tray.place(100):
        pass
    assert metrics.registry.get_sample_value("sluice_ledger_waiting_bytes") == 0


def test_work_that_fails_leaves_no_bytes_behind():
    tray = Tray(100, Metrics())
    with pytest.raises(RuntimeError), tray.place(100):
        raise RuntimeError
    with tray.place(100):
        pass
