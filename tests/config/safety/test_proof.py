"""The proof by the engine, and what it says when the arithmetic was wrong."""

from pathlib import Path

import pytest

from config.load import load
from config.safety.proof import prove
from rules.analysis import chains
from rules.analysis.calm_group import Told
from rules.analysis.chain import Event
from rules.analysis.reach import Reach, Reached
from rules.plan import Plan
from rules.tier import Tier

SAMPLES = Path(__file__).parents[3] / "config" / "samples"


@pytest.fixture(scope="module")
def ktv() -> Plan:
    return load(SAMPLES / "ktv").plan


def test_the_sample_comes_out_as_worked_out(ktv: Plan) -> None:
    """Every chain of the sample venue is played, and none differs."""
    proof = prove(ktv)
    assert proof.played == len(proof.chains) >= 9 and proof.problems == ()


def test_a_wrong_sum_is_caught_by_the_engine(ktv: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the arithmetic said that a call for help evacuates, the engine would show that it does not."""

    class Hasty(Reach):
        def follow(self, told: Told, bases: frozenset[str] | None = None, ceiling: Tier = Tier.RED) -> Reached:
            found = super().follow(told, bases, ceiling)
            return Reached(found.alarms, {"whole-building": Event()})

    monkeypatch.setattr(chains, "Reach", Hasty)
    proof = prove(ktv)
    told = [str(problem).splitlines() for problem in proof.problems]
    sos = next(lines for lines in told if "'sos'" in lines[0])
    assert sos[0].startswith("panic.yaml:") and "should lead to an evacuation within 0 s, but does not" in sos[0]
    assert sos[1].strip() == "0 s  sos-101 says pressed true" and "that was all" in sos[-1]


def test_what_only_the_engine_sees_is_told(ktv: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chain that the arithmetic does not follow is never called a warning only when it evacuates."""

    class Blind(Reach):
        def follow(self, told: Told, bases: frozenset[str] | None = None, ceiling: Tier = Tier.RED) -> Reached:
            return Reached(super().follow(told, bases, ceiling).alarms, {})

    monkeypatch.setattr(chains, "Reach", Blind)
    call = next(chain for chain in prove(ktv).chains if chain.rule == "call-point")
    assert call.evacuation is not None and call.evacuation.words == "at once"
    assert [part.text for part in call.evacuation.parts] == ["seen on the engine"]


def test_a_large_venue_is_played_in_part_unless_all_is_asked_for(ktv: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says how many."""
    monkeypatch.setattr("config.safety.proof.MAX_PLAYED", 2)
    assert prove(ktv).played == 2
    assert prove(ktv, everything=True).played == len(prove(ktv).chains)


VENUE = """
venue: {id: bar, name: {en: My bar}, time_zone: Asia/Shanghai}
rules: [rules/house.yaml]
links: [{id: broker, kind: mqtt, drivers: [{kind: tocsin}]}]
zones:
  - {id: floor-1, kind: floor}
  - {for: {k: 1..2}, id: "room-{k}", kind: room, in: floor-1}
devices:
  - for: {k: 1..2, n: 1..3}
    id: "det-{k}{n}"
    kind: smoke_detector
    zone: "room-{k}"
    link: broker
    driver: tocsin
    quantities: [smoke]
outputs: [{id: broker, kind: mqtt, link: broker}, {id: log, kind: log}]
evacuation_plans: [{id: all, zones: [bar], message: {en: Leave}, assembly_point: {en: Square}}]
never_slower_than: 30s
"""
HOUSE = """
rules:
  - id: room-smoke
    title: {en: Smoke}
    category: fire
    each: zone
    zones: {kind: room}
    tiers: [{tier: orange, when: count(smoke) >= 2, on_delay: 5s}]
    latching: true
  - id: confirmed
    title: {en: Confirmed}
    category: fire
    each: zone
    zones: {kind: floor}
    tiers: [{tier: red, when: "alarms([room-smoke], at: orange, devices: 2, within: 60s)"}]
    latching: true
    evacuate: {plan: all}
"""


def test_red_by_companions_of_zone_rules_is_red(tmp_path: Path) -> None:
    """Two rooms confirm each other, each by two of its devices: such a venue is protected, and timed."""
    (tmp_path / "venue.yaml").write_text(VENUE)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "house.yaml").write_text(HOUSE)
    proof = prove(load(tmp_path).plan)
    (alone, agreed) = proof.chains
    assert proof.problems == () and proof.played == 2 and not proof.untimed
    assert alone.others == 1 and alone.red is None
    assert agreed.others == 3 and agreed.evacuation is not None and agreed.evacuation.seconds == 5.0
