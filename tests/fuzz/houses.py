"""Whole configuration directories by the grammar: a venue that is right and safe, rules that mostly are, and damage."""

from functools import cache
from typing import Any

from config.files import FileSet, Text, read_files
from tests.conftest import ROOT
from tests.fuzz.conditions import WINDOWS, Words, condition
from tests.fuzz.damage import damage, text, tree
from tests.fuzz.dice import ODD_IN, Dice

DIRECTORY = "/venue"
DELAYS = ("5s", "30s", "60s")
ODD_DELAYS = ("0s", "1h", "999h", "8d")
# For each kind of device that a house may have: its driver, and what it measures.
KINDS = {
    "smoke_detector": ("tocsin", ("smoke_obscuration", "smoke", "temperature")),
    "heat_detector": ("tocsin", ("temperature",)),
    "call_point": ("tocsin", ("contact",)),
    "panic_button": ("zigbee2mqtt", ("pressed", "battery_low")),
    "power_meter": ("tasmota", ("voltage", "current", "power", "energy")),
    "plug": ("tasmota", ("voltage", "current", "power")),
    "gas_detector": ("tocsin", ("gas", "co")),
    "ups": ("megatec", ("on_battery", "battery_voltage", "load")),
}
PACKS = ("stock:panic", "stock:power", "stock:ups", "stock:faults", "stock:fire")
DANGER = frozenset({"smoke_detector", "heat_detector", "call_point", "panic_button"})
CATEGORIES = ("power", "ups", "fault", "fire", "panic")


@cache
def _stock() -> dict[str, Any]:
    minimal = read_files(ROOT / "config/samples/minimal")
    return {name: minimal.files[name] for name in minimal.stock_packs()}


def files(dice: Dice) -> FileSet:
    """A venue file and one of rules, as they could lie on a disk."""
    kinds = ["smoke_detector", *(kind for kind in list(KINDS)[1:] if dice.one_in(3))]
    schedules = ["open", "staff"][: dice.number(0, 2)]
    venue = tree(_venue(dice, kinds, schedules))
    rules = tree({"rules": _rules(dice, kinds, schedules)})
    for _ in range(dice.number(1, 3) if dice.one_in(3) else 0):
        damage(dice, dice.pick((rules, venue)))
    written = {"venue.yaml": text(dice, venue), "rules/house.yaml": text(dice, rules)}
    return FileSet(DIRECTORY, {**{name: Text(one.encode()) for name, one in written.items()}, **_stock()})


def _venue(dice: Dice, kinds: list[str], schedules: list[str]) -> dict[str, Any]:
    links: list[dict[str, Any]] = [
        {"id": "wire", "kind": "mqtt", "drivers": [{"kind": "tocsin"}, {"kind": "tasmota"}, {"kind": "zigbee2mqtt"}]}
    ]
    if "ups" in kinds:
        links.append({"id": "line", "kind": "serial", "path": "/dev/ttyS0", "drivers": [{"kind": "megatec"}]})
    written: dict[str, Any] = {
        "venue": {"id": "bar", "name": {"en": "Bar", "zh": "酒吧"}, "time_zone": dice.pick(("UTC", "Asia/Shanghai"))},
        "rules": ["rules/house.yaml", *dict.fromkeys(dice.some(PACKS, 0, 2))],
        "links": links,
        "zones": _zones(dice),
        "devices": [_device(dice, kind, "power_meter" in kinds) for kind in kinds],
        "outputs": [{"id": "bells", "kind": "mqtt", "link": "wire"}, {"id": "log", "kind": "log"}],
        "evacuation_plans": [_plan(dice)],
    }
    if dice.one_in(4):
        written["never_slower_than"] = dice.mostly(("90s", "5m"), ("1s",))
    if schedules:
        written["schedules"] = {name: [_span(dice) for _ in range(dice.number(1, 2))] for name in schedules}
    if dice.one_in(4):
        written["duty"] = {"schedule": dice.pick(schedules)} if schedules else {}
    if dice.one_in(8):
        written["limits"] = {"shelve_max": _delay(dice), "out_of_service_max": _delay(dice)}
    if dice.one_in(ODD_IN):
        written["exempt"] = [{"devices": [dice.pick(("sos-*", "*", "smoke-1"))], "why": "For a reason of the venue."}]
    return written


def _zones(dice: Dice) -> list[dict[str, Any]]:
    rooms = {"for": {"room": f"1..{dice.number(2, 4)}"}, "id": "room-{room}", "in": "floor-1", "kind": "room"}
    zones: list[dict[str, Any]] = [{"id": "floor-1", "kind": "floor"}, rooms, {"id": "floor-2", "kind": "floor"}]
    if dice.one_in(3):
        zones[2]["neighbours"] = ["floor-1"]
    if dice.one_in(4):
        zones[2]["routes"] = [{"id": "stairs", "through": ["floor-1"], "to": {"en": "Street"}}]
    if dice.one_in(6):
        zones[0]["capacity"] = dice.number(0, 300)
    return zones


def _device(dice: Dice, kind: str, metered: bool) -> dict[str, Any]:
    driver, quantities = KINDS[kind]
    link = "line" if kind == "ups" else "wire"
    device: dict[str, Any] = {"id": kind, "kind": kind, "zone": "floor-1", "link": link, "driver": driver}
    device["quantities"] = list(quantities)
    if kind == "smoke_detector":
        device |= {"for": {"room": "1..2"}, "id": "smoke-{room}", "zone": "room-{room}"}
    elif dice.one_in(12):
        device["zone"] = dice.pick(("room-1", "floor-2", "bar"))
    if dice.one_in(4):
        device["stale_after"] = dice.pick(("30s", "100s", "1h", "25h"))
    if kind == "plug" and metered:
        device["fed_by"] = "power_meter"
    return device


def _plan(dice: Dice) -> dict[str, Any]:
    plan: dict[str, Any] = {"id": "whole-building", "zones": ["bar"]}
    plan |= {"message": {"en": "Leave", "zh": "撤离"}, "assembly_point": {"en": "Square"}}
    if dice.one_in(3):
        plan["zones"], plan["phased"] = ["floor-1", "floor-2"], True
        follow = dice.pick((("origin", "rest"), ("origin", "neighbours", "rest"), (["floor-1"], ["floor-2"])))
        stages: list[dict[str, Any]] = [
            {"id": f"s{index}", "zones": who, "after": f"{60 * index}s"} for index, who in enumerate(follow)
        ]
        if dice.one_in(2):
            stages.append({"id": "doors", "after": "5m", "actions": [{"action": "open", "target": "floor-1"}]})
        plan["stages"] = dice.mostly((stages,), (stages[1:], stages[::-1], stages[:1]))
    return plan


def _span(dice: Dice) -> dict[str, Any]:
    span: dict[str, Any] = {"from": dice.pick(("18:00", "00:00")), "to": dice.pick(("02:00", "24:00", "18:00"))}
    if dice.one_in(2):
        span["days"] = dice.some(("fri", "sat", "mon"))
    if dice.one_in(6):
        span["closed"] = ["2027-02-06"]
    return span


def _rules(dice: Dice, kinds: list[str], schedules: list[str]) -> list[dict[str, Any]]:
    """Rules that keep the venue safe, and some that chance made."""
    written = [_protecting(*one) for one in PROTECTION if one[1] in kinds]
    confirmed = {
        "id": "confirmed",
        "category": "fire",
        "each": "zone",
        "zones": {"kind": "floor"},
        "tiers": [{"tier": "red", "when": "alarms([own-smoke], at: orange, devices: 2, within: 60s)"}],
        "investigate": {"of": ["own-smoke", *(["heat"] if "heat_detector" in kinds else [])], "at": "orange"},
        "latching": True,
        "evacuate": {"plan": "whole-building"},
    }
    written.append(confirmed)
    for number in range(dice.number(0, 4)):
        rules = [rule["id"] for rule in written if number or rule["id"] != "confirmed"]
        known = rules if not dice.one_in(ODD_IN) else [f"r{number}", f"r{number + 1}"]  # a circle, or nothing
        written.append(_any_rule(dice, f"r{number}", kinds, Words((), known, schedules)))
    return written


PROTECTION = (
    ("own-smoke", "smoke_detector", "smoke_obscuration >= 4.8 or smoke", "orange"),
    ("heat", "heat_detector", "temperature >= 57 or rise(temperature, 60s) >= 10", "orange"),
    ("own-call", "call_point", "contact", "red"),
    ("own-sos", "panic_button", "pressed", "red"),
)


def _protecting(id_: str, kind: str, when: str, word: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": id_, "category": "panic" if id_ == "own-sos" else "fire", "each": "device"}
    rule |= {"devices": {"kind": kind}, "tiers": [{"tier": word, "when": when}], "latching": True}
    return rule


def _any_rule(dice: Dice, id_: str, kinds: list[str], around: Words) -> dict[str, Any]:
    usual = [one for one in kinds[::-1] if one not in ("call_point", "panic_button")]
    kind, each = dice.mostly(usual, kinds), dice.pick(("device", "zone", "venue"))
    words = Words(KINDS[kind][1], around.rules, around.schedules)
    danger = kind in DANGER or around.rules[0] not in ("own-smoke", "heat")
    category = dice.mostly(("fire",) if danger else ("power", "ups", "fault"), CATEGORIES)
    rule: dict[str, Any] = {"id": id_, "category": category, "each": each, "devices": {"kind": kind}}
    if each == "zone":
        rule["zones"] = {"kind": dice.pick(("floor", "room"))}
    tiers = list(dict.fromkeys(dice.some(("blue", "yellow", "orange", "red"), 1, 2)))
    rule["tiers"] = [_tier(dice, word, each, words) for word in tiers]
    if category in ("fire", "panic") or dice.one_in(4):
        rule["latching"] = True
    rule |= {key: value for key, value, seldom in _options(dice, each, words) if dice.one_in(seldom)}
    return rule


def _options(dice: Dice, each: str, words: Words) -> tuple[tuple[str, Any, int], ...]:
    """Keys of a rule, and how seldom: those that fit few rules are rare."""
    rule: str = dice.pick(words.rules)
    return (
        ("during", dice.pick(words.schedules or ["open"]), 12 if words.schedules else ODD_IN),
        ("show_mode", True, ODD_IN),
        ("suppresses", [rule], ODD_IN if each == "device" else 15),
        ("explained_by_link", True, ODD_IN),
        ("re_alarm", dice.mostly(("60s", "10m"), ("1s",)), 6),
        ("unknown", dice.pick(("fault", "assume_alarm", "hold")), 4),
        ("after_outage", dice.pick(("assume_held", "restart")), 40),
        ("evacuate", {"plan": "whole-building"}, ODD_IN),
        ("investigate", {"of": [rule], "at": "yellow", "then": "180s"}, ODD_IN),
        ("title", {"en": "Something", "zh": "某事"}, 6),
    )


def _tier(dice: Dice, word: str, each: str, words: Words) -> dict[str, Any]:
    tier: dict[str, Any] = {"tier": word, "when": condition(dice, each, words)}
    if dice.one_in(8):
        tier["clear"] = dice.pick((f"not ({tier['when']})", condition(dice, each, words)))
    elif dice.one_in(20):
        tier["deadband"] = dice.mostly((0.5, 2.0), (0, -1, 1e9))
    for key in ("on_delay", "off_delay"):
        if dice.one_in(4):
            tier[key] = _delay(dice)
    if dice.one_in(ODD_IN):
        tier["verify"] = {"reset": dice.pick(("30s", "60s", "90s")), "confirm_within": dice.pick(("60s", *WINDOWS))}
    return tier


def _delay(dice: Dice) -> str:
    return dice.mostly(DELAYS, ODD_DELAYS)
