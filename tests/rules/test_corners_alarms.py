"""Corners of a running engine at which a small slip would hide, delay or double an alarm or an evacuation."""

from dataclasses import replace

import pytest

from rules.annunciator import FLOOD_RAISES
from rules.decision import ReportFault, Shown
from rules.plan import DutyRule, InvestigationRule, VerifyRule
from rules.schedule import Schedule
from rules.signal import (
    Acknowledge,
    AllClear,
    Calendar,
    EndShow,
    Fault,
    Heard,
    LinkDown,
    OutOfService,
    Reading,
    Reset,
    Resumed,
    Role,
    Shelve,
    StartShow,
)
from rules.snapshot import decode
from rules.tier import Tier
from tests.rules import test_evacuation as hotel
from tests.rules.house import CONFIRMED, HEAT, SMOKE, Story, device, plan, rule, tier, without_zones

THERMOMETER = device("det-a", "room-a", "temperature")
WARM = rule("warm", "device", ("det-a",), tier("yellow", "temperature >= 40"), category="power")
HAZY = replace(SMOKE, show_mode=True)


def out_of_service(at: float, target: str, role: Role = "commander") -> OutOfService:
    return OutOfService(at, target, 3600.0, "Wu", "it is stuck", role)


def begun(said: list[str]) -> list[str]:
    return [line for line in said if line.startswith("Investigate")]


def test_a_stuck_alarm_that_nobody_looks_into_may_go_although_another_is_looked_into() -> None:
    """What runs because of the heat of a detector keeps its smoke, which was stood down, in service no longer."""
    story = Story(plan(SMOKE, HEAT, CONFIRMED))
    story.read(10, "det-a", smoke=True)
    story.tell(Reset(11, "confirmed@floor", "Wu", "toast", "commander"))
    story.tell(Acknowledge(12, "smoke@det-a", "Wu", "stuck"))
    assert begun(story.read(100, "det-a", temperature=60.0))
    assert story.tell(out_of_service(101, "smoke@det-a"))[0].startswith("Hidden smoke@det-a")


def test_a_stuck_alarm_may_go_when_the_time_to_look_into_it_is_over() -> None:
    """Where nothing is evacuated there is no all-clear that would forget it."""
    story = Story(plan(SMOKE, replace(CONFIRMED, evacuate=None)))
    story.read(10, "det-a", smoke=True)
    assert "Raise confirmed@floor red" in story.tick(25)
    story.tell(Acknowledge(30, "smoke@det-a", "Wu", "stuck"))
    assert story.tell(out_of_service(31, "smoke@det-a"))[0].startswith("Hidden smoke@det-a")


def test_an_alarm_that_returned_and_waits_for_its_reset_stays_in_service() -> None:
    """Nobody has looked at it yet: out of service it would be gone from view."""
    story = Story(plan(SMOKE))
    story.read(10, "det-a", smoke=True)
    story.read(20, "det-a", smoke=False)
    assert story.tell(out_of_service(30, "det-a", "engineer"))[0].startswith("Refuse out-of-service det-a: smoke@det-a")


def test_the_end_of_one_show_begins_what_it_held_back_and_nothing_else() -> None:
    """In two rooms smoke waits for the end of a show: the room whose show ends does not wait for the other."""
    three = replace(CONFIRMED, tiers=(tier("red", "alarms([smoke], at: orange, devices: 3)"),))
    story = Story(plan(HAZY, three))
    for zone in ("room-a", "room-b", "attic"):
        story.tell(StartShow(5, zone, 600.0, "Wu", "haze", "commander"))
    assert not begun(story.read(10, "det-a", smoke=True) + story.read(11, "det-b", smoke=True))
    assert begun(story.tell(EndShow(20, "attic", "Wu", "done", "commander"))) == []
    said = story.tell(EndShow(30, "room-b", "Wu", "done", "commander"))
    assert begun(said) == ["Investigate confirmed@floor acknowledge until 45"]
    (cause,) = [one for one in story.decisions if type(one).__name__ == "Investigate"]
    assert "det-b" in cause.because[0].source


def test_an_all_clear_ends_no_look_round_that_runs() -> None:
    """Floor 1 is led out; what smells on floor 4 is looked into still, and leads out when nobody answers."""
    story = Story(hotel.hotel(*hotel.STAGES, rules=(hotel.SMOKE, hotel.CALL, hotel.CONFIRMED)))
    story.read(10, "call-1", contact=True)
    assert begun(story.read(20, "smoke-room-4", smoke=True))
    story.tell(AllClear(25, "plan-1", "Wu", "a mistake", "commander"))
    assert "Evacuate plan-2" in story.tick(35)


def test_a_flood_is_told_after_a_long_calm() -> None:
    """Only the last alarms count, whenever they come: what was long ago neither makes a flood nor keeps one away."""
    devices = [
        device(f"det-{number}", "room-a", "temperature", stale_after_s=1e6) for number in range(FLOOD_RAISES + 1)
    ]
    warm = replace(WARM, places=tuple(one.id for one in devices))
    story = Story(plan(warm, devices=devices))
    story.read(10, "det-0", temperature=45.0)
    for number in range(1, FLOOD_RAISES):
        assert "Flood" not in " ".join(story.read(5000 + number, f"det-{number}", temperature=45.0))
    assert f"Flood {FLOOD_RAISES}" in story.read(5100, f"det-{FLOOD_RAISES}", temperature=45.0)


def test_an_alarm_of_two_raises_does_not_chatter() -> None:
    """The beginning of an on-delay is no alarm yet."""
    slow = replace(WARM, tiers=(tier("yellow", "temperature >= 40", on=5),))
    story = Story(plan(slow))
    for at in (10, 30):
        story.read(at, "det-a", temperature=45.0)
        assert "Raise warm@det-a yellow" in story.tick(at + 5)
        said = story.read(at + 10, "det-a", temperature=20.0)
        assert "Chattering" not in " ".join(said)
        assert story.alarm("warm@det-a").startswith("rtn_unack")


def test_a_delay_of_a_second_is_waited_for() -> None:
    """However short it is."""
    story = Story(plan(replace(WARM, tiers=(tier("yellow", "temperature >= 40", on=1),))))
    assert story.read(10, "det-a", temperature=45.0) == []
    assert "Raise warm@det-a yellow" in story.tick(11)


@pytest.mark.parametrize("again", [1.5, None])
def test_an_off_delay_is_called_off_by_what_is_not_clear(again: float | None) -> None:
    """Between the thresholds, or unknown: the alarm stands as before, and for the whole off-delay anew."""
    story = Story(plan(replace(SMOKE, latching=False)))
    story.read(10, "det-a", smoke_obscuration=3.0)
    story.tick(15)
    story.read(20, "det-a", smoke_obscuration=0.5)
    if again is None:
        story.tell(Heard(30, "det-a", online=False))
    else:
        story.read(30, "det-a", smoke_obscuration=again)
    story.tick(60)
    assert story.alarm("smoke@det-a") == "unack yellow"


@pytest.mark.parametrize(
    "asked", ["temperature >= 57", "rise(temperature, 60s) >= 8.3", "mean(temperature, 60s) >= 57"]
)
def test_what_a_device_does_not_measure_is_false(asked: str) -> None:
    """Neither true, which would be an alarm for nothing, nor unknown, which would let no alarm return."""
    smoke = rule("smoke", "device", ("det",), tier("orange", f"smoke or {asked}"))
    story = Story(plan(smoke, devices=[device("det", "room-a", "smoke")]))
    assert story.alarm("smoke@det") == "normal"
    story.read(10, "det", smoke=True)
    assert without_zones(story.read(20, "det", smoke=False)) == ["Return smoke@det orange"]


def test_a_value_that_a_device_does_not_measure_is_passed_over() -> None:
    """It raises nothing, and is no fault when it is impossible."""
    story = Story(plan(WARM, replace(HEAT, places=("det",)), devices=[device("det", "room-a", "smoke"), THERMOMETER]))
    assert story.read(10, "det", temperature=90.0) == []
    assert story.read(11, "det", temperature=-1e9) == []


def test_what_ran_out_is_known_to_a_rule_that_minds_the_unknown() -> None:
    """Nobody answered: that is true, and no fault of a condition that cannot be told."""
    story = Story(plan(SMOKE, replace(CONFIRMED, unknown="fault")))
    story.read(10, "det-a", smoke=True)
    assert "Evacuate whole-1" in story.tick(25)
    assert not [one for one in story.decisions if isinstance(one, ReportFault)]


def test_what_ran_out_returns_with_what_began_it() -> None:
    """Also where the rule asks for other alarms than those that it looks into."""
    hot = replace(CONFIRMED, latching=False, evacuate=None, investigate=InvestigationRule(("smoke",), Tier.ORANGE))
    hot = replace(hot, tiers=(tier("red", "alarms([heat], at: orange, devices: 2)"),))
    story = Story(plan(replace(SMOKE, latching=False), HEAT, hot))
    story.read(10, "det-a", smoke=True)
    assert "Raise confirmed@floor red" in story.tick(25)
    assert "Return confirmed@floor red" in story.read(30, "det-a", smoke=False)


def test_a_device_that_came_back_is_missed_again() -> None:
    """It was reported offline, was heard, and falls silent for good."""
    story = Story(plan(SMOKE))
    story.tell(Heard(10, "det-a", online=False))
    story.read(20, "det-a", temperature=20.0)
    story.read(900, "det-b", temperature=20.0)
    story.read(900, "det-attic", temperature=20.0)
    assert story.tick(1020) == ["ReportFault det-a silent"]


def test_a_dead_supply_explains_silence_and_no_other_fault() -> None:
    """A bad value of what it feeds is a fault of its own."""
    ups, lamp = device("ups", "floor", "voltage"), device("lamp", "room-a", "power", fed_by="ups")
    story = Story(plan(WARM, devices=[ups, lamp, THERMOMETER]))
    story.tell(Heard(10, "ups", online=False))
    story.tell(Fault(11, "lamp", "worn", "replace it"))
    assert {one.source: one.explained_by for one in story.engine.faults()} == {"ups": "", "lamp": ""}


def test_a_dead_link_hides_nothing_that_it_does_not_explain() -> None:
    """Also when everybody looks again after a restart."""
    story = Story(plan(WARM))
    story.read(10, "det-a", temperature=45.0)
    story.tell(LinkDown(11, "wire", "cut"))
    story.restart()
    assert not [line for line in story.tell(Resumed(20, 1.0)) if line.startswith("Hidden")]
    assert story.alarm("warm@det-a") == "unack yellow"


def test_what_ends_by_itself_says_why() -> None:
    """A shelf that lasts until the alarm returns, and a show when everybody is led out."""
    story = Story(plan(WARM, SMOKE, CONFIRMED))
    story.read(10, "det-a", temperature=45.0)
    story.tell(Shelve(11, "warm@det-a", 600.0, True, "Wu", "known", "engineer"))
    story.tell(StartShow(12, "attic", 600.0, "Wu", "haze", "commander"))
    story.read(13, "det-a", temperature=20.0)
    (shown,) = [one for one in story.decisions if isinstance(one, Shown)]
    assert [one.text for one in shown.because] == ["it returned to normal"]
    story.read(20, "det-a", smoke=True)
    story.tick(35)
    (ended,) = [one for one in story.decisions if type(one).__name__ == "EndShowMode"]
    assert [one.text for one in ended.because] == ["everybody is led out"]


def test_the_hour_of_a_rule_begins_all_that_waited_once() -> None:
    """With nobody on duty the first leads everybody out, and the second finds that done."""
    three = replace(CONFIRMED, tiers=(tier("red", "alarms([smoke], at: orange, devices: 3)"),), during="open")
    told = replace(plan(SMOKE, three), schedules={"open": Schedule(())}, duty=DutyRule(""))
    story = Story(told)
    story.tell(Calendar(5, "open", False))
    assert "Evacuate whole-1" not in story.read(10, "det-a", smoke=True) + story.read(11, "det-b", smoke=True)
    said = story.tell(Calendar(20, "open", True))
    assert [line for line in said if line.startswith("Evacuate")] == ["Evacuate whole-1"]


def test_a_live_word_replaces_the_retained_one() -> None:
    """What is known is not shown as of unknown age once it is lost again."""
    story = Story(plan(SMOKE), heard=False)
    story.tell(Reading(5, "det-a", "smoke", False, provenance="retained"))
    story.read(10, "det-a", smoke=False)
    assert not decode(story.engine.snapshot()).devices["det-a"].unverified


def test_a_mean_that_never_crosses_its_threshold_holds_nothing_up() -> None:
    """What is said now is the threshold itself: the mean comes near and never there."""
    mean = rule("mean", "device", ("det-a",), tier("orange", "mean(temperature, 60s) >= 40"))
    story = Story(plan(mean))
    story.read(10, "det-a", temperature=30.0)
    assert story.read(20, "det-a", temperature=40.0) == []
    assert "Raise mean@det-a orange" in story.tick(81)


def test_a_latched_alarm_that_rises_lower_again_keeps_its_tier() -> None:
    """Until it is reset: nobody has looked at the orange one."""
    story = Story(plan(SMOKE))
    story.read(10, "det-a", smoke=True)
    story.read(20, "det-a", smoke=False)
    story.read(100, "det-a", smoke_obscuration=3.0)
    assert "Raise smoke@det-a orange" in story.tick(105)


def test_a_detector_that_does_not_signal_verifies_none() -> None:
    """It changes in another tier while the first signal of its neighbour is verified."""
    seen = replace(tier("orange", "smoke"), verify=VerifyRule(30, 60))
    story = Story(plan(rule("smoke", "device", ("det-a", "det-b"), tier("yellow", "temperature >= 40"), seen)))
    story.read(10, "det-a", smoke=True)
    assert without_zones(story.read(20, "det-b", temperature=45.0)) == ["Raise smoke@det-b yellow"]
    assert story.alarm("smoke@det-a") == "pending none"


def test_a_zone_of_which_nothing_was_heard_yet_is_not_taken_for_lost() -> None:
    """That no device is absent is known before the first word; a rule that takes the unknown for an alarm has none."""
    lost = rule("lost", "zone", ("floor",), tier("yellow", "any(absent)"), unknown="assume_alarm", category="fault")
    story = Story(plan(lost), heard=False)
    assert story.decisions == [] and story.alarm("lost@floor") == "normal"
