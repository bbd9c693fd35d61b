"""What a rule makes of what is not known, and of delays that Tocsin slept through: as the rule says."""

import pytest

from rules.signal import Heard, LinkDown, Origin, Reading, Resumed
from tests.rules.house import Story, device, plan, rule, tier, without_zones

DET = device("det", "room-a", "temperature", "smoke", stale_after_s=30)
OTHER = device("other", "room-b", "temperature", "smoke", stale_after_s=30)
HOT = tier("orange", "temperature >= 57")
ASSUMING = rule("hot", "device", ("det",), HOT, unknown="assume_alarm")
REPORTING = rule("hot", "device", ("det",), HOT, unknown="fault")


def test_unknown_is_held_unless_the_rule_says_otherwise() -> None:
    """By default silence starts nothing and ends nothing."""
    story = Story(plan(rule("hot", "device", ("det",), HOT), devices=[DET]))
    assert story.tick(30) == ["ReportFault det silent"]
    assert story.alarm("hot@det") == "normal"


def test_a_silent_device_counts_as_in_alarm_where_the_rule_assumes_it() -> None:
    """It raises when the device is past its staleness, says that it was assumed, and returns with the next value."""
    story = Story(plan(ASSUMING, devices=[DET]))
    assert story.tick(29.9) == []
    assert without_zones(story.tick(30)) == ["ReportFault det silent", "Raise hot@det orange"]
    assert "temperature >= 57 (unknown, taken as true)" in story.engine.alarms()[0].because[-1].text
    assert without_zones(story.read(40, "det", temperature=20.0)) == ["EndFault det silent", "Return hot@det orange"]


def test_nothing_is_assumed_before_a_device_had_time_to_tell() -> None:
    """At the start, and when it is back, a device that tells its quantities one by one has its staleness time."""
    story = Story(plan(ASSUMING, devices=[DET]), heard=False)
    story.read(5, "det", smoke=False)
    assert story.tick(29.9) == []
    story.read(29.9, "det", smoke=False)
    assert without_zones(story.tick(30)) == ["Raise hot@det orange"]
    story.read(31, "det", temperature=20.0)
    story.tell(Heard(32, "det", online=False))
    assert story.alarm("hot@det") == "unack orange"
    assert without_zones(story.read(33, "det", smoke=False, temperature=20.0)) == [
        "EndFault det offline",
        "Return hot@det orange",
    ]


def test_an_impossible_value_is_assumed_to_be_an_alarm_at_once() -> None:
    """A sensor that has told before and now tells nonsense needs no time."""
    story = Story(plan(ASSUMING, devices=[DET]))
    story.read(20, "det", temperature=20.0, smoke=False)
    story.read(40, "det", smoke=False)
    said = story.tell(Reading(41, "det", "temperature", float("nan")))
    assert without_zones(said) == ["ReportFault det bad_value:temperature", "Raise hot@det orange"]


def test_assuming_respects_what_is_known_and_what_is_asked() -> None:
    """`not` and `and` of the unknown are unknown, so assumed; where a part decides, nothing is assumed."""
    for when, expected in (
        ("not temperature < 57", "unack orange"),
        ("temperature >= 57 and smoke", "unack orange"),
        ("temperature >= 57 and not absent", "normal"),
        ("temperature >= 57 or absent", "unack orange"),
    ):
        asked = rule("asked", "device", ("det",), tier("orange", when), unknown="assume_alarm")
        story = Story(plan(asked, devices=[DET]))
        story.tick(30)
        assert story.alarm("asked@det") == expected, when


def test_an_assumed_alarm_waits_for_its_delay_and_is_not_assumed_of_the_past() -> None:
    """The on-delay of the tier holds; a late reading of a part raises nothing by what is unknown of another."""
    asked = rule("asked", "device", ("det",), tier("orange", "temperature >= 57", on=10), unknown="assume_alarm")
    story = Story(plan(asked, devices=[DET]))
    assert story.tick(30) == ["ReportFault det silent"]
    assert without_zones(story.tick(40)) == ["Raise asked@det orange"]
    both = rule("asked", "device", ("det",), tier("orange", "temperature >= 57 and smoke"), unknown="assume_alarm")
    story = Story(plan(both, devices=[DET]), heard=False)
    story.tell(Reading(1, "det", "smoke", False, origin=Origin("b", 2)))
    assert story.tell(Reading(2, "det", "smoke", True, origin=Origin("b", 1))) == []


def test_a_group_assumes_only_what_could_be_true() -> None:
    """Two of two at the most: one silent device leaves `all` unknown, and `count >= 2` with a calm one false."""
    for when, expected in (("all(temperature >= 57)", "normal"), ("any(temperature >= 57)", "unack orange")):
        asked = rule("asked", "zone", ("floor",), tier("orange", when), unknown="assume_alarm")
        story = Story(plan(asked, devices=[DET, OTHER]))
        story.read(20, "other", temperature=20.0)
        story.tick(30)
        assert story.alarm("asked@floor") == expected, when


def test_an_extreme_of_nothing_known_is_assumed_and_names_nobody() -> None:
    """The least of values that are all unknown can be anything: its evidence is the condition alone."""
    cold = rule("cold", "zone", ("floor",), tier("blue", "min(temperature) < 5"), unknown="assume_alarm")
    story = Story(plan(cold, devices=[DET]))
    assert without_zones(story.tick(30)) == ["ReportFault det silent", "Raise cold@floor blue"]
    assert [one.text for one in story.engine.alarms()[0].because] == ["min(temperature) < 5 (unknown, taken as true)"]


def test_losing_the_device_that_was_awaited_ends_the_waiting() -> None:
    """One is offline, the other may still tell; when it is offline too, the group is assumed to be in alarm."""
    asked = rule("asked", "zone", ("floor",), tier("orange", "any(temperature >= 57)"), unknown="assume_alarm")
    story = Story(plan(asked, devices=[DET, OTHER]), heard=False)
    story.tell(Heard(1, "det", online=False))
    assert story.alarm("asked@floor") == "normal"
    assert without_zones(story.tell(Heard(2, "other", online=False))) == [
        "ReportFault other offline",
        "Raise asked@floor orange",
    ]


def test_a_rate_of_one_value_is_awaited_and_then_unknown() -> None:
    """A rate needs two values within its window; a device that never tells so often cannot be judged by it."""
    falling = rule("falling", "device", ("det",), tier("blue", "rate(temperature, 5s) <= -1"), unknown="fault")
    story = Story(plan(falling, devices=[DET]), heard=False)
    story.read(10, "det", temperature=20.0)
    assert story.engine.faults() == ()
    story.read(20, "det", temperature=20.0)
    assert story.tick(30) == ["ReportFault det blind:falling"]
    assert "too little is known of det:" in story.engine.faults()[0].text
    assert story.read(31, "det", temperature=20.0) == []
    assert story.read(32, "det", temperature=20.0) == ["EndFault det blind:falling"]


def test_a_group_gives_a_device_that_is_back_time_to_tell() -> None:
    """The alarm that was assumed stands until its value is known."""
    asked = rule("asked", "zone", ("floor",), tier("orange", "any(temperature >= 57)"), unknown="assume_alarm")
    story = Story(plan(asked, devices=[DET]))
    story.tick(30)
    story.tell(Heard(31, "det"))
    assert story.alarm("asked@floor") == "unack orange"
    assert without_zones(story.read(32, "det", temperature=20.0)) == ["Return asked@floor orange"]


def test_a_rule_that_cannot_decide_reports_a_fault() -> None:
    """Where the rule asks for it: at its place, with its name and the devices not heard, until it can again."""
    story = Story(plan(REPORTING, devices=[DET]))
    assert story.tick(30) == ["ReportFault det silent", "ReportFault det blind:hot"]
    assert story.engine.faults()[1].text == (
        "rule hot cannot decide: too little is known of det: look at them and their links"
    )
    assert story.tick(60) == []
    assert story.alarm("hot@det") == "normal"
    assert story.read(61, "det", temperature=20.0) == ["EndFault det silent", "EndFault det blind:hot"]


def test_a_device_that_is_heard_again_does_not_end_blindness_before_it_tells() -> None:
    """A word that says nothing of the quantity changes nothing, also over a restart."""
    story = Story(plan(REPORTING, devices=[DET]))
    story.tick(30)
    assert story.read(40, "det", smoke=False) == ["EndFault det silent"]
    story.restart()
    assert story.tell(Resumed(50, 5)) == []
    assert story.read(51, "det", temperature=20.0) == ["EndFault det blind:hot"]


def test_a_blind_group_names_its_silent_devices_up_to_a_bound() -> None:
    """The fault is at the zone, and eight devices are named."""
    many = [device(f"det-{n:02}", "room-a", "temperature", stale_after_s=30) for n in range(12)]
    asked = rule("asked", "zone", ("floor",), tier("orange", "any(temperature >= 57)"), unknown="fault")
    story = Story(plan(asked, devices=many))
    story.read(20, "det-00", temperature=80.0)
    story.tick(30)
    story.read(31, "det-00", temperature=20.0)
    blind = next(fault for fault in story.engine.faults() if fault.code == "blind:asked")
    assert blind.source == "floor"
    assert "of det-01, det-02" in blind.text and "det-08 and 3 more" in blind.text


def test_a_fault_of_blindness_survives_a_restart_and_ends_with_its_rule() -> None:
    """It is told once; when the files no longer ask for it, it ends."""
    story = Story(plan(REPORTING, devices=[DET]))
    story.tick(30)
    story.restart()
    assert story.tell(Resumed(40, 5)) == []
    story.plan = plan(rule("hot", "device", ("det",), HOT), devices=[DET])
    story.restart()
    assert story.tell(Resumed(50, 5)) == ["EndFault det blind:hot"]


def test_reading_an_alarm_can_make_a_rule_blind() -> None:
    """`alarms(...) and temperature` is decided while no alarm stands, and unknown when one does."""
    smoke = rule("smoke", "device", ("other",), tier("blue", "smoke"))
    both = rule("both", "zone", ("floor",), tier("blue", "alarms([smoke]) and max(temperature) >= 57"), unknown="fault")
    story = Story(plan(smoke, both, devices=[DET, OTHER]))
    story.tick(30)
    assert not [fault for fault in story.engine.faults() if fault.code.startswith("blind")]
    said = without_zones(story.read(31, "other", temperature=20.0, smoke=True))
    assert said == ["EndFault other silent", "Raise smoke@other blue", "ReportFault floor blind:both"]


def test_time_to_tell_goes_on_over_a_restart() -> None:
    """A device that was awaited is awaited anew after an outage; what was assumed before stays as it was."""
    story = Story(plan(ASSUMING, devices=[DET]), heard=False)
    story.read(5, "det", smoke=False)
    story.restart()
    story.tell(Resumed(30, 20))
    story.read(50, "det", smoke=False)
    assert story.alarm("hot@det") == "normal"
    assert without_zones(story.tick(60)) == ["Raise hot@det orange"]


def test_a_restart_does_not_make_a_long_unknown_value_awaited() -> None:
    """A sensor that told nonsense before the restart is unknown after it."""
    story = Story(plan(ASSUMING, devices=[DET]))
    for at in (20, 40, 60, 80):
        story.read(at, "det", temperature=20.0)
    story.restart()
    story.tell(Resumed(100, 10))
    assert "Raise hot@det orange" in story.tell(Reading(101, "det", "temperature", float("nan")))


def test_a_device_that_measures_more_after_a_restart_has_time_to_tell_it() -> None:
    """A quantity added to the venue file is awaited for the staleness time, not assumed."""
    before = device("det", "room-a", "smoke", stale_after_s=30)
    story = Story(plan(rule("hot", "device", ("det",), HOT), devices=[before]))
    story.read(100, "det", smoke=False)
    story.plan = plan(ASSUMING, devices=[DET])
    story.restart()
    story.tell(Resumed(110, 5))
    assert story.alarm("hot@det") == "normal"
    story.read(130, "det", smoke=False)
    assert without_zones(story.tick(140)) == ["Raise hot@det orange"]


@pytest.mark.parametrize(
    ("after_outage", "raised_at"),
    [("assume_held", 70), ("restart", 160)],
)
def test_a_delay_counts_an_outage_or_begins_anew(after_outage: str, raised_at: float) -> None:
    """On-delay of 60 s from 10 s on, down from 20 s to 100 s: over at once, or 60 s after the restart."""
    slow = rule(
        "slow",
        "device",
        ("det",),
        tier("orange", "temperature >= 57", on=60, off=30),
        after_outage="restart" if after_outage == "restart" else "assume_held",
    )
    long_lived = device("det", "room-a", "temperature", stale_after_s=1000)
    story = Story(plan(slow, devices=[long_lived]))
    story.read(10, "det", temperature=80.0)
    story.restart()
    said = without_zones(story.tell(Resumed(100, 80)))
    assert said == (["Raise slow@det orange"] if raised_at < 100 else [])
    if raised_at > 100:
        assert story.tick(raised_at - 0.1) == []
        assert without_zones(story.tick(raised_at)) == ["Raise slow@det orange"]
    story.read(200, "det", temperature=20.0)
    story.restart()
    said = without_zones(story.tell(Resumed(240, 20)))
    assert said == (["Return slow@det orange"] if after_outage == "assume_held" else [])
    assert without_zones(story.tick(270)) == ([] if after_outage == "assume_held" else ["Return slow@det orange"])
    assert story.tell(Resumed(300, 10)) == []


def test_nothing_else_depends_on_a_link() -> None:
    """A dead link is a fault of its own; its devices fall silent by their own time."""
    story = Story(plan(ASSUMING, devices=[DET]))
    assert story.tell(LinkDown(1, "wire", "refused")) == ["ReportFault wire link_down"]
