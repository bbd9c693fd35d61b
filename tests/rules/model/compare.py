"""What the engine says and shows, in the words of the model, so that the two can be held against each other.

The order of decisions within one step does not matter to anybody: all are journaled and sent together. So both lists
are sorted; which decisions there are, and how often, is compared. Texts for people and evidence are left out.
"""

from collections.abc import Iterable
from typing import Any

from msgspec.structs import asdict

from rules.decision import Decision
from rules.engine import Engine
from tests.rules.model import evacuation, heard, life, overlays, surroundings
from tests.rules.model.house import Model
from tests.rules.model.state import State, rule_of, standing

WORDS = ("because", "text", "reason")


def told(decisions: Iterable[Decision]) -> list[dict[str, Any]]:
    """The engine's decisions."""
    said = [{"say": type(one).__name__, **asdict(one)} for one in decisions]
    return in_order({key: value for key, value in one.items() if key not in WORDS} for one in said)


def in_order(said: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sorted by what they say, of whom."""
    return sorted(said, key=lambda one: repr(sorted((key, str(value)) for key, value in one.items())))


def shown_by_engine(engine: Engine) -> dict[str, Any]:
    """What the engine shows to those who ask."""
    return {
        "alarms": {
            one.alarm: {
                **{key: value for key, value in asdict(one).items() if key not in ("because", "overlays")},
                "overlays": [(over.kind, over.since, over.until, over.by, over.once) for over in one.overlays],
            }
            for one in engine.alarms()
        },
        "faults": {(one.source, one.code): (one.since, one.explained_by) for one in engine.faults()},
        "evacuations": {one.evacuation: asdict(one) for one in engine.evacuations()},
        "zones": {zone: int(tier) for zone, tier in engine.zone_tiers().items()},
        "absent": sorted(one.device for one in engine.devices() if one.absent),
        "values": {one.device: one.values for one in engine.devices()},
        "flood": engine.flood_since(),
        "shows": {one.zone: one.until for one in engine.shows()},
    }


def shown_by_model(model: Model) -> dict[str, Any]:
    """What the engine should show."""

    s = model.state
    return {
        "alarms": {
            name: _alarm(s, name)
            for name, one in s.alarms.items()
            if one["state"] != "normal" or one["withheld"] or set(one["overlays"]) - {"suppressed"}
        },
        "faults": {key: (since, overlays.explained_fault(s, *key)) for key, since in s.faults.items()},
        "evacuations": {
            name: {
                **{key: one[key] for key in ("plan", "origin", "since")},
                **{key: tuple(one[key]) for key in ("zones", "begun", "blocked", "origins")},
                "evacuation": name,
                "stage": one["begun"][-1],
                "due": evacuation.next_due(s, one),
            }
            for name, one in s.evacuations.items()
        },
        "zones": s.zone_tiers,
        "absent": sorted(device for device in s.heard if heard.is_absent(s, device)),
        "values": {
            device: {
                name: value
                for name in sorted(s.plan.venue.devices[device].quantities)
                if (value := _value(s, device, name)) is not None
            }
            for device in s.heard
        },
        "flood": s.flood_since,
        "shows": {zone: show["until"] for zone, show in s.shows.items()},
    }


def _value(s: State, device: str, name: str) -> Any:

    value = heard.value(s, device, name)
    return s.unverified[device].get(name) if value is None else value


def _alarm(s: State, name: str) -> dict[str, Any]:
    alarm, rule = s.alarms[name], rule_of(s, s.alarms[name])
    waiting = [int(one.tier) for one in rule.tiers if alarm["levels"][int(one.tier)]["phase"] in life.WAITS]
    pending_until = min((due for tier in waiting if (due := life.level_due(s, alarm, tier)) is not None), default=None)
    if alarm["investigation"]["step"] in ("acknowledge", "look"):
        pending_until = surroundings.step_due(s, alarm)
    kept = ("rule", "place", "zone", "tier", "state", "sounding", "since", "acknowledged_by", "first_out")
    return {
        **{key: alarm[key] for key in kept},
        "alarm": name,
        "category": rule.category,
        "pending_until": pending_until,
        "standing": standing(alarm),
        "chattering": alarm["chatter_until"] is not None,
        "overlays": [
            (kind, over["since"], over["until"], over["by"], over["once"]) for kind, over in alarm["overlays"].items()
        ],
    }


def difference(engine: dict[str, Any], model: dict[str, Any]) -> list[str]:
    """Where two views differ, one line each."""
    found = []
    for part, one in engine.items():
        other = model[part]
        if one != other and isinstance(one, dict) and isinstance(other, dict):
            keys = [key for key in {**one, **other} if one.get(key) != other.get(key)]
            found += [f"{part} {key}:\n  engine {one.get(key)}\n  model  {other.get(key)}" for key in keys]
        elif one != other:
            found.append(f"{part}:\n  engine {one}\n  model  {other}")
    return found
