"""From single alarms to a confirmed fire: coincidence, investigation, evacuation."""

import pytest

from rules.plan import Each
from rules.ring import ring
from rules.signal import Acknowledge, AllClear, OrderEvacuation, Reset, Resumed
from tests.rules.house import CONFIRMED, HEAT, SMOKE, Story, device, plan, rule, tier, without_zones

FIRE = plan(SMOKE, HEAT, CONFIRMED)
CALL = rule("call", "device", ("call",), tier("red", "contact"), latching=True, evacuate="whole")


def test_the_first_detector_is_shown_at_once_and_only_red_waits() -> None:
    """Type C of EN 54-2: the first signal sounds to staff, the evacuation waits for the look round."""
    story = Story(FIRE)
    said = without_zones(story.read(10, "det-a", smoke_obscuration=6.0))
    assert said == ["Raise smoke@det-a orange", "Investigate confirmed@floor acknowledge until 25"]
    assert story.alarm("confirmed@floor") == "pending none"


def test_two_devices_confirm_at_once() -> None:
    """A second, different device ends every wait."""
    story = Story(FIRE)
    story.read(10, "det-a", smoke_obscuration=6.0)
    said = without_zones(story.read(12, "det-b", smoke=True))
    assert said == ["Raise smoke@det-b orange", "Raise confirmed@floor red", "Evacuate whole-1"]


def test_one_device_cannot_confirm_itself() -> None:
    """Smoke and heat of the same detector are one device."""
    story = Story(FIRE)
    story.read(10, "det-a", smoke_obscuration=6.0)
    assert without_zones(story.read(12, "det-a", temperature=60.0)) == ["Raise heat@det-a orange"]


def test_a_device_elsewhere_does_not_confirm() -> None:
    """The coincidence is asked of one floor; the attic is another."""
    story = Story(FIRE)
    story.read(10, "det-a", smoke_obscuration=6.0)
    assert without_zones(story.read(12, "det-attic", smoke=True)) == ["Raise smoke@det-attic orange"]


def test_the_window_counts_from_the_end_of_the_first_alarm() -> None:
    """A detector that is still in alarm is never too old; one that cleared is forgotten after the window."""
    story = Story(FIRE)
    story.read(10, "det-a", smoke=True)
    story.tell(Acknowledge(11, "smoke@det-a", "Li", "going"))
    story.tell(Reset(12, "confirmed@floor", "Li", "steam", "commander"))
    story.read(300, "det-a", smoke=False)
    restarted = Story(FIRE)
    restarted.engine = restarted.engine.restore(FIRE, story.engine.snapshot())
    assert "Evacuate whole-1" in story.read(359.9, "det-b", smoke=True)
    assert "Evacuate whole-1" not in restarted.read(360, "det-b", smoke=True)


def test_nobody_acknowledges_and_the_building_is_evacuated() -> None:
    """Fifteen seconds without an acknowledgement are taken for a fire."""
    story = Story(FIRE)
    story.read(10, "det-a", smoke=True)
    assert story.tick(24.9) == []
    assert without_zones(story.tick(25)) == ["Raise confirmed@floor red", "Evacuate whole-1"]
    assert [because.text for because in story.engine.alarms()[0].because][-1] == "nobody acknowledged within 15 s"


def test_what_began_it_is_gone_before_the_time_is_over() -> None:
    """A puff that nobody looked at evacuates too; its confirmation has returned at once, so the next one is news."""
    story = Story(FIRE)
    story.read(10, "det-a", temperature=60.0)
    story.read(11, "det-a", temperature=20.0)
    said = without_zones(story.tick(25))
    assert said == ["Raise confirmed@floor red", "Evacuate whole-1", "Return confirmed@floor red"]
    assert story.alarm("confirmed@floor") == "latched_unack red"
    assert story.tell(Resumed(30, 1.0)) == []


def test_acknowledged_in_time_gives_a_minute_to_look() -> None:
    """Acknowledging any alarm that began it starts the look round; its end without a word is taken for a fire."""
    story = Story(FIRE)
    story.read(10, "det-a", smoke=True)
    said = story.tell(Acknowledge(20, "smoke@det-a", "Li", "going to look"))
    assert said == ["Acknowledged smoke@det-a orange", "Investigate confirmed@floor look until 80"]
    assert story.tick(79.9) == []
    assert "Evacuate whole-1" in story.tick(80)


def test_the_look_round_can_be_acknowledged_by_its_own_name() -> None:
    """The pending confirmation itself can be acknowledged, once."""
    story = Story(FIRE)
    story.read(10, "det-a", smoke=True)
    assert story.tell(Acknowledge(20, "confirmed@floor", "Li", "going")) == [
        "Investigate confirmed@floor look until 80"
    ]
    assert story.tell(Acknowledge(21, "confirmed@floor", "Li", "again"))[0].startswith("Refuse acknowledge")


def test_a_second_device_ends_the_look_round_at_once() -> None:
    """Whoever is still on the way is overtaken by the second detector."""
    story = Story(FIRE)
    story.read(10, "det-a", smoke=True)
    story.tell(Acknowledge(20, "smoke@det-a", "Li", "going"))
    assert "Evacuate whole-1" in story.read(30, "det-b", smoke=True)
    assert "Evacuate" not in " ".join(story.tick(1000))


def test_standing_down_ends_the_wait_but_not_the_alarm() -> None:
    """After a look and no fire the first alarm stays up, and a second device still confirms at once."""
    story = Story(FIRE)
    story.read(10, "det-a", smoke=True)
    story.tell(Acknowledge(20, "smoke@det-a", "Li", "going"))
    assert story.tell(Reset(40, "confirmed@floor", "Li", "fog machine", "commander")) == ["StandDown confirmed@floor"]
    assert story.alarm("confirmed@floor") == "normal"
    assert story.alarm("smoke@det-a") == "acked orange"
    assert story.tick(500) == []
    assert "Evacuate whole-1" in story.read(501, "det-b", smoke=True)


def test_a_new_alarm_after_standing_down_is_looked_into_again() -> None:
    """The detector that cleared and comes back begins a new investigation."""
    story = Story(FIRE)
    story.read(10, "det-a", smoke=True)
    story.tell(Reset(15, "confirmed@floor", "Li", "steam", "commander"))
    story.read(100, "det-a", smoke=False)
    said = without_zones(story.read(200, "det-a", smoke=True))
    assert said == ["Raise smoke@det-a orange", "Investigate confirmed@floor acknowledge until 215"]


def test_a_call_point_waits_for_nothing() -> None:
    """One call point is a confirmed fire."""
    story = Story(plan(CALL, devices=[device("call", "floor", "contact")]))
    assert without_zones(story.read(10, "call", contact=True)) == ["Raise call@call red", "Evacuate whole-1"]


def test_an_evacuation_is_announced_once_and_ends_only_by_people() -> None:
    """More fire does not announce it again, the end of the fire does not end it, an all-clear does."""
    call = [device(name, "floor", "contact") for name in ("call", "call-2")]
    rules = rule("call", "device", ("call", "call-2"), tier("red", "contact"), latching=True, evacuate="whole")
    story = Story(plan(rules, devices=call))
    story.read(10, "call", contact=True)
    assert without_zones(story.read(11, "call-2", contact=True)) == ["Raise call@call-2 red"]
    for name in ("call", "call-2"):
        story.read(20, name, contact=False)
        story.tell(Acknowledge(21, f"call@{name}", "Li", "seen"))
        story.tell(Reset(22, f"call@{name}", "Li", "mended", "commander"))
    story.tick(1000)
    assert [status.evacuation for status in story.engine.evacuations()] == ["whole-1"]
    assert story.tell(AllClear(1001, "whole-1", "Wang", "fire brigade left", "commander")) == ["EndEvacuation whole-1"]
    assert "Evacuate whole-2" in story.read(1002, "call", contact=True)


def test_a_person_can_order_an_evacuation() -> None:
    """By plan, at once; an unknown plan or one in force is refused with the reason."""
    story = Story(FIRE)
    assert story.tell(OrderEvacuation(5, "half", "Wang", "smell")) == [
        "Refuse evacuate half: there is no such evacuation plan"
    ]
    assert story.tell(OrderEvacuation(6, "whole", "Wang", "smell")) == ["Evacuate whole-1"]
    assert story.tell(OrderEvacuation(7, "whole", "Wang", "again")) == ["Refuse evacuate whole: it is in force already"]
    assert story.tell(AllClear(8, "whole-9", "Wang", "?", "commander"))[0].startswith("Refuse all-clear whole-9")


def _evacuated_by_det_a() -> Story:
    """Nobody acknowledged det-a: the building was evacuated, and at 30 people gave the all-clear."""
    story = Story(FIRE)
    story.read(10, "det-a", smoke=True)
    assert "Evacuate whole-1" in story.tick(25)
    story.tell(AllClear(30, "whole-1", "Wang", "false alarm", "commander"))
    return story


def test_a_second_device_after_the_all_clear_evacuates_again() -> None:
    """The first detector still stands, so the rule is true all along; that must not swallow the second one."""
    story = _evacuated_by_det_a()
    said = without_zones(story.read(200, "det-b", smoke=True))
    assert said == ["Raise smoke@det-b orange", "Raise confirmed@floor red", "Evacuate whole-2"]


@pytest.mark.parametrize("each", ["device", "zone"])
def test_after_the_all_clear_only_what_newly_counts_evacuates_again(each: Each) -> None:
    """Neither what counted before and gets worse, nor what is not asked for; what rises to the tier asked for does."""
    tiers = (tier("yellow", "temperature >= 40"), tier("orange", "temperature >= 57"), tier("red", "temperature >= 90"))
    warm = rule("warm", "device", ("det-a",), *tiers)
    fume = rule("fume", "device", ("det-a",), tier("orange", "smoke"), tier("red", "smoke_obscuration >= 50"))
    place = {"device": "det-a", "zone": "floor"}[each]
    when = tier("red", "alarms([warm], at: orange) or alarms([fume], at: red)")
    story = Story(plan(warm, fume, rule("lone", each, (place,), when, latching=True, evacuate="whole")))
    assert "Evacuate whole-1" in story.read(10, "det-a", temperature=60.0)
    story.tell(AllClear(20, "whole-1", "Wang", "steam", "commander"))
    assert without_zones(story.read(30, "det-a", temperature=95.0)) == ["Escalate warm@det-a red"]
    assert without_zones(story.read(40, "det-a", smoke=True)) == ["Raise fume@det-a orange"]
    said = without_zones(story.read(50, "det-a", smoke_obscuration=60.0))
    assert said == ["Escalate fume@det-a red", "Evacuate whole-2"]


def test_an_alarm_after_the_all_clear_is_looked_into_though_nobody_reset_the_last() -> None:
    """A latched alarm is no reason to leave the next detector to itself."""
    story = _evacuated_by_det_a()
    story.read(40, "det-a", smoke=False)
    assert story.alarm("confirmed@floor") == "latched_unack red"
    said = without_zones(story.read(200, "det-b", smoke=True))
    assert said == ["Raise smoke@det-b orange", "Investigate confirmed@floor acknowledge until 215"]
    assert without_zones(story.tick(215)) == ["Raise confirmed@floor red", "Evacuate whole-2"]


def test_a_lower_tier_of_the_confirming_rule_does_not_stop_the_look_round() -> None:
    """Only the highest tier waits for it, so only the highest tier makes it needless."""
    tiers = (tier("orange", "any(temperature >= 45)"), CONFIRMED.tiers[0])
    investigate = CONFIRMED.investigate
    two = rule("confirmed", "zone", ("floor",), *tiers, latching=True, investigate=investigate, evacuate="whole")
    story = Story(plan(SMOKE, HEAT, two))
    story.read(200, "det-a", temperature=46.0)
    assert story.alarm("confirmed@floor") == "unack orange"
    assert "Investigate confirmed@floor acknowledge until 225" in story.read(210, "det-a", smoke=True)
    assert without_zones(story.tick(225)) == ["Escalate confirmed@floor red", "Evacuate whole-1"]


def test_a_latched_alarm_that_becomes_red_again_evacuates_again() -> None:
    """It is shown as red all along; what counts is that its condition became true after the all-clear."""
    hot = (tier("orange", "temperature >= 50"), tier("red", "temperature >= 80"))
    story = Story(plan(rule("hot", "device", ("det-a",), *hot, latching=True, evacuate="whole")))
    story.read(10, "det-a", temperature=90.0)
    story.read(20, "det-a", temperature=60.0)
    story.tell(AllClear(30, "whole-1", "Wang", "out", "commander"))
    assert without_zones(story.read(40, "det-a", temperature=90.0)) == ["Evacuate whole-2"]


def test_resetting_what_began_it_stands_an_investigation_down() -> None:
    """A person who resets the detector that began it has looked; nobody is led out a minute later."""
    story = Story(FIRE)
    story.read(10, "det-a", smoke=True)
    story.tell(Acknowledge(12, "smoke@det-a", "Li", "going"))
    story.read(20, "det-a", smoke=False)
    said = without_zones(story.tell(Reset(30, "smoke@det-a", "Li", "toast", "commander")))
    assert said == ["Clear smoke@det-a none", "StandDown confirmed@floor"]
    assert story.tick(500) == []


def test_an_investigation_with_another_cause_left_goes_on() -> None:
    """Only the last alarm that began it takes it along: smoke is reset, the heat of the same detector is not."""
    story = Story(FIRE)
    story.read(10, "det-a", smoke=True)
    story.read(11, "det-a", temperature=80.0)
    story.tell(Acknowledge(12, "smoke@det-a", "Li", "going"))
    story.read(20, "det-a", smoke=False)
    assert without_zones(story.tell(Reset(21, "smoke@det-a", "Li", "toast", "commander"))) == ["Clear smoke@det-a none"]
    assert "Evacuate whole-1" in story.tick(72)


def test_an_all_clear_forgets_what_ran_out() -> None:
    """A detector that wobbles after the all-clear is looked into anew; it does not evacuate again at once."""
    story = Story(FIRE)
    story.read(10, "det-a", smoke=True)
    assert "Evacuate whole-1" in story.tick(25)
    story.tell(AllClear(100, "whole-1", "Wang", "fog machine", "commander"))
    story.read(110, "det-a", smoke=False)
    said = without_zones(story.read(120, "det-a", smoke=True))
    assert said == ["Raise smoke@det-a orange", "Investigate confirmed@floor acknowledge until 135"]


def test_a_timer_without_an_investigation_confirms_nothing() -> None:
    """Whatever rings too often, nobody is led out by it."""
    story = Story(plan(SMOKE, HEAT, CONFIRMED))
    ring(story.engine._board, ("investigate", "confirmed@floor"), 10.0, 10.0)
    assert story.engine.alarms() == () and story.engine.evacuations() == ()
