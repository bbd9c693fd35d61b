"""Evacuations put into a snapshot from outside: for an engine that has not heard why they are in force."""

from rules.engine import Engine
from rules.signal import AllClear, OrderEvacuation, Tick
from rules.snapshot import evacuations_counted, rules_of, with_evacuations
from rules.status import EvacuationStatus
from tests.daemon.house import plan

WHOLE = EvacuationStatus("whole-3", "whole", ("venue",), "venue", 5.0, "all", ("all",), origins=("venue",))


def test_an_engine_takes_them_up_under_their_own_id_and_people_end_them() -> None:
    """It says nothing new of it, ends it at the all-clear, and numbers the next one after it."""
    body = with_evacuations(Engine(plan()).snapshot(), [WHOLE], 3, "digest")
    assert evacuations_counted(body) == 3 and rules_of(body) == "digest"
    engine = Engine.restore(plan(), body)
    assert engine.step(Tick(10.0)) == []
    assert [one.evacuation for one in engine.evacuations()] == ["whole-3"]
    (end, *_) = engine.step(AllClear(11.0, "whole-3", "Li", "all out", "commander"))
    assert end.at == 11.0 and not engine.evacuations()
    engine.step(OrderEvacuation(12.0, "whole", "Li", "again", "commander"))
    assert [one.evacuation for one in engine.evacuations()] == ["whole-4"]


def test_the_count_never_falls() -> None:
    """An engine that had more of them goes on from its own number."""
    engine = Engine(plan())
    for number in range(2):
        engine.step(OrderEvacuation(1.0 + number, "whole", "Li", "drill", "commander"))
        (status,) = engine.evacuations()
        engine.step(AllClear(1.5 + number, status.evacuation, "Li", "all out", "commander"))
    assert evacuations_counted(with_evacuations(engine.snapshot(), [], 1, "")) == 2
