"""The bookkeeping of bad input."""

from collections.abc import Sequence

from drivers.contract import BadInput, Binding
from drivers.links.quarantine import (
    BAD_INPUT,
    FAULT_AFTER,
    KEPT,
    KEPT_BYTES,
    UNKNOWN_DEVICE,
    Quarantine,
    UnknownDevice,
)
from rules.signal import Fault, Reading, Recovered, Signal

HOT = BadInput("too hot", b"9999", device="det-1", quantity="temperature")
RUBBISH = BadInput("not JSON", b"rubbish", device="det-1")


def proven() -> Quarantine:
    """A quarantine that has heard its one device say its one quantity."""
    quarantine = Quarantine("broker", [Binding("det-1", "det-1", frozenset(("temperature",)))])
    quarantine.good([good(0.0)], 0.0)
    assert quarantine.quiet
    return quarantine


def good(at: float) -> Reading:
    return Reading(at, "det-1", "temperature", 20.0)


def faults(signals: Sequence[Signal]) -> list[tuple[str, str]]:
    return [(one.source, one.code) for one in signals if isinstance(one, Fault)]


def ended(signals: Sequence[Signal]) -> list[tuple[str, str]]:
    return [(one.source, one.code) for one in signals if isinstance(one, Recovered)]


def test_a_retained_value_does_not_end_the_fault_of_a_bad_one() -> None:
    """It may be older than the bad one: the quantity stays unknown, and so the fault stays."""
    quarantine = proven()
    quarantine.bad_value(HOT, "topic", 1.0)
    assert ended(quarantine.good([Reading(2.0, "det-1", "temperature", 20.0, "retained")], 2.0)) == []
    assert ended(quarantine.good([good(3.0)], 3.0)) == [("det-1", "bad_value:temperature")]


def test_the_first_good_word_ends_what_stood_before_a_restart() -> None:
    """A fault in the journal of an earlier process is ended by the first good reading, once."""
    quarantine = Quarantine("broker", [Binding("det-1", "det-1", frozenset(("temperature", "co")))])
    assert ended(quarantine.good([good(1.0)], 1.0)) == [("det-1", BAD_INPUT), ("det-1", "bad_value:temperature")]
    assert ended(quarantine.good([good(2.0)], 2.0)) == []
    assert not quarantine.quiet  # nothing was heard of co yet
    assert ended(quarantine.good([Reading(3.0, "det-1", "co", 1.0)], 3.0)) == [("det-1", "bad_value:co")]
    assert quarantine.quiet


def test_a_bad_value_is_told_once_until_it_is_good() -> None:
    """One fault, however often the value is bad; one recovery."""
    quarantine = proven()
    assert faults(quarantine.bad_value(HOT, "topic", 1.0)) == [("det-1", "bad_value:temperature")]
    assert quarantine.bad_value(HOT, "topic", 2.0) == ()
    assert ended(quarantine.good([good(3.0)], 3.0)) == [("det-1", "bad_value:temperature")]
    assert faults(quarantine.bad_value(HOT, "topic", 4.0)) == [("det-1", "bad_value:temperature")]


def test_unreadable_messages_count_only_in_a_row() -> None:
    """Four bad, one good, four bad: no fault."""
    quarantine = proven()
    for _ in range(3):
        told = [quarantine.bad_message(RUBBISH, "topic", 1.0) for _ in range(FAULT_AFTER - 1)]
        assert [signals for signals in told if signals] == []
        assert ended(quarantine.good([good(1.0)], 1.0)) == []
    assert len(quarantine.exhibits) == 3 * (FAULT_AFTER - 1)


def test_the_exhibits_are_the_last_ones_and_short() -> None:
    """Evidence for people is bounded in number and in length."""
    quarantine = proven()
    for number in range(KEPT + 5):
        quarantine.bad_message(BadInput("long", bytes((number,)) * 100_000, device="det-1"), "topic", float(number))
    assert [one.at for one in quarantine.exhibits] == [float(number) for number in range(5, KEPT + 5)]
    assert {len(one.evidence) for one in quarantine.exhibits} == {KEPT_BYTES}


def test_strangers_are_one_fault_that_ends_when_they_are_silent() -> None:
    """Any number of unknown addresses is bounded in memory and told once; ten quiet minutes end it."""
    quarantine = proven()
    for number in range(10_000):
        assert quarantine.bad_message(UnknownDevice(f"dev-{number}", b"{}"), "topic", 1.0) == ()
    stranger = UnknownDevice("dev-x", b"{}")
    told = [quarantine.bad_message(stranger, "topic", 2.0) for _ in range(FAULT_AFTER + 3)]
    assert [faults(signals) for signals in told if signals] == [[("broker", UNKNOWN_DEVICE)]]
    assert quarantine.tick(600.0) == ()
    assert ended(quarantine.tick(603.0)) == [("broker", UNKNOWN_DEVICE)]
    assert quarantine.tick(604.0) == ()
