"""Windows whose values hold until the next one: each agrees with looking at the whole story, at every instant."""

from itertools import product
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.held import MIN_STEP_S, CountWindow, Extreme, ExtremeWindow, MeanWindow
from rules.window import MAX_SAMPLES

SPAN_S = 10.0
Told = list[tuple[float, float | None]]

STORIES = st.lists(
    st.tuples(st.sampled_from([0.25, 0.5, 1.0, 3.0, 10.0, 25.0]), st.none() | st.integers(-5, 5).map(float)),
    min_size=1,
    max_size=40,
)


def told(steps: Told) -> Told:
    """Steps as (instant, value from then on)."""
    at, story = 0.0, Told()
    for step_s, value in steps:
        at += step_s
        story.append((at, value))
    return story


def stretches(story: Told, now: float) -> list[tuple[float, float]]:
    """(seconds, value) of all that was known in the window that ends at `now`; a value told just now lasts 0 s."""
    found: list[tuple[float, float]] = []
    for (at, value), (until, _) in zip(story, [*story[1:], (now, None)], strict=True):
        if value is not None and at <= now and (until > now - SPAN_S or at == until == now):
            found.append((min(until, now) - max(at, now - SPAN_S), value))
    return found


# Every story of four steps such as these, so that nothing is left to chance; the random ones are longer.
SHORT = list(product(product([0.5, 3.0, 10.0], [None, 4.0, -2.0]), repeat=4))


def test_windows_agree_with_every_short_story() -> None:
    """The least, the greatest and the mean, at each of some instants after the last that was told."""
    for steps in SHORT:
        for later_s in (0.0, 2.0, 7.5, 10.0):
            check_extremes(list(steps), later_s)
            check_mean(list(steps), later_s)


@given(STORIES, st.sampled_from([0.0, 0.5, 2.0, 9.0, 30.0]))
def test_least_and_greatest_agree_with_the_whole_story(steps: Told, later_s: float) -> None:
    """Whatever is told and lost, the extreme is that of every value that held in the window."""
    check_extremes(steps, later_s)


def check_extremes(steps: Told, later_s: float) -> None:
    """Against all that was told."""
    story = told(steps)
    extremes: tuple[tuple[Extreme, ExtremeWindow], ...] = (
        ("min", ExtremeWindow("min", SPAN_S)),
        ("max", ExtremeWindow("max", SPAN_S)),
    )
    for extreme, window in extremes:
        for at, value in story:
            window.lose(at) if value is None else window.add(at, value)
        now = story[-1][0] + later_s
        known = [value for _, value in stretches(story, now)]
        expected = (min if extreme == "min" else max)(known, default=None)
        assert window.value(now) == expected


@given(STORIES, st.sampled_from([0.0, 0.5, 2.0, 9.0, 30.0]))
def test_mean_agrees_with_the_whole_story(steps: Told, later_s: float) -> None:
    """Each value counts with the time for which it held; what is unknown does not count."""
    check_mean(steps, later_s)


def check_mean(steps: Told, later_s: float) -> None:
    """Against all that was told."""
    story, window = told(steps), MeanWindow(SPAN_S)
    for at, value in story:
        window.lose(at) if value is None else window.add(at, value)
    now = story[-1][0] + later_s
    parts = stretches(story, now)
    known_s = sum(seconds for seconds, _ in parts)
    mean = window.value(now)
    if known_s > 0:
        assert mean is not None
        assert isclose(mean, sum(seconds * value for seconds, value in parts) / known_s, abs_tol=1e-9)
    elif story[-1][1] is not None:
        assert mean == story[-1][1]


@given(STORIES, st.integers(-5, 5).map(float))
def test_a_mean_says_when_it_crosses_its_threshold(steps: Told, threshold: float) -> None:
    """Between two instants that it names, the mean stays on one side: nothing is missed without data."""
    check_crossings(steps, threshold)


def test_a_mean_says_when_it_crosses_in_every_short_story() -> None:
    """And it looks no more often than the story has corners, each of which is an edge of the window once."""
    for steps in list(SHORT)[::5]:
        for threshold in (-2.0, 0.0, 2.5):
            check_crossings(list(steps), threshold)


def check_crossings(steps: Told, threshold: float) -> None:
    """From the last that was told until nothing changes by itself."""
    story, window = told([*steps, (1.0, 2.0)]), MeanWindow(SPAN_S)
    window.thresholds.add(threshold)
    for at, value in story:
        window.lose(at) if value is None else window.add(at, value)
    now = story[-1][0]
    for _ in range(4 + 3 * len(steps)):
        due = window.due(now)
        until = now + 2 * SPAN_S if due is None else due
        sides = {_side(window, instant, threshold) for instant in _between(now, until)}
        assert len(sides - {0}) <= 1
        if due is None:
            return
        assert due >= now + MIN_STEP_S / 2
        now = due
    pytest.fail("a window without data settles")


def _between(start: float, end: float) -> list[float]:
    edge = 2 * MIN_STEP_S
    return [start + edge + part / 7 * (end - start - 2 * edge) for part in range(8)] if end - start > 2 * edge else []


def _side(window: MeanWindow, at: float, threshold: float) -> int:
    copy = MeanWindow(SPAN_S)
    copy.restore(window.state())
    value = copy.value(at)
    assert value is not None
    return 0 if isclose(value, threshold, abs_tol=1e-9) else 1 if value > threshold else -1


def test_what_held_for_a_moment_may_be_left_out_and_no_more() -> None:
    """The grain of a window is its span by 512: longer than that is kept, and what is less extreme is dropped."""
    grain_s = SPAN_S / MAX_SAMPLES
    for held_s, kept in ((grain_s, True), (grain_s * 0.9, False)):
        peak = ExtremeWindow("max", SPAN_S)
        for at, value in ((1.0, 50.0), (2.0, 40.0), (2.0 + held_s, 30.0)):
            peak.add(at, value)
        assert [value for _, value in peak.state().entries] == [-50.0, *([-40.0] if kept else []), -30.0]
    low = ExtremeWindow("min", SPAN_S)
    for at, value in ((1.0, 5.0), (2.0, 9.0), (3.0, 5.0), (4.0, 5.0)):
        low.add(at, value)
    assert len(low.state().entries) == 1


def test_the_sums_of_a_mean_stay_small() -> None:
    """They begin anew where only one value is left in the window, so that no rounding adds up over the years."""
    mean = MeanWindow(SPAN_S)
    for at, value in ((0.0, 1e6), (100.0, 2.0), (101.0, 3.0), (102.0, 4.0)):
        mean.add(at, value)
    assert mean.state().samples == [
        (0.0, 1e6, 0.0, 0.0),
        (100.0, 2.0, 1e8, 100.0),
        (101.0, 3.0, 1e8 + 2, 101.0),
        (102.0, 4.0, 1e8 + 5, 102.0),
    ]
    mean.add(200.0, 5.0)
    assert mean.state().samples == [(102.0, 4.0, 0.0, 0.0), (200.0, 5.0, 392.0, 98.0)]
    assert mean.value(200.0) == 4.0


def test_an_extreme_says_when_it_leaves() -> None:
    """A peak that ended at 3 s leaves a window of 10 s at 13 s; the present value never leaves."""
    window = ExtremeWindow("max", SPAN_S)
    assert window.due(0) is None
    window.add(1, 50)
    assert window.due(2) is None
    window.add(3, 20)
    assert (window.value(12.9), window.due(12.9)) == (50, 13)
    assert (window.value(13), window.due(13)) == (20, None)


def test_a_gap_is_not_filled() -> None:
    """What was lost counts until it was lost; then nothing is known until the next value."""
    peak, mean = ExtremeWindow("max", SPAN_S), MeanWindow(SPAN_S)
    for window in (peak, mean):
        window.lose(0)
        window.add(0, 40)
        window.lose(5)
        window.lose(6)
        window.add(7, 10)
    assert peak.value(10) == 40
    assert peak.value(15) == 10
    assert mean.value(10) == pytest.approx((5 * 40 + 3 * 10) / 8)
    assert mean.due(6.5) is not None


def test_a_mean_of_what_was_lost_waits_for_news() -> None:
    """Nothing changes by time while nothing is known."""
    window = MeanWindow(SPAN_S)
    assert window.value(0) is None
    assert window.due(0) is None
    window.add(0, 40)
    window.add(1, 20)
    window.lose(2)
    assert window.due(3) is None


def test_windows_stay_small_however_fast_the_samples() -> None:
    """Ten thousand different values in ten seconds keep a bounded number of samples, and the mean stays right."""
    peak, mean = ExtremeWindow("max", SPAN_S), MeanWindow(SPAN_S)
    for number in range(20_000):
        at = number / 1000
        peak.add(at, -float(number))
        mean.add(at, float(number % 2))
    assert len(peak.state().entries) <= 2 * MAX_SAMPLES
    assert len(mean.state().samples) <= 2 * MAX_SAMPLES + 2
    value = mean.value(20.0)
    assert value is not None and isclose(value, 0.5, abs_tol=0.01)


def test_count_counts_becoming_true() -> None:
    """Staying true, and unknown in between, count nothing; what became true leaves after the span."""
    window = CountWindow(SPAN_S)
    for at, truth in ((0, False), (1, True), (2, True), (3, None), (4, True), (5, False), (6, True)):
        window.look(at, truth)
    assert (window.value(6), window.due(6)) == (2, 11)
    assert (window.value(11), window.due(11)) == (1, 16)
    assert (window.value(16), window.due(16)) == (0, None)


def test_count_is_bounded() -> None:
    """The last 512 times are kept."""
    window = CountWindow(SPAN_S)
    for number in range(2 * MAX_SAMPLES):
        window.look(number / 1000, number % 2 == 0)
        window.look(number / 1000, number % 2 == 1)
    assert window.value(1) == MAX_SAMPLES


@given(STORIES)
def test_a_restored_window_goes_on(steps: Told) -> None:
    """What is kept over a restart is all there is."""
    story = told(steps)
    half = len(story) // 2
    for make in (lambda: ExtremeWindow("min", SPAN_S), lambda: MeanWindow(SPAN_S)):
        one: ExtremeWindow | MeanWindow = make()
        other: ExtremeWindow | MeanWindow = make()
        for number, (at, value) in enumerate(story):
            if number == half:
                other.restore(one.state())
            for window in (one, other)[: 2 if number >= half else 1]:
                window.lose(at) if value is None else window.add(at, value)
        now = story[-1][0]
        assert (one.value(now), one.due(now), one.state()) == (other.value(now), other.due(now), other.state())
