"""Whatever befalls requests, clocks and processes, two operators never lead at once."""

from random import Random

from cluster_election import CALM, Election, Weather
from hypothesis import given, settings
from hypothesis import strategies as st

RATES = (0.85, 0.95, 1.0, 1.1, 1.2)
"""1.2 / 0.85 is below 15 s / 10 s, the bound up to which leaders do not overlap."""


def befall(election: Election, chance: Random) -> None:
    """Something happens."""
    alive = [c for c in election.candidates if c.is_alive]
    one = chance.choice(alive)
    match chance.randrange(7):
        case 0:
            election.kill(one)
            election.join(chance.choice(RATES))
        case 1:
            one.elector.release()
            election.kill(one)
            election.join(chance.choice(RATES))
        case 2:
            one.is_cut_off = not one.is_cut_off
        case 3:
            election.weather = Weather(refused=chance.random(), latency=chance.random())
        case 4:
            election.weather = Weather(lost=chance.random() / 2, late=chance.random() / 2)
        case _:
            election.weather = CALM


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_two_never_lead_at_once_and_somebody_leads_in_the_end(seed: int) -> None:
    chance = Random(seed)
    rates = [chance.choice(RATES) for _ in range(chance.randint(2, 3))]
    election = Election(*rates, seed=seed)
    for _ in range(25):
        election.run(chance.uniform(0, 15))
        befall(election, chance)
    election.weather = CALM
    for candidate in election.candidates:
        candidate.is_cut_off = False
    election.run(60)
    assert election.leader is not None


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_clocks_that_jump_forwards_make_no_second_leader(seed: int) -> None:
    chance = Random(seed)
    election = Election(1.0, 1.0, 1.0, seed=seed, weather=Weather(latency=0.2))
    for _ in range(20):
        election.run(chance.uniform(8, 20))
        chance.choice(election.candidates).ahead += chance.uniform(0, 100)
        election.candidates[0].is_cut_off = chance.random() < 0.3
    assert election.leaders
