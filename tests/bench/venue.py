"""The venue that is measured: a thousand devices, the stock packs, and call points each with a plan of its own."""

from pathlib import Path

DETECTORS = 800
CALL_POINTS = 200  # as many presses can be timed in one run, for an evacuation in force is not announced twice

VENUE = """\
venue: {{id: ktv, name: {{en: Bench}}, time_zone: Asia/Shanghai}}
rules: [stock:fire, stock:panic, stock:power, stock:ups, stock:faults, rules/presses.yaml]
links:
  - {{id: broker, kind: mqtt, host: {host}, port: {port}, drivers: [{{kind: tocsin}}]}}
zones:
  - {{for: {{floor: 1..4}}, id: "floor-{{floor}}", kind: floor, name: {{en: "Floor {{floor}}"}}}}
devices:
  - for: {{floor: 1..4, number: 000..{last_detector}}}
    id: "det-{{floor}}{{number}}"
    kind: smoke_detector
    zone: "floor-{{floor}}"
    link: broker
    driver: tocsin
    address: "det-{{floor}}{{number}}"
    quantities: [smoke_obscuration, temperature, co]
    stale_after: 1h
  - for: {{number: 000..{last_call}}}
    id: "press-{{number}}"
    kind: call_point
    zone: floor-1
    link: broker
    driver: tocsin
    address: "press-{{number}}"
    quantities: [contact]
    stale_after: 1h
outputs:
  - {{id: broker, kind: mqtt, link: broker, prefix: tocsin}}
  - {{id: log, kind: log}}
evacuation_plans:
  - {{id: whole-building, zones: [ktv], message: {{en: Leave}}, assembly_point: {{en: Outside}}}}
"""
PLAN = "  - {{id: plan-{n:03}, zones: [floor-1], message: {{en: Leave}}, assembly_point: {{en: Outside}}}}\n"
RULE = """\
  - id: press-{n:03}
    title: {{en: Press {n:03}}}
    category: fire
    each: device
    devices: {{ids: [press-{n:03}]}}
    tiers: [{{tier: red, when: contact}}]
    latching: true
    evacuate: {{plan: plan-{n:03}}}
"""


def detector(number: int) -> str:
    """The id and address of the n-th detector."""
    per_floor = DETECTORS // 4
    return f"det-{number // per_floor % 4 + 1}{number % per_floor:03}"


def write_venue(folder: Path, host: str, port: int) -> None:
    """A configuration directory for this broker."""
    (folder / "rules").mkdir(parents=True)
    text = VENUE.format(host=host, port=port, last_detector=f"{DETECTORS // 4 - 1:03}", last_call=CALL_POINTS - 1)
    (folder / "venue.yaml").write_text(text + "".join(PLAN.format(n=n) for n in range(CALL_POINTS)))
    (folder / "rules" / "presses.yaml").write_text("rules:\n" + "".join(RULE.format(n=n) for n in range(CALL_POINTS)))
