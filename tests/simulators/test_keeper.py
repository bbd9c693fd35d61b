"""Numbered messages of the own dialect: kept until acknowledged, repeated every 2 s, bounded."""

import json

from hypothesis import given
from hypothesis import strategies as st

from simulators.devices.own import REPEATED_AT_ONCE, UNACKNOWLEDGED_MAX, Keeper
from simulators.devices.receiver import Arrivals


def _ack(boot: str, *ranges: tuple[int, int]) -> bytes:
    return json.dumps({"boot": boot, "seqs": [list(one) for one in ranges]}).encode()


def test_a_message_is_repeated_until_it_is_acknowledged() -> None:
    """The same bytes again every 2 s, with the same boot and number; nothing after the acknowledgement."""
    keeper = Keeper("ab")
    payload = keeper.message({"contact": True}, 10.0, urgent=True)
    assert json.loads(payload) == {"boot": "ab", "seq": 1, "readings": {"contact": True}}
    assert keeper.due(11.9) == []
    assert keeper.due(12.0) == [payload]
    assert keeper.due(13.0) == []
    assert keeper.due(14.0) == [payload]
    keeper.acknowledged(_ack("ab", (1, 1)))
    assert keeper.due(99.0) == []


def test_ranges_are_inclusive_and_another_boot_is_not_ours() -> None:
    """An acknowledgement covers exactly its ranges of exactly this boot."""
    keeper = Keeper("ab")
    for number in range(6):
        keeper.message({"co": float(number)}, 0.0, urgent=False)
    keeper.acknowledged(_ack("cd", (1, 6)))
    assert len(keeper.waiting) == 6
    keeper.acknowledged(_ack("ab", (1, 2), (5, 5)))
    assert sorted(keeper.waiting) == [3, 4, 6]


def test_the_oldest_routine_message_makes_room_and_a_press_never_does() -> None:
    """Full: readings go first, oldest first, and are counted; what a person did stays and is repeated first."""
    keeper = Keeper("ab")
    keeper.message({"contact": True}, 0.0, urgent=True)
    for number in range(UNACKNOWLEDGED_MAX + 9):
        keeper.message({"co": float(number)}, 0.0, urgent=False)
    assert len(keeper.waiting) == UNACKNOWLEDGED_MAX
    assert keeper.dropped == 10
    again = keeper.due(2.0)
    assert len(again) == REPEATED_AT_ONCE
    assert json.loads(again[0])["readings"] == {"contact": True}


@given(
    st.binary(max_size=200) | st.text(max_size=50).map(lambda text: json.dumps({"boot": "ab", "seqs": text}).encode())
)
def test_rubbish_acknowledges_nothing(payload: bytes) -> None:
    """Whatever comes on the acknowledgement topic, it neither raises nor loses a message."""
    keeper = Keeper("ab")
    keeper.message({"co": 1.0}, 0.0, urgent=False)
    keeper.acknowledged(payload)
    assert list(keeper.waiting) == [1]


def _trigger(number: str = "1", **changes: object) -> bytes:
    told = {
        "id": number,
        "action": "evacuate",
        "plan": "all",
        "evacuation": "all-1",
        "zones": ["ktv"],
        "expires": 100.0,
    }
    return json.dumps({**told, **changes}).encode()


def test_a_trigger_is_carried_out_once_and_confirmed_each_time() -> None:
    """The confirmation may be lost, so a repeat is confirmed again, but the bells ring once."""
    arrivals = Arrivals()
    assert arrivals.take(_trigger(), 1.0, 50.0) == "1"
    assert arrivals.take(_trigger(), 2.0, 51.0) == "1"
    assert (len(arrivals.carried_out), arrivals.repeats) == (1, 1)


def test_a_late_trigger_is_not_carried_out() -> None:
    """After its time to live a trigger is neither carried out nor confirmed; one that was stays confirmed."""
    arrivals = Arrivals()
    assert arrivals.take(_trigger(), 1.0, 100.1) is None
    assert arrivals.carried_out == []
    assert arrivals.too_late == 1


@given(st.binary(max_size=200))
def test_an_unreadable_trigger_is_counted_and_nothing_more(payload: bytes) -> None:
    """Rubbish on the evacuation topic rings no bell."""
    arrivals = Arrivals()
    assert arrivals.take(payload, 0.0, 0.0) is None
    assert arrivals.carried_out == []
