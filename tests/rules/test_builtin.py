"""The built-in rules of safe mode: whatever tells of danger is red at once, and only that."""

from dataclasses import replace

import pytest

from rules.builtin import builtin, is_builtin
from rules.decision import Evacuate, Raise
from rules.engine import Engine
from rules.expression import parse
from rules.plan import EvacuationPlan, Plan, Rule, TierRule
from rules.signal import Reading, Tick
from rules.tier import Tier
from rules.venue import Device, Text, Venue, Zone

ZONES = {"hall": Zone("hall", "venue", Text("Hall")), "foyer": Zone("foyer", "room", Text("Foyer"), "hall")}
DEVICES = {
    "det": ("smoke_detector", {"smoke_obscuration", "temperature"}),
    "plain": ("smoke_detector", {"smoke"}),
    "heat": ("heat_detector", {"heat"}),
    "call": ("call_point", {"contact"}),
    "sos": ("panic_button", {"pressed"}),
    "stove": ("thermometer", {"temperature"}),
}


def _rule(name: str, category: str, evacuate: str | None) -> Rule:
    tier = TierRule(Tier.RED, parse("contact"))
    return Rule(name, Text(name), category, "device", ("call",), (tier,), latching=True, evacuate=evacuate)


def _plan(*rules: Rule) -> Plan:
    devices = {
        name: Device(name, kind, Text(name), "foyer", frozenset(quantities), stale_after_s=3600.0, link="")
        for name, (kind, quantities) in DEVICES.items()
    }
    plans = {name: EvacuationPlan(name, ("hall",), Text("Leave"), Text("Park")) for name in ("whole", "foyer-only")}
    return Plan(Venue("hall", ZONES, devices, ()), rules, plans)


FIRE = (_rule("a", "fire", "foyer-only"), _rule("b", "fire", "whole"), _rule("c", "fire", "whole"))


@pytest.mark.parametrize(
    ("device", "quantity", "calm", "danger"),
    [
        ("det", "smoke_obscuration", 4.7, 4.8),
        ("det", "temperature", 56.9, 57.0),
        ("plain", "smoke", False, True),
        ("heat", "heat", False, True),
        ("call", "contact", False, True),
    ],
)
def test_any_sign_of_fire_is_red_and_evacuates_at_once(
    device: str, quantity: str, calm: float | bool, danger: float | bool
) -> None:
    """One device, one reading, no delay and no look round: by the plan that most of the venue's fire rules go by."""
    engine = Engine(builtin(_plan(*FIRE)))
    assert not any(isinstance(one, Raise) for one in engine.step(Reading(1.0, device, quantity, calm)))
    told = engine.step(Reading(2.0, device, quantity, danger))
    assert [one.tier for one in told if isinstance(one, Raise)] == [Tier.RED]
    assert [one.plan for one in told if isinstance(one, Evacuate)] == ["whole"]


@pytest.mark.parametrize(("evacuate", "plans"), [(None, []), ("foyer-only", ["foyer-only"])])
def test_a_call_for_help_evacuates_only_where_the_venue_says_so(evacuate: str | None, plans: list[str]) -> None:
    """It is red everywhere; who calls for help against a person may not want an evacuation."""
    engine = Engine(builtin(_plan(*FIRE, _rule("d", "panic", evacuate))))
    told = engine.step(Reading(1.0, "sos", "pressed", True))
    assert [one.tier for one in told if isinstance(one, Raise)] == [Tier.RED]
    assert [one.plan for one in told if isinstance(one, Evacuate)] == plans


def test_a_thermometer_over_a_stove_is_no_detector() -> None:
    """Only what is there for fires tells of one by its temperature."""
    engine = Engine(builtin(_plan(*FIRE)))
    engine.step(Tick(0.0))
    assert not any(isinstance(one, Raise) for one in engine.step(Reading(1.0, "stove", "temperature", 90.0)))


def test_rules_without_a_device_are_left_out_and_the_rest_of_the_venue_stays() -> None:
    """Their ids are known as built-in ones; zones, devices and evacuation plans are the venue's."""
    plan = _plan(*FIRE)
    only = {name: plan.venue.devices[name] for name in ("sos",)}
    safe = builtin(replace(plan, venue=Venue("hall", ZONES, only, ())))
    assert [rule.id for rule in safe.rules] == ["safe-mode-sos"]
    assert all(is_builtin(rule.id) for rule in builtin(plan).rules) and not is_builtin("smoke")
    assert safe.evacuation_plans == plan.evacuation_plans
