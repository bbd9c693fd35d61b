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
