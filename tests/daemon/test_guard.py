"""The engine of safe mode goes on from before a signal that it cannot take."""

from daemon import guard
from daemon.guard import Guard
from rules.engine import Engine
from rules.signal import Tick
from tests.daemon import house


def test_it_goes_on_with_all_but_the_bad_signal() -> None:
    """However many signals were taken before, the engine is the one that was told them and no other."""
    plan = house.plan()
    engine, other = Engine(plan), Engine(plan)
    watch = Guard(engine)
    signals = [house.smoke(float(number), 5.0, number) for number in range(1, guard.KEPT_EVERY + 3)]
    for signal in signals:
        engine.step(signal)
        other.step(signal)
        watch.took(engine, signal)
    engine.step(house.press(1000.0, 1))  # the bad one: half of it may have been done
    fresh = watch.before()
    assert fresh.snapshot() == other.snapshot()
    assert fresh.step(Tick(2000.0)) == other.step(Tick(2000.0))
