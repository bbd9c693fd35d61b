"""The built-in rules of safe mode: whatever tells of danger is red at once. They need nothing of a venue's rules, wait
for nothing and ask nobody: with the venue's own rules out of force there is nobody to weigh one sign against another.
"""

from collections import Counter
from dataclasses import replace

from rules.danger import HEAT_DETECTORS, SMOKE
from rules.expression import parse
from rules.plan import Plan, Rule, TierRule
from rules.tier import Tier
from rules.venue import Device, Text

PREFIX = "safe-mode-"  # of the ids of these rules
_SMOKE = "smoke or smoke_obscuration >= 4.8"  # %/m: the US rating of a middling detector, as in the stock pack `fire`
_HEAT = "heat or temperature >= 57"  # C: the US rating, as in the stock pack `fire`
_CO = "co >= 100"  # ppm: homes must alarm at it (EN 50291), as in the stock pack `fire`


def is_builtin(rule: str) -> bool:
    """Whether a rule of that id is one of these."""
    return rule.startswith(PREFIX)


def builtin(plan: Plan) -> Plan:
    """The same venue under the built-in rules.

    Smoke, heat and call points put in force the evacuation plan that most of the venue's own fire rules would; a call
    for help does so only where the venue's own rules would. Carbon monoxide and combustible gas are red and evacuate
    nobody by themselves, as in the stock pack: people close the gas and air the room.
    """
    devices = plan.venue.devices.values()
    fire, panic = _evacuates(plan, "fire"), _evacuates(plan, "panic")
    rules = (
        _rule("smoke", Text("Smoke", "烟雾"), "fire", _SMOKE, fire, [one.id for one in devices if _sees_smoke(one)]),
        _rule("heat", Text("Heat", "高温"), "fire", _HEAT, fire, [one.id for one in devices if _feels_heat(one)]),
        _rule("call-point", Text("Call point", "手动报警"), "fire", "contact", fire, _with(plan, "contact")),
        _rule("co", Text("Carbon monoxide", "一氧化碳"), "fire", _CO, None, _with(plan, "co")),
        _rule("gas", Text("Combustible gas", "可燃气体"), "fire", "gas", None, _with(plan, "gas")),
        _rule("sos", Text("Call for help", "紧急求助"), "panic", "pressed", panic, _with(plan, "pressed")),
    )
    return replace(plan, rules=tuple(rule for rule in rules if rule.places))


def _rule(name: str, title: Text, category: str, when: str, evacuate: str | None, places: list[str]) -> Rule:
    return Rule(
        id=PREFIX + name,
        title=title,
        category=category,
        each="device",
        places=tuple(places),
        tiers=(TierRule(Tier.RED, parse(when), line="built-in"),),
        latching=True,
        evacuate=evacuate,
        line="built-in",
    )


def _with(plan: Plan, quantity: str) -> list[str]:
    return [one.id for one in plan.venue.devices.values() if quantity in one.quantities]


def _sees_smoke(device: Device) -> bool:
    return bool(device.quantities & SMOKE)


def _feels_heat(device: Device) -> bool:
    """A thermometer that is no detector may hang over a stove."""
    return "heat" in device.quantities or (device.kind in HEAT_DETECTORS and "temperature" in device.quantities)


def _evacuates(plan: Plan, category: str) -> str | None:
    """The evacuation plan that most rules of this category put in force; of as many, the one named first."""
    plans = Counter(rule.evacuate for rule in plan.rules if rule.category == category and rule.evacuate is not None)
    return plans.most_common(1)[0][0] if plans else None
