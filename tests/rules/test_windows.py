"""Conditions that look back over time: what they see, when they let go without data, what a restart leaves of them."""

from itertools import product

import pytest

from rules.signal import Fault, Heard, Origin, Reading, Resumed
from rules.venue import Device
from rules.window import LowWindow, SlopeWindow
from tests.rules.house import Story, device, plan, rule, tier, without_zones

DET = device("det", "room-a", "temperature", "co", "smoke", "pressed")


def told(when: str, *devices: Device, clear: str | None = None) -> Story:
    """A house with one rule about each of these devices."""
    devices = devices or (DET,)
    asked = rule("asked", "device", [one.id for one in devices], tier("blue", when, clear))
    return Story(plan(asked, devices=devices))


def test_a_mean_weighs_each_value_with_its_time() -> None:
    """20 C for 9 s and 100 C for 1 s is a mean of 28 C, however many readings told it."""
    story = told("mean(temperature, 10s) > 27")
    story.read(1, "det", temperature=20.0)
    assert story.read(10, "det", temperature=100.0) == []
    assert without_zones(story.tick(10.9)) == ["Raise asked@det blue"]


def test_rules_that_ask_the_same_share_a_window() -> None:
    """Also when one writes it in other units: each says what it would say alone, and the device keeps one count."""
    one = rule("one", "device", ("det",), tier("blue", "count(smoke, 60s) >= 2"))
    other = rule("other", "device", ("det",), tier("blue", "count(smoke, 1m) >= 1 and mean(co, 60s) >= 0"))
    third = rule("third", "device", ("det",), tier("blue", "mean(co, 1m) > 5"))
    story = Story(plan(one, other, third, devices=[DET]))
    story.read(1, "det", co=0.0)
    assert without_zones(story.read(10, "det", smoke=True)) == ["Raise other@det blue"]
    story.read(11, "det", smoke=False)
    assert without_zones(story.read(12, "det", smoke=True)) == ["Raise one@det blue"]
    assert without_zones(story.tick(70)) == ["Return one@det blue"]
    assert without_zones(story.tick(72)) == ["Return other@det blue"]
    story.read(80, "det", co=10.0)
    assert without_zones(story.tick(111)) == ["Raise third@det blue"]


def test_a_mean_crosses_its_threshold_without_data() -> None:
    """A device that tells only changes is not asked again: the engine names the instant itself and is right."""
    story = told("mean(temperature, 60s) >= 50")
    story.read(100, "det", temperature=60.0)
    due = story.engine.deadline()
    assert due is not None
    assert abs(due - 145) < 0.01  # from 20 C to 60 C, three quarters of the window
    assert story.tick(due - 0.01) == []
    assert without_zones(story.tick(due + 0.01)) == ["Raise asked@det blue"]
    story.read(200, "det", temperature=20.0)
    assert story.alarm("asked@det") == "unack blue"
    assert without_zones(story.tick(216)) == ["Return asked@det blue"]


def test_a_mean_strictly_above_is_noticed_too() -> None:
    """At the crossing itself `>` does not hold yet; a moment later it does, and is looked at."""
    story = told("mean(temperature, 60s) > 50")
    story.read(100, "det", temperature=60.0)
    while story.alarm("asked@det") == "normal":
        due = story.engine.deadline()
        assert due is not None
        story.tick(due)
    assert 145 < story.engine.now < 145.01


@pytest.mark.parametrize(
    ("when", "story_", "raised_at"),
    [
        ("min(temperature, 60s) >= 57", [(10, 80.0)], 70),
        ("max(temperature, 60s) < 10", [(10, 5.0)], 70),
        ("min(temperature, 60s) >= 57", [(10, 80.0), (30, 20.0), (31, 80.0)], 91),
        ("max(temperature, 60s) >= 57", [(10, 80.0), (11, 20.0)], 10),
    ],
)
def test_extremes_of_a_window_are_those_of_what_held(
    when: str, story_: list[tuple[float, float]], raised_at: float
) -> None:
    """A value holds until the next one and for as long as the window looks back: no data is needed for it to leave."""
    story = told(when)
    for at, value in story_:
        story.read(at, "det", temperature=value)
    if raised_at > story_[-1][0]:
        assert story.tick(raised_at - 0.01) == []
        assert without_zones(story.tick(raised_at)) == ["Raise asked@det blue"]
    assert story.alarm("asked@det") == "unack blue"
    assert story.engine.alarms()[0].since == raised_at


def test_a_peak_lets_go_by_itself() -> None:
    """One minute after the peak ended the alarm returns, although nothing was heard."""
    story = told("max(temperature, 60s) >= 57")
    story.read(10, "det", temperature=80.0)
    story.read(11, "det", temperature=20.0)
    assert story.tick(70.9) == []
    assert without_zones(story.tick(71)) == ["Return asked@det blue"]


def test_count_counts_each_time_it_becomes_true() -> None:
    """Three times in ten minutes; staying true is once."""
    story = told("count(smoke, 10m) >= 3")
    for at in (10, 20, 30):
        assert story.alarm("asked@det") == "normal"
        story.read(at, "det", smoke=True)
        story.read(at + 1, "det", smoke=True)
        story.read(at + 2, "det", smoke=False)
    assert story.alarm("asked@det") == "unack blue"
    assert story.tick(609.9) == []
    assert without_zones(story.tick(610)) == ["Return asked@det blue"]


def test_count_counts_each_event() -> None:
    """Two presses within five seconds are more than one."""
    story = told("count(pressed, 5s) >= 2")
    assert story.read(10, "det", pressed=True) == []
    assert story.read(15, "det", pressed=True) == []
    assert without_zones(story.read(16, "det", pressed=True)) == ["Raise asked@det blue"]
    assert without_zones(story.tick(20)) == ["Return asked@det blue"]


def test_count_lets_go_inside_a_group() -> None:
    """any(count(...)) ends by a timer, without a word from the device or from any other."""
    flaps = rule("flaps", "zone", ("floor",), tier("blue", "any(count(absent, 60s) >= 2)"))
    story = Story(plan(flaps, devices=[DET]))
    for at in (10, 20):
        story.tell(Heard(at, "det", online=False))
        story.tell(Heard(at + 1, "det"))
    assert story.alarm("flaps@floor") == "unack blue"
    assert story.tick(69) == []
    assert without_zones(story.tick(70)) == ["Return flaps@floor blue"]


def test_a_count_of_a_mean_sees_crossings_without_data() -> None:
    """What becomes true by time alone is counted too."""
    story = told("count(mean(temperature, 10s) >= 50, 60s) >= 1")
    story.read(10, "det", temperature=80.0)
    assert story.tick(14) == []
    assert without_zones(story.tick(16)) == ["Raise asked@det blue"]


def test_a_late_reading_can_raise_a_count_and_an_extreme_and_hides_nothing() -> None:
    """A `true` that was overtaken is one more; an overtaken `false` does not make the present `true` count twice."""
    story = told("count(smoke, 60s) >= 1")
    story.tell(Reading(10, "det", "smoke", False, origin=Origin("b", 2)))
    said = story.tell(Reading(11, "det", "smoke", True, origin=Origin("b", 1)))
    assert without_zones(said) == ["Raise asked@det blue"]
    twice = told("count(smoke, 60s) >= 2")
    twice.tell(Reading(10, "det", "smoke", True, origin=Origin("b", 2)))
    assert twice.tell(Reading(11, "det", "smoke", False, origin=Origin("b", 1))) == []
    assert twice.alarm("asked@det") == "normal"
    peak = told("max(temperature, 60s) >= 57")
    peak.tell(Reading(10, "det", "temperature", 20.0, origin=Origin("b", 2)))
    said = peak.tell(Reading(11, "det", "temperature", 80.0, origin=Origin("b", 1)))
    assert without_zones(said) == ["Raise asked@det blue", "Return asked@det blue"]


@pytest.mark.parametrize("window", ["min(temperature, 60s) > 50", "mean(co, 60s) > 50", "count(smoke, 60s) > 0"])
def test_a_silent_device_makes_a_window_unknown(window: str) -> None:
    """Silence neither raises nor ends; what was before the silence still counts when the device is back."""
    story = told(window)
    story.read(10, "det", smoke=True, temperature=100.0, co=100.0)
    story.tick(69)
    before = story.alarm("asked@det")
    story.tell(Heard(69, "det", online=False))
    assert story.tick(900) == []
    assert story.alarm("asked@det") == before


@pytest.mark.parametrize("window", ["max(temperature, 60s) > 50", "mean(temperature, 60s) > 50"])
def test_an_impossible_value_is_no_part_of_a_window(window: str) -> None:
    """NaN makes the window unknown and leaves a gap in it."""
    story = told(window)
    story.read(10, "det", temperature=60.0)
    story.tell(Reading(20, "det", "temperature", float("nan")))
    assert without_zones(story.read(80, "det", temperature=90.0))[0] == "EndFault det bad_value:temperature"
    assert story.alarm("asked@det") == "unack blue"


def test_what_a_device_does_not_measure_is_never_counted() -> None:
    """A condition on another kind of device stays false, whichever way it is compared."""
    meter = device("meter", "room-a", "voltage")
    for when in ("count(smoke, 60s) < 3", "mean(co, 60s) < 3", "max(co, 60s) < 3"):
        story = told(when, meter)
        story.read(10, "meter", voltage=230.0)
        assert story.alarm("asked@meter") == "normal"


@pytest.mark.parametrize(
    "when",
    [
        "mean(temperature, 60s) >= 50",
        "min(temperature, 60s) >= 57",
        "max(temperature, 60s) >= 57 and mean(temperature, 60s) >= 50",
        "count(temperature > 50, 60s) >= 2",
        "any(mean(temperature, 60s) >= 50) and any(count(temperature > 50, 5m) >= 1)",
    ],
)
def test_a_window_goes_on_over_a_restart(when: str) -> None:
    """An engine restored in the middle decides the same at the same instants."""

    def tell(restart: bool) -> list[str]:
        if when.startswith("any"):
            asked = rule("asked", "zone", ("floor",), tier("blue", when))
        else:
            asked = rule("asked", "device", ("det",), tier("blue", when))
        story, said = Story(plan(asked, devices=[DET])), list[str]()
        for at, value in ((10, 80.0), (20, 30.0), (25, 90.0), (95, 20.0)):
            said += [f"{at} {line}" for line in story.read(at, "det", temperature=value)]
            if restart:
                story.restart()
            for second in range(at + 1, at + 5):
                said += [f"{second} {line}" for line in story.tick(second)]
        for second in range(100, 500):
            said += [f"{second} {line}" for line in story.tick(second)]
        return said

    assert tell(restart=True) == tell(restart=False)
    assert tell(restart=False)


def test_a_window_that_is_new_after_a_restart_begins_with_what_is_known() -> None:
    """A rule added over a restart looks back from the last value, and counts what is true already once."""
    story = Story(plan(devices=[DET]))
    story.read(10, "det", temperature=80.0, smoke=True)
    windows = "min(temperature, 60s) >= 57 and mean(temperature, 60s) >= 57 and count(smoke, 60s) >= 1"
    story.plan = plan(rule("asked", "device", ("det",), tier("blue", windows)), devices=[DET])
    story.restart()
    assert without_zones(story.tell(Resumed(20, 5))) == ["Raise asked@det blue"]
    assert without_zones(story.tick(80)) == ["Return asked@det blue"]


def test_a_value_holds_through_an_outage_of_tocsin() -> None:
    """Like a running delay, a window counts the downtime with what was said last; a low of before it is too old."""
    story = told("mean(temperature, 60s) >= 57 or rise(temperature, 60s) >= 40")
    story.read(10, "det", temperature=40.0)
    story.read(20, "det", temperature=58.0)
    story.restart()
    assert without_zones(story.tell(Resumed(300, 279))) == ["Raise asked@det blue"]
    story.read(301, "det", temperature=49.0)
    assert story.tick(307.6) == []
    assert without_zones(story.tick(307.7)) == ["Return asked@det blue"]


def test_what_a_window_did_while_tocsin_was_down_is_seen_at_the_start() -> None:
    """A mean that crossed its threshold in the outage counts from the restart, and a peak that left is gone."""
    both = (
        rule("hot", "zone", ("floor",), tier("blue", "any(mean(temperature, 60s) >= 50)")),
        rule("peak", "zone", ("floor",), tier("blue", "any(max(co, 60s) >= 50)")),
    )
    story = Story(plan(*both, devices=[DET]))
    story.read(10, "det", temperature=80.0, co=80.0)
    story.read(11, "det", co=1.0)
    story.restart()
    said = without_zones(story.tell(Resumed(300, 280)))
    assert sorted(said) == ["Raise hot@floor blue", "Return peak@floor blue"]


def test_a_snapshot_of_other_windows_is_left_out() -> None:
    """A window that no rule asks any more is dropped, and faults of values leave others alone."""
    story = told("max(temperature, 60s) >= 57")
    story.read(10, "det", temperature=80.0, co=1.0)
    story.plan = plan(rule("other", "device", ("det",), tier("blue", "mean(co, 60s) > 5")), devices=[DET])
    story.restart()
    story.tell(Fault(11, "det", "bad_value:temperature", "NaN", "temperature"))
    assert without_zones(story.read(12, "det", co=100.0)) == []
    assert without_zones(story.tick(40)) == ["Raise other@det blue"]


def test_windows_of_samples_agree_with_every_short_story() -> None:
    """The rise since the lowest, and the slope from the first to the last, of what was told in the window."""
    for steps in product(product([0.5, 3.0, 10.0, 10.5], [4.0, -2.0, 7.0]), repeat=3):
        low, slope, at, told = LowWindow(10.0), SlopeWindow(10.0), 0.0, list[tuple[float, float]]()
        assert low.rise(5.0) is None and slope.rate() is None
        for step_s, value in steps:
            at += step_s
            low.add(at, value)
            slope.add(at, value)
            told.append((at, value))
        within = [(when, value) for when, value in told if at - when <= 10.0]
        assert low.rise(9.0) == 9.0 - min(value for _, value in within)
        (first_at, first), (last_at, last) = within[0], within[-1]
        assert slope.rate() == (None if first_at == last_at else (last - first) / (last_at - first_at))
        assert slope.samples()[0] == within[0] and slope.samples()[-1] == within[-1]


def test_of_samples_in_one_grain_the_last_is_kept() -> None:
    """The first always is; after it two for each part of the window by 512 at most."""
    grain_s = 10.0 / 512
    for step_s, kept in ((0.4 * grain_s, [0, 2, 4]), (0.5 * grain_s, [0, 1, 2, 3, 4])):
        slope = SlopeWindow(10.0)
        for number in range(5):
            slope.add(number * step_s, float(number))
        assert slope.samples() == [(number * step_s, float(number)) for number in kept]
    low = LowWindow(10.0)
    for at, value in ((0.0, 1.0), (grain_s / 2, 2.0), (grain_s, 3.0), (grain_s * 2, 3.0)):
        low.add(at, value)
    assert low.samples() == [(0.0, 1.0), (grain_s * 2, 3.0)]


def test_a_rate_is_unknown_while_the_value_is() -> None:
    """What was told before the silence says nothing of now."""
    falls = rule("falls", "device", ("det",), tier("blue", "rate(temperature, 60s) < 5"), category="power")
    story = Story(plan(falls, devices=[device("det", "room-a", "temperature")]))
    story.read(10, "det", temperature=30.0)
    assert story.engine.explain("falls@det").tiers[0].when.truth is True
    story.tell(Heard(20, "det", online=False))
    assert story.engine.explain("falls@det").tiers[0].when.truth is None


def test_a_fault_of_one_quantity_ends_its_window_and_no_other() -> None:
    """From the fault on nothing is known of the temperature; the CO that was told still holds."""
    det = device("det", "room-a", "temperature", "co")
    warm = rule("warm", "device", ("det",), tier("blue", "min(temperature, 10s) >= 50"), category="power")
    gas = rule("gas", "device", ("det",), tier("blue", "min(co, 10s) >= 50"), category="power")
    story = Story(plan(warm, gas, devices=[det]))
    story.read(0.5, "det", temperature=20.0, co=20.0)
    story.tell(Fault(1, "det", "trouble", "lens", "temperature"))
    said = without_zones(story.read(20, "det", temperature=60.0, co=60.0))
    assert said == ["Raise warm@det blue"]


def test_an_assumed_window_says_so() -> None:
    """Also where the condition looks back."""
    warm = rule(
        "warm",
        "device",
        ("det",),
        tier("blue", "mean(temperature, 30s) >= 40"),
        category="power",
        unknown="assume_alarm",
    )
    story = Story(plan(warm, devices=[device("det", "room-a", "temperature", stale_after_s=30)]))
    story.tick(40)
    (alarm,) = story.engine.alarms()
    assert alarm.because[-1].text.endswith("mean(temperature, 30s) >= 40 (unknown, taken as true)")
