"""What conditions say of devices that were calm and say the worst: the very steps, in three values."""

import pytest

from rules.analysis.calm_device import Said
from rules.analysis.calm_group import SaidByMany, Told
from rules.analysis.chain import Event, Part
from rules.analysis.course import Course, between, constant, instants, merge
from rules.analysis.places import Places
from rules.analysis.satisfy import Known, together
from rules.analysis.week import Situation
from rules.expression import Call, parse
from rules.plan import Plan
from rules.truth import Truth
from rules.venue import Device, Text, Venue, Zone
from tests.rules.house import device, rule, tier

HOT = 1200.0
DET = device("d1", "room-a", "smoke", "temperature", "co", "pressed")
COLD = device("d2", "room-a", "smoke", "temperature")
CO = device("d3", "room-a", "co")
AROUND = Situation(frozenset({"open"}), staffed=False)
Steps = list[tuple[float, Truth]]


def no_alarms(_: Call) -> Course:
    """As if no other rule had alarms; unknown, so that it is seen where it is asked."""
    return constant(None)


def one(text: str) -> Steps:
    """The course of a condition on a device that burns, as steps."""
    said = Said(DET, {"smoke": True, "temperature": HOT, "pressed": True}, AROUND, 3, no_alarms)
    return list(said.course(parse(text).root).steps)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("smoke", [(0, True)]),
        ("heat", [(0, False)]),
        ("absent", [(0, False)]),
        ("during(open)", [(0, True)]),
        ("during(closed)", [(0, False)]),
        ("nobody_on_duty", [(0, True)]),
        ("alarms([smoke])", [(0, None)]),
        ("temperature >= 1200", [(0, True)]),
        ("temperature > 1200", [(0, False)]),
        ("smoke_obscuration < 5", [(0, False)]),
        # it rose by 1180 at once; when calm was told last is known to the window's length only
        ("rise(temperature, 60s) >= 1180", [(0, True), (60, None)]),
        ("rise(temperature, 60s) > 1180", [(0, False)]),
        ("rise(temperature, 1s) >= 5", [(0, True), (1, None)]),
        ("rise(temperature, 500ms) >= 5", [(0, None)]),
        ("rise(temperature, 500ms) > 1180", [(0, False)]),
        ("not rise(temperature, 500ms) >= 5", [(0, None)]),
        ("rise(temperature, 60s) < 5", [(0, False), (60, None)]),
        ("rise(co, 60s) >= 0", [(0, True)]),
        ("rise(co, 60s) >= 0.5", [(0, False)]),
        ("rise(co, 60s) <= 0.5", [(0, True)]),
        ("rise(humidity, 60s) <= 0.5", [(0, False)]),
        # 118 a second, if calm was told ten seconds before
        ("rate(temperature, 10s) >= 118", [(0, True), (10, None)]),
        ("rate(temperature, 10s) > 118", [(0, None)]),
        ("rate(temperature, 9s) >= 1", [(0, None)]),
        ("rate(co, 60s) >= 0", [(0, None)]),
        ("min(temperature, 60s) >= 57", [(0, False), (60, True)]),
        ("max(temperature, 60s) >= 57", [(0, True)]),
        ("min(temperature, 60s) >= 10", [(0, True)]),
        ("max(co, 60s) >= 1", [(0, False)]),
        # from 20 to 1200: 610 is crossed by the worst after 30 s, and promised after the window
        ("mean(temperature, 60s) >= 610", [(0, False), (30, None), (60, True)]),
        ("mean(temperature, 60s) >= 20", [(0, True)]),
        ("mean(temperature, 60s) > 1200", [(0, False)]),
        ("count(smoke, 60s) >= 1", [(0, True), (60, False)]),
        ("count(smoke, 60s) >= 2", [(0, False)]),
        ("count(not smoke, 60s) >= 1", [(0, False)]),
        ("count(pressed, 60s) >= 3", [(0, False), (2, True), (60, False)]),
        ("count(min(temperature, 20s) >= 57, 60s) >= 1", [(0, False), (20, True), (80, False)]),
        ("count(rise(temperature, 60s) > 5, 10s) >= 1", [(0, True), (10, False), (60, None)]),
        ("count(rise(temperature, 500ms) > 5, 10s) >= 1", [(0, None)]),
        ("smoke and min(temperature, 20s) >= 57", [(0, False), (20, True)]),
        ("heat or rise(temperature, 500ms) >= 5", [(0, None)]),
    ],
)
def test_the_steps_of_one_device(text: str, steps: Steps) -> None:
    """True, false, or not worked out, from which second on."""
    assert one(text) == steps


def test_a_press_is_an_instant() -> None:
    """It is true three times, and false in between."""
    presses = [(at, truth) for at, truth in one("pressed") if truth]
    assert presses == [(0.0, True), (1.0, True), (2.0, True)]
    assert not Said(DET, {"pressed": True}, AROUND, 3, no_alarms).course(parse("pressed").root).at(0.5)


def many(text: str, told: Told, *devices: Device) -> Steps:
    """The course of a condition over devices."""
    said = SaidByMany(devices or (DET, COLD, CO), told, AROUND, 1, no_alarms)
    return list(said.course(parse(text).root).steps)


BURNS: Told = {"d1": {"smoke": True, "temperature": HOT}}


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("any(smoke)", [(0, True)]),
        ("any(co > 5)", [(0, False)]),
        ("any(rise(temperature, 500ms) > 5)", [(0, None)]),
        ("all(smoke)", [(0, False)]),
        ("all(temperature < 2000)", [(0, True)]),
        ("all(rise(temperature, 500ms) > 5)", [(0, False)]),
        ("all(temperature < 30 or rise(temperature, 500ms) > 5)", [(0, None)]),
        ("all(heat)", [(0, False)]),
        # one of two that measure it, the other is calm
        ("share(smoke) >= 0.5", [(0, True)]),
        ("share(smoke) > 0.5", [(0, False)]),
        ("share(heat) >= 0.1", [(0, False)]),
        ("share(heat) <= 0", [(0, True)]),
        ("share(not smoke) >= 0.5", [(0, True)]),
        ("share(not absent) >= 1", [(0, True)]),
        ("share(rise(temperature, 500ms) > 5) >= 0.5", [(0, None)]),
        ("share(rise(temperature, 500ms) > 5) > 0.5", [(0, False)]),
        ("share(smoke or rise(temperature, 500ms) > 5) >= 0.5", [(0, True)]),
        ("share(co < 5) >= 1", [(0, True)]),
        ("count(smoke) >= 1", [(0, True)]),
        ("count(smoke) >= 2", [(0, False)]),
        ("count(not smoke) >= 1", [(0, True)]),
        ("count(not smoke) >= 2", [(0, False)]),
        ("count(not absent) >= 3", [(0, True)]),
        ("count(not absent) > 3", [(0, False)]),
        ("count(rise(temperature, 500ms) > 5) >= 1", [(0, None)]),
        ("count(rise(temperature, 500ms) > 5) >= 2", [(0, False)]),
        ("count(min(temperature, 20s) >= 57) >= 1", [(0, False), (20, True)]),
        ("any(during(open) and smoke)", [(0, True)]),
        ("max(temperature) >= 1200", [(0, True)]),
        ("min(temperature) >= 21", [(0, False)]),
        ("mean(temperature) >= 610", [(0, True)]),
        ("mean(temperature) > 610", [(0, False)]),
        ("max(humidity) <= 100", [(0, False)]),
        ("not max(humidity) <= 100", [(0, True)]),
        ("nobody_on_duty and during(open) and not during(closed)", [(0, True)]),
        ("alarms([x]) or any(smoke)", [(0, True)]),
    ],
)
def test_the_steps_of_several_devices(text: str, steps: Steps) -> None:
    """One of three burns; the others are calm, and count where they measure what is asked."""
    assert many(text, BURNS) == steps


def test_of_many_alike_each_counts() -> None:
    """Ten calm detectors are ten, and those of another kind none."""
    detectors = tuple(device(f"x{number}", "room-a", "smoke", "temperature") for number in range(10))
    assert many("count(not smoke) >= 10", {}, *detectors, CO) == [(0, True)]
    assert many("count(not smoke) >= 11", {}, *detectors, CO) == [(0, False)]
    told: Told = {"x3": {"smoke": True}, "x4": {"smoke": True}}
    assert many("count(not smoke) >= 8", told, *detectors, CO) == [(0, True)]
    assert many("count(not smoke) >= 9", told, *detectors, CO) == [(0, False)]
    assert many("share(smoke) >= 0.2", told, *detectors, CO) == [(0, True)]
    assert many("share(smoke) > 0.2", told, *detectors, CO) == [(0, False)]
    presses: Told = {"d1": {"pressed": True}}
    assert many("any(pressed)", presses, DET)[0] == (0.0, True)


def test_a_course_between_two_instants() -> None:
    """It begins with its event, also at once and also for ever, and ends no sooner than it began."""
    late = Event((Part("waits", 5.0),))
    assert between(late, 9.0, None).steps == ((0.0, False), (5.0, True), (9.0, None))
    assert between(Event(), 9.0, False).steps == ((0.0, True), (9.0, False))
    assert between(late, float("inf"), None).steps == ((0.0, False), (5.0, True))
    ended = between(late, 3.0, False)
    assert ended.at(5.0) is True and ended.at(5.001) is False
    assert ended.first() is not None and ended.first(0.001) is None
    first = between(late, 9.0, None).first(3.5)
    assert first == Event(late.parts, 9.0)
    assert instants([0.0, 2.0]).at(1.0) is False and instants([0.0, 2.0]).at(2.0) is True
    assert merge([], lambda truths: not truths).steps == ((0.0, True),)


# What can count at a place

ZONES = [
    Zone("venue", "venue", Text("venue")),
    Zone("one", "floor", Text("one"), "venue", ("two",)),
    Zone("two", "floor", Text("two"), "venue"),
    Zone("three", "floor", Text("three"), "venue"),
    *(Zone(f"room-{name}", "room", Text(name), name) for name in ("one", "two", "three")),
]
DETECTORS = [device(f"d-{name}", f"room-{name}", "smoke") for name in ("one", "two", "three")]
ASKED = "any(smoke)"
SMOKE = rule("smoke", "device", [one.id for one in DETECTORS], tier("orange", "smoke"))
HALL = rule("hall", "zone", ["one", "three"], tier("orange", ASKED))
LONE = rule("lone", "device", ["d-one", "d-two"], tier("red", "alarms([smoke])"))
ZONED = rule("zoned", "zone", ["one", "room-two"], tier("red", "alarms([smoke])"))
HOUSE = Plan(
    Venue("venue", {one.id: one for one in ZONES}, {one.id: one for one in DETECTORS}), (SMOKE, HALL, LONE, ZONED)
)


def can(text: str, known: Known) -> bool:
    """Whether it can be true there."""
    return together([(parse(text).root, True)], known) is not None


def test_a_device_counts_its_own_alarms_and_those_of_the_zones_that_hold_it() -> None:
    """No neighbour's, and of each place one."""
    places = Places(HOUSE)
    here, there = places.at(LONE, "d-one"), places.at(LONE, "d-two")
    assert can("alarms([smoke])", here) and not can("alarms([smoke], devices: 2)", here)
    assert can("alarms([hall])", here) and not can("alarms([hall])", there)
    assert can("alarms([smoke, hall], devices: 2)", here) and not can("alarms([smoke, hall], devices: 3)", here)
    assert not can("alarms([smoke], at: red)", here) and can("alarms([smoke], at: yellow)", here)
    assert len(places.known(LONE)) == 1 and len(places.known(ZONED)) == 2


def test_a_zone_counts_what_is_in_it_and_beside_it_where_it_asks_for_neighbours() -> None:
    """Whichever of two zones names the other; zones with alarms of their own count as one each."""
    places = Places(HOUSE)
    one, room = places.at(ZONED, "one"), places.at(ZONED, "room-two")
    assert can("alarms([smoke])", one) and not can("alarms([smoke], devices: 2)", one)
    assert can("alarms([smoke], devices: 2, among: neighbours)", one)
    assert not can("alarms([smoke], devices: 3, among: neighbours)", one)
    assert can("alarms([hall])", one) and not can("alarms([hall])", room)
    assert not can("alarms([smoke], devices: 2, among: neighbours)", room)
    assert can("alarms([smoke, hall], devices: 2)", one) and not can("alarms([smoke, hall], devices: 3)", one)
