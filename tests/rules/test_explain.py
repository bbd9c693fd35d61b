"""Every alarm says why it is up, and every silence why not."""

import pytest

from rules.explain import Explanation
from rules.parts import Part
from rules.plan import Plan
from rules.signal import Acknowledge, Fault, Reading, Reset
from tests.rules.house import CONFIRMED, HEAT, SMOKE, Story, device, plan, rule, tier


def explained(story: Story, alarm: str) -> Explanation:
    """The explanation of an alarm that must be there."""
    return story.engine.explain(alarm)


def when(story: Story, alarm: str, word: str) -> Part:
    """The taken-apart condition of one tier."""
    return next(one.when for one in explained(story, alarm).tiers if one.tier.word == word)


def floor_plan(when: str) -> Plan:
    """A house with one rule about the floor."""
    return plan(SMOKE, rule("group", "zone", ("floor",), tier("red", when)))


def test_no_such_alarm() -> None:
    """An alarm that no rule makes has no explanation."""
    with pytest.raises(KeyError):
        Story(plan(SMOKE)).engine.explain("smoke@nowhere")


def test_standing_alarm_names_value_line_and_time() -> None:
    """A standing alarm is explained by the value against the threshold and by the rule's line."""
    story = Story(plan(SMOKE))
    story.read(10, "det-a", smoke_obscuration=6.0)
    story.tick(13)
    found = explained(story, "smoke@det-a")
    assert found.verdict == "it stands at orange for 3 s"
    assert found.tiers[0].line == "house.yaml:1"
    smoke, verdict = found.tiers[0].when.parts
    assert (smoke.text, smoke.truth) == ("smoke_obscuration >= 4.8", True)
    assert smoke.found == "smoke_obscuration is 6 %/m"
    assert (verdict.text, verdict.truth, verdict.found) == ("smoke", False, "smoke is false")
    assert "it latches: only a reset ends it" in found.notes
    assert found.because


def test_running_delay_says_what_is_left() -> None:
    """A true condition that waits says how long it has still to wait."""
    story = Story(plan(SMOKE))
    story.read(10, "det-a", smoke_obscuration=3.0)
    story.tick(12)
    assert explained(story, "smoke@det-a").verdict == "yellow is true and waits for its on-delay: 3 s of 5 s left"


def test_returned_alarm_waits_for_people() -> None:
    """A latched alarm whose cause is gone says that it waits for people, and that it no longer sounds once silenced."""
    story = Story(plan(SMOKE))
    story.read(10, "det-a", smoke_obscuration=6.0)
    story.tell(Acknowledge(11, "smoke@det-a", "duty", "seen"))
    story.read(12, "det-a", smoke_obscuration=0.0)
    story.tick(60)
    found = explained(story, "smoke@det-a")
    assert found.verdict == "it stood at orange; its cause is gone, and it waits for people (latched_acked)"
    assert "acknowledged by duty" in found.notes
    assert "its sounder is silent" in found.notes


def test_quiet_rule_says_what_is_missing() -> None:
    """A rule that did not raise shows the value that it saw."""
    story = Story(plan(SMOKE))
    found = explained(story, "smoke@det-a")
    assert found.verdict == "it is not up: no tier is true"
    assert when(story, "smoke@det-a", "yellow").found == "smoke_obscuration is 0 %/m"
    clear = found.tiers[1].clear
    assert clear is not None
    assert clear.truth is True


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("never said", "smoke_obscuration is unknown: det-a has not said it yet"),
        ("bad value", "smoke_obscuration is unknown: its last value was one that no working sensor reports"),
        ("silent", "smoke_obscuration is unknown: nothing heard within 1000 s"),
        ("retained", "smoke_obscuration is unknown: only a retained message tells it"),
    ],
)
def test_unknown_says_why(name: str, found: str) -> None:
    """What is unknown says why it is: never normal."""
    story = Story(plan(SMOKE), heard=name in ("bad value", "silent"))
    if name == "bad value":
        story.tell(Reading(1, "det-a", "smoke_obscuration", 900.0))
    elif name == "silent":
        story.tick(2000)
    elif name == "retained":
        story.tell(Reading(1, "det-a", "smoke_obscuration", 1.0, "retained"))
    assert when(story, "smoke@det-a", "yellow").truth is None
    assert when(story, "smoke@det-a", "yellow").found.startswith(found)
    assert explained(story, "smoke@det-a").verdict == "it is not up, and whether it should be is unknown"


def test_words_about_a_device() -> None:
    """Silence, faults, presses, negation, windows, and what a device does not measure are all put in words."""
    button = device("button", "room-a", "pressed", "temperature")
    text = "not absent and (faulted or pressed or rise(temperature, 60s) >= 8 or smoke_obscuration > 3)"
    story = Story(plan(rule("one", "device", ("button",), tier("red", text)), devices=(button,)))
    absent, rest = when(story, "one@button", "red").parts
    assert (absent.text, absent.truth, absent.parts[0].found) == ("not absent", True, "the device is heard")
    faulted, pressed, rise, smoke = rest.parts
    assert faulted.found == "no fault stands"
    assert pressed.found == "pressed happens at an instant only"
    assert rise.found == "rise(temperature, 1m) is 0"
    assert smoke.found == "button does not measure smoke_obscuration"
    story.tell(Fault(5, "button", "trouble", "it says so"))
    assert when(story, "one@button", "red").parts[1].parts[0].found == "fault trouble"
    story.tick(3000)
    assert when(story, "one@button", "red").parts[0].parts[0].found.startswith("nothing heard within")


def test_window_shows_its_number() -> None:
    """A rise shows the number that it came to."""
    story = Story(plan(HEAT))
    story.read(10, "det-a", temperature=24.0)
    assert when(story, "heat@det-a", "orange").parts[0].found == "rise(temperature, 1m) is 4"


def test_group_counts_names_and_unknowns() -> None:
    """An aggregate names who makes it true, and whose word is missing."""
    story = Story(floor_plan("share(smoke_obscuration >= 2) >= 0.5 and not all(smoke) and any(smoke)"), heard=False)
    story.read(1, "det-a", smoke_obscuration=3.0, smoke=False)
    share, every, some = when(story, "group@floor", "red").parts
    assert share.found == "1 of 2 devices: det-a; unknown at det-b"
    assert every.parts[0].found == "0 of 2 devices; unknown at det-b"
    assert some.text == "any(smoke)"


def test_group_numbers() -> None:
    """A number over a group is shown, as a range while a device is unknown."""
    story = Story(floor_plan("max(temperature) > 50 or min(temperature) < 3"), heard=False)
    story.read(1, "det-a", temperature=30.0)
    high, low = when(story, "group@floor", "red").parts
    assert high.found == "max(temperature) is between 30 and inf"
    assert low.found == "min(temperature) is between -inf and 30"
    story.read(2, "det-b", temperature=31.0)
    assert when(story, "group@floor", "red").parts[0].found == "max(temperature) is 31"


def test_coincidence_that_was_missed_by_a_second() -> None:
    """The near miss that an engineer asks for: how late the second detector was, and how long the window is."""
    quick = rule("quick", "device", ("det-a", "det-b"), tier("orange", "smoke_obscuration >= 4.8"))
    both = rule("both", "zone", ("floor",), tier("red", "alarms([quick], at: orange, devices: 2, within: 30s)"))
    story = Story(plan(quick, both))
    assert when(story, "both@floor", "red").found == ("0 of 2 devices count; none of 2 alarms was at orange or above")
    story.read(10, "det-a", smoke_obscuration=6.0)
    assert when(story, "both@floor", "red").found == "1 of 2 devices count; quick@det-a stands"
    story.read(20, "det-a", smoke_obscuration=0.0)
    story.tick(25)
    assert "quick@det-a ceased 5 s ago and counts for 25 s more" in when(story, "both@floor", "red").found
    story.read(51, "det-b", smoke_obscuration=6.0)
    story.tick(52)
    found = when(story, "both@floor", "red").found
    assert "quick@det-a ceased 32 s ago and counted for 30 s" in found
    assert found.endswith("det-b came 31 s after det-a had ceased; the window is 30 s")
    assert when(story, "both@floor", "red").truth is False


def test_coincidence_without_a_window() -> None:
    """Without a window an alarm counts while it is shown, and not afterwards."""
    both = rule("both", "zone", ("floor",), tier("red", "alarms([smoke], at: orange, devices: 2)"))
    quick = rule("quick", "device", ("det-a",), tier("orange", "smoke_obscuration >= 4.8"))
    one = rule("one", "zone", ("floor",), tier("red", "alarms([quick], devices: 2)"))
    story = Story(plan(SMOKE, quick, both, one))
    story.read(10, "det-a", smoke_obscuration=6.0)
    story.read(20, "det-a", smoke_obscuration=0.0)
    story.tick(100)
    assert "smoke@det-a is shown still" in when(story, "both@floor", "red").found
    story.tell(Acknowledge(101, "quick@det-a", "duty", "seen"))
    assert when(story, "one@floor", "red").found.startswith("0 of 2 devices count")


def test_many_are_counted() -> None:
    """An explanation stays readable in a large house: eight are named, the rest are counted."""
    many = tuple(device(f"d{number}", "room-a", "smoke_obscuration") for number in range(12))
    names = tuple(one.id for one in many)
    quick = rule("quick", "device", names, tier("orange", "smoke_obscuration >= 4.8"))
    both = rule("both", "zone", ("floor",), tier("red", "alarms([quick], at: orange, devices: 13, within: 30s)"))
    some = rule("some", "zone", ("floor",), tier("red", "count(smoke_obscuration >= 4.8) >= 13"))
    story = Story(plan(quick, both, some, devices=many))
    for name in names:
        story.read(10, name, smoke_obscuration=6.0)
    assert when(story, "both@floor", "red").found.endswith("and 4 more")
    assert when(story, "some@floor", "red").found.endswith("d7 and 4 more")


def test_investigation_is_explained_at_each_step() -> None:
    """A confirmation says what staff are asked for and for how long, and afterwards why it was confirmed."""
    story = Story(plan(SMOKE, HEAT, CONFIRMED))
    assert any("no investigation runs" in note for note in explained(story, "confirmed@floor").notes)
    story.read(10, "det-a", smoke_obscuration=6.0)
    found = explained(story, "confirmed@floor")
    assert found.verdict == "staff have 15 s left to acknowledge before it is taken as true"
    assert found.notes[-1].endswith("the investigation began with smoke@det-a")
    story.tell(Acknowledge(20, "smoke@det-a", "duty", "going"))
    story.tick(21)
    assert explained(story, "confirmed@floor").verdict == "staff have 59 s left to look before it is taken as true"
    story.tick(80)
    found = explained(story, "confirmed@floor")
    assert found.verdict == "it stands at red for 0 s"
    assert "the investigation ran out: nobody stood it down within 60 s" in found.notes


def test_a_coincidence_without_a_window_counts_what_is_shown() -> None:
    """An alarm that returned and waits for people still counts, and the explanation says so."""
    story = Story(floor_plan("alarms([smoke], at: orange, devices: 2)"))
    story.read(10, "det-a", smoke_obscuration=6.0)
    story.read(20, "det-a", smoke_obscuration=0.0)
    assert when(story, "group@floor", "red").found == "1 of 2 devices count; smoke@det-a is shown still"
    story.tell(Acknowledge(60, "smoke@det-a", "Wang", "seen"))
    story.tell(Reset(61, "smoke@det-a", "Wang", "haze", "commander"))
    assert when(story, "group@floor", "red").found == "0 of 2 devices count; none of 2 alarms was at orange or above"


def test_a_coincidence_of_many_names_eight() -> None:
    """A long list of alarms that count has an end."""
    many = [device(f"det-{number:02}", "room-a", "smoke") for number in range(11)]
    smoke = rule("smoke", "device", [one.id for one in many], tier("orange", "smoke"))
    story = Story(plan(smoke, rule("group", "zone", ("floor",), tier("red", "alarms([smoke])")), devices=many))
    for one in many:
        story.read(10, one.id, smoke=True)
    found = when(story, "group@floor", "red").found
    assert "smoke@det-07 stands; and 3 more" in found
    assert "smoke@det-08" not in found


def test_what_a_person_stood_down_is_said_of_the_alarm_that_was_looked_into() -> None:
    """Why it stands and nobody is asked to look; until it returns."""
    story = Story(plan(SMOKE, CONFIRMED))
    story.read(10, "det-a", smoke=True)
    story.tell(Reset(12, "confirmed@floor", "Wu", "toast", "commander"))
    note = "a person looked at orange and stood it down: it is not looked into again until it rises or comes anew"
    assert note in explained(story, "smoke@det-a").notes
    story.read(20, "det-a", smoke=False)
    assert note not in explained(story, "smoke@det-a").notes


def test_eight_are_named_and_none_is_counted() -> None:
    """The end of a list is said only where there is more."""
    many = [device(f"det-{number}", "room-a", "smoke") for number in range(8)]
    smoke = rule("smoke", "device", [one.id for one in many], tier("orange", "smoke"))
    group = rule("group", "zone", ("floor",), tier("red", "alarms([smoke])"))
    some = rule("some", "zone", ("floor",), tier("red", "count(smoke) > 1"))
    story = Story(plan(smoke, group, some, devices=many))
    for one in many:
        story.read(10, one.id, smoke=True)
    assert when(story, "group@floor", "red").found.endswith("smoke@det-7 stands")
    assert when(story, "some@floor", "red").found.endswith("det-6, det-7")
    assert "more" not in str(explained(story, "some@floor").because)


def test_a_near_miss_is_a_pair_outside_of_the_window() -> None:
    """Of two devices, the second not yet gone; at the very end of the window the first counts no more."""
    quick = rule("quick", "device", ("det-a", "det-b"), tier("orange", "smoke_obscuration >= 4.8"))
    both = rule("both", "zone", ("floor",), tier("red", "alarms([quick], devices: 2, within: 30s)"))

    def found(at: float, comes: float) -> str:
        story = Story(plan(quick, both))
        story.read(10, "det-a", smoke_obscuration=6.0)
        story.read(20, "det-a", smoke_obscuration=0.0)
        story.read(comes, "det-b", smoke_obscuration=6.0)
        story.tick(at)
        return when(story, "both@floor", "red").found

    assert found(50.0, 50.0) == (
        "1 of 2 devices count; quick@det-a ceased 30 s ago and counted for 30 s; quick@det-b stands; "
        "det-b came 30 s after det-a had ceased; the window is 30 s"
    )
    assert found(49.5, 49.5) == (
        "2 of 2 devices count; quick@det-a ceased 29.5 s ago and counts for 0.5 s more; quick@det-b stands"
    )
    assert found(90.0, 49.5).endswith("quick@det-a ceased 70 s ago and counted for 30 s; quick@det-b stands")


def test_lists_and_negations_are_put_in_words() -> None:
    """Two faults, two rules that could begin an investigation, and the opposite of a coincidence."""
    lost = rule("lost", "device", ("det-a",), tier("yellow", "faulted"), category="fault")
    calm = rule("calm", "zone", ("floor",), tier("blue", "not alarms([heat], devices: 2, within: 30s)"))
    story = Story(plan(SMOKE, HEAT, CONFIRMED, lost, calm))
    for code in ("trouble", "tamper"):
        story.tell(Fault(1, "det-a", code, "it says so"))
    assert when(story, "lost@det-a", "yellow").found == "fault tamper, trouble"
    notes = explained(story, "confirmed@floor").notes
    assert notes[-1] == "no investigation runs; one alarm of smoke, heat would begin it"
    (part,) = when(story, "calm@floor", "blue").parts
    assert (part.truth, part.found) == (False, "0 of 2 devices count; none of 2 alarms was at blue or above")


def test_an_acknowledged_alarm_still_stands() -> None:
    """For as long as it has been up, whoever knows of it."""
    story = Story(plan(SMOKE))
    story.read(10, "det-a", smoke=True)
    story.tell(Acknowledge(12, "smoke@det-a", "Li", "going"))
    story.tick(15)
    assert explained(story, "smoke@det-a").verdict == "it stands at orange for 5 s"
