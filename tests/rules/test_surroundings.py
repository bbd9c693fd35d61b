"""Schedules, duty and shows: what they ask of the engine, and that a restart forgets none of it."""

from dataclasses import replace

import pytest

from rules.decision import DutyChange, Raise
from rules.engine import Engine
from rules.expression import ExpressionError, parse
from rules.plan import DutyRule, Each, EvacuationPlan, Plan, Rule, Stage
from rules.schedule import Schedule
from rules.signal import (
    Acknowledge,
    AllClear,
    Calendar,
    Duty,
    EndShow,
    OrderEvacuation,
    Reading,
    Reset,
    Resumed,
    Signal,
    StartShow,
)
from rules.surroundings import SHOW_MAX_S
from rules.typecheck import problems
from rules.venue import Text
from tests.rules.house import CONFIRMED, HEAT, PLANS, SMOKE, Story, rule, tier, venue, without_zones

HAZY = replace(SMOKE, show_mode=True)


def house(*rules: Rule, duty: str | None = None) -> Plan:
    """The house with schedules "open" and "staff"; `duty` names the schedule of duty, "" one of people alone."""
    schedules = {"open": Schedule(()), "staff": Schedule(())}
    return Plan(venue(), rules, PLANS, schedules, None if duty is None else DutyRule(duty))


def because(story: Story, kind: str) -> list[str]:
    """The texts of the evidence of the last decision of a kind."""
    decision = next(one for one in reversed(story.decisions) if type(one).__name__ == kind)
    return [f"{one.source}: {one.text}" for one in decision.because]


# Schedules


def wrong(text: str, each: Each = "device") -> list[str]:
    """What the type checker says."""
    return [one.message for one in problems(parse(text), each=each, rule_ids=(), schedules=("open",))]


def test_only_schedules_of_the_venue_can_be_asked() -> None:
    """A mistyped schedule would never be active: it is refused with the nearest right word."""
    assert wrong("smoke and during(open)") == [] and wrong("any(smoke) and not during(open)", "zone") == []
    assert wrong("smoke and nobody_on_duty") == [] and wrong("nobody_on_duty and any(smoke)", "venue") == []
    assert wrong("during(opne)") == ["unknown schedule 'opne', expected the id of one in the venue file"]
    assert wrong("during()") == ["during() takes (schedule), 0 given"]
    assert wrong("during(open) >= 1") == ["during() gives true or false: it cannot be compared"]
    assert wrong("nobody_on_duty >= 1")[0].startswith("unknown quantity 'nobody_on_duty'")
    with pytest.raises(ExpressionError, match="expected an id, found '60s'"):
        parse("during(60s)")


def test_a_rule_follows_its_schedule() -> None:
    """By night less smoke is enough; the change of the schedule alone raises and clears, and the evidence names it."""
    night = rule("night", "device", ("det-a",), tier("yellow", "smoke_obscuration >= 2 and not during(open)"))
    story = Story(house(night))
    story.read(1, "det-a", smoke_obscuration=3.0)
    assert story.alarm("night@det-a") == "normal", "unknown starts no alarm"
    assert story.tell(Calendar(2, "open", True)) == []
    assert without_zones(story.tell(Calendar(3, "open", False))) == ["Raise night@det-a yellow"]
    assert because(story, "Raise")[0] == "schedule/open: open is not active"
    story.read(3.5, "det-a", smoke_obscuration=0.0)
    story.read(3.7, "det-a", smoke_obscuration=3.0)
    assert story.decisions[-1].because[0].at == 3.0, "since when it is so"
    story.restart()
    assert story.tell(Calendar(4, "open", False)) == [], "told again after a restart it is no news"
    assert story.tell(Calendar(5, "open", None)) == [], "unknown ends no alarm"
    assert without_zones(story.tell(Calendar(6, "open", True))) == ["Return night@det-a yellow"]


def test_a_group_follows_its_schedule() -> None:
    """Inside and outside of an aggregate; schedules that the plan does not have are passed over."""
    inside = rule("inside", "zone", ("floor",), tier("blue", "any(smoke and during(open))"))
    outside = rule("outside", "venue", ("venue",), tier("blue", "any(smoke) and during(open)"))
    story = Story(house(inside, outside))
    story.read(1, "det-a", smoke=True)
    assert story.tell(Calendar(2, "gone", True)) == []
    assert sorted(without_zones(story.tell(Calendar(3, "open", True)))) == [
        "Raise inside@floor blue",
        "Raise outside@venue blue",
    ]
    assert because(story, "Raise")[0] == "schedule/open: open is active"
    story.restart()
    assert sorted(without_zones(story.tell(Calendar(4, "open", False)))) == [
        "Return inside@floor blue",
        "Return outside@venue blue",
    ]


# Duty


def test_without_a_word_on_duty_somebody_is_there() -> None:
    """A venue file that says nothing of duty waits for people as ever, and knows no order about it."""
    nobody = rule("nobody", "device", ("det-a",), tier("blue", "nobody_on_duty"))
    story = Story(house(SMOKE, CONFIRMED, nobody))
    assert story.alarm("nobody@det-a") == "normal" and story.engine.duty() is None
    assert "Investigate confirmed@floor acknowledge until 25" in story.read(10, "det-a", smoke=True)
    assert story.tell(Duty(11, True, "Li", "here"))[0].startswith(
        "Refuse duty on: the venue's file says nothing of duty"
    )
    assert story.tell(Duty(12, False, "Li", "gone"))[0].startswith("Refuse duty off: ")


def test_nobody_on_duty_is_not_waited_for() -> None:
    """Nobody known to be there: one detector confirms at once, and the decision says why."""
    for told in ([], [Calendar(1, "staff", False)], [Calendar(1, "staff", None)]):
        story = Story(house(SMOKE, CONFIRMED, duty="staff"))
        for signal in told:
            story.tell(signal)
        said = without_zones(story.read(10, "det-a", smoke=True))
        assert said == ["Raise smoke@det-a orange", "Raise confirmed@floor red", "Evacuate whole-1"]
        assert "nobody is on duty (schedule staff: " in because(story, "Evacuate")[-1]


def test_when_the_last_goes_the_wait_is_over() -> None:
    """Duty that ends in the middle of an investigation ends it, also after a restart; the alarm had been seen."""
    story = Story(house(SMOKE, CONFIRMED, duty="staff"))
    assert story.tell(Calendar(1, "staff", True)) == ["DutyChange on"]
    story.read(10, "det-a", smoke=True)
    story.tell(Acknowledge(12, "smoke@det-a", "Li", "seen"))
    story.restart()
    said = without_zones(story.tell(Calendar(20, "staff", False)))
    assert said == ["DutyChange off", "Raise confirmed@floor red", "Evacuate whole-1"]
    assert because(story, "Raise")[-1] == "confirmed@floor: nobody is on duty (schedule staff: is not active)"
    assert story.tick(200) == [], "no timer of the investigation is left"


def test_a_person_says_whether_somebody_is_there() -> None:
    """The word of a person goes before the schedule until the schedule changes, and is remembered over a restart."""
    nobody = rule("nobody", "zone", ("floor",), tier("blue", "nobody_on_duty"))
    story = Story(house(nobody, duty="staff"))
    story.tell(Calendar(1, "staff", True))
    assert without_zones(story.tell(Duty(2, False, "Li", "alone, going home"))) == [
        "DutyChange off",
        "Raise nobody@floor blue",
    ]
    assert because(story, "DutyChange") == ["duty: nobody is on duty (Li: alone, going home)"]
    assert because(story, "Raise")[0] == "duty: nobody is on duty (Li: alone, going home)"
    story.restart()
    assert story.tell(Calendar(3, "staff", None)) == [] and story.tell(Calendar(4, "staff", True)) == []
    duty = story.engine.duty()
    assert duty is not None and (duty.staffed, duty.since, duty.who) == (False, 2, "Li")
    assert story.tell(Calendar(5, "staff", False)) == [], "the word is over, and the schedule says the same"
    assert without_zones(story.tell(Calendar(6, "staff", True))) == ["DutyChange on", "Return nobody@floor blue"]


def test_a_word_given_while_the_clock_is_wrong_waits_for_the_schedule() -> None:
    """What the schedule says first, once it is known, does not take the word back; its next change does."""
    story = Story(house(duty="staff"))
    story.tell(Duty(1, True, "Li", "here"))
    assert story.tell(Calendar(2, "staff", False)) == []
    assert story.tell(Calendar(3, "staff", True)) == [], "the schedule takes over, and says the same"
    assert story.tell(Calendar(4, "staff", False)) == ["DutyChange off"]


def test_duty_of_people_alone() -> None:
    """Without a schedule only people say it."""
    story = Story(house(SMOKE, CONFIRMED, duty=""))
    duty = story.engine.duty()
    assert duty is not None and (duty.staffed, duty.who) == (None, "")
    assert story.tell(Duty(1, True, "Li", "here")) == ["DutyChange on"]
    assert "Investigate confirmed@floor acknowledge until 25" in story.read(10, "det-a", smoke=True)


def test_a_restart_without_duty_forgets_the_word() -> None:
    """A file that speaks of duty no more leaves nothing of it behind, nor of a schedule or a zone that is gone."""
    story = Story(house(duty="staff"))
    story.tell(Calendar(1, "staff", True))
    story.tell(Duty(2, True, "Li", "here"))
    body = story.engine.snapshot()
    engine = Engine.restore(Plan(venue(), (), PLANS), body)
    assert engine.duty() is None and engine.schedules() == ()


def test_a_rule_outside_its_hours_begins_no_investigation() -> None:
    """Its schedule's beginning does, if the alarm still stands."""
    hours = replace(CONFIRMED, during="open")
    story = Story(house(SMOKE, hours))
    story.tell(Calendar(1, "open", False))
    assert without_zones(story.read(10, "det-a", smoke=True)) == ["Raise smoke@det-a orange"]
    story.restart()
    assert story.tell(Calendar(20, "open", True)) == ["Investigate confirmed@floor acknowledge until 35"]


# Show mode


def show(at: float, zone: str = "room-a", for_s: float = 600.0, role: str = "commander") -> StartShow:
    """Haze on the stage."""
    return StartShow(at, zone, for_s, "Wu", "concert", role)  # type: ignore[arg-type]  # a role of the cases


def test_haze_starts_no_investigation_and_hides_nothing() -> None:
    """In the zone of the show a single smoke alarm is raised and sounds, and that is all; elsewhere all is as ever."""
    story = Story(house(HAZY, CONFIRMED))
    assert story.tell(show(5)) == ["ShowMode room-a until 605"]
    assert without_zones(story.read(10, "det-a", smoke=True)) == ["Raise smoke@det-a orange"]
    (alarm,) = story.engine.alarms()
    assert alarm.sounding
    assert story.tick(300) == []


def test_a_second_detector_confirms_in_a_show() -> None:
    """Haze counts as first and as second device: two detectors, also both in the show, evacuate."""
    for zone in ("room-a", "floor"):
        story = Story(house(HAZY, CONFIRMED))
        story.tell(show(5, zone))
        story.read(10, "det-a", smoke=True)
        assert "Evacuate whole-1" in story.read(20, "det-b", smoke=True)


def test_heat_is_no_haze() -> None:
    """Rules that do not say `show_mode` begin their investigation in a show as ever."""
    story = Story(house(HAZY, HEAT, CONFIRMED))
    story.tell(show(5))
    assert "Investigate confirmed@floor acknowledge until 25" in story.read(10, "det-a", temperature=60.0)
    story = Story(house(SMOKE, CONFIRMED))
    story.tell(show(5))
    assert "Investigate confirmed@floor acknowledge until 25" in story.read(10, "det-a", smoke=True)


def test_at_the_end_of_a_show_standing_smoke_is_looked_into() -> None:
    """The show ends by itself on its second, also within an outage; what stands then is looked into."""
    story = Story(house(HAZY, CONFIRMED))
    story.tell(show(5))
    story.read(10, "det-a", smoke=True)
    story.restart()
    (running,) = story.engine.shows()
    assert (running.zone, running.until, running.who, running.why) == ("room-a", 605, "Wu", "concert")
    assert story.engine.deadline() == 605
    story.restart()
    assert story.tell(Resumed(700, 650)) == ["EndShowMode room-a", "Investigate confirmed@floor acknowledge until 715"]
    assert because(story, "EndShowMode") == ["room-a: the 600 s that Wu gave it are over"]
    assert "Evacuate whole-1" in story.tick(715)


def test_smoke_that_is_gone_at_the_end_of_a_show_is_past() -> None:
    """Nothing begins for an alarm that only waits for its reset; its next rise begins one."""
    story = Story(house(HAZY, CONFIRMED))
    story.tell(show(5))
    story.read(10, "det-a", smoke=True)
    story.read(20, "det-a", smoke=False)
    assert story.tell(EndShow(30, "room-a", "Wu", "over")) == ["EndShowMode room-a"]
    assert "Investigate confirmed@floor acknowledge until 55" in story.read(40, "det-a", smoke=True)


def test_a_show_is_refused_where_it_burns() -> None:
    """A fire alarm that stands or waits for its reset, in the zone, below it or above it, comes first."""
    story = Story(house(HAZY, rule("stairs", "zone", ("floor",), tier("red", "any(smoke)"), latching=True)))
    story.read(10, "det-a", smoke=True)
    first = "stands or waits for its reset: deal with it first"
    for zone in ("room-a", "floor"):
        assert story.tell(show(12, zone)) == [f"Refuse start-show {zone}: smoke@det-a {first}"]
    assert story.tell(show(12, "room-b")) == [f"Refuse start-show room-b: stairs@floor {first}"]
    assert story.tell(show(12, "attic")) == ["ShowMode attic until 612"]
    story.read(20, "det-a", smoke=False)
    story.restart()
    assert story.tell(show(60)) == [f"Refuse start-show room-a: smoke@det-a {first}"]
    for alarm in ("smoke@det-a", "stairs@floor"):
        story.tell(Acknowledge(61, alarm, "Li", "seen"))
        story.tell(Reset(62, alarm, "Li", "toast", "commander"))
    assert story.tell(show(63)) == ["ShowMode room-a until 663"]


def test_a_show_is_not_prolonged_over_standing_smoke() -> None:
    """It may be announced anew only while nothing stands in it."""
    story = Story(house(HAZY, CONFIRMED))
    story.tell(show(5))
    story.read(10, "det-a", smoke=True)
    assert story.tell(show(600))[0].startswith("Refuse start-show room-a: smoke@det-a stands")
    assert "Investigate confirmed@floor acknowledge until 620" in story.tick(605)


def test_a_show_is_never_the_whole_venue() -> None:
    """Else one smoke alarm anywhere in the house would lead to nothing for hours."""
    (said,) = Story(house(HAZY, CONFIRMED)).tell(show(5, "venue"))
    assert said.startswith("Refuse start-show venue: it is the whole venue")


def test_a_show_within_a_show() -> None:
    """What is held back waits for the last show over it."""
    story = Story(house(HAZY, CONFIRMED))
    story.tell(show(5, "floor"))
    story.tell(show(6, "room-a"))
    story.read(10, "det-a", smoke=True)
    assert story.tell(EndShow(20, "room-a", "Wu", "over")) == ["EndShowMode room-a"]
    assert story.tell(EndShow(30, "floor", "Wu", "over")) == [
        "EndShowMode floor",
        "Investigate confirmed@floor acknowledge until 45",
    ]


def test_an_evacuation_ends_every_show() -> None:
    """Ordered by a person or by a second device; none begins until the all-clear, also after a restart."""
    for order in (OrderEvacuation(20, "whole", "Li", "smoke"), Reading(20, "det-b", "smoke", True)):
        story = Story(house(HAZY, CONFIRMED))
        story.tell(show(5))
        story.tell(show(5, "attic"))
        story.read(10, "det-a", smoke=True)
        said = without_zones(story.tell(order))
        begun = said.index("Evacuate whole-1")
        assert said[begun + 1 :] == ["EndShowMode attic", "EndShowMode room-a"]
        story.restart()
        refused = "Refuse start-show attic: people are led out: whole-1 is in force"
        assert story.tell(show(30, "attic")) == [refused] and story.tick(900) == []
        story.tell(AllClear(901, "whole-1", "Li", "steam", "commander"))
        assert story.tell(show(902, "attic")) == ["ShowMode attic until 1502"]


def test_where_nobody_is_moved_yet_the_smoke_of_a_show_is_looked_into() -> None:
    """An evacuation of another part ends the show, and what it held back begins its investigation."""
    stages = (Stage("first", who="origin"), Stage("others", who="rest", after_s=300.0))
    phased = EvacuationPlan("whole", ("floor", "attic"), Text("leave"), Text("outside"), stages)
    call = rule("call", "device", ("det-attic",), tier("red", "temperature >= 90"), evacuate="whole")
    story = Story(replace(house(HAZY, CONFIRMED, call), evacuation_plans={"whole": phased}))
    story.tell(show(5))
    story.read(10, "det-a", smoke=True)
    said = without_zones(story.read(20, "det-attic", temperature=95.0))
    wanted = ["Evacuate whole-1", "EndShowMode room-a", "Investigate confirmed@floor acknowledge until 35"]
    assert said[1:] == wanted


def test_shows_are_boxed_named_and_watched() -> None:
    """Each refusal says what is missing; a show announced again counts anew."""
    story = Story(house(HAZY, duty="staff"))
    story.tell(Calendar(1, "staff", True))
    assert story.tell(show(2, "stage")) == ["Refuse start-show stage: there is no such zone"]
    too_long = "Refuse start-show room-a: a show lasts more than 0 and at most 4 h, not 14401 s"
    assert story.tell(show(2, for_s=4 * 3600 + 1)) == [too_long]
    assert story.tell(show(2, for_s=0))[0].startswith("Refuse start-show room-a: a show lasts")
    assert story.tell(show(2, role="operator"))[0].startswith("Refuse start-show room-a: an operator may not")
    assert story.tell(EndShow(2, "room-a", "Wu", "over")) == ["Refuse end-show room-a: no show is on there"]
    assert story.tell(show(3)) == ["ShowMode room-a until 603"]
    assert story.tell(show(500)) == ["ShowMode room-a until 1100"]
    assert story.tick(700) == []
    said = story.tell(Duty(800, False, "Li", "going home"))
    assert said == ["DutyChange off", "EndShowMode room-a"]
    refused = "Refuse start-show room-a: somebody must watch a show: nobody is on duty (Li: going home)"
    assert story.tell(show(801)) == [refused]


def test_when_nobody_watches_the_show_its_smoke_is_a_fire() -> None:
    """The last one leaves in a show with standing smoke: the show is over, and nothing waits."""
    story = Story(house(HAZY, CONFIRMED, duty=""))
    story.tell(Duty(1, True, "Li", "here"))
    story.tell(show(5))
    story.read(10, "det-a", smoke=True)
    said = without_zones(story.tell(Duty(20, False, "Li", "going home")))
    assert said == ["DutyChange off", "EndShowMode room-a", "Raise confirmed@floor red", "Evacuate whole-1"]


# Why and why not


def parts_of(story: Story, alarm: str) -> list[str]:
    """What the innermost parts of the only tier of an alarm found, and whether they are true."""
    explained = story.engine.explain(alarm)
    assert explained is not None
    (tier_explained,) = explained.tiers
    return [f"{part.text}: {part.truth}, {part.found}" for part in tier_explained.when.parts]


def test_why_not_names_the_schedule_and_the_duty() -> None:
    """Each part that asks what is around says what it is told, on a device and in a group, with and without duty."""
    device_rule = rule("device", "device", ("det-a",), tier("blue", "during(open) and nobody_on_duty"))
    group_rule = rule("group", "zone", ("floor",), tier("blue", "during(open) and nobody_on_duty"))
    for alarm in ("device@det-a", "group@floor"):
        story = Story(house(device_rule, group_rule, duty="staff"))
        story.tell(Calendar(1, "open", False))
        duty = "nobody_on_duty: True, nobody is on duty (schedule staff: not told yet)"
        assert parts_of(story, alarm) == ["during(open): False, open is not active", duty]
    story = Story(house(device_rule))
    always = "nobody_on_duty: False, somebody always counts as on duty in this venue"
    assert parts_of(story, "device@det-a") == ["during(open): None, open is unknown", always]


def test_why_not_says_what_a_show_holds_back() -> None:
    """The rule that confirms tells which alarm will begin its investigation, and when."""
    story = Story(house(HAZY, CONFIRMED))
    story.tell(show(5))
    story.read(10, "det-a", smoke=True)
    explained = story.engine.explain("confirmed@floor")
    assert explained is not None
    held = "a show or a schedule holds the investigation of smoke@det-a back; its end begins it if it still stands"
    assert held in explained.notes


def test_a_show_lasts_as_long_as_it_may() -> None:
    """Half a second, or the whole of the longest time; not a second more."""
    story = Story(house(HAZY, CONFIRMED))
    for for_s, taken in ((0.5, True), (SHOW_MAX_S, True), (SHOW_MAX_S + 1, False), (0.0, False)):
        (said,) = story.tell(StartShow(1, "room-a", for_s, "Zhao", "haze", "engineer"))
        assert said.startswith("ShowMode") == taken


def test_what_is_told_again_is_no_news() -> None:
    """A schedule keeps the instant since which it is so, whatever it is told again."""
    story = Story(house(SMOKE, duty="staff"))
    for at, active in ((1, True), (5, True), (9, None), (10, None), (11, False), (12, False)):
        story.tell(Calendar(at, "staff", active))
    assert story.engine.schedules()[0].since == 11.0
    assert [one.at for one in story.decisions if isinstance(one, DutyChange)] == [1.0, 9.0]


def test_who_says_what_of_duty() -> None:
    """Nobody yet, a schedule, a person, or the venue's file by saying nothing: each with the instant since when."""
    asks = rule("asks", "device", ("det-a",), tier("blue", "smoke and (nobody_on_duty or not nobody_on_duty)"))

    def said(*told: Signal, duty: str | None) -> tuple[float, str, str]:
        story = Story(house(asks, duty=duty))
        for signal in told:
            story.tell(signal)
        story.read(20, "det-a", smoke=True)
        raised = next(one for one in story.decisions if isinstance(one, Raise))
        return raised.because[0].at, raised.because[0].source, raised.because[0].text

    assert said(duty=None) == (20.0, "duty", "somebody always counts as on duty in this venue")
    assert said(duty="") == (20.0, "duty", "nobody is on duty (not told yet)")
    assert said(duty="staff") == (20.0, "duty", "nobody is on duty (schedule staff: not told yet)")
    on = Calendar(5, "staff", True)
    assert said(on, duty="staff") == (5.0, "duty", "somebody is on duty (schedule staff: is active)")
    here = Duty(7, False, "Wang", "called away")
    assert said(on, here, duty="staff") == (7.0, "duty", "nobody is on duty (Wang: called away)")


def test_a_show_that_a_person_ended_does_not_end_again() -> None:
    """Its time passes in silence."""
    story = Story(house(HAZY, CONFIRMED))
    story.tell(StartShow(1, "room-a", 60.0, "Zhao", "haze", "engineer"))
    assert story.tell(EndShow(10, "room-a", "Li", "over")) == ["EndShowMode room-a"]
    assert story.tick(100) == [] and story.engine.shows() == ()


def test_a_schedule_can_be_counted_and_stand_in_a_window() -> None:
    """Each beginning counts; what several devices say is looked at again with it."""
    often = rule("often", "device", ("det-a",), tier("blue", "count(smoke and during(open), 60s) >= 2"))
    warm = rule("warm", "zone", ("floor",), tier("blue", "any(mean(temperature, 30s) > 40 and during(open))"))
    story = Story(house(often, warm))
    story.read(1, "det-a", smoke=True, temperature=50.0)
    assert without_zones(story.tell(Calendar(40, "open", True))) == ["Raise warm@floor blue"]
    story.tell(Calendar(41, "open", False))
    assert "Raise often@det-a blue" in story.tell(Calendar(42, "open", True))
