"""The small parts of the engine, each by itself."""

from hypothesis import given
from hypothesis import strategies as st

from rules.quantity import QUANTITIES, Kind
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


def test_unknown_is_neither_true_nor_false() -> None:
    """Kleene's tables: unknown wins over true in `and`, over false in `or`, and stays unknown in `not`."""
    assert [conjoin([True, None]), conjoin([None, False]), conjoin([])] == [None, False, True]
    assert [disjoin([False, None]), disjoin([None, True]), disjoin([])] == [None, True, False]
    assert [negate(None), negate(True)] == [None, False]


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
