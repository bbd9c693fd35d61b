"""The small parts of the engine, each by itself."""

from hypothesis import given
from hypothesis import strategies as st

from rules.quantity import QUANTITIES, Kind, Quantity
from rules.seen import MAX_BOOTS, WINDOW, Seen
from rules.signal import Origin
from rules.tier import Tier
from rules.timers import Timers
from rules.truth import conjoin, disjoin, negate
from rules.window import MAX_SAMPLES, LowWindow, SlopeWindow


@given(st.lists(st.integers(0, 3 * WINDOW), max_size=60))
def test_seen_never_forgets_within_its_window(numbers: list[int]) -> None:
    """What was taken is known for as long as it is within the window of the newest; what was not is never known."""
    seen = Seen()
    for number in numbers:
        seen.add(Origin("boot", number))
    seen = Seen(seen.runs())
    newest = max(numbers, default=0)
    for number in range(newest + 2):
        expected = number in numbers and newest - number < WINDOW
        assert (Origin("boot", number) in seen) == expected


def test_seen_takes_no_note_of_what_is_older_than_its_window() -> None:
    """Such a message counts as new each time: better twice than lost."""
    seen = Seen()
    seen.add(Origin("boot", WINDOW + 1))
    seen.add(Origin("boot", 1))
    assert Origin("boot", 1) not in seen
    seen.add(Origin("boot", 2))
    assert Origin("boot", 2) in seen


def test_seen_keeps_the_last_runs_of_a_device() -> None:
    """Messages of the run before may still be queued at the broker; older runs are forgotten."""
    seen = Seen()
    for boot in ("one", "two", "three"):
        seen.add(Origin(boot, 1))
    assert [Origin(boot, 1) in seen for boot in ("one", "two", "three")] == [False, True, True]
    assert len(seen.runs()) == MAX_BOOTS


def test_seen_knows_each_message_of_its_window_and_no_other() -> None:
    """Also those that were overtaken on their way, and those at the very end of the window."""
    seen = Seen()
    for number in (7, 5, 8, 6, 8 + WINDOW - 4):
        seen.add(Origin("boot", number))
    taken = [number for number in range(4, 12) if Origin("boot", number) in seen]
    assert taken == [5, 6, 7, 8]
    seen.add(Origin("boot", 8 + WINDOW - 3))
    assert [number for number in range(4, 12) if Origin("boot", number) in seen] == [6, 7, 8]
    seen.add(Origin("boot", 5))  # so far back that it cannot be noted
    seen.add(Origin("boot", 9))
    assert [number for number in range(4, 12) if Origin("boot", number) in seen] == [6, 7, 8, 9]
    assert Seen(seen.runs()).runs() == seen.runs()
    assert Origin("boot", 8 + WINDOW) not in seen and Origin("other", 8) not in seen


def test_a_count_that_leaps_costs_no_memory() -> None:
    """A device may say any number; what it said before is then out of the window."""
    seen = Seen()
    for number in (1, 1 << 60, 2):
        seen.add(Origin("boot", number))
    assert seen.runs() == [("boot", 1 << 60, "1")]


def test_seen_tells_which_message_came_first() -> None:
    """By its number within one run, by the order of the runs between two; none comes before itself."""
    seen = Seen()
    seen.add(Origin("old", 9))
    seen.add(Origin("new", 2))
    old, new = Origin("old", 9), Origin("new", 2)
    assert seen.precedes(old, new) and not seen.precedes(new, old)
    assert seen.precedes(Origin("new", 1), new) and not seen.precedes(new, new)
    assert not seen.precedes(old, Origin("older", 50)), "a run that is not known any more came before"


@given(st.lists(st.tuples(st.floats(0.01, 5), st.floats(-40, 1200)), min_size=1, max_size=200))
def test_low_window_agrees_with_looking_at_every_sample(steps: list[tuple[float, float]]) -> None:
    """The kept few give the same rise as all samples of the window, but for the grain of its edge."""
    window, at, samples = LowWindow(10.0), 0.0, list[tuple[float, float]]()
    grain_s = 10.0 / MAX_SAMPLES
    for step, value in steps:
        at += step
        window.add(at, value)
        samples.append((at, value))
        within = [kept for when, kept in samples if at - when <= 10.0]
        surely = [kept for when, kept in samples if at - when <= 10.0 - grain_s]
        rise = window.rise(value)
        assert rise is not None and value - min(surely) <= rise <= value - min(within)


def test_windows_stay_small_however_fast_the_samples() -> None:
    """Ten thousand samples in a window of ten seconds keep a bounded number of them."""
    low, slope = LowWindow(10.0), SlopeWindow(10.0)
    for number in range(10_000):
        low.add(number / 1000, float(number))
        slope.add(number / 1000, float(number))
    assert len(low.samples()) <= 2 * MAX_SAMPLES
    assert len(slope.samples()) <= 2 * MAX_SAMPLES
    rate = slope.rate()
    assert rate is not None
    assert abs(rate - 1000) < 1e-6


def test_slope_needs_two_instants() -> None:
    """One sample has no rate."""
    window = SlopeWindow(10.0)
    assert window.rate() is None
    window.add(1.0, 5.0)
    assert window.rate() is None


def test_timers_ring_in_order_and_once() -> None:
    """The newest instant set for a key counts; a key set to None is silent."""
    timers = Timers()
    timers.set(("held", "1"), 5.0)
    timers.set(("level", "2"), 3.0)
    timers.set(("held", "1"), 4.0)
    timers.set(("silent", "3"), 1.0)
    timers.set(("silent", "3"), None)
    assert timers.next() == 3.0
    assert [timers.pop(10.0) for _ in range(3)] == [(3.0, ("level", "2")), (4.0, ("held", "1")), None]


def test_timers_do_not_grow_with_resetting() -> None:
    """A timer that is moved a hundred thousand times leaves no heap behind."""
    timers = Timers()
    for number in range(100_000):
        timers.set(("held", "1"), float(number))
    assert len(timers._heap) < 100


def test_timers_set_to_the_same_instant_ring_once_each_in_order_of_their_names() -> None:
    """Set again to what it is set to, or moved and moved back, a timer still rings once."""
    timers = Timers()
    for due in (5.0, 5.0, 7.0, 5.0):
        timers.set(("level", "b"), due)
    timers.set(("level", "a"), 5.0)
    timers.set(("held", "gone"), None)
    assert [timers.pop(6.0) for _ in range(4)] == [(5.0, ("level", "a")), (5.0, ("level", "b")), None, None]
    assert timers.next() is None and timers.pop(9.0) is None


def test_timers_keep_what_is_set_however_often_others_move() -> None:
    """What is cleared away is what was moved, nothing else; and not before it is much more than what is set."""
    timers = Timers()
    for number in range(20):
        timers.set(("level", str(number)), 1000.0 - number)
    for number in range(10_000):
        timers.set(("held", "1"), float(number))
        assert len(timers._heap) <= 65 + 4 * 21
    timers.set(("held", "1"), None)
    assert [timers.pop(2000.0) for _ in range(21)] == [
        *((1000.0 - number, ("level", str(number))) for number in reversed(range(20))),
        None,
    ]


def test_unknown_is_neither_true_nor_false() -> None:
    """Kleene's tables: unknown wins over true in `and`, over false in `or`, and stays unknown in `not`."""
    assert [conjoin([True, None]), conjoin([None, False]), conjoin([])] == [None, False, True]
    assert [disjoin([False, None]), disjoin([None, True]), disjoin([])] == [None, True, False]
    assert [negate(None), negate(True)] == [None, False]


def test_three_kinds_of_quantity() -> None:
    """A number has a unit and a range, a state and an event have neither; some are dangerous when true."""
    assert QUANTITIES["co"] == Quantity("co", Kind.NUMBER, "ppm", "carbon monoxide", 0.0, 10_000.0, alarming=False)
    verdict = "the detector's own verdict: smoke"
    assert QUANTITIES["smoke"] == Quantity("smoke", Kind.STATE, "", verdict, 0.0, 0.0, alarming=True)
    assert QUANTITIES["co"].expected == "0 to 10000 ppm" and QUANTITIES["pressed"].expected == "true or false"
    accepted = [
        value for value in (0, 10_000.0, -1, 10_001, True, float("nan"), "5") if QUANTITIES["co"].accepts(value)
    ]
    assert accepted == [0, 10_000.0]
    assert [value for value in (True, False, 1, 0.0, "on") if QUANTITIES["smoke"].accepts(value)] == [True, False]


def test_the_vocabulary_is_consistent() -> None:
    """Every number has a unit and a range; only states and events can be alarming by themselves."""
    for quantity in QUANTITIES.values():
        assert quantity.meaning
        if quantity.kind is Kind.NUMBER:
            assert quantity.unit and quantity.low < quantity.high and not quantity.alarming
        else:
            assert not quantity.unit
    assert max(Tier) is Tier.RED
    assert Tier.from_word("orange") is Tier.ORANGE
