"""The sample hotel, that leads people out in stages: what its file says is what the engine does."""

from config.load import load
from rules.decision import Advance, Decision, Evacuate, StageAction
from rules.engine import Engine
from rules.signal import Reading, Tick
from tests.config.conftest import VENUE, Write
from tests.conftest import ROOT

HOTEL = ROOT / "config/samples/hotel"


def test_the_hotel_is_led_out_in_stages() -> None:
    """A call point on floor 2: that floor, then those above and below it, then the last one, each at its time."""
    engine = Engine(load(HOTEL).plan)
    said = engine.step(Tick(0.0))
    said += engine.step(Reading(10.0, "call-2", "contact", True))
    said += [decision for at in (69.0, 70.0, 189.0, 190.0) for decision in engine.step(Tick(at))]
    stages = [(one.at, one.stage, one.zones) for one in said if isinstance(one, Evacuate | Advance)]
    assert stages == [
        (10.0, "origin", ("floor-2",)),
        (70.0, "neighbours", ("floor-1", "floor-3")),
        (190.0, "rest", ("floor-4",)),
    ]
    (begun,) = (one for one in said if isinstance(one, Evacuate))
    assert begun.actions == (StageAction("lights_up", "hotel"), StageAction("recall_lifts", "hotel"))


def test_smoke_on_a_stair_of_the_hotel_blocks_it_and_a_fire_there_moves_everybody() -> None:
    """The signs know which way; what belongs to no floor does not wait for one."""
    engine = Engine(load(HOTEL).plan)
    engine.step(Tick(0.0))
    said: list[Decision] = engine.step(Reading(5.0, "det-stair-a", "smoke_obscuration", 20.0))
    said += engine.step(Tick(20.0))  # nobody acknowledged: confirmed in the stairs
    (begun,) = (one for one in said if isinstance(one, Evacuate))
    assert begun.zones == ("floor-1", "floor-2", "floor-3", "floor-4")
    assert begun.blocked == ("way-2a", "way-3a", "way-4a")


def test_a_zone_has_routes_and_a_capacity_and_a_plan_its_stages() -> None:
    """From the file into the plan, nothing lost."""
    plan = load(HOTEL).plan
    zone = plan.venue.zones["floor-3"]
    assert zone.capacity == 40
    assert [(one.id, one.through, one.to.zh) for one in zone.routes] == [
        ("way-3a", ("corridor-3", "stair-a"), "正门"),
        ("way-3b", ("corridor-3", "stair-b"), "后院"),
    ]
    assert plan.venue.next_to["floor-3"] == ("floor-2", "floor-4")
    stages = plan.evacuation_plans["whole-building"].stages
    assert [(one.id, one.who, one.after_s) for one in stages] == [
        ("origin", "origin", 0.0),
        ("neighbours", "neighbours", 60.0),
        ("rest", "rest", 180.0),
    ]


def test_a_plan_whose_parts_are_all_moved_leaves_nobody(write: Write) -> None:
    """A floor counts as moved when each of its rooms is; one stage of actions needs no `phased`."""
    stages = (
        "stages: [{id: now, zones: [room-1, room-2]}, {id: off, after: 60s, actions: [{action: off, target: bar}]}]"
    )
    plan = load(write(VENUE.replace("assembly_point: {en: Square}", f"assembly_point: {{en: Square}}, {stages}"))).plan
    assert [(one.zones, one.moves_people) for one in plan.evacuation_plans["all"].stages] == [
        (("room-1", "room-2"), True),
        ((), False),
    ]
