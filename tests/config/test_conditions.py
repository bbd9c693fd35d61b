"""What a rules file says of windows, deadbands, the unknown and outages becomes what the engine runs on."""

from collections.abc import Callable
from pathlib import Path

from config.load import load
from rules.render import render

Write = Callable[..., Path]

RULES = """\
rules:
  - id: warm
    category: fault
    each: device
    unknown: fault
    after_outage: restart
    tiers:
      - {tier: blue, when: "mean(voltage, 5m) >= 240", deadband: 5}
      - {tier: yellow, when: "count(voltage < 44, 10m) >= 3"}
  - id: rooms
    category: fault
    each: zone
    unknown: assume_alarm
    tiers:
      - {tier: blue, when: "alarms([warm], devices: 2, within: 60s, among: neighbours)"}
  - id: after
    category: fault
    each: device
    tiers:
      - {tier: blue, when: "alarms([rooms]) and voltage < 44"}
"""
VENUE = """\
venue: {id: bar, name: {en: My bar}, time_zone: Asia/Shanghai}
rules: [rules/house.yaml]
links:
  - {id: broker, kind: mqtt, port: 1883, drivers: [{kind: tocsin}]}
zones:
  - {id: room-1, kind: room, neighbours: [room-2]}
  - {id: room-2, kind: room}
devices:
  - {for: {room: 1..2}, id: "meter-{room}", kind: power_meter, zone: "room-{room}", link: broker, driver: tocsin}
outputs:
  - {id: broker, kind: mqtt, link: broker}
"""


def test_new_keys_reach_the_plan(write: Write) -> None:
    """A deadband becomes a clear condition; rules stand in the order in which they read each other."""
    rules = {rule.id: rule for rule in load(write(VENUE, RULES)).plan.rules}
    assert list(rules) == ["warm", "rooms", "after"]
    assert (rules["warm"].unknown, rules["warm"].after_outage) == ("fault", "restart")
    assert (rules["rooms"].unknown, rules["rooms"].after_outage) == ("assume_alarm", "assume_held")
    clear = rules["warm"].tiers[0].clear
    assert clear is not None and render(clear.root) == "not mean(voltage, 5m) >= 235"
    assert rules["warm"].tiers[1].clear is None
