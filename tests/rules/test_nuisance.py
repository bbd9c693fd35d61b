"""What comes too often: chattering alarms, floods, what is acknowledged and stands too long, and which came first."""

import pytest

from rules.decision import Raise, Shown
from rules.signal import Acknowledge, Reset, Resumed, Shelve, Silence, Unshelve
from rules.tier import Tier
from tests.rules.house import SMOKE, Story, device, plan, rule, tier, without_zones

WARM = rule(
    "warm",
    "device",
    ("det-a",),
    tier("blue", "temperature >= 30"),
    tier("orange", "temperature >= 50"),
    category="power",
)
LATCHED = rule("warm", "device", ("det-a",), *WARM.tiers, category="power", latching=True)
PATIENT = rule("warm", "device", ("det-a",), *WARM.tiers, category="power", re_alarm=60)

MANY = [device(f"d{number}", "room-a", "temperature", "smoke") for number in range(1, 13)]
NOISY = rule(
    "noisy",
    "device",
    [one.id for one in MANY],
    tier("yellow", "smoke"),
    tier("orange", "temperature >= 50"),
    category="power",
)
FLAME = rule("flame", "device", [one.id for one in MANY], tier("yellow", "temperature >= 30"), category="fire")


def rattle(story: Story, at: float) -> list[str]:
    """The condition comes and goes twice and comes again, within 40 s."""
    said: list[str] = []
    for number, value in enumerate((45.0, 20.0, 45.0, 20.0, 45.0)):
        said += without_zones(story.read(at + 10 * number, "det-a", temperature=value))
    return said


def test_a_chattering_alarm_is_held_until_it_is_quiet() -> None:
    """Three times in a minute: it is said once, and stands until nothing has moved for a minute."""
    story = Story(plan(WARM))
    assert rattle(story, 10)[-2:] == ["Raise warm@det-a blue", "Chattering warm@det-a blue"]
    assert story.engine.alarms()[0].chattering
    held = "it chatters: held as standing for 60 s more of quiet"
    assert held in story.engine.explain("warm@det-a").notes
    assert without_zones(story.read(60, "det-a", temperature=20.0)) == []
    assert without_zones(story.read(70, "det-a", temperature=45.0)) == []
    assert without_zones(story.read(80, "det-a", temperature=20.0)) == []
    assert without_zones(story.tick(139)) == []
    assert story.alarm("warm@det-a") == "unack blue"
    assert without_zones(story.tick(140)) == ["Return warm@det-a blue"]
    assert not story.engine.alarms()[0].chattering


def test_an_alarm_that_stands_when_it_is_quiet_is_let_go_in_silence() -> None:
    """After the chatter it behaves like any other: nothing is said, its return is."""
    story = Story(plan(WARM))
    rattle(story, 10)
    assert story.tick(110) == []
    assert without_zones(story.read(120, "det-a", temperature=20.0)) == ["Return warm@det-a blue"]


def test_a_chattering_alarm_still_rises() -> None:
    """Being held never hides that it gets worse."""
    story = Story(plan(WARM))
    rattle(story, 10)
    assert without_zones(story.read(55, "det-a", temperature=60.0)) == ["Escalate warm@det-a orange"]
    assert without_zones(story.read(56, "det-a", temperature=45.0)) == []


def test_three_times_in_just_a_minute_is_chatter() -> None:
    """From the first to the third, to the second."""
    story = Story(plan(WARM))
    for at, value in ((10, 45.0), (20, 20.0), (40, 45.0), (50, 20.0), (70, 45.0)):
        story.read(at, "det-a", temperature=value)
    assert story.engine.alarms()[0].chattering


def test_three_times_in_more_than_a_minute_is_no_chatter() -> None:
    """The window is sixty seconds, from the first to the third."""
    story = Story(plan(WARM))
    for at, value in ((10, 45.0), (20, 20.0), (40, 45.0), (50, 20.0), (70.1, 45.0)):
        story.read(at, "det-a", temperature=value)
    assert not story.engine.alarms()[0].chattering


def test_fire_never_counts_as_chatter() -> None:
    """A smoke detector that comes and goes says so each time."""
    story = Story(plan(SMOKE))
    said: list[str] = []
    for at in (10, 20, 30, 40):
        said += without_zones(story.read(at, "det-a", smoke=True))
        said += without_zones(story.read(at + 5, "det-a", smoke=False))
    assert said == ["Raise smoke@det-a orange", "Return smoke@det-a orange"] * 4


def test_chatter_goes_on_after_a_restart() -> None:
    """Neither the count nor the quiet begins anew."""
    story = Story(plan(WARM))
    for at, value in ((10, 45.0), (20, 20.0), (30, 45.0), (40, 20.0)):
        story.read(at, "det-a", temperature=value)
    story.restart()
    assert "Chattering warm@det-a blue" in story.read(50, "det-a", temperature=45.0)
    story.read(60, "det-a", temperature=20.0)
    story.restart()
    assert story.tell(Resumed(70, 1)) == []
    assert without_zones(story.tick(120)) == ["Return warm@det-a blue"]


def test_a_latched_alarm_that_rises_again_to_its_tier_sounds_again() -> None:
    """It fell and was acknowledged; that it is as bad as before again is news."""
    story = Story(plan(LATCHED))
    story.read(10, "det-a", temperature=60.0)
    story.tell(Acknowledge(11, "warm@det-a", "Li", "seen"))
    assert story.read(20, "det-a", temperature=40.0) == []
    assert without_zones(story.read(30, "det-a", temperature=60.0)) == ["Raise warm@det-a orange"]
    (status,) = story.engine.alarms()
    assert (status.state, status.sounding, status.acknowledged_by) == ("unack", True, "")


def test_a_silenced_latched_alarm_that_rises_again_sounds_again() -> None:
    """Silence is for what was heard. One that still sounds has nothing to add."""
    story = Story(plan(LATCHED))
    story.read(10, "det-a", temperature=60.0)
    story.read(20, "det-a", temperature=40.0)
    assert story.read(30, "det-a", temperature=60.0) == []
    story.tell(Silence(31, "", "Li", "talking"))
    story.read(40, "det-a", temperature=40.0)
    assert without_zones(story.read(50, "det-a", temperature=60.0)) == ["Raise warm@det-a orange"]


@pytest.mark.parametrize("order", [Acknowledge(11, "warm@det-a", "Li", "x"), Silence(11, "", "Li", "x")])
def test_what_stands_too_long_without_a_sound_sounds_again(order: Acknowledge | Silence) -> None:
    """After `re_alarm` an alarm that was acknowledged or silenced is unacknowledged and sounds, and so on."""
    story = Story(plan(PATIENT))
    story.read(10, "det-a", temperature=45.0)
    assert story.engine.deadline() == 1000
    story.tell(order)
    story.restart()
    assert without_zones(story.tick(71)) == ["ReAlarm warm@det-a blue"]
    (status,) = story.engine.alarms()
    assert (status.state, status.sounding) == ("unack", True)
    assert story.engine.deadline() == 1000
    story.tell(Acknowledge(80, "warm@det-a", "Li", "still"))
    assert story.engine.deadline() == 140


def test_acknowledging_a_silenced_alarm_gives_it_its_time_again() -> None:
    """Somebody is at it: the time counts from the last that a person did."""
    story = Story(plan(PATIENT))
    story.read(10, "det-a", temperature=45.0)
    story.tell(Silence(11, "", "Li", "x"))
    story.tell(Acknowledge(30, "warm@det-a", "Li", "x"))
    assert story.engine.deadline() == 90


def test_what_is_over_or_out_of_view_does_not_sound_again() -> None:
    """A return, an overlay or a rise ends the wait."""
    story = Story(plan(PATIENT))
    story.read(10, "det-a", temperature=45.0)
    story.tell(Acknowledge(11, "warm@det-a", "Li", "x"))
    story.read(20, "det-a", temperature=20.0)
    story.read(30, "det-a", temperature=45.0)
    story.tell(Acknowledge(31, "warm@det-a", "Li", "x"))
    story.tell(Shelve(40, "warm@det-a", 200, False, "Li", "x", "engineer"))
    assert without_zones(story.tick(200)) == []
    assert "Shown warm@det-a blue shelved" in story.tell(Unshelve(210, "warm@det-a", "Li", "x"))


def test_the_first_alarm_of_a_category_is_marked() -> None:
    """First out: what was up before is often the cause. Another category does not count, and what ended neither."""
    other = rule("other", "device", ("det-b",), tier("blue", "temperature >= 30"), category="ups")
    again = rule("again", "device", ("det-b",), tier("blue", "temperature >= 40"), category="power")
    story = Story(plan(WARM, other, again))
    story.read(10, "det-b", temperature=35.0)
    story.read(11, "det-a", temperature=45.0)
    story.read(12, "det-b", temperature=45.0)
    assert firsts(story) == {"other@det-b": True, "warm@det-a": True, "again@det-b": False}
    assert {alarm.alarm: alarm.first_out for alarm in story.engine.alarms()} == firsts(story)
    story.restart()
    assert {alarm.alarm: alarm.first_out for alarm in story.engine.alarms()} == firsts(story)
    story.tell(Acknowledge(13, "warm@det-a", "Li", "x"))
    story.read(14, "det-a", temperature=20.0)
    story.read(15, "det-b", temperature=36.0)
    story.read(16, "det-b", temperature=45.0)
    assert firsts(story)["again@det-b"]


def firsts(story: Story) -> dict[str, bool]:
    return {one.alarm: one.first_out for one in story.decisions if isinstance(one, Raise)}


def flooded() -> Story:
    """Ten alarms, one each second from 1 on."""
    story = Story(plan(NOISY, FLAME, devices=MANY))
    for number in range(1, 11):
        story.read(float(number), f"d{number}", smoke=True)
    return story


def test_ten_alarms_in_ten_minutes_are_a_flood() -> None:
    """The tenth still sounds, and the flood is said after it; lesser ones that follow are shown without a sound."""
    story = flooded()
    assert story.decisions[-1].__struct_config__.tag == "flood"
    assert all(one.sounding for one in story.decisions if isinstance(one, Raise))
    assert story.engine.flood_since() == 10
    story.read(11, "d11", smoke=True)
    last = [one for one in story.decisions if isinstance(one, Raise)][-1]
    assert (last.alarm, last.sounding, last.grouped, last.tier) == ("noisy@d11", False, True, Tier.YELLOW)
    assert story.alarm("noisy@d11") == "unack yellow"


def test_in_a_flood_what_is_grave_or_of_fire_sounds() -> None:
    """Orange sounds, a rise to orange sounds, and a fire sounds at any tier."""
    story = flooded()
    story.read(11, "d11", temperature=60.0)
    story.read(12, "d1", temperature=60.0)
    sounding = {alarm.alarm: alarm.sounding for alarm in story.engine.alarms()}
    assert sounding["noisy@d11"] and sounding["flame@d11"] and sounding["noisy@d1"]


def test_a_flood_ends_when_few_come() -> None:
    """Below five in ten minutes it is over, also when nothing is heard; what comes then sounds."""
    story = flooded()
    story.restart()
    assert story.tick(605.9) == []
    assert story.tick(606) == ["EndFlood 4"]
    assert story.engine.flood_since() is None
    story.read(607, "d12", smoke=True)
    assert story.engine.alarms()[-1].sounding


def test_alarms_that_keep_coming_keep_the_flood_up() -> None:
    """The end is counted from the last ones."""
    story = flooded()
    for number in (11, 12):
        story.read(300.0, f"d{number}", smoke=True)
    assert story.tick(606) == []
    assert story.tick(608) == ["EndFlood 4"]


def test_nine_alarms_are_no_flood_nor_are_ten_in_more_than_ten_minutes() -> None:
    """The tenth must come within ten minutes of the first."""
    story = Story(plan(NOISY, devices=MANY))
    for number in range(1, 10):
        story.read(float(number), f"d{number}", smoke=True)
    story.read(602, "d10", smoke=True)
    assert story.engine.flood_since() is None
    story.read(603, "d11", smoke=True)
    assert story.engine.flood_since() is None


def test_a_grouped_alarm_does_not_sound_in_the_flood_after_all() -> None:
    """The time after which it sounds again begins with the end of the flood, or with a person's acknowledgement."""
    patient = rule("noisy", "device", [f"d{n}" for n in range(1, 13)], *NOISY.tiers, category="power", re_alarm=60)
    story = Story(plan(patient, devices=MANY))
    for number in range(1, 13):
        story.read(float(number), f"d{number}", smoke=True)
    story.tell(Acknowledge(20, "noisy@d12", "Li", "seen"))
    story.restart()
    assert without_zones(story.tick(79)) == []
    assert without_zones(story.tick(80)) == ["ReAlarm noisy@d12 yellow"]
    story.restart()
    assert story.tick(607) == [] and story.tick(608) == ["EndFlood 4"]
    story.restart()
    assert story.tick(667) == [] and story.tick(668) == ["ReAlarm noisy@d11 yellow"]


def test_what_comes_back_into_view_in_a_flood_is_grouped_too() -> None:
    """A shelf that ends in a flood adds no sound to it."""
    story = flooded()
    story.read(11, "d11", smoke=True)
    story.tell(Shelve(12, "noisy@d11", 60, False, "Li", "x", "engineer"))
    story.tick(72)
    (shown,) = [one for one in story.decisions if isinstance(one, Shown)]
    assert (shown.sounding, shown.grouped, shown.state) == (False, True, "unack")


def test_resetting_and_returning_makes_room_for_another_first() -> None:
    """A latched alarm is up until it is reset."""
    story = Story(plan(LATCHED))
    story.read(10, "det-a", temperature=45.0)
    story.read(20, "det-a", temperature=20.0)
    story.tell(Acknowledge(21, "warm@det-a", "Li", "x"))
    story.tell(Reset(22, "warm@det-a", "Li", "x"))
    story.read(90, "det-a", temperature=45.0)
    assert [one.first_out for one in story.decisions if isinstance(one, Raise)] == [True, True]
