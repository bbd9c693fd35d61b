"""Alarms over time: delays, tiers, latching, and what people do to them."""

from rules.plan import InvestigationRule
from rules.signal import Acknowledge, Heard, Reading, Reset, Silence
from rules.tier import Tier
from tests.rules.house import SMOKE, Story, device, plan, rule, tier, without_zones

PLAIN = rule(
    "plain",
    "device",
    ("det-a",),
    tier("blue", "temperature >= 30", "temperature < 28", off=10),
    tier("yellow", "temperature >= 40"),
)


def test_on_delay_runs_without_data() -> None:
    """A delay is a timer: it raises although nothing is heard while it runs."""
    story = Story(plan(SMOKE))
    assert story.read(10, "det-a", smoke_obscuration=3.0) == []
    assert story.alarm("smoke@det-a") == "pending none"
    assert story.engine.deadline() == 15
    assert story.tick(14.9) == []
    assert without_zones(story.tick(15)) == ["Raise smoke@det-a yellow"]


def test_on_delay_starts_again_after_a_lapse() -> None:
    """A condition that is interrupted has to hold for the whole delay again."""
    story = Story(plan(SMOKE))
    story.read(10, "det-a", smoke_obscuration=3.0)
    story.read(13, "det-a", smoke_obscuration=0.5)
    assert story.alarm("smoke@det-a") == "normal"
    story.read(14, "det-a", smoke_obscuration=3.0)
    assert story.tick(18.9) == []
    assert without_zones(story.tick(19)) == ["Raise smoke@det-a yellow"]


def test_a_higher_tier_does_not_wait_for_the_lower_ones_delay() -> None:
    """Orange has no delay of its own, so it is raised at once."""
    story = Story(plan(SMOKE))
    assert without_zones(story.read(10, "det-a", smoke_obscuration=6.0)) == ["Raise smoke@det-a orange"]


def test_a_rising_value_escalates_and_sounds_again() -> None:
    """A silenced and acknowledged yellow alarm sounds again, unacknowledged, when it becomes orange."""
    story = Story(plan(SMOKE))
    story.read(10, "det-a", smoke_obscuration=3.0)
    story.tick(15)
    story.tell(Acknowledge(16, "smoke@det-a", "Li", "seen"))
    assert not story.engine.alarms()[0].sounding
    assert without_zones(story.read(20, "det-a", smoke_obscuration=5.0)) == ["Escalate smoke@det-a orange"]
    assert story.engine.alarms()[0].sounding
    assert story.alarm("smoke@det-a") == "unack orange"


def test_steps_down_by_its_own_clear_rule_after_the_off_delay() -> None:
    """Each tier has its own way down: yellow ends at once below 40, blue ten seconds after falling below 28."""
    story = Story(plan(PLAIN))
    assert without_zones(story.read(10, "det-a", temperature=45.0)) == ["Raise plain@det-a yellow"]
    assert without_zones(story.read(20, "det-a", temperature=35.0)) == ["StepDown plain@det-a blue"]
    assert story.read(30, "det-a", temperature=29.0) == []
    assert story.read(40, "det-a", temperature=27.0) == []
    assert without_zones(story.tick(50)) == ["Return plain@det-a blue"]
    assert without_zones(story.tell(Acknowledge(51, "plain@det-a", "Li", "seen"))) == ["Clear plain@det-a none"]


def test_off_delay_is_called_off_by_the_condition() -> None:
    """A value that comes back during the off-delay keeps the alarm up without a word."""
    story = Story(plan(PLAIN))
    story.read(10, "det-a", temperature=32.0)
    story.read(20, "det-a", temperature=27.0)
    assert story.read(25, "det-a", temperature=32.0) == []
    assert story.tick(60) == []
    assert story.alarm("plain@det-a") == "unack blue"


def test_off_delay_is_called_off_by_silence() -> None:
    """Unknown is never normal: a device that falls silent while its alarm is about to clear keeps it up."""
    story = Story(plan(PLAIN))
    story.read(10, "det-a", temperature=32.0)
    story.read(20, "det-a", temperature=27.0)
    story.tell(Heard(25, "det-a", online=False))
    assert story.tick(60) == []
    assert story.alarm("plain@det-a") == "unack blue"


def test_acknowledged_alarm_clears_when_its_cause_is_gone() -> None:
    """Without latching, an acknowledged alarm needs nothing more from people."""
    story = Story(plan(PLAIN))
    story.read(10, "det-a", temperature=32.0)
    story.tell(Acknowledge(11, "plain@det-a", "Li", "seen"))
    story.read(20, "det-a", temperature=20.0)
    assert without_zones(story.tick(30)) == ["Clear plain@det-a none"]


def test_a_returned_alarm_that_comes_back_is_raised_again() -> None:
    """An unacknowledged alarm that returned and comes back sounds again as a new raise."""
    story = Story(plan(PLAIN))
    story.read(10, "det-a", temperature=45.0)
    story.read(20, "det-a", temperature=20.0)
    story.tick(30)
    assert without_zones(story.read(40, "det-a", temperature=45.0)) == ["Raise plain@det-a yellow"]


def test_latched_alarm_stays_at_its_worst_until_a_person_resets_it() -> None:
    """A latching alarm keeps tier and display after its return; reset needs the acknowledgement first."""
    story = Story(plan(SMOKE))
    story.read(10, "det-a", smoke_obscuration=6.0)
    assert without_zones(story.read(20, "det-a", smoke_obscuration=3.0)) == []
    assert story.alarm("smoke@det-a") == "unack orange"
    story.read(30, "det-a", smoke_obscuration=0.1)
    assert without_zones(story.tick(60)) == ["Return smoke@det-a orange"]
    assert story.alarm("smoke@det-a") == "latched_unack orange"
    assert story.tell(Reset(61, "smoke@det-a", "Li", "aired", "commander")) == [
        "Refuse reset smoke@det-a: it is latched unack: acknowledge it first"
    ]
    story.tell(Acknowledge(62, "smoke@det-a", "Li", "seen"))
    assert story.tell(Reset(63, "smoke@det-a", "Li", "aired", "commander")) == [
        "Clear smoke@det-a none",
        "[room-a none]",
        "[floor none]",
        "[venue none]",
    ]


def test_reset_is_refused_while_the_cause_stands() -> None:
    """A reset cannot hide a condition that is still true."""
    story = Story(plan(SMOKE))
    story.read(10, "det-a", smoke_obscuration=6.0)
    story.tell(Acknowledge(11, "smoke@det-a", "Li", "seen"))
    assert story.tell(Reset(12, "smoke@det-a", "Li", "?", "commander")) == [
        "Refuse reset smoke@det-a: it is acked: its cause must be gone first; a commander may put a device "
        "out of service that is stuck"
    ]


def test_silence_is_not_acknowledge_is_not_reset() -> None:
    """Silencing stops the sounder and nothing else; a second silence finds nothing to do."""
    story = Story(plan(SMOKE))
    story.read(10, "det-a", smoke_obscuration=6.0)
    assert story.tell(Silence(11, "", "Li", "talking to guests")) == ["Silenced smoke@det-a orange"]
    assert story.alarm("smoke@det-a") == "unack orange"
    assert story.tell(Silence(12, "", "Li", "again")) == ["Refuse silence all: nothing is sounding"]
    assert without_zones(story.read(13, "det-b", smoke_obscuration=6.0)) == ["Raise smoke@det-b orange"]
    assert [alarm.sounding for alarm in story.engine.alarms()] == [False, True]


def test_orders_about_what_does_not_exist_are_refused() -> None:
    """A mistyped alarm is told to the person, not ignored."""
    story = Story(plan(SMOKE))
    for order in (Acknowledge, Silence, Reset):
        assert story.tell(order(1, "smoke@nowhere", "Li", "seen"))[0].endswith("there is no such alarm")
    assert story.tell(Acknowledge(2, "smoke@det-a", "Li", "seen")) == [
        "Refuse acknowledge smoke@det-a: it is normal, nothing waits for it"
    ]


def test_a_press_is_caught_however_short() -> None:
    """A press is an instant: the alarm is raised by it and latched after it, and a second press raises it again."""
    sos = rule("sos", "device", ("sos",), tier("orange", "pressed"), latching=True, category="panic")
    story = Story(plan(sos, devices=[device("sos", "room-a", "pressed")]))
    assert without_zones(story.read(10, "sos", pressed=True)) == ["Raise sos@sos orange", "Return sos@sos orange"]
    assert story.alarm("sos@sos") == "latched_unack orange"
    assert without_zones(story.read(12, "sos", pressed=True)) == ["Raise sos@sos orange", "Return sos@sos orange"]


def test_zones_show_the_worst_tier_below_them() -> None:
    """A zone is as bad as its worst alarm, and gets better only with it."""
    story = Story(plan(SMOKE, PLAIN))
    assert story.read(10, "det-a", temperature=45.0)[1:] == ["[room-a yellow]", "[floor yellow]", "[venue yellow]"]
    assert story.read(11, "det-b", smoke=True)[1:] == ["[room-b orange]", "[floor orange]", "[venue orange]"]
    story.tell(Acknowledge(12, "plain@det-a", "Li", "seen"))
    story.read(13, "det-a", temperature=20.0)
    assert story.tick(23) == ["Clear plain@det-a none", "[room-a none]"]
    assert story.engine.zone_tiers()["floor"].word == "orange"


def test_faults_do_not_colour_a_zone() -> None:
    """Alarm over fault: an alarm of category fault is shown, but no zone changes its tier."""
    lost = rule("lost", "device", ("det-a",), tier("yellow", "faulted"), category="fault")
    story = Story(plan(lost))
    assert story.tell(Reading(1, "det-a", "temperature", float("nan"))) == [
        "ReportFault det-a bad_value:temperature",
        "Raise lost@det-a yellow",
    ]


def test_because_tells_the_value_the_rule_and_its_line() -> None:
    """A decision carries the reading that led to it and the rule's own words."""
    story = Story(plan(SMOKE))
    story.read(10, "det-a", smoke_obscuration=6.0)
    (because,) = story.engine.alarms()[0].because
    assert (because.source, because.at, because.line) == ("det-a", 10, "house.yaml:1")
    assert because.text == "no smoke, smoke_obscuration 6 %/m: smoke_obscuration >= 4.8 or smoke"


def test_the_delays_that_run_are_counted() -> None:
    """By rule, tier and the name of the delay, in as many alarms as it runs."""
    warm = rule(
        "warm",
        "device",
        ("det-a", "det-b", "det-attic"),
        tier("blue", "temperature >= 30", on=5, off=5),
        category="power",
        re_alarm=60,
    )
    look = rule(
        "look",
        "zone",
        ("room-a", "room-b", "attic"),
        tier("red", "alarms([smoke], devices: 2)"),
        investigate=InvestigationRule(("smoke",), Tier.ORANGE),
    )
    story = Story(plan(SMOKE, warm, look))
    for name in ("det-a", "det-b", "det-attic"):
        story.read(10, name, temperature=40.0)
    assert story.engine.running_delays() == {("warm", "blue", "on_delay"): 3}
    story.tick(15)
    story.tell(Silence(16, "", "Li", "seen"))
    assert story.engine.running_delays() == {("warm", "", "re_alarm"): 3}
    for name in ("det-a", "det-b", "det-attic"):
        story.read(17, name, temperature=20.0, smoke=True)
    story.tell(Acknowledge(18, "smoke@det-a", "Li", "going"))
    assert story.engine.running_delays() == {
        ("warm", "", "re_alarm"): 3,
        ("warm", "blue", "off_delay"): 3,
        ("look", "", "acknowledge_within"): 2,
        ("look", "", "then"): 1,
    }
    story.tell(Acknowledge(19, "smoke@det-b", "Li", "going"))
    assert story.engine.running_delays()["look", "", "then"] == 2


def test_one_alarm_is_silenced_and_the_others_sound_on() -> None:
    """Silence of one is not silence of all."""
    story = Story(plan(SMOKE))
    for name in ("det-a", "det-b"):
        story.read(10, name, smoke=True)
    assert story.tell(Silence(11, "smoke@det-a", "Li", "seen")) == ["Silenced smoke@det-a orange"]
    assert [one.sounding for one in story.engine.alarms()] == [False, True]


def test_what_is_at_rest_cannot_be_reset_and_says_so() -> None:
    """In the words of its state, with what has to be done first where that is something."""
    warm = rule("warm", "device", ("det-a",), tier("blue", "temperature >= 30", on=5), category="power")
    story = Story(plan(warm))
    for at, value, state in ((1, 20.0, "normal"), (2, 40.0, "pending")):
        story.read(at, "det-a", temperature=value)
        assert story.tell(Reset(at, "warm@det-a", "Li", "x")) == [f"Refuse reset warm@det-a: it is {state}"]
    story.tick(10)
    hint = ": acknowledge it, and its cause must be gone"
    assert story.tell(Reset(11, "warm@det-a", "Li", "x")) == [f"Refuse reset warm@det-a: it is unack{hint}"]
    story.read(12, "det-a", temperature=20.0)
    assert story.tell(Reset(13, "warm@det-a", "Li", "x")) == ["Refuse reset warm@det-a: it is rtn unack"]


def test_the_shortest_delay_is_a_delay() -> None:
    """Half a second is waited for, up and down."""
    quick = rule("quick", "device", ("det-a",), tier("blue", "temperature >= 30", on=0.5, off=0.5), category="power")
    story = Story(plan(quick))
    assert story.read(10, "det-a", temperature=40.0) == []
    assert without_zones(story.tick(10.5)) == ["Raise quick@det-a blue"]
    assert story.read(11, "det-a", temperature=20.0) == []
    assert without_zones(story.tick(11.5)) == ["Return quick@det-a blue"]
