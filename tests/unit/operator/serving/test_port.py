import socket

import pytest
from sluice_operator.errors import ServingEngineError
from sluice_operator.serving.errors import PortTakenError
from sluice_operator.serving.port import PortPool, is_free, refuse_taken


def test_a_pool_lends_no_port_twice_until_it_is_given_back():
    pool = PortPool(range(20_500, 20_503))
    lent = {pool.lend() for _ in range(3)}
    assert len(lent) == 3
    with pytest.raises(ServingEngineError, match=r"no free port .* 20500-20502"):
        pool.lend()
    pool.take_back(20_501)
    assert pool.lend() == 20_501


def test_a_pool_does_not_lend_a_port_on_which_somebody_listens():
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        assert not is_free(taken)
        with pytest.raises(ServingEngineError):
            PortPool(range(taken, taken + 1)).lend()
        with pytest.raises(PortTakenError, match=f"{taken} is taken .* --port"):
            refuse_taken(taken, "--port")
