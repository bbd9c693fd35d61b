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
from tests.rules import house

ZONES = {"hall": Zone("hall", "venue", Text("Hall")), "foyer": Zone("foyer", "room", Text("Foyer"), "hall")}
DEVICES = {
    "det": ("smoke_detector", {"smoke_obscuration", "temperature"}),
    "plain": ("smoke_detector", {"smoke"}),
    "heat": ("heat_detector", {"heat"}),
    "call": ("call_point", {"contact"}),
    "sos": ("panic_button", {"pressed"}),
    "garage": ("gas_detector", {"co", "gas"}),
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


@pytest.mark.parametrize(("quantity", "calm", "danger"), [("co", 99.0, 100.0), ("gas", False, True)])
def test_what_poisons_or_explodes_is_red_and_evacuates_nobody(
    quantity: str, calm: float | bool, danger: float | bool
) -> None:
    """With the venue's rules out of force carbon monoxide and gas must not go unheard; people decide who leaves."""
    engine = Engine(builtin(_plan(*FIRE)))
    assert not any(isinstance(one, Raise) for one in engine.step(Reading(1.0, "garage", quantity, calm)))
    told = engine.step(Reading(2.0, "garage", quantity, danger))
    assert [one.tier for one in told if isinstance(one, Raise)] == [Tier.RED]
    assert not any(isinstance(one, Evacuate) for one in told)


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


def test_the_rules_of_safe_mode_to_the_letter() -> None:
    """What people read of them, what they ask, at whom, and what they put in force."""
    devices = [
        house.device("smoke-1", "room-a", "smoke"),
        house.device("haze-1", "room-a", "smoke_obscuration"),
        house.device("heat-1", "room-b", "heat"),
        house.device("call-1", "floor", "contact"),
        house.device("sos-1", "room-b", "pressed"),
        house.device("room-1", "room-b", "temperature"),
    ]
    own = [
        house.rule("own", "device", ["smoke-1"], house.tier("red", "smoke"), evacuate="whole"),
        house.rule("help", "device", ["sos-1"], house.tier("red", "pressed"), category="panic"),
    ]
    found = builtin(house.plan(*own, devices=devices)).rules
    assert [(one.id, one.title, one.category, one.places, one.evacuate) for one in found] == [
        ("safe-mode-smoke", Text("Smoke", "烟雾"), "fire", ("smoke-1", "haze-1"), "whole"),
        ("safe-mode-heat", Text("Heat", "高温"), "fire", ("heat-1",), "whole"),
        ("safe-mode-call-point", Text("Call point", "手动报警"), "fire", ("call-1",), "whole"),
        ("safe-mode-sos", Text("Call for help", "紧急求助"), "panic", ("sos-1",), None),
    ]
    assert [one.tiers[0].when.text for one in found] == [
        "smoke or smoke_obscuration >= 4.8",
        "heat or temperature >= 57",
        "contact",
        "pressed",
    ]
    for one in found:
        (only,) = one.tiers
        assert (only.tier, only.line, one.line, one.each, one.latching) == (
            Tier.RED,
            "built-in",
            "built-in",
            "device",
            True,
        )
        assert is_builtin(one.id) and not is_builtin(own[0].id)


def test_safe_mode_puts_in_force_what_most_fire_rules_would() -> None:
    """Of as many the one named first; a call for help evacuates where the venue's own does; none where none does."""
    smoke = [house.device(f"d{number}", "room-a", "smoke", "pressed") for number in range(3)]

    def evacuates(*wanted: tuple[str, str | None]) -> list[str | None]:
        rules = [
            house.rule(
                f"r{number}", "device", ["d0"], house.tier("red", "smoke"), category=category, evacuate=evacuation
            )
            for number, (category, evacuation) in enumerate(wanted)
        ]
        return [one.evacuate for one in builtin(house.plan(*rules, devices=smoke)).rules]

    assert evacuates(("fire", "a"), ("fire", "b"), ("fire", "b"), ("panic", "c"), ("power", "d")) == ["b", "c"]
    assert evacuates(("fire", "a"), ("fire", "b"), ("fire", None)) == ["a", None]
    assert evacuates(("power", "a")) == [None, None]
