"""What the MQTT output says of duty, shows and first signals."""

from typing import Any

import msgspec

from drivers.contract import Delivery
from drivers.outputs.mqtt.render import Renderer
from rules.decision import Because, Decision, DutyChange, EndShowMode, ShowMode, Verify
from rules.venue import Text, Venue, Zone

WALL = 1_790_000_000.5  # 2026-09-21T14:13:20.500Z
VENUE = Venue("ktv", {"ktv": Zone("ktv", "venue", Text("KTV", "星光"))}, {})
WHY = (Because(100.0, "lin", "says so"),)


def told(decision: Decision) -> tuple[str, dict[str, Any]]:
    """The topic of the state, empty without one, and the event without what every event has."""
    renderer = Renderer("tocsin", VENUE, {})
    delivery = Delivery("d1", decision, WALL)
    state = renderer.state(delivery)
    event = msgspec.json.decode(renderer.event(delivery))
    if state is not None and state.payload:
        assert msgspec.json.decode(state.payload) == event, "the state is the event that made it"
    rest = {key: value for key, value in event.items() if key not in ("id", "at", "because")}
    topic = "" if state is None else state.topic + ("" if state.payload else " gone")
    return topic, rest


def test_duty_shows_and_verification_are_told() -> None:
    """Duty and shows are states, a show with its end; a first signal is an event."""
    ktv = {"id": "ktv", "name": {"en": "KTV", "zh": "星光"}}
    until = "2026-09-21T14:14:20.500Z"
    assert told(DutyChange(100.0, False, WHY)) == ("tocsin/state/duty", {"type": "duty_change", "staffed": False})
    show = {"type": "show_mode", "zone": ktv, "deadline": until, "who": "wu"}
    assert told(ShowMode(100.0, "ktv", 160.0, "wu", WHY)) == ("tocsin/state/show/ktv", show)
    assert told(EndShowMode(100.0, "ktv", WHY)) == (
        "tocsin/state/show/ktv gone",
        {"type": "end_show_mode", "zone": ktv},
    )
    first = {"type": "verify", "alarm": "smoke@d", "zone": ktv, "deadline": until}
    assert told(Verify(100.0, "smoke@d", "ktv", 160.0, WHY)) == ("", first)
