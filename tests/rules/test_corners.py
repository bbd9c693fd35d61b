"""Corners of the engine that the model in tests/rules/model found: each as the smallest story that shows it."""

from dataclasses import replace

from rules.plan import DutyRule, EvacuationPlan, Plan, VerifyRule
from rules.schedule import Schedule
from rules.signal import Calendar, Fault, Heard, OrderEvacuation, Origin, Reading
from rules.venue import Route, Text
from tests.rules.house import PLANS, Story, plan, rule, tier, venue, without_zones, zone


def test_what_is_true_at_the_first_signal_is_told_with_it() -> None:
    """A condition that no news makes true, such as an empty desk, is announced at the start, once."""
    desk = rule("desk", "venue", ["venue"], tier("blue", "nobody_on_duty"), category="power")
    story = Story(replace(plan(desk), duty=DutyRule()), heard=False)
    assert story.alarm("desk@venue") == "unack blue"
    story.restart()
    assert story.tick(5) == [] and len(story.decisions) == 2


def test_an_alarm_that_looks_because_of_another_sees_the_whole_change() -> None:
    """One reading raises an alarm and ends what a second rule asks besides: the second must not see half of that."""
    smoke = rule("smoke", "device", ["det-a"], tier("orange", "smoke"))
    alone = rule("alone", "zone", ["floor"], tier("red", "alarms([smoke]) and not any(smoke)"), evacuate="whole")
    story = Story(plan(smoke, alone))
    assert without_zones(story.read(1, "det-a", smoke=True)) == ["Raise smoke@det-a orange"]


def test_a_coincidence_forgets_also_when_another_delay_ends_at_that_instant() -> None:
    """The end of a window is seen although a delay of the same alarm rings with it."""
    press = rule("press", "device", ["det-a"], tier("orange", "smoke"))
    second = rule(
        "second",
        "zone",
        ["floor"],
        tier("yellow", "any(temperature > 50)", on=10),
        tier("orange", "alarms([press], within: 10s)"),
        category="power",
    )
    story = Story(plan(press, second))
    story.read(1, "det-a", smoke=True)
    story.read(2, "det-a", smoke=False, temperature=60)
    assert without_zones(story.tick(12)) == ["StepDown second@floor yellow"]


def test_an_alarm_that_returned_comes_back_as_it_is_now() -> None:
    """Not acknowledged, returned, and back at a lower tier: it is shown at the lower tier, unless it latches."""
    two = rule("two", "device", ["det-a"], tier("blue", "temperature > 30"), tier("yellow", "temperature > 60"))
    story = Story(plan(two))
    story.read(1, "det-a", temperature=70)
    assert story.read(2, "det-a", temperature=20)[0] == "Return two@det-a yellow"
    assert story.read(3, "det-a", temperature=40)[0] == "Raise two@det-a blue"
    assert story.engine.zone_tiers()["room-a"].word == "blue"


def test_a_rule_that_could_not_decide_is_well_only_when_it_can() -> None:
    """The fault stays through a restart, a device that comes back without telling, and late news of the past."""
    blind = rule("blind", "zone", ["floor"], tier("orange", "all(smoke)"), unknown="fault")
    story = Story(plan(blind), heard=False)
    assert "ReportFault floor blind:blind" in story.tick(1000)
    story.restart()
    assert story.tell(Heard(1001, "det-a")) == ["EndFault det-a silent"]
    assert story.read(1002, "det-b", smoke=True) == ["EndFault det-b silent"]
    assert story.read(1003, "det-a", smoke=False) == ["EndFault floor blind:blind"]


def test_a_schedule_that_cannot_be_told_blinds_at_once() -> None:
    """A rule that minds the unknown reports that its hours are unknown when that begins, and its end when they are."""
    hours = rule("hours", "device", ["det-a"], tier("orange", "smoke and during(open)"), unknown="fault")
    story = Story(Plan(venue(), (hours,), PLANS, {"open": Schedule(())}))
    story.tell(Calendar(1, "open", True))
    story.read(2, "det-a", smoke=True)
    assert story.tell(Calendar(3, "open", None)) == ["ReportFault det-a blind:hours"]
    assert story.tell(Calendar(4, "open", True)) == ["EndFault det-a blind:hours"]


def test_who_minds_the_unknown_does_not_wait_for_what_was_told() -> None:
    """A device that has told all it measures has no more time to wait for, though its own part did not change."""
    blind = rule("blind", "zone", ["floor"], tier("orange", "count(smoke or temperature > 60) >= 2"), unknown="fault")
    story = Story(plan(blind), heard=False)
    story.tick(1000)
    story.read(1001, "det-a", smoke=True)
    assert "EndFault floor blind:blind" in story.read(1002, "det-b", smoke=True)
    assert story.tell(Heard(1003, "det-b", online=False)) == ["ReportFault det-b offline"]
    assert story.read(1004, "det-a", temperature=20.0) == ["ReportFault floor blind:blind"]


def test_an_alarm_that_reads_only_alarms_is_no_call_by_hand() -> None:
    """A fire told through another rule blocks the way it burns on."""
    hot = rule("hot", "device", ["det-a"], tier("blue", "temperature > 60"), category="power")
    fire = rule("fire", "device", ["det-a"], tier("orange", "alarms([hot])"))
    house = plan(hot, fire)
    ways = (Route("stair", ("room-a",), Text("yard")),)
    zones = {**house.venue.zones, "room-b": replace(zone("room-b", "floor"), routes=ways)}
    leave = {"leave": EvacuationPlan("leave", ("room-b",), Text("leave"), Text("yard"))}
    story = Story(replace(house, venue=replace(house.venue, zones=zones), evacuation_plans=leave))
    story.read(1, "det-a", temperature=70)
    story.tell(OrderEvacuation(2, "leave", "Wu", "smoke seen"))
    assert story.engine.evacuations()[0].blocked == ("stair",)


def test_an_unknown_condition_ends_no_alarm_even_when_its_clear_is_true() -> None:
    """Half of what an alarm asks is doubted: the other half, though calm, ends it only when the first is known."""
    two = rule("two", "device", ["det-a"], tier("orange", "smoke or temperature >= 57", "temperature < 40"))
    story = Story(plan(two))
    story.read(1, "det-a", smoke=True)
    story.tell(Fault(2, "det-a", "contradiction", "two verdicts at once", "smoke"))
    assert without_zones(story.read(3, "det-a", temperature=25)) == []
    assert without_zones(story.read(4, "det-a", smoke=False)) == ["Return two@det-a orange"]


def test_late_news_that_all_was_calm_does_not_prolong_an_alarm() -> None:
    """A reading of the past can raise and nothing else: only one that is true calls an off-delay off."""
    calm = rule("calm", "device", ["det-a"], tier("orange", "temperature > 60", off=20))
    story = Story(plan(calm))
    for at, value, seq in ((1, 70.0, 4), (2, 20.0, 6), (12, 20.0, 2)):
        story.tell(Reading(at, "det-a", "temperature", value, "live", Origin("boot", seq)))
    assert without_zones(story.tick(22)) == ["Return calm@det-a orange"]
    for at, value, seq in ((31, 70.0, 7), (32, 20.0, 9), (42, 70.0, 8)):
        story.tell(Reading(at, "det-a", "temperature", value, "live", Origin("boot", seq)))
    assert story.tick(52) == [] and without_zones(story.tick(62)) == ["Return calm@det-a orange"]


def test_a_second_detector_verifies_the_first_also_from_a_higher_tier() -> None:
    """While one smoke detector is verified another says at once what needs no verification: both are alarms."""
    first = replace(tier("yellow", "smoke_obscuration >= 2"), verify=VerifyRule(30.0, 60.0))
    puff = rule("puff", "device", ["det-a", "det-b"], first, tier("orange", "smoke"))
    story = Story(plan(puff))
    story.read(1, "det-a", smoke_obscuration=3)
    assert without_zones(story.read(2, "det-b", smoke=True)) == ["Raise puff@det-a yellow", "Raise puff@det-b orange"]


def test_a_value_ends_the_fault_of_its_predecessor_before_it_is_believed() -> None:
    """Who looks when the fault ends must not see half of the change: that all was told, and nothing is known."""
    asks = tier("orange", "any(faulted and absent) or not any(smoke)")
    story = Story(plan(rule("blind", "zone", ["room-a"], asks, unknown="fault")), heard=False)
    story.tell(Reading(1, "det-a", "smoke", True, "retained"))
    assert story.read(2, "det-a", smoke=True) == ["EndFault det-a unverified"]
