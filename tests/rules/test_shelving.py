"""What people put aside: shelved alarms and devices out of service, until when, and what comes back."""

from dataclasses import replace

import pytest

from rules.decision import Evacuate
from rules.engine import Engine
from rules.plan import Limits, Plan, Rule, VerifyRule
from rules.signal import (
    Acknowledge,
    AllClear,
    InService,
    OutOfService,
    Reset,
    Resumed,
    Shelve,
    Signal,
    Silence,
    Unshelve,
)
from tests.rules import house
from tests.rules.house import CONFIRMED, HEAT, SMOKE, Story, device, rule, tier, without_zones

HOUR = 3600.0
DETECTORS = [
    device(f"det-{name}", zone, "smoke_obscuration", "temperature", "smoke", stale_after_s=1e6)
    for name, zone in (("a", "room-a"), ("b", "room-b"), ("attic", "attic"))
]
WARM = rule(
    "warm",
    "device",
    ("det-a", "det-b"),
    tier("blue", "temperature >= 30", on=5),
    tier("yellow", "temperature >= 40"),
    category="power",
)
HOT = rule("hot", "zone", ("floor",), tier("orange", "alarms([warm], at: yellow, devices: 2)"), category="power")
PRESS = rule("press", "device", ("det-a",), tier("red", "smoke"), latching=True, evacuate="whole")


def plan(*rules: Rule) -> Plan:
    """The house with detectors that may be silent for longer than any story."""
    return house.plan(*rules, devices=DETECTORS)


def shelve(at: float, alarm: str, for_s: float = HOUR, *, once: bool = False) -> Shelve:
    return Shelve(at, alarm, for_s, once, "Chen", "known heater", "engineer")


def remove(at: float, target: str, for_s: float = HOUR) -> OutOfService:
    return OutOfService(at, target, for_s, "Chen", "painting", "engineer")


def stuck(at: float, target: str) -> OutOfService:
    return OutOfService(at, target, HOUR, "Wu", "it is stuck", "commander")


def story_of_shelved(*, once: bool = False) -> Story:
    """A warm room whose alarm was shelved at 20, for an hour."""
    story = Story(plan(WARM))
    story.read(10, "det-a", temperature=45.0)
    story.tell(shelve(20, "warm@det-a", once=once))
    return story


def test_a_shelved_alarm_is_out_of_view_and_colours_no_zone() -> None:
    """Shelving says who, why and until when; the alarm rests at normal, and the zones forget it."""
    story = Story(plan(WARM))
    story.read(10, "det-a", temperature=45.0)
    assert story.tell(shelve(20, "warm@det-a")) == [
        "Hidden warm@det-a yellow shelved",
        "[room-a none]",
        "[floor none]",
        "[venue none]",
    ]
    (status,) = story.engine.alarms()
    assert (status.state, status.tier.word, status.standing.word, status.sounding) == (
        "normal",
        "none",
        "yellow",
        False,
    )
    (overlay,) = status.overlays
    assert (overlay.kind, overlay.since, overlay.until, overlay.by) == ("shelved", 20, 20 + HOUR, "Chen")
    assert overlay.why == "known heater"


def test_what_happens_meanwhile_is_withheld_and_kept_in_the_record() -> None:
    """Each change of a shelved alarm's condition is in the journal, and in no other place."""
    story = story_of_shelved()
    assert story.read(30, "det-a", temperature=35.0) == ["Withheld warm@det-a blue shelved"]
    assert story.read(35, "det-a", temperature=36.0) == []
    assert story.read(40, "det-a", temperature=20.0) == ["Withheld warm@det-a none shelved"]
    assert story.read(50, "det-a", temperature=45.0) == ["Withheld warm@det-a yellow shelved"]


def test_time_brings_a_shelved_alarm_back_and_it_sounds() -> None:
    """After its hour an alarm that still stands is new: it is shown, unacknowledged, and sounds."""
    story = story_of_shelved()
    assert story.engine.deadline() == 20 + HOUR
    assert story.tick(20 + HOUR) == [
        "Shown warm@det-a yellow shelved",
        "[room-a yellow]",
        "[floor yellow]",
        "[venue yellow]",
    ]
    (status,) = story.engine.alarms()
    assert (status.state, status.sounding, status.overlays) == ("unack", True, ())


def test_a_delay_that_runs_when_it_comes_back_goes_on() -> None:
    """The on-delay began under the shelf: the alarm comes back pending and is raised when it is over."""
    story = story_of_shelved()
    story.read(30, "det-a", temperature=20.0)
    story.read(40, "det-a", temperature=32.0)
    assert story.tell(Unshelve(42, "warm@det-a", "Li", "heater mended")) == ["Shown warm@det-a none shelved"]
    assert story.alarm("warm@det-a") == "pending none"
    assert without_zones(story.tick(45)) == ["Raise warm@det-a blue"]


def test_a_shelf_for_once_ends_when_the_alarm_returns() -> None:
    """One-shot: this alarm is over, the next one is shown."""
    story = story_of_shelved(once=True)
    assert story.read(30, "det-a", temperature=20.0) == [
        "Withheld warm@det-a none shelved",
        "Shown warm@det-a none shelved",
    ]
    assert story.engine.alarms() == ()
    assert "Raise warm@det-a yellow" in story.read(40, "det-a", temperature=45.0)


def test_a_shelf_for_once_covers_the_next_alarm_when_there_is_none() -> None:
    """One-shot on an alarm at rest waits for it, at most for the longest time allowed."""
    story = Story(plan(WARM))
    assert story.tell(shelve(10, "warm@det-a", 0, once=True)) == ["Hidden warm@det-a none shelved"]
    assert story.read(20, "det-a", temperature=45.0) == ["Withheld warm@det-a yellow shelved"]
    story.tick(30)
    assert story.engine.deadline() == 10 + 8 * HOUR
    assert without_zones(story.tick(10 + 8 * HOUR)) == ["Shown warm@det-a yellow shelved"]


def test_shelving_again_renews_the_time() -> None:
    """A second order replaces the first, longer or shorter."""
    story = story_of_shelved()
    assert story.tell(shelve(30, "warm@det-a", 60)) == ["Hidden warm@det-a yellow shelved"]
    assert without_zones(story.tick(90)) == ["Shown warm@det-a yellow shelved"]


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (shelve(20, "warm@nowhere"), "there is no such alarm"),
        (shelve(20, "smoke@det-a"), "such an alarm is never shelved"),
        (shelve(20, "warm@det-a", 0), "expected more than 0 and at most 28800 s"),
        (shelve(20, "warm@det-a", 9 * HOUR), "expected more than 0 and at most 28800 s"),
        (shelve(20, "warm@det-a", float("nan")), "expected more than 0 and at most 28800 s"),
        (shelve(20, "warm@det-a", 9 * HOUR, once=True), "expected more than 0 and at most 28800 s"),
        (Shelve(20, "warm@det-a", HOUR, False, "Li", "noise"), "needs the role commander or engineer"),
        (Shelve(20, "warm@det-a", HOUR, False, "Li", " ", "engineer"), "say why"),
        (Unshelve(20, "warm@nowhere", "Li", "back"), "there is no such alarm"),
        (Unshelve(20, "warm@det-a", "Li", "back"), "it is not shelved"),
        (remove(20, "nothing"), "no device of that name that a rule watches"),
        (remove(20, "det-a", 0), "expected more than 0 and at most 604800 s"),
        (remove(20, "confirmed@floor"), "it is no device's own alarm"),
        (OutOfService(20, "det-a", HOUR, "Li", "painting"), "needs the role commander or engineer"),
        (InService(20, "det-a", "Li", "back"), "it is not out of service"),
    ],
)
def test_refusals_say_why_and_change_nothing(order: Signal, reason: str) -> None:
    """What would put protection aside without right, reason or end is refused."""
    story = Story(plan(SMOKE, HEAT, CONFIRMED, WARM))
    (said,) = story.tell(order)
    assert said.startswith("Refuse ") and reason.replace("it is no device", "is no device") in said
    assert story.engine.alarms() == ()


def test_a_shelved_alarm_can_be_neither_acknowledged_nor_silenced() -> None:
    """What is out of view cannot be taken note of."""
    story = story_of_shelved()
    assert story.tell(Acknowledge(30, "warm@det-a", "Li", "seen")) == [
        "Refuse acknowledge warm@det-a: it is shelved, nothing waits for it"
    ]
    assert story.tell(Silence(31, "", "Li", "noise")) == ["Refuse silence all: nothing is sounding"]


def test_a_shelved_alarm_still_counts_in_a_coincidence() -> None:
    """Shelving keeps an alarm from view, not from the rules that read it."""
    story = Story(plan(WARM, HOT))
    story.read(10, "det-a", temperature=45.0)
    story.tell(shelve(20, "warm@det-a"))
    assert "Raise hot@floor orange" in story.read(30, "det-b", temperature=45.0)


def test_an_alarm_out_of_service_counts_nowhere() -> None:
    """It is disabled: what counted it forgets it at once, and counts it anew when it is back."""
    story = Story(plan(WARM, HOT))
    story.read(10, "det-a", temperature=45.0)
    story.read(11, "det-b", temperature=45.0)
    said = without_zones(story.tell(remove(20, "warm@det-a")))
    assert said == ["Hidden warm@det-a yellow out_of_service", "Return hot@floor orange"]
    said = without_zones(story.tell(InService(30, "warm@det-a", "Li", "done")))
    assert said == ["Shown warm@det-a yellow out_of_service", "Raise hot@floor orange"]


def test_a_detector_out_of_service_neither_warns_nor_is_looked_into() -> None:
    """All alarms of the device go; the second detector alone starts an investigation as if the first were not there."""
    story = Story(plan(SMOKE, HEAT, CONFIRMED, WARM))
    assert story.tell(remove(10, "det-a")) == [
        "Hidden smoke@det-a none out_of_service",
        "Hidden heat@det-a none out_of_service",
        "Hidden warm@det-a none out_of_service",
    ]
    assert story.read(20, "det-a", smoke=True) == ["Withheld smoke@det-a orange out_of_service"]
    assert not any("Evacuate" in said for said in story.read(30, "det-b", smoke=True))
    said = story.tell(InService(40, "det-a", "Li", "done"))
    assert said[0] == "Shown smoke@det-a orange out_of_service"
    assert "Raise confirmed@floor red" in said and "Evacuate whole-1" in said


def test_a_call_point_pressed_out_of_service_evacuates_when_it_is_back() -> None:
    """While it is worked on a press leads nobody out; if it is still pressed when it is back, it does."""
    story = Story(plan(PRESS))
    story.tell(remove(10, "det-a", 100))
    assert story.read(20, "det-a", smoke=True) == ["Withheld press@det-a red out_of_service"]
    assert story.engine.evacuations() == ()
    assert "Evacuate whole-1" in story.tick(110)


def test_a_fire_alarm_that_stands_stays_in_service() -> None:
    """Nobody takes away a detector that is in alarm, acknowledged or not; with it everything else of it stays."""
    story = Story(plan(SMOKE, WARM))
    story.read(10, "det-a", smoke=True)
    story.tell(Acknowledge(11, "smoke@det-a", "Li", "seen"))
    (said,) = story.tell(remove(20, "det-a"))
    assert "smoke@det-a is in alarm: deal with it, reset it, then put it out of service" in said
    assert story.alarm("smoke@det-a") == "acked orange"


def test_a_commander_takes_a_stuck_detector_out_of_service_once_it_is_acknowledged() -> None:
    """Nothing else would ever end its alarm; it counts nowhere then, and as new when it is back."""
    story = Story(plan(SMOKE, CONFIRMED))
    story.read(10, "det-a", smoke=True)
    assert "in alarm" in story.tell(stuck(11, "smoke@det-a"))[0]
    story.tell(Acknowledge(12, "smoke@det-a", "Li", "seen"))
    assert "is being looked into" in story.tell(stuck(13, "smoke@det-a"))[0]
    story.tell(Reset(20, "confirmed@floor", "Wu", "nothing there", "commander"))
    assert "a commander may" in story.tell(remove(21, "smoke@det-a"))[0]
    assert story.tell(OutOfService(21, "smoke@det-a", HOUR, "Wu", " ", "commander"))[0].startswith("Refuse")
    assert without_zones(story.tell(stuck(22, "smoke@det-a"))) == ["Hidden smoke@det-a orange out_of_service"]
    story.restart()
    said = without_zones(story.tick(22 + HOUR))
    assert said[0] == "Shown smoke@det-a orange out_of_service"
    assert said[1].startswith("Investigate confirmed@floor acknowledge")


def test_no_stuck_detector_goes_while_people_are_led_out_or_it_may_still_get_worse() -> None:
    """An evacuation is in force, or a delay towards another tier runs."""
    story = Story(plan(PRESS))
    story.read(10, "det-a", smoke=True)
    story.tell(Acknowledge(11, "press@det-a", "Li", "seen"))
    assert "an evacuation is in force: end that first" in story.tell(stuck(12, "det-a"))[0]
    story.tell(AllClear(20, "whole-1", "Wu", "pressed by a child, glass is broken", "commander"))
    assert without_zones(story.tell(stuck(21, "det-a"))) == ["Hidden press@det-a red out_of_service"]
    assert "Evacuate whole-2" in story.tell(InService(30, "det-a", "Wu", "mended"))
    rising = rule("rising", "device", ("det-a",), tier("yellow", "smoke"), tier("orange", "smoke", on=60))
    story = Story(plan(rising))
    story.read(10, "det-a", smoke=True)
    story.tell(Acknowledge(11, "rising@det-a", "Li", "seen"))
    assert "its delay or its verification runs" in story.tell(stuck(12, "det-a"))[0]


def test_a_fire_detector_whose_alarm_may_be_coming_stays_in_service() -> None:
    """While a first signal is verified or an on-delay runs, the order would withhold a real alarm; other rules may."""
    verified = replace(SMOKE, tiers=(replace(tier("orange", "smoke"), verify=VerifyRule(30, 60)),))
    coming = "smoke@det-a signals, and its delay or its verification runs: wait until it is over"
    for told, value, raised in ((verified, {"smoke": True}, 40), (SMOKE, {"smoke_obscuration": 3.0}, 15)):
        story = Story(plan(told, WARM))
        story.read(10, "det-a", **value)
        story.restart()
        assert story.tell(remove(12, "det-a")) == [f"Refuse out-of-service det-a: {coming}"]
        assert story.tick(raised)[0].startswith("Raise smoke@det-a")
    story = Story(plan(rule("warm", "device", ("det-a",), tier("blue", "temperature >= 30", on=5), category="power")))
    story.read(10, "det-a", temperature=45.0)
    assert story.tell(remove(12, "det-a")) == ["Hidden warm@det-a none out_of_service"]


def test_two_overlays_end_one_after_the_other() -> None:
    """The alarm is shown when the last one ends; what holds it meanwhile is said."""
    story = story_of_shelved()
    assert story.tell(remove(30, "det-a", 2 * HOUR)) == ["Hidden warm@det-a yellow out_of_service"]
    assert story.tell(Unshelve(40, "warm@det-a", "Li", "enough")) == ["Hidden warm@det-a yellow out_of_service"]
    assert without_zones(story.tick(30 + 2 * HOUR)) == ["Shown warm@det-a yellow out_of_service"]


def test_overlays_that_end_together_bring_it_back_once() -> None:
    """Two ends at one instant are one return."""
    story = story_of_shelved()
    story.tell(remove(20, "det-a"))
    assert without_zones(story.tick(20 + HOUR)) == ["Shown warm@det-a yellow out_of_service"]


def test_what_is_put_aside_survives_a_restart() -> None:
    """A restart keeps overlay, reason and end; an end that passed meanwhile comes at once."""
    story = story_of_shelved()
    before = story.engine.alarms()
    story.restart()
    assert story.engine.alarms() == before
    assert story.engine.deadline() == 20 + HOUR
    assert "Shown warm@det-a yellow shelved" in story.tell(Resumed(20 + 2 * HOUR, 2 * HOUR))


def test_a_rule_that_became_one_of_fire_is_taken_off_the_shelf() -> None:
    """After a restart with other rules, what may not be shelved any more is shown."""
    story = story_of_shelved()
    fire = rule("warm", "device", ("det-a", "det-b"), *WARM.tiers, category="fire")
    engine = Engine.restore(plan(fire), story.engine.snapshot())
    story.engine = engine
    assert without_zones(story.tell(Resumed(30, 1))) == ["Shown warm@det-a yellow shelved"]
    assert story.alarm("warm@det-a") == "unack yellow"


def test_what_is_out_of_view_says_why() -> None:
    """Why an alarm is not seen: what keeps it, by whom, for how long yet, and what it stands at."""
    story = story_of_shelved(once=True)
    story.tell(remove(30, "det-a", 70))
    found = story.engine.explain("warm@det-a")
    assert found.verdict == "it is kept from view (shelved and out of service): its condition stands at yellow"
    assert "shelved by Chen since 10 s, 3590 s left, or until it returns to normal: known heater" in found.notes
    assert "out of service by Chen since 0 s, 70 s left: painting" in found.notes
    story.read(40, "det-a", temperature=20.0)
    assert story.engine.explain("warm@det-a").verdict == "it is kept from view (out of service): no tier is true"


def test_a_rule_says_that_an_alarm_out_of_service_does_not_count() -> None:
    """Why not: the second detector signals, and is out of service."""
    story = Story(plan(WARM, HOT))
    story.read(10, "det-a", temperature=45.0)
    story.read(11, "det-b", temperature=45.0)
    story.tell(remove(20, "det-a"))
    found = story.engine.explain("hot@floor").tiers[0].when.found
    assert "1 of 2 devices count" in found and "warm@det-a is out of service and counts nowhere" in found


def test_a_late_end_is_an_end() -> None:
    """Ends that passed long ago, at different times, bring the alarm back once."""
    story = story_of_shelved()
    story.tell(remove(20, "det-a", 2 * HOUR))
    assert without_zones(story.tick(20 + 3 * HOUR)) == ["Shown warm@det-a yellow out_of_service"]


def test_the_shortest_and_the_longest_time_are_taken() -> None:
    """Half a second is a time, and so is the longest that the plan allows; nothing and more than that are not."""
    limits = Limits(shelve_max_s=100.0, out_of_service_max_s=200.0)
    warm = rule("warm", "device", ("det-a",), tier("blue", "temperature >= 30"), category="power")
    for for_s, longest_s, taken in (
        (0.5, 100.0, True),
        (100.0, 100.0, True),
        (100.5, 100.0, False),
        (0.0, 100.0, False),
        (-1.0, 100.0, False),
        (0.5, 200.0, True),
        (200.0, 200.0, True),
        (200.5, 200.0, False),
    ):
        story = Story(replace(house.plan(warm), limits=limits))
        if longest_s == 100.0:
            said = story.tell(Shelve(1, "warm@det-a", for_s, False, "Chen", "sun", "engineer"))
        else:
            said = story.tell(OutOfService(1, "warm@det-a", for_s, "Chen", "paint", "engineer"))
        refused = f"found {for_s:g} s, expected more than 0 and at most {longest_s:g} s"
        assert (said[0].startswith("Hidden"), said[0].endswith(refused)) == (taken, not taken)


def test_what_comes_back_into_service_in_alarm_evacuates_with_its_evidence() -> None:
    """Its condition came while nobody counted it; the evidence is that of its highest tier."""
    tiers = (tier("orange", "smoke_obscuration >= 5"), tier("red", "smoke"))
    burns = rule("burns", "device", ("det-a",), *tiers, latching=True, evacuate="whole")
    story = Story(house.plan(burns))
    story.tell(OutOfService(1, "det-a", 600.0, "Chen", "paint", "engineer"))
    assert without_zones(story.read(5, "det-a", smoke=True)) == ["Withheld burns@det-a red out_of_service"]
    story.tell(InService(9, "det-a", "Chen", "painted", "engineer"))
    (begun,) = [one for one in story.decisions if isinstance(one, Evacuate)]
    assert [(one.at, one.source, one.text) for one in begun.because] == [(5.0, "det-a", "smoke: smoke")]
