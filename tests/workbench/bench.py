"""A small venue for the tests of the workbench, and a way to run test files on it."""

from pathlib import Path

from workbench.ruletests.suite import Result, Venue, load_suite, run

VENUE = """venue: {id: bar, name: {en: Bar}}
rules: [rules/house.yaml]
links: [{id: wire, kind: mqtt, host: 127.0.0.1, drivers: [{kind: tocsin}]}]
zones:
  - {id: hall, kind: floor}
  - {id: attic, kind: floor}
devices:
  - {for: {n: 1..3}, id: "det-{n}", kind: smoke_detector, zone: hall, link: wire, driver: tocsin,
     quantities: [smoke_obscuration, temperature], stale_after: 30s}
  - {id: call, kind: call_point, zone: hall, link: wire, driver: tocsin, stale_after: 30s}
  - {id: sos, kind: panic_button, zone: attic, link: wire, driver: tocsin, quantities: [pressed]}
outputs: [{id: out, kind: mqtt, link: wire}, {id: log, kind: log}]
exempt: [{devices: [sos], why: It brings staff.}]
evacuation_plans:
  - {id: whole, zones: [bar], message: {en: Leave}, assembly_point: {en: Square}}
"""
RULES = """rules:
  - id: smoke
    category: fire
    each: device
    devices: {kind: smoke_detector}
    latching: true
    tiers:
      - {tier: yellow, when: smoke_obscuration >= 2, clear: smoke_obscuration < 1, on_delay: 5s, off_delay: 30s}
      - {tier: orange, when: smoke_obscuration >= 5 or temperature > 57}
  - id: call
    category: fire
    each: device
    devices: {kind: call_point}
    latching: true
    tiers: [{tier: red, when: contact}]
    evacuate: {plan: whole}
  - id: confirmed
    category: fire
    each: zone
    zones: {ids: [hall]}
    latching: true
    tiers: [{tier: red, when: "alarms([smoke], at: orange, devices: 2, within: 60s)"}]
    investigate: {acknowledge_within: 15s, then: 60s, of: [smoke], at: orange}
    evacuate: {plan: whole}
  - id: sos
    category: panic
    each: device
    devices: {kind: panic_button}
    latching: true
    tiers: [{tier: orange, when: pressed}]
  - id: lost
    category: fault
    each: device
    tiers: [{tier: blue, when: absent or faulted}]
"""


def make(folder: Path, *tests: str, rules: str = RULES) -> Path:
    """The venue in a folder, and a test file of these tests beside it."""
    (folder / "rules").mkdir(parents=True, exist_ok=True)
    (folder / "tests").mkdir(exist_ok=True)
    (folder / "venue.yaml").write_text(VENUE)
    (folder / "rules" / "house.yaml").write_text(rules)
    path = folder / "tests" / "house.yaml"
    path.write_text("tests:\n" + "".join(tests))
    return path


def load_one(folder: Path, *tests: str, rules: str = RULES) -> Venue:
    """The venue with its tests. Raises ConfigError."""
    (venue,) = load_suite([make(folder, *tests, rules=rules)])
    return venue


def run_one(folder: Path, test: str) -> Result:
    """What comes of one test."""
    venue = load_one(folder, test)
    return run(venue, venue.tests[0])
