"""When a flag is believed."""

import pytest

from drivers.megatec.confirmed import UNSETTLED_MAX, ConfirmedFlag


@pytest.mark.parametrize(
    ("seen", "believed"),
    [
        ("0", "?"),
        ("00", "?0"),
        ("11", "?1"),
        ("0010", "?000"),  # one flipped bit
        ("00100", "?0000"),
        ("0011", "?001"),
        ("1101", "?111"),
        ("00101010", "?0000111"),  # it keeps changing: true
        ("0010101000", "?000011100"),
    ],
)
def test_two_in_a_row_are_believed(seen: str, believed: str) -> None:
    """A change counts at the second frame in a row, a flag that never settles is true, and unknown stays unknown."""
    flag = ConfirmedFlag()
    told = [flag.see(one == "1") for one in seen]
    assert "".join("?" if one is None else str(int(one)) for one in told) == believed


def test_settled_tells_whether_to_look_again() -> None:
    """A flag is settled when the last two frames agreed."""
    flag = ConfirmedFlag()
    settled = []
    for value in (False, False, True, True):
        flag.see(value)
        settled.append(flag.settled)
    assert settled == [False, True, False, True]
    assert UNSETTLED_MAX > 2
