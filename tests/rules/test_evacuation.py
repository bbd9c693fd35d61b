"""Leading people out in stages: who, when, by which ways; through restarts, to the last one."""

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.decision import Advance, Evacuate, Reroute, StageAction
from rules.engine import Engine
from rules.plan import EvacuationPlan, InvestigationRule, Plan, Rule, Stage
from rules.signal import (
    Acknowledge,
    AdvanceEvacuation,
    AllClear,
    OrderEvacuation,
    Reading,
    Reset,
    Resumed,
    Signal,
    Tick,
)
from rules.tier import Tier
from rules.venue import Route, Text, Venue, Zone
from tests.rules.house import Story, device, rule, tier, without_zones

FLOORS = ("floor-1", "floor-2", "floor-3", "floor-4")
LIGHTS = StageAction("lights_up", "hotel")
STAGES = (
    Stage("first", who="origin", actions=(LIGHTS,)),
    Stage("next", who="neighbours", after_s=60.0),
    Stage("others", who="rest", after_s=180.0),
    Stage("power", after_s=240.0, actions=(StageAction("power_off", "hotel"),)),
)


def floor(number: int) -> list[Zone]:
    """A floor with a corridor, a room and two stairs out of it; it names the floor above."""
    id_ = f"floor-{number}"
    above = (f"floor-{number + 1}",) if number < 4 else ()
    routes = tuple(
        Route(f"way-{number}{stair}", (f"corridor-{number}", f"stair-{stair}"), Text("outside")) for stair in "ab"
    )
    return [
        Zone(id_, "floor", Text(id_), "hotel", above, routes),
        Zone(f"corridor-{number}", "corridor", Text("corridor"), id_),
        Zone(f"room-{number}", "room", Text("room"), id_),
    ]


ZONES = [
    Zone("hotel", "venue", Text("hotel")),
    *(zone for number in (1, 2, 3, 4) for zone in floor(number)),
    Zone("stair-a", "stair", Text("stair a"), "hotel"),
    Zone("stair-b", "stair", Text("stair b"), "hotel"),
]
PLACES = [zone.id for zone in ZONES if zone.kind in ("room", "corridor", "stair")]
DEVICES = [
    *(device(f"smoke-{place}", place, "smoke") for place in PLACES),
    *(device(f"call-{number}", f"corridor-{number}", "contact") for number in (1, 2, 3, 4)),
]
SMOKE = rule("smoke", "device", [f"smoke-{place}" for place in PLACES], tier("orange", "smoke"), latching=True)
CALL = rule("call", "device", [f"call-{n}" for n in "1234"], tier("red", "contact"), latching=True, evacuate="plan")
CONFIRMED = rule(
    "confirmed",
    "zone",
    FLOORS,
    tier("red", "alarms([smoke], at: orange, devices: 2, within: 60s)"),
    latching=True,
    investigate=InvestigationRule(("smoke",), Tier.ORANGE),
    evacuate="plan",
)


def hotel(*stages: Stage, rules: tuple[Rule, ...] = (SMOKE, CALL), zones: tuple[str, ...] = FLOORS) -> Plan:
    """A hotel whose one evacuation plan has these stages."""
    venue = Venue("hotel", {zone.id: zone for zone in ZONES}, {one.id: one for one in DEVICES})
    plans = {"plan": EvacuationPlan("plan", zones, Text("leave"), Text("square"), stages)}
    return Plan(venue, rules, plans)


PHASED = hotel(*STAGES)


def burning() -> Story:
    """Somebody breaks the glass on floor 2 at 10 s."""
    story = Story(PHASED)
    story.read(10, "call-2", contact=True)
    return story


def test_the_origin_leaves_first_then_its_neighbours_then_the_rest() -> None:
    """Each stage at its time since the beginning, the actions with it, and nothing after the last."""
    story = Story(PHASED)
    said = story.read(10, "call-2", contact=True)
    assert "Evacuate plan-1" in said
    begun = next(one for one in story.decisions if isinstance(one, Evacuate))
    assert (begun.stage, begun.zones, begun.origin, begun.actions) == ("first", ("floor-2",), "corridor-2", (LIGHTS,))
    assert story.tick(69.9) == []
    assert story.tick(70) == ["Advance plan-1 next: floor-1 floor-3"]
    assert story.tick(189) == []
    assert story.tick(190) == ["Advance plan-1 others: floor-4"]
    assert story.tick(250) == ["Advance plan-1 power: "]
    (status,) = story.engine.evacuations()
    assert (status.stage, status.due, status.zones) == ("power", None, ("floor-2", "floor-1", "floor-3", "floor-4"))
    assert story.engine.deadline() == 1000.0  # the silence of the devices, and nothing before


def test_each_stage_says_where_it_began_who_is_moved_so_far_and_why() -> None:
    """Whoever hears only the last message knows the whole."""
    story = burning()
    story.tick(70)
    told = next(one for one in story.decisions if isinstance(one, Advance))
    assert (told.origin, told.moved) == ("corridor-2", ("floor-2", "floor-1", "floor-3"))
    assert [one.text for one in told.because] == ["60 s after it began: stage next"]


def test_a_plan_without_stages_leads_everybody_out_at_once() -> None:
    """The default, whatever burns where."""
    story = Story(hotel())
    story.read(10, "call-2", contact=True)
    (begun,) = (one for one in story.decisions if isinstance(one, Evacuate))
    assert (begun.zones, begun.stage, begun.actions, begun.blocked) == (FLOORS, "all", (), ())
    assert without_zones(story.read(20, "call-3", contact=True)) == ["Raise call@call-3 red"]
    (status,) = story.engine.evacuations()
    assert (status.due, status.origins) == (None, ("corridor-2", "corridor-3"))


def test_a_second_origin_in_another_part_moves_everybody() -> None:
    """A fire in two parts is past waiting; actions alone keep their time."""
    story = burning()
    assert without_zones(story.read(20, "call-3", contact=True)) == [
        "Raise call@call-3 red",
        "Advance plan-1 next: floor-1 floor-3",
        "Advance plan-1 others: floor-4",
    ]
    assert story.engine.evacuations()[0].origins == ("corridor-2", "corridor-3")
    assert story.tick(240) == []
    assert story.tick(250) == ["Advance plan-1 power: "]


def test_more_fire_in_the_same_part_keeps_the_stages() -> None:
    """The people of that part are on their way already."""
    rules = (SMOKE, CALL, CONFIRMED)
    story = Story(hotel(*STAGES, rules=rules))
    story.read(10, "call-2", contact=True)
    story.read(20, "smoke-room-2", smoke=True)
    said = without_zones(story.read(21, "smoke-corridor-2", smoke=True))
    assert said[:2] == ["Raise smoke@smoke-corridor-2 orange", "Reroute plan-1: way-2a way-2b"]
    assert not [line for line in said if line.startswith("Advance")]
    assert story.engine.evacuations()[0].origins == ("corridor-2", "floor-2")


def test_after_an_all_clear_a_fire_that_still_stands_is_an_origin_of_the_next() -> None:
    """Floor 4 is confirmed and given all-clear for; glass broken on floor 1 then moves everybody, and names both."""
    for restart in (False, True):
        story = Story(hotel(*STAGES, rules=(SMOKE, CALL, CONFIRMED)))
        story.read(10, "smoke-room-4", smoke=True)
        story.read(11, "smoke-corridor-4", smoke=True)
        story.tell(AllClear(20, "plan-1", "Wu", "a mistake", "commander"))
        if restart:
            story.restart()
        said = story.read(30, "call-1", contact=True)
        moved = ["Evacuate plan-2", "Advance plan-2 next: floor-2", "Advance plan-2 others: floor-3 floor-4"]
        assert [line for line in said if line.startswith(("Evacuate", "Advance"))] == moved
        (status,) = story.engine.evacuations()
        assert status.origins == ("corridor-1", "floor-4")


def test_a_fire_that_stands_in_the_same_part_keeps_the_stages() -> None:
    """What has returned since is no origin any more, and one beside the new one moves nobody else."""
    story = Story(hotel(*STAGES, rules=(SMOKE, CALL, CONFIRMED)))
    for number in ("1", "4"):
        story.read(10, f"smoke-room-{number}", smoke=True)
        story.read(11, f"smoke-corridor-{number}", smoke=True)
    story.tell(AllClear(20, "plan-1", "Wu", "a mistake", "commander"))
    for place in ("room-4", "corridor-4"):
        story.read(21, f"smoke-{place}", smoke=False)
    story.tick(100)
    said = story.read(101, "call-1", contact=True)
    assert [line for line in said if line.startswith(("Evacuate", "Advance"))] == ["Evacuate plan-2"]


def test_a_single_detector_in_a_part_not_yet_moved_is_looked_into() -> None:
    """An evacuation elsewhere does not leave a floor to itself; once all are moved there is nothing to look into."""
    story = Story(hotel(*STAGES, rules=(SMOKE, CALL, CONFIRMED)))
    story.read(10, "call-1", contact=True)
    said = story.read(20, "smoke-room-4", smoke=True)
    assert "Investigate confirmed@floor-4 acknowledge until 35" in said
    assert "Advance plan-1 others: floor-3 floor-4" in story.tick(35)
    assert "Investigate" not in " ".join(story.read(40, "smoke-room-3", smoke=True))


def test_a_person_orders_everybody_out() -> None:
    """Who orders an evacuation names no origin: all leave at once, and so do those who still wait."""
    story = Story(PHASED)
    said = story.tell(OrderEvacuation(5, "plan", "Li", "smell of gas"))
    assert said == ["Evacuate plan-1"]
    assert story.engine.evacuations()[0].zones == FLOORS
    story = burning()
    assert story.tell(OrderEvacuation(20, "plan", "Li", "smoke on 4")) == [
        "Advance plan-1 next: floor-1 floor-3",
        "Advance plan-1 others: floor-4",
    ]
    assert story.tell(OrderEvacuation(21, "plan", "Li", "again")) == ["Refuse evacuate plan: it is in force already"]


def test_a_commander_begins_the_next_stage() -> None:
    """One stage for each order, before its time; those after it keep theirs."""
    story = burning()
    assert story.tell(AdvanceEvacuation(20, "plan-1", "Li", "stairs are free"))[0].startswith(
        "Refuse advance plan-1: an"
    )
    assert story.tell(AdvanceEvacuation(20, "plan-1", "Wang", "stairs are free", "commander")) == [
        "Advance plan-1 next: floor-1 floor-3"
    ]
    assert story.tick(189) == []
    assert story.tick(190) == ["Advance plan-1 others: floor-4"]
    story.tell(AdvanceEvacuation(200, "plan-1", "Wang", "now", "commander"))
    assert story.tell(AdvanceEvacuation(201, "plan-1", "Wang", "now", "commander")) == [
        "Refuse advance plan-1: all its stages have begun"
    ]
    assert story.tell(AdvanceEvacuation(202, "plan-9", "Wang", "?", "commander")) == [
        "Refuse advance plan-9: no such evacuation is in force"
    ]


def test_an_all_clear_in_the_middle_ends_the_stages() -> None:
    """Nobody is led out after it; the next fire begins with the first stage."""
    story = burning()
    story.tick(70)
    assert story.tell(AllClear(80, "plan-1", "Wang", "false alarm", "commander")) == ["EndEvacuation plan-1"]
    assert story.tick(900) == []
    assert "Evacuate plan-2" in story.read(901, "call-4", contact=True)


def test_where_the_origin_is_no_part_of_the_plan_all_leave() -> None:
    """A fire on a stair belongs to no floor: nobody waits for it to be found."""
    stair = rule("stair", "device", ["smoke-stair-a"], tier("red", "smoke"), latching=True, evacuate="plan")
    story = Story(hotel(*STAGES, rules=(stair,)))
    story.read(10, "smoke-stair-a", smoke=True)
    begun = next(one for one in story.decisions if isinstance(one, Evacuate))
    assert begun.zones == FLOORS
    story = burning()
    story.plan = hotel(*STAGES, rules=(stair, CALL))
    story.restart()
    assert "Advance plan-1 others: floor-4" in story.read(20, "smoke-stair-a", smoke=True)


def test_listed_zones_are_moved_once() -> None:
    """A stage that lists what holds people already moved, or is within it, moves the others."""
    stages = (
        Stage("low", ("floor-1", "room-2")),
        Stage("twice", ("room-1",), after_s=5.0),
        Stage("high", ("floor-3", "floor-4"), after_s=10.0),
        Stage("rest", who="rest", after_s=20.0),
    )
    story = Story(hotel(*stages))
    story.read(10, "call-1", contact=True)
    assert story.tick(20) == ["Advance plan-1 high: floor-3 floor-4"]
    assert story.tick(30) == ["Advance plan-1 rest: floor-2"]
    story = Story(hotel(*stages))
    story.read(10, "call-1", contact=True)
    assert story.tell(AdvanceEvacuation(11, "plan-1", "Wang", "now", "commander")) == [
        "Advance plan-1 high: floor-3 floor-4"
    ]


def test_a_neighbour_of_nothing_known_is_nobody() -> None:
    """When all left at once there are no neighbours left, and the stage says nothing."""
    story = Story(PHASED)
    story.tell(OrderEvacuation(5, "plan", "Li", "gas"))
    assert story.engine.evacuations()[0].begun == ("first", "next", "others")
    assert story.tick(100) == []


# The ways out


def test_a_route_through_a_fire_is_blocked() -> None:
    """Known when the evacuation begins, said again when it changes, free again when the alarm is reset."""
    story = Story(PHASED)
    story.read(5, "smoke-stair-a", smoke=True)
    story.read(10, "call-2", contact=True)
    begun = next(one for one in story.decisions if isinstance(one, Evacuate))
    assert begun.blocked == ("way-2a",)
    assert "Reroute plan-1: way-2a way-2b" in story.read(20, "smoke-corridor-2", smoke=True)
    rerouted = next(one for one in story.decisions if isinstance(one, Reroute))
    assert [one.text for one in rerouted.because] == ["smoke: smoke", "no free route from floor-2"]
    assert story.read(30, "smoke-stair-a", smoke=False) == ["Return smoke@smoke-stair-a orange"]  # latched: blocked
    story.tell(Acknowledge(31, "smoke@smoke-stair-a", "Li", "seen"))
    said = story.tell(Reset(32, "smoke@smoke-stair-a", "Wang", "aired", "commander"))
    assert without_zones(said) == ["Clear smoke@smoke-stair-a none"]  # the corridor that both pass still burns
    story.read(33, "smoke-corridor-2", smoke=False)
    story.tell(Acknowledge(34, "smoke@smoke-corridor-2", "Li", "seen"))
    said = story.tell(Reset(35, "smoke@smoke-corridor-2", "Wang", "aired", "commander"))
    assert "Reroute plan-1: all free" in said


def test_only_the_routes_of_those_who_move_are_told() -> None:
    """Each stage adds its own; a fire on the way of nobody who moves changes nothing."""
    story = burning()
    assert "Reroute" not in " ".join(story.read(20, "smoke-corridor-4", smoke=True))
    assert "Reroute plan-1: way-2b" in story.read(30, "smoke-stair-b", smoke=True)
    story.tick(70)
    told = [one for one in story.decisions if isinstance(one, Advance)][-1]
    assert told.blocked == ("way-1b", "way-2b", "way-3b")


def test_the_routes_of_a_floor_serve_its_rooms() -> None:
    """A plan that moves a room looks at the ways of what the room is in."""
    story = Story(hotel(Stage("room", ("room-3",)), rules=(SMOKE,)))
    story.read(5, "smoke-stair-a", smoke=True)
    story.tell(OrderEvacuation(10, "plan", "Li", "gas"))
    assert story.engine.evacuations()[0].blocked == ("way-3a",)


def test_a_call_point_does_not_block_where_people_are() -> None:
    """It says that somebody saw a fire, not where; nor does what is no fire, or too little of it."""
    warm = rule("warm", "device", ["smoke-corridor-2"], tier("red", "smoke"), category="power")
    haze = rule("haze", "device", ["smoke-stair-a"], tier("yellow", "smoke"), latching=True)
    story = Story(hotel(*STAGES, rules=(warm, haze, CALL)))
    story.read(5, "smoke-corridor-2", smoke=True)
    story.read(6, "smoke-stair-a", smoke=True)
    story.read(10, "call-2", contact=True)
    assert story.engine.evacuations()[0].blocked == ()


def test_two_fires_on_one_route_are_both_to_be_out() -> None:
    """A route is free when the last alarm on it is reset; what changes nothing is not told."""
    rules = (SMOKE, rule("more", "device", ["smoke-stair-a"], tier("red", "smoke"), latching=True), CALL)
    story = Story(hotel(*STAGES, rules=rules))
    story.read(5, "smoke-stair-a", smoke=True)
    story.read(10, "call-2", contact=True)
    story.read(20, "smoke-stair-a", smoke=False)
    for alarm, said in (("smoke", []), ("more", ["Reroute plan-1: all free"])):
        story.tell(Acknowledge(21, f"{alarm}@smoke-stair-a", "Li", "seen"))
        told = story.tell(Reset(22, f"{alarm}@smoke-stair-a", "Wang", "aired", "commander"))
        assert [line for line in told if line.startswith("Reroute")] == said


def test_many_zones_without_a_way_are_counted() -> None:
    """A decision names eight of them, however many there are."""
    rooms = [
        Zone(f"r{n}", "room", Text("r"), "hotel", (), (Route(f"w{n}", ("hall",), Text("out")),)) for n in range(11)
    ]
    zones = [Zone("hotel", "venue", Text("hotel")), Zone("hall", "hall", Text("hall"), "hotel"), *rooms]
    hall = device("smoke-hall", "hall", "smoke")
    red = rule("smoke", "device", ["smoke-hall"], tier("red", "smoke"), latching=True, evacuate="plan")
    plans = {"plan": EvacuationPlan("plan", ("hotel",), Text("leave"), Text("square"))}
    story = Story(Plan(Venue("hotel", {zone.id: zone for zone in zones}, {hall.id: hall}), (red,), plans))
    story.read(10, "smoke-hall", smoke=True)
    begun = next(one for one in story.decisions if isinstance(one, Evacuate))
    closed = [one.text for one in begun.because if one.text.startswith("no free route")]
    assert closed[0] == "no free route from r0" and closed[8:] == ["no free route from 3 more zones"]


# Restarts


def test_a_stage_that_became_due_while_nobody_was_there_begins_at_once() -> None:
    """Down from 20 to 200: both stages begin when the process is back, in order."""
    story = burning()
    story.restart()
    assert story.tell(Resumed(200, 180)) == [
        "Advance plan-1 next: floor-1 floor-3",
        "Advance plan-1 others: floor-4",
    ]
    assert story.tick(250) == ["Advance plan-1 power: "]


def test_a_plan_that_changed_meanwhile_goes_on_with_what_is_left() -> None:
    """Stages that began stay begun, and new ones come."""
    story = burning()
    story.plan = hotel(*STAGES[:1], Stage("soon", who="rest", after_s=30.0))
    story.restart()
    assert story.tell(Resumed(20, 5)) == []
    assert story.tick(40) == ["Advance plan-1 soon: floor-1 floor-3 floor-4"]


def test_of_a_plan_that_is_gone_meanwhile_everybody_is_moved() -> None:
    """Nobody waits for a stage that no longer exists: the whole venue, at once, and once; a person ends it."""
    story = burning()
    story.plan = Plan(PHASED.venue, PHASED.rules, {})
    story.restart()
    assert story.tell(Resumed(20, 5)) == ["Advance plan-1 everybody: hotel"]
    story.restart()
    assert story.tell(Resumed(40, 5)) == [] and story.tick(900) == []
    assert story.engine.evacuations()[0].due is None
    assert story.tell(AdvanceEvacuation(901, "plan-1", "Wang", "", "commander")) == [
        "Refuse advance plan-1: all its stages have begun"
    ]
    assert story.tell(AllClear(902, "plan-1", "Wang", "out", "commander")) == ["EndEvacuation plan-1"]


def test_of_a_plan_that_is_gone_nothing_begins_when_all_its_stages_had_begun() -> None:
    """Its people were led out already: the rest of the venue has nothing to do with it."""
    story = burning()
    story.tick(900)
    story.plan = Plan(PHASED.venue, PHASED.rules, {})
    story.restart()
    assert story.tell(Resumed(920, 5)) == [] and story.tick(1900) == []


def test_routes_that_changed_meanwhile_are_told_at_the_start() -> None:
    """People are not led by what the files said before."""
    story = Story(PHASED)
    story.read(5, "smoke-stair-a", smoke=True)
    story.read(10, "call-2", contact=True)
    zones = {zone.id: Zone(zone.id, zone.kind, zone.name, zone.parent, zone.neighbours) for zone in ZONES}
    story.plan = Plan(Venue("hotel", zones, PHASED.venue.devices), PHASED.rules, PHASED.evacuation_plans)
    story.restart()
    assert story.tell(Resumed(20, 5)) == ["Reroute plan-1: all free"]


def test_a_zone_that_is_gone_meanwhile_stays_in_the_evacuation() -> None:
    """Its people were told to leave; the plan's other stages go on."""
    story = burning()
    zones = {zone.id: zone for zone in ZONES if not zone.id.endswith("-2")}
    devices = {one.id: one for one in DEVICES if one.zone in zones}
    rules = (rule("call", "device", ["call-1"], tier("red", "contact"), latching=True, evacuate="plan"),)
    plans = {"plan": EvacuationPlan("plan", FLOORS, Text("leave"), Text("square"), STAGES)}
    story.engine = Engine.restore(Plan(Venue("hotel", zones, devices), rules, plans), story.engine.snapshot())
    assert "Advance plan-1 others: floor-1 floor-3 floor-4" in story.tell(Resumed(200, 100))


def test_an_evacuation_of_a_version_without_stages_is_whole() -> None:
    """A snapshot from before stages: everybody was led out, and no stage begins again."""
    story = Story(hotel())
    story.read(10, "call-2", contact=True)
    board = story.engine._board
    old = {name: getattr(board.evacuations.in_force["plan-1"], name) for name in ("plan", "zones", "origin", "since")}
    status = type(board.evacuations.in_force["plan-1"])("plan-1", **old)
    board.evacuations.in_force["plan-1"] = status
    for plan in (hotel(), hotel(*STAGES), Plan(PHASED.venue, PHASED.rules, {})):
        engine = Engine.restore(plan, story.engine.snapshot())
        assert [type(one).__name__ for one in engine.step(Resumed(400, 100))] == []
        assert engine.evacuations()[0].origins == ("corridor-2",)


WHOLE = hotel(*STAGES, rules=(SMOKE, CALL, CONFIRMED))
moments = st.sampled_from([0.0, 1.0, 15.0, 30.0, 60.0, 100.0])
things = st.one_of(
    st.tuples(st.just("smoke"), st.sampled_from([f"smoke-{place}" for place in PLACES]), st.booleans()),
    st.tuples(st.just("contact"), st.sampled_from([f"call-{number}" for number in "1234"]), st.booleans()),
    st.tuples(st.sampled_from(["tick", "resumed", "order", "advance", "clear", "reset"]), st.just(""), st.just(False)),
)


@st.composite
def fires(draw: st.DrawFn) -> list[Signal]:
    """Fires, people and time, in any order."""
    at, told = 0.0, list[Signal]()
    for _ in range(draw(st.integers(1, 25))):
        at += draw(moments)
        what, where, value = draw(things)
        match what:
            case "tick":
                told.append(Tick(at))
            case "resumed":
                told.append(Resumed(at, 1.0))
            case "order":
                told.append(OrderEvacuation(at, "plan", "Li", "x"))
            case "advance":
                told.append(AdvanceEvacuation(at, "plan-1", "Li", "x", "commander"))
            case "clear":
                told.append(AllClear(at, "plan-1", "Li", "x", "commander"))
            case "reset":
                told.append(Reset(at, "smoke@smoke-stair-a", "Li", "x", "commander"))
            case _:
                told.append(Reading(at, where, what, value))
    return [*told, Tick(at + 300.0)]


@given(fires(), st.integers(0, 25))
@settings(max_examples=100)
def test_a_restart_in_mid_stage_changes_nothing(told: list[Signal], cut: int) -> None:
    """The same future from any instant, and the same picture at its end."""
    going_on, restarted = Engine(WHOLE), Engine(WHOLE)
    for number, signal in enumerate(told):
        if number == cut:
            restarted = Engine.restore(WHOLE, restarted.snapshot())
        assert restarted.step(signal) == going_on.step(signal)
    assert restarted.evacuations() == going_on.evacuations()


@given(fires())
@settings(max_examples=100)
def test_what_always_holds_of_an_evacuation(told: list[Signal]) -> None:
    """Nobody is left behind: zones only grow, everybody is moved when the last stage for people has begun."""
    engine = Engine(WHOLE)
    before: dict[str, tuple[str, ...]] = {}
    for signal in told:
        engine.step(signal)
        for status in engine.evacuations():
            assert status.zones[: len(before.get(status.evacuation, ()))] == before.get(status.evacuation, ())
            assert len(set(status.zones)) == len(status.zones)
            if "others" in status.begun:
                assert set(status.zones) == set(FLOORS)
            assert status.due is None or status.due > signal.at
        before = {status.evacuation: status.zones for status in engine.evacuations()}


def test_each_evacuation_in_force_learns_of_its_own_ways() -> None:
    """That the first of them is not concerned keeps nothing from the second."""
    whole = hotel()
    plans = {
        "one": EvacuationPlan("one", ("floor-1",), Text("leave"), Text("square")),
        "three": EvacuationPlan("three", ("floor-3",), Text("leave"), Text("square")),
    }
    story = Story(Plan(whole.venue, whole.rules, plans))
    story.tell(OrderEvacuation(5, "one", "Li", "gas"))
    story.tell(OrderEvacuation(6, "three", "Li", "gas"))
    assert "Reroute three-2: way-3a way-3b" in story.read(10, "smoke-corridor-3", smoke=True)
