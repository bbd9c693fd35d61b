"""The state table of an alarm."""

from itertools import product
from typing import get_args

import pytest

from rules.alarm import TABLE, Alarm, IllegalMove, Move
from rules.decision import State
from tests.rules.house import SMOKE

STATES: tuple[State, ...] = get_args(State)


def alarm_in(state: State) -> Alarm:
    alarm = Alarm(SMOKE, "det-a", "room-a")
    alarm.state = state
    return alarm


@pytest.mark.parametrize(("state", "move"), sorted(set(product(STATES, Move)) - TABLE.keys(), key=str))
def test_a_move_outside_the_table_raises_and_changes_nothing(state: State, move: Move) -> None:
    """Every pair that the table leaves out is refused, and leaves the alarm as it was."""
    alarm = alarm_in(state)
    assert not alarm.can(move)
    with pytest.raises(IllegalMove, match=f"smoke@det-a: in state {state}"):
        alarm.move(move)
    assert alarm.state == state


@pytest.mark.parametrize(("state", "move"), list(TABLE))
def test_a_move_of_the_table_goes_where_it_says(state: State, move: Move) -> None:
    """Every line of the table is followed."""
    alarm = alarm_in(state)
    assert alarm.can(move)
    alarm.move(move)
    assert alarm.state == TABLE[state, move]


def test_every_state_can_be_reached_and_left() -> None:
    """No state is a trap, and none is beyond reach from normal."""
    reached: set[State] = {"normal"}
    while more := {after for (state, _), after in TABLE.items() if state in reached} - reached:
        reached |= more
    assert reached == set(STATES)
    assert {state for state, _ in TABLE} == set(STATES)


def test_an_alarm_that_was_seen_never_becomes_unseen_without_a_new_cause() -> None:
    """Only a new raise, a rise of its condition, or the time to sound again leads back to unacknowledged."""
    back = {move for (state, move), after in TABLE.items() if state in ("acked", "latched_acked") and after == "unack"}
    assert back == {Move.RAISE, Move.ESCALATE, Move.RISE_AGAIN, Move.RE_ALARM}


def test_an_illegal_move_carries_its_evidence() -> None:
    """Whoever catches it can say which alarm, in which state, and what was to happen."""
    with pytest.raises(IllegalMove) as caught:
        alarm_in("acked").move(Move.RESET)
    assert str(caught.value) == "smoke@det-a: in state acked, this cannot happen: a person reset it"
    assert (caught.value.alarm, caught.value.state, caught.value.move) == ("smoke@det-a", "acked", Move.RESET)
