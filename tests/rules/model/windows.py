"""What a device said over the last seconds, worked out anew from all that was heard of it.

`rise` and `rate` look at the values told, `min` and `max` at what held. A window that comes with other rules begins
with the last value; only what was told since counts for it.
"""

from collections.abc import Iterator
from math import inf

from rules.expression import Call, Duration, Name, Node, walk
from tests.rules.model import heard
from tests.rules.model.state import State, members, rule_of

FUNCTIONS = ("rise", "rate", "min", "max")
Key = tuple[str, str, str, float]  # device, function, quantity, span


def key(device: str, call: Call) -> Key:
    """Which window a call asks for."""
    quantity, span = call.arguments[0][1], call.arguments[1][1]
    assert isinstance(quantity, Name) and isinstance(span, Duration)
    return device, call.function, quantity.name, span.seconds


def calls(node: Node) -> Iterator[Call]:
    """Those of a condition that look back."""
    for part in walk(node):
        if isinstance(part, Call) and part.function in FUNCTIONS and len(part.arguments) == 2:
            yield part


def arrange(s: State) -> None:
    """Windows that no rule asks for any more are forgotten; new ones begin with what is known."""
    asked = {
        key(device, call): None
        for alarm in s.alarms.values()
        for tier in rule_of(s, alarm).tiers
        for condition in (tier.when, tier.clear)
        if condition is not None
        for call in calls(condition.root)
        for device in members(s, alarm)
        if key(device, call)[2] in s.plan.venue.devices[device].quantities
    }
    s.windows = {one: s.windows.get(one) or _begun(s, one) for one in asked}


def _begun(s: State, one: Key) -> dict[str, object]:
    device, _, quantity, _ = one
    value = heard.value(s, device, quantity)
    heard_at = [entry["at"] for entry in s.heard[device] if entry["what"] == "alive"]
    base = [] if value is None else [(heard_at[-1] if heard_at else 0.0, value)]
    return {"base": base, "after": len(s.heard[device])}


def number(s: State, device: str, call: Call) -> float | None:
    """What a call gives now; None while it is unknown."""
    one = key(device, call)
    value = heard.value(s, device, one[2])
    if value is None:
        return None
    if call.function == "rise":
        told = _in_reach(s, one)
        return float(value - min(said for _, said in told)) if told else None
    if call.function == "rate":
        return rate(s, one)
    extreme = _extreme(s, one, s.now)
    pick = min if call.function == "min" else max
    return float(value if extreme is None else pick(extreme, value))  # a reading that came late is in no window


def rate(s: State, one: Key) -> float | None:
    """Change per second over the values told; None while there is but one instant."""
    told = _in_reach(s, one)
    if not told or told[-1][0] == told[0][0]:
        return None
    return float((told[-1][1] - told[0][1]) / (told[-1][0] - told[0][0]))


def awaits(s: State, device: str, names: set[str]) -> bool:
    """Whether one of these may still come: the device has just begun to be heard."""
    if heard.is_absent(s, device) or s.now >= heard.awaited_until(s, device):
        return False
    rates = [one for one in s.windows if one[:2] == (device, "rate") and one[2] in names]
    return bool(heard.untold(s, device, names)) or any(rate(s, one) is None for one in rates)


def next_due(s: State, device: str) -> float | None:
    """When an extreme of the device, as it was when somebody looked last, leaves its window by itself."""
    dues = []
    for one in s.windows:
        looked_at = s.looked_back.get(device, 0.0)
        extreme = _extreme(s, one, looked_at) if one[0] == device and one[1] in ("min", "max") else None
        if extreme is not None:
            until = max(end for _, end, value in _stretches(s, one) if value == extreme)
            dues += [until + one[3]] if until < inf else []
    return min(dues, default=None)


def names(s: State, device: str) -> list[str]:
    """What the windows of a device look back on that change by time."""
    return sorted({one[2] for one in s.windows if one[0] == device and one[1] in ("min", "max")})


def _told(s: State, one: Key) -> list[tuple[float, float]]:
    """When what was told, and believed, since there is this window."""
    kept, (device, _, quantity, _) = s.windows[one], one
    told = [
        (entry["at"], entry["value"])
        for entry in s.heard[device][kept["after"] :]
        if entry["what"] == "told" and entry["quantity"] == quantity and not entry["late"]
    ]
    return [*kept["base"], *told]


def _in_reach(s: State, one: Key) -> list[tuple[float, float]]:
    """Those told within the span before the last of them."""
    told = _told(s, one)
    return [(at, value) for at, value in told if at >= told[-1][0] - one[3]]


def _stretches(s: State, one: Key) -> list[tuple[float, float, float]]:
    """From when to when which value held."""
    kept, (device, _, quantity, _) = s.windows[one], one
    found: list[tuple[float, float, float]] = [(at, inf, value) for at, value in kept["base"]]
    for entry in s.heard[device][kept["after"] :]:
        told = entry["what"] == "told" and entry["quantity"] == quantity and not entry["late"]
        lost = entry["what"] in ("forgotten", "doubted") and entry["quantity"] in (quantity, "*")
        if (told or lost) and found and found[-1][1] == inf:
            found[-1] = (found[-1][0], entry["at"], found[-1][2])
        if told:
            found.append((entry["at"], inf, entry["value"]))
    return found


def _extreme(s: State, one: Key, now: float) -> float | None:
    """The least or greatest that held within the span."""
    held = [value for _, until, value in _stretches(s, one) if until > now - one[3]]
    return (min if one[1] == "min" else max)(held, default=None)
