"""A small venue that is right, for tests that make one thing of it wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

VENUE = """\
venue: {id: bar, name: {en: My bar, zh: 我的酒吧}, time_zone: Asia/Shanghai}
rules: [rules/house.yaml]
links:
  - {id: broker, kind: mqtt, port: 1883, drivers: [{kind: tocsin}, {kind: tasmota}]}
zones:
  - {id: floor-1, kind: floor}
  - {for: {room: 1..2}, id: "room-{room}", in: floor-1, kind: room}
devices:
  - {for: {room: 1..2}, id: "smoke-{room}", kind: smoke_detector, zone: "room-{room}", link: broker, driver: tocsin}
outputs:
  - {id: broker, kind: mqtt, link: broker}
  - {id: log, kind: log}
exempt:
  - {devices: [smoke-*], why: The tests are about other things.}
evacuation_plans:
  - {id: all, zones: [bar], message: {en: Leave}, assembly_point: {en: Square}}
"""
RULES = """\
rules:
  - id: smoke
    category: fire
    each: device
    tiers:
      - {tier: orange, when: smoke}
    latching: true
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a configuration directory; the small right one unless told otherwise."""

    def write_files(venue: str = VENUE, rules: str = RULES) -> Path:
        (tmp_path / "rules").mkdir(exist_ok=True)
        (tmp_path / "venue.yaml").write_text(venue, "utf-8")
        (tmp_path / "rules" / "house.yaml").write_text(rules, "utf-8")
        return tmp_path

    return write_files
