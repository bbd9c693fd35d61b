"""Rules that read alarms: one about a device, at that device and around it; one about a zone, at its neighbours too."""

from dataclasses import replace

from rules.plan import Plan
from rules.signal import Acknowledge, Reset
from rules.tier import Tier
from tests.rules.house import (
    CONFIRMED,
    DETECTORS,
    HEAT,
    PLANS,
    SMOKE,
    VENUE_ZONES,
    Story,
    plan,
    rule,
    tier,
    venue,
    without_zones,
)

BOTH = rule("both", "device", ("det-a", "det-b"), tier("red", "alarms([smoke], at: orange) and alarms([heat])"))
HERE = rule("here", "device", ("det-a", "det-b", "det-attic"), tier("blue", "alarms([confirmed])"))


def test_a_device_rule_reads_alarms_at_its_own_device() -> None:
    """Smoke at one detector and heat at the other are not both at one."""
    story = Story(plan(SMOKE, HEAT, BOTH))
    story.read(1, "det-a", smoke=True)
    story.read(2, "det-b", temperature=80.0)
    assert story.alarm("both@det-a") == "normal"
    assert without_zones(story.read(3, "det-a", temperature=80.0)) == [
        "Raise heat@det-a orange",
        "Raise both@det-a red",
    ]
    because = [one.source for one in story.engine.alarms()[0].because]
    assert because == ["smoke@det-a", "heat@det-a", "det-a"]


def test_a_device_rule_reads_alarms_of_the_zones_that_hold_it() -> None:
    """The floor's confirmed fire counts at every detector of the floor, and at none of the attic."""
    story = Story(plan(SMOKE, HEAT, CONFIRMED, HERE))
    story.read(1, "det-a", smoke=True)
    said = without_zones(story.read(2, "det-b", smoke=True))
    assert [line for line in said if "here" in line] == ["Raise here@det-a blue", "Raise here@det-b blue"]
    assert story.alarm("here@det-attic") == "normal"


def test_an_alarm_counts_for_as_long_as_it_is_shown() -> None:
    """A latched alarm counts until a person has reset it; then its readers are told."""
    shown = rule("shown", "device", ("det-a",), tier("blue", "alarms([smoke])"))
    story = Story(plan(SMOKE, shown))
    assert without_zones(story.read(1, "det-a", smoke=True)) == ["Raise smoke@det-a orange", "Raise shown@det-a blue"]
    assert without_zones(story.read(2, "det-a", smoke=False)) == ["Return smoke@det-a orange"]
    story.tell(Acknowledge(3, "smoke@det-a", "Li", "seen"))
    said = without_zones(story.tell(Reset(4, "smoke@det-a", "Li", "steam", role="commander")))
    assert said == ["Clear smoke@det-a none", "Return shown@det-a blue"]


def test_a_tier_below_the_one_asked_for_does_not_count() -> None:
    """`at: orange` is not satisfied by yellow."""
    story = Story(plan(SMOKE, rule("strong", "device", ("det-a",), tier("red", "alarms([smoke], at: orange)"))))
    story.read(1, "det-a", smoke_obscuration=3.0)
    story.tick(10)
    assert story.alarm("smoke@det-a") == "unack yellow"
    assert story.alarm("strong@det-a") == "normal"


def test_a_device_rule_that_evacuates_does_so_for_each_new_alarm_it_reads() -> None:
    """After an all-clear, another alarm that joins is not covered by it."""
    leave = rule("leave", "device", ("det-a",), tier("red", "alarms([smoke, heat], at: orange)"), evacuate="whole")
    story = Story(plan(SMOKE, HEAT, leave))
    assert "Evacuate whole-1" in story.read(1, "det-a", smoke=True)
    assert story.alarm("leave@det-a") == "unack red"
    assert "Evacuate whole-2" not in story.read(2, "det-a", temperature=80.0)
    assert [status.evacuation for status in story.engine.evacuations()] == ["whole-1"]


def test_reading_goes_on_over_a_restart() -> None:
    """A second alarm after the restart completes what began before it."""
    story = Story(plan(SMOKE, HEAT, BOTH))
    story.read(1, "det-a", smoke=True)
    story.restart()
    assert "Raise both@det-a red" in story.read(3, "det-a", temperature=80.0)


def neighbourly(when: str) -> Plan:
    """A house in which room-a names room-b as its neighbour, with one rule for each room."""
    zones = {one.id: replace(one, neighbours=("room-b",)) if one.id == "room-a" else one for one in VENUE_ZONES}
    asked = rule("asked", "zone", ("room-a", "room-b", "attic"), tier("red", when))
    return Plan(replace(venue(*DETECTORS), zones=zones), (SMOKE, asked), PLANS)


def test_neighbours_confirm_each_other() -> None:
    """Two detectors in neighbouring rooms are two, whichever room names the other; the attic has no neighbour."""
    story = Story(neighbourly("alarms([smoke], at: orange, devices: 2, within: 60s, among: neighbours)"))
    story.read(1, "det-a", smoke=True)
    story.read(2, "det-attic", smoke=True)
    assert [story.alarm(f"asked@{room}") for room in ("room-a", "room-b", "attic")] == ["normal"] * 3
    story.read(3, "det-b", smoke=True)
    assert [story.alarm(f"asked@{room}") for room in ("room-a", "room-b", "attic")] == [
        "unack red",
        "unack red",
        "normal",
    ]


def test_without_neighbours_a_room_is_by_itself() -> None:
    """The same rule without `among` looks into its own room only."""
    story = Story(neighbourly("alarms([smoke], at: orange, devices: 2, within: 60s)"))
    for device in ("det-a", "det-b", "det-attic"):
        story.read(1, device, smoke=True)
    assert all(alarm.rule == "smoke" for alarm in story.engine.alarms())
    assert story.engine.zone_tiers()["venue"] is Tier.ORANGE
