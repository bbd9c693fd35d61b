"""Rules about a zone or the whole venue: shares, extremes, and what is unknown among many."""

import pytest

from rules.signal import Heard, Resumed
from tests.rules.house import Story, device, plan, rule, tier, without_zones

METERS = [device(f"meter-{n}", "room-a" if n < 3 else "attic", "voltage") for n in range(1, 5)]
UPS = device("ups", "attic", "on_battery", "battery_charge")


def grid(*tiers_: tuple[str, str]) -> Story:
    loss = rule("loss", "venue", ("venue",), *(tier(word, when) for word, when in tiers_), category="power")
    return Story(plan(loss, devices=[*METERS, UPS]))


def test_share_grades_a_mains_loss() -> None:
    """One dead meter of five is blue; half of them is orange."""
    story = grid(
        ("blue", "share(on_battery or voltage < 40) > 0"), ("orange", "share(on_battery or voltage < 40) >= 0.5")
    )
    assert without_zones(story.read(1, "meter-1", voltage=0.0)) == ["Raise loss@venue blue"]
    assert story.read(2, "meter-2", voltage=0.0) == []
    assert without_zones(story.read(3, "ups", on_battery=True)) == ["Escalate loss@venue orange"]
    assert without_zones(story.read(4, "meter-1", voltage=230.0)) == ["StepDown loss@venue blue"]


def test_silent_devices_neither_start_nor_end_a_share() -> None:
    """An unknown meter may be dead or alive: the alarm waits for the known, and does not clear on the unknown."""
    story = grid(("blue", "share(voltage < 40) >= 0.5"))
    story.read(1, "meter-1", voltage=0.0)
    assert story.tell(Heard(2, "meter-2", online=False)) == ["ReportFault meter-2 offline"]
    assert without_zones(story.read(3, "meter-3", voltage=0.0)) == ["Raise loss@venue blue"]
    story.tell(Heard(4, "meter-1", online=False))
    assert story.alarm("loss@venue") == "unack blue"
    story.read(5, "meter-3", voltage=230.0)
    assert story.alarm("loss@venue") == "unack blue"
    story.read(6, "meter-1", voltage=230.0)
    assert story.alarm("loss@venue") == "rtn_unack blue"


@pytest.mark.parametrize(
    ("when", "raised_by"),
    [
        ("any(voltage < 40)", 1),
        ("count(voltage < 40) >= 3", 3),
        ("all(voltage < 40)", 4),
        ("min(voltage) < 40", 1),
        ("max(voltage) < 40", 4),
        ("mean(voltage) < 120", 2),
        ("not all(voltage > 40)", 1),
        ("any(voltage < 40) and count(voltage < 40) > 1", 2),
    ],
)
def test_each_function_over_several_devices(when: str, raised_by: int) -> None:
    """Meters die one after the other; the alarm comes with the expected one and names who led to it."""
    story = grid(("blue", when))
    for n in range(1, 5):
        said = story.read(n, f"meter-{n}", voltage=0.0)
        assert (without_zones(said) == ["Raise loss@venue blue"]) == (n == raised_by), n
    assert story.engine.alarms()[0].because


@pytest.mark.parametrize(
    "when", ["any(co > 100)", "all(co > 100)", "min(co) < 100", "max(co) > 100", "mean(co) > 1", "share(co > 1) > 0"]
)
def test_what_no_device_measures_is_never_true(when: str) -> None:
    """A rule about a quantity that the venue does not have stays quiet."""
    story = grid(("blue", when))
    story.read(1, "meter-1", voltage=0.0)
    story.tell(Resumed(2, 1.0))  # lets every rule look
    assert story.alarm("loss@venue") == "normal"


def test_min_is_unknown_while_a_member_is_unknown() -> None:
    """The least known value decides when it is low enough; it proves nothing when it is not."""
    story = grid(("blue", "min(voltage) < 100"))
    story.tell(Heard(1, "meter-1", online=False))
    assert story.alarm("loss@venue") == "normal"
    assert without_zones(story.read(2, "meter-2", voltage=50.0)) == ["Raise loss@venue blue"]
    story.read(3, "meter-2", voltage=230.0)
    assert story.alarm("loss@venue") == "unack blue"


def test_members_narrow_a_group() -> None:
    """A venue rule may look at some devices only."""
    loss = rule("loss", "venue", ("venue",), tier("blue", "all(voltage < 40)"), members=["meter-1"])
    story = Story(plan(loss, devices=METERS))
    assert without_zones(story.read(1, "meter-1", voltage=0.0)) == ["Raise loss@venue blue"]


def test_many_contributors_are_named_up_to_a_bound() -> None:
    """Eight devices are named in a decision, the rest is counted."""
    many = [device(f"meter-{n:02}", "room-a", "voltage") for n in range(20)]
    loss = rule("loss", "venue", ("venue",), tier("blue", "all(voltage < 40)"))
    story = Story(plan(loss, devices=many))
    for one in many:
        story.read(1, one.id, voltage=0.0)
    because = story.engine.alarms()[0].because
    assert [one.text for one in because[8:]] == ["and 12 more", "all(voltage < 40)"]


def test_rate_and_rise_look_back_over_their_window() -> None:
    """Frequency that falls faster than 0.1 Hz/s, and a temperature 8.3 above the lowest of a minute."""
    meter = device("meter", "room-a", "frequency", "temperature")
    falling = rule("falling", "device", ("meter",), tier("blue", "rate(frequency, 2s) <= -0.1"))
    rising = rule("rising", "device", ("meter",), tier("blue", "rise(temperature, 60s) >= 8.3"))
    story = Story(plan(falling, rising, devices=[meter]))
    for n in range(10):
        assert story.read(n, "meter", frequency=50.0 - 0.05 * n, temperature=20.0 + 0.1 * n) == []
    assert without_zones(story.read(10, "meter", frequency=49.2)) == ["Raise falling@meter blue"]
    assert without_zones(story.read(11, "meter", temperature=28.3)) == ["Raise rising@meter blue"]
    story.restart()
    assert without_zones(story.read(72, "meter", temperature=28.4)) == ["Return rising@meter blue"]


def test_the_evidence_of_an_extreme_is_the_one_device() -> None:
    """The hottest for a maximum, the coldest for a minimum, of however many."""
    detectors = [device(f"d{number}", "room-a", "temperature") for number in (1, 2, 3)]
    hot = rule("hot", "zone", ("floor",), tier("blue", "max(temperature) >= 50"), category="power")
    cold = rule("cold", "zone", ("floor",), tier("blue", "min(temperature) <= 5"), category="power")
    story = Story(plan(hot, cold, devices=detectors))
    for number, value in ((1, 40.0), (3, 4.0), (2, 60.0)):
        story.read(10 + number, f"d{number}", temperature=value)
    texts = {alarm.rule: [one.text for one in alarm.because] for alarm in story.engine.alarms()}
    assert texts["hot"] == ["temperature 60 C", "max(temperature) >= 50"]
    assert texts["cold"] == ["temperature 4 C", "min(temperature) <= 5"]


def test_where_nobody_measures_it_nothing_is_true() -> None:
    """Neither a share of none, nor the least or greatest value of none; an alarm of no rule is none."""
    texts = (
        "share(contact) > 0.5",
        "count(contact) > 0",
        "any(contact)",
        "all(contact)",
        "min(co) < 5",
        "min(co) > 5",
        "max(co) < 5",
        "mean(co) >= 0",
        "alarms([unheard-of])",
    )
    rules = [rule(f"r{number}", "zone", ("floor",), tier("red", text)) for number, text in enumerate(texts)]
    story = Story(plan(*rules))
    story.read(1, "det-a", smoke=True, temperature=60.0)
    assert story.engine.alarms() == ()
    truths = [story.engine.explain(f"{one.id}@floor").tiers[0].when.truth for one in rules]
    assert truths == [False] * len(rules)


def test_while_a_value_is_unknown_an_extreme_may_be_anything_beyond() -> None:
    """With one of two known the least is at most that; with none known nothing is."""
    two = [device(f"d{number}", "room-a", "temperature") for number in (1, 2)]
    texts = ("min(temperature) < 10", "min(temperature) > 10", "max(temperature) > 10", "mean(temperature) > 10")
    rules = [rule(f"r{number}", "zone", ("floor",), tier("red", text)) for number, text in enumerate(texts)]
    story = Story(plan(*rules, devices=two), heard=False)

    def truths() -> list[bool | None]:
        return [story.engine.explain(f"{one.id}@floor").tiers[0].when.truth for one in rules]

    assert truths() == [None, None, None, None]
    story.read(1, "d1", temperature=20.0)
    assert truths() == [None, None, True, None]
    story.read(2, "d2", temperature=5.0)
    assert truths() == [True, False, True, True]
