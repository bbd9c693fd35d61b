"""How the pauses between tries grow and shrink."""

from drivers.links.backoff import FIRST_S, LAST_S, STEADY_S, Backoff


def test_pauses_double_to_the_ceiling() -> None:
    """Each pause is at most twice the one before, spread by a quarter, and never above the ceiling."""
    backoff = Backoff()
    expected = FIRST_S
    for _ in range(12):
        assert 0.75 * expected <= backoff.next_s() <= expected
        expected = min(2 * expected, LAST_S)
    assert expected == LAST_S


def test_only_a_connection_that_held_starts_anew() -> None:
    """One that is lost at once goes on waiting longer: a flapping adapter is not tried without end."""
    backoff = Backoff()
    for _ in range(12):
        backoff.next_s()
    backoff.held(STEADY_S - 0.1)
    assert backoff.next_s() > FIRST_S
    backoff.held(STEADY_S)
    assert backoff.next_s() <= FIRST_S
