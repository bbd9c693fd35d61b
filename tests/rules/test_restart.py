"""A restart at any moment changes nothing that is decided afterwards."""

from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.engine import Engine
from rules.signal import (
    Acknowledge,
    AllClear,
    Fault,
    Heard,
    InService,
    LinkDown,
    LinkUp,
    OrderEvacuation,
    Origin,
    OutOfService,
    Provenance,
    Reading,
    Recovered,
    Reset,
    Resumed,
    Role,
    Shelve,
    Signal,
    Silence,
    Tick,
    Unshelve,
)
from rules.status import EvacuationStatus
from rules.tier import Tier
from tests.rules.house import CONFIRMED, DETECTORS, HEAT, SMOKE, Story, plan, rule, tier, without_zones, words

LOST = rule(
    "lost",
    "device",
    ("det-a", "det-b"),
    tier("yellow", "absent or faulted"),
    category="fault",
    explained_by_link=True,
)
WARM = rule(
    "warm",
    "venue",
    ("venue",),
    tier("blue", "mean(temperature) >= 30", on=3, off=4),
    tier("yellow", "share(temperature >= 40) > 0.4 or count(smoke) >= 2"),
    category="power",
    suppresses=("falling",),
    re_alarm=20,
)
FALLING = rule("falling", "device", ("det-a",), tier("blue", "rate(temperature, 10s) <= -2"), category="power")
BACK = rule(
    "back",
    "device",
    ("det-a", "det-b"),
    tier("blue", "mean(temperature, 30s) >= 35 or count(smoke, 60s) >= 2", off=2),
    tier("yellow", "max(temperature, 30s) >= 45 and min(smoke_obscuration, 10s) >= 3"),
    unknown="fault",
)
OFTEN = rule(
    "often",
    "venue",
    ("venue",),
    tier("blue", "any(count(absent, 10m) >= 2) or any(mean(temperature, 30s) > 40)", on=5),
    unknown="assume_alarm",
    after_outage="restart",
)
NEAR = rule("near", "device", ("det-a",), tier("blue", "alarms([confirmed]) or alarms([back], at: yellow)"))
PLAN = plan(SMOKE, HEAT, CONFIRMED, LOST, WARM, FALLING, BACK, OFTEN, NEAR)
DEVICES = ("det-a", "det-b", "det-attic")
ALARMS = ("smoke@det-a", "smoke@det-b", "heat@det-a", "confirmed@floor", "warm@venue", "lost@det-a")

steps = st.sampled_from([0.0, 0.5, 1.0, 4.0, 5.0, 10.0, 30.0, 60.0, 400.0])
device_ids = st.sampled_from(DEVICES)
roles = st.sampled_from(get_args(Role))
times = st.sampled_from([1.0, 30.0, 600.0])
people = st.tuples(st.sampled_from(ALARMS), st.just("Li"), st.just("reason"))
contents = st.one_of(
    st.tuples(st.just("smoke_obscuration"), st.sampled_from([0.0, 1.5, 3.0, 6.0])),
    st.tuples(st.just("temperature"), st.sampled_from([20.0, 28.0, 45.0, 60.0, float("nan")])),
    st.tuples(st.just("smoke"), st.booleans()),
)


@st.composite
def signals(draw: st.DrawFn) -> list[Signal]:
    """A random stretch of life in the house, in order of time."""
    at, told = 0.0, list[Signal]()
    for number in range(draw(st.integers(1, 40))):
        at += draw(steps)
        kind = draw(st.integers(0, 15))
        match kind:
            case 0:
                told.append(Acknowledge(at, *draw(people)))
            case 1:
                told.append(Silence(at, *draw(people)))
            case 2:
                told.append(Reset(at, *draw(people), draw(roles)))
            case 3:
                told.append(Heard(at, draw(device_ids), draw(st.booleans())))
            case 4:
                told.append(Fault(at, draw(device_ids), "trouble", "text", draw(st.sampled_from([None, "smoke"]))))
            case 5:
                told.append(Recovered(at, draw(device_ids), "trouble"))
            case 6:
                told.append(OrderEvacuation(at, "whole", "Li", "x") if draw(st.booleans()) else LinkUp(at, "wire"))
            case 7:
                told.append(
                    AllClear(at, "whole-1", "Li", "x", draw(roles))
                    if draw(st.booleans())
                    else LinkDown(at, "wire", "x")
                )
            case 8:
                told.append(Tick(at) if draw(st.booleans()) else Resumed(at, 1.0))
            case 9:
                alarm, who, why = draw(people)
                shelve = Shelve(at, alarm, draw(times), draw(st.booleans()), who, why, "engineer")
                told.append(shelve if draw(st.booleans()) else Unshelve(at, alarm, who, why))
            case 10:
                target = draw(st.sampled_from([*ALARMS, *DEVICES]))
                remove = OutOfService(at, target, draw(times), "Li", "x", "engineer")
                told.append(remove if draw(st.booleans()) else InService(at, target, "Li", "x"))
            case _:
                quantity, value = draw(contents)
                provenance: Provenance = "retained" if draw(st.integers(0, 3)) == 0 else "live"
                origin = draw(st.sampled_from([None, Origin("boot", number), Origin("boot", max(0, number - 3))]))
                told.append(Reading(at, draw(device_ids), quantity, value, provenance, origin))
    return told


@given(signals(), st.integers(0, 40))
@settings(max_examples=200)
def test_a_restart_anywhere_changes_no_decision(told: list[Signal], restart_after: int) -> None:
    """Invariant 7: an engine that was stored and restored decides exactly like one that went on."""
    going_on, restarted = Engine(PLAN), Engine(PLAN)
    for number, signal in enumerate(told):
        if number == restart_after:
            restarted = Engine.restore(PLAN, restarted.snapshot())
        assert restarted.step(signal) == going_on.step(signal)
    assert restarted.alarms() == going_on.alarms()
    assert restarted.zone_tiers() == going_on.zone_tiers()
    assert restarted.devices() == going_on.devices()
    assert restarted.faults() == going_on.faults()
    assert restarted.flood_since() == going_on.flood_since()


@given(signals())
@settings(max_examples=100)
def test_what_always_holds(told: list[Signal]) -> None:
    """Invariants 4 and 5, and the zones: whatever happens, evacuations end by people, tiers match the alarms."""
    engine = Engine(PLAN)
    before: tuple[EvacuationStatus, ...] = ()
    for signal in told:
        decisions = engine.step(signal)
        after = engine.evacuations()
        if not isinstance(signal, AllClear):
            assert {status.evacuation for status in before} <= {status.evacuation for status in after}
        before = after
        deadline = engine.deadline()
        assert deadline is None or deadline > signal.at
        worst = max((alarm.tier for alarm in engine.alarms() if alarm.category != "fault"), default=Tier.NONE)
        assert engine.zone_tiers()["venue"] == worst
        assert all(decision.at == signal.at for decision in decisions)
        assert not any(alarm.overlays and (alarm.tier or alarm.sounding) for alarm in engine.alarms())
        shelved = [alarm for alarm in engine.alarms() if any(over.kind != "out_of_service" for over in alarm.overlays)]
        assert not any(alarm.category == "fire" for alarm in shelved)


def test_a_changed_plan_keeps_what_still_exists() -> None:
    """Alarms of rules that are gone are dropped, the others go on; an evacuation stays whatever the plan says."""
    story = Story(PLAN)
    story.read(10, "det-a", smoke=True)
    story.read(11, "det-b", smoke=True)
    engine = Engine.restore(plan(SMOKE), story.engine.snapshot())
    assert [alarm.alarm for alarm in engine.alarms()] == ["smoke@det-a", "smoke@det-b"]
    assert [status.evacuation for status in engine.evacuations()] == ["whole-1"]
    assert engine.zone_tiers()["venue"] is Tier.ORANGE


def test_people_are_told_the_end_of_what_the_files_no_longer_have() -> None:
    """After a restart with other files, an alarm and a fault that can stand no more end aloud; the rest stands."""
    story = Story(PLAN)
    story.read(10, "det-a", smoke=True)
    story.tell(Fault(11, "det-b", "trouble", "lens"))
    story.tell(Fault(11, "tocsin/journal", "degraded", "full"))
    ended = ["Clear smoke@det-a none", "Clear lost@det-b none", "EndFault det-b trouble"]
    smaller = plan(rule("other", "device", ("det-a",), tier("blue", "smoke")), devices=[DETECTORS[0]])
    engine = Engine.restore(smaller, story.engine.snapshot())
    said = without_zones(words(decision) for decision in engine.step(Resumed(20, 5)))
    assert said == ["StandDown confirmed@floor", *ended[:2], "Raise other@det-a blue", *ended[2:]]
    assert [fault.source for fault in engine.faults()] == ["tocsin/journal"]
    assert engine.step(Resumed(30, 5)) == []


def test_a_rule_added_over_a_restart_looks_back_from_the_last_value() -> None:
    """A window that no snapshot holds begins with the last value known."""
    story = Story(plan(SMOKE))
    story.read(10, "det-a", temperature=20.0)
    engine = Engine.restore(plan(SMOKE, HEAT), story.engine.snapshot())
    engine.step(Reading(20.0, "det-a", "temperature", 30.0))
    assert engine.alarms()[0].alarm == "heat@det-a"


def test_a_rule_added_over_a_restart_sees_what_is_true_already() -> None:
    """A state that does not change is not looked at again, so the start itself looks: once."""
    story = Story(plan())
    story.read(10, "det-a", smoke=True)
    story.plan = plan(SMOKE)
    story.restart()
    assert "Raise smoke@det-a orange" in story.tell(Resumed(20, 5.0))
    story.restart()
    assert story.tell(Resumed(30, 5.0)) == []


def test_a_tier_removed_over_a_restart_lets_its_alarm_return() -> None:
    """An alarm is not held up by a condition that nobody asks any more."""
    story = Story(plan(SMOKE))
    story.read(10, "det-a", smoke=True)
    only_yellow = rule("smoke", "device", ("det-a",), SMOKE.tiers[0], latching=True)
    story.engine = Engine.restore(plan(only_yellow), story.engine.snapshot())
    assert "Return smoke@det-a orange" in story.tell(Resumed(20, 5.0))
