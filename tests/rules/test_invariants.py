"""What is always true of the engine, whatever the rules and whatever happens: each as a property of its own."""

import hashlib
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rules.decision import Clear, Decision, EndEvacuation, Return, StandDown, StepDown
from rules.engine import Engine
from rules.plan import Plan
from rules.reload import swap
from rules.signal import AllClear, Heard, Reading, Reloaded, Resumed, Signal, Tick
from tests.rules.model.plans import MEASURES, edits, plans
from tests.rules.model.signals import BAD, TOLD, WAITS, calendars, orders, readings, troubles

EXAMPLES = int(os.environ.get("PROVE_EXAMPLES", "0"))
PROFILE = settings(
    max_examples=EXAMPLES or 40,
    deadline=None,
    derandomize=not EXAMPLES,
    phases=(Phase.generate, Phase.shrink) if EXAMPLES else (Phase.generate,),
    suppress_health_check=list(HealthCheck),
)

Journal = list[tuple[Signal, list[Decision]]]


def told(engine: Engine, data: st.DataObject, count: int) -> Journal:
    """Random signals, and what the engine said of each."""
    journal: Journal = []
    for _ in range(count):
        at = max(engine.now, 1.0) + data.draw(WAITS)
        up = [one.alarm for one in engine.alarms()]
        in_force = [one.evacuation for one in engine.evacuations()]
        possible: list[st.SearchStrategy[Signal]] = [
            readings(engine.plan, at),
            readings(engine.plan, at),
            troubles(at),
            calendars(at),
            orders(engine.plan, at, up, in_force),
        ]
        signal: Signal = data.draw(st.one_of(possible))
        journal.append((signal, engine.step(signal)))
    return journal


@given(plans(words=MEASURES), st.data())
@PROFILE
def test_unknown_is_never_normal(plan: Plan, data: st.DataObject) -> None:
    """Invariant 4: whatever goes silent, offline or out of its range ends and lowers nothing, no alarm and no zone."""
    engine = Engine(plan)
    told(engine, data, 15)
    engine.step(Tick(engine.now))
    zones = engine.zone_tiers()
    for _ in range(6):
        device, quantity = data.draw(st.sampled_from(TOLD))
        value: Any = data.draw(st.sampled_from(BAD.get(quantity, (2.0,))))
        lost: tuple[Signal, ...] = (Heard(engine.now, device, False), Reading(engine.now, device, quantity, value))
        said = engine.step(data.draw(st.sampled_from(lost)))
        assert not [one for one in said if isinstance(one, Clear | Return | StepDown | StandDown | EndEvacuation)]
    after = engine.zone_tiers()
    assert all(after[zone] >= tier for zone, tier in zones.items())


@given(plans(), st.data())
@PROFILE
def test_only_people_end_an_evacuation(plan: Plan, data: st.DataObject) -> None:
    """Invariant 5: through signals, restarts and other rules an evacuation goes on until a commander ends it."""
    engine = Engine(plan)
    engine.step(Tick(1.0))
    in_force: set[str] = set()
    for _ in range(12):
        what = data.draw(st.integers(0, 5))
        said: list[tuple[Signal, list[Decision]]] = []
        if what == 0:
            fresh, reloaded = Engine(data.draw(edits(engine.plan))), Reloaded(engine.now, "rules")
            said = [(reloaded, swap(engine, fresh, reloaded))]
            engine = fresh
        elif what == 1:
            down_s = data.draw(WAITS)
            engine = Engine.restore(data.draw(edits(engine.plan)), engine.snapshot())
            resumed = Resumed(engine.now + down_s, down_s)
            said = [(resumed, engine.step(resumed))]
        else:
            said = told(engine, data, 3)
        for signal, decisions in said:
            ended = {one.evacuation for one in decisions if isinstance(one, EndEvacuation)}
            by_commander = isinstance(signal, AllClear) and signal.role == "commander" and bool(signal.why.strip())
            assert not ended or (by_commander and ended == {signal.evacuation})  # type: ignore[union-attr]  # an AllClear
            in_force -= ended
        assert in_force <= {one.evacuation for one in engine.evacuations()}
        in_force = {one.evacuation for one in engine.evacuations()}


@given(plans(), st.data())
@PROFILE
def test_the_same_journal_and_rules_give_the_same_decisions(plan: Plan, data: st.DataObject) -> None:
    """Invariant 7: signals read back from their stored form, folded whole or onto a snapshot, decide the same, word by
    word.
    """
    journal = told(Engine(plan), data, 20)
    stored = msgspec.json.encode([signal for signal, _ in journal])
    signals = msgspec.json.decode(stored, type=list[Signal])
    engine, cut = Engine(plan), data.draw(st.integers(0, len(signals)))
    for number, (signal, (_, said)) in enumerate(zip(signals, journal, strict=True)):
        if number == cut:
            engine = Engine.restore(plan, engine.snapshot())
        assert engine.step(signal) == said


def test_no_order_of_sets_decides_anything(tmp_path: Path) -> None:
    """Invariant 7 on any machine: processes that hash words differently decide the same, in the same order."""
    runs: list[tuple[Plan, list[Signal]]] = []

    @given(plans(), st.data())
    @settings(PROFILE, max_examples=40, derandomize=True, phases=(Phase.generate,))
    def record(plan: Plan, data: st.DataObject) -> None:
        runs.append((plan, [signal for signal, _ in told(Engine(plan), data, 20)]))

    record()
    (tmp_path / "runs").write_bytes(pickle.dumps(runs))
    program = "import sys; from tests.rules.test_invariants import digest; print(digest(sys.argv[1]))"
    digests = {
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "runs")],
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "PYTHONHASHSEED": str(number)},
        ).stdout
        for number in (1, 2)
    }
    assert len(digests) == 1 and digests.pop().strip()


def digest(path: str) -> str:
    """Of all decisions of the runs that are stored there."""
    total = hashlib.sha256()
    for plan, signals in pickle.loads(Path(path).read_bytes()):
        engine = Engine(plan)
        for signal in signals:
            total.update(msgspec.json.encode(engine.step(signal)))
        total.update(engine.snapshot())
    return total.hexdigest()
