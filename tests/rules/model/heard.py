"""What is known of a device: its whole history is kept, and read backwards."""

from typing import Any

from rules.quantity import QUANTITIES, Kind
from rules.signal import Origin
from tests.rules.model.state import Entry, State


def value(s: State, device: str, quantity: str) -> Any:
    """What it said last of a quantity; None when that is not known or can no longer be believed."""
    for entry in reversed(s.heard[device]):
        if entry["what"] in ("forgotten", "doubted") and entry["quantity"] in (quantity, "*"):
            return None
        if entry["what"] == "told" and entry["quantity"] == quantity:
            return entry["value"]
    return None


def is_absent(s: State, device: str) -> bool:
    """Whether it is silent or was reported offline."""
    for entry in reversed(s.heard[device]):
        if entry["what"] in ("alive", "gone"):
            return bool(entry["what"] == "gone")
    return False


def _last(s: State, device: str, *kinds: str) -> Entry | None:
    return next((entry for entry in reversed(s.heard[device]) if entry["what"] in kinds), None)


def silent_at(s: State, device: str) -> float | None:
    """When its silence becomes a fault; None while it is gone already."""
    last = _last(s, device, "expected", "alive")
    if last is None or is_absent(s, device):
        return None
    return float(last["at"]) + s.plan.venue.devices[device].stale_after_s


def awaited_until(s: State, device: str) -> float:
    """Until when it has time to tell what it has not told yet."""
    last = _last(s, device, "awaited")
    return 0.0 if last is None else float(last["at"]) + s.plan.venue.devices[device].stale_after_s


def asked_at(s: State, device: str) -> float | None:
    """When that time is over for those to whom it matters; None once they have looked."""
    last = _last(s, device, "awaited", "asked")
    return None if last is None or last["what"] == "asked" else awaited_until(s, device)


def untold(s: State, device: str, names: set[str]) -> list[str]:
    """Those of these quantities that it measures and that are not known. A press is never unknown."""
    measured = names & s.plan.venue.devices[device].quantities
    return [name for name in measured if QUANTITIES[name].kind is not Kind.EVENT and value(s, device, name) is None]


def is_late(s: State, device: str, quantity: str, origin: Origin) -> bool:
    """Whether the message that told this quantity last was sent after this one."""
    told = [entry["origin"] for entry in s.heard[device] if entry["what"] == "told" and entry["quantity"] == quantity]
    told = [one for one in told if one is not None]
    if not told:
        return False
    boots = []
    for entry in s.heard[device]:
        if entry["what"] == "message" and entry["origin"].boot not in boots:
            boots.append(entry["origin"].boot)
    return (boots.index(origin.boot), origin.seq) < (boots.index(told[-1].boot), told[-1].seq)


def is_faulted(s: State, device: str) -> bool:
    """Whether a fault of it stands, silence apart, and what rules cannot decide for its sake apart."""
    codes = [code for source, code in s.faults if source == device]
    return any(code not in ("silent", "offline") and not code.startswith("blind:") for code in codes)
