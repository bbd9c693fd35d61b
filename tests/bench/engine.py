"""What the engine costs by itself, in one process and in virtual time; nothing here waits for a wire or a disk.

python -m tests.bench.engine. Each figure is the best of several runs: what disturbs a run only makes it longer.
"""

import gc
import itertools
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from config.load import load
from rules.engine import Engine
from rules.expression import parse
from rules.plan import Plan, Rule, TierRule
from rules.signal import Reading, Signal, Tick
from rules.tier import Tier
from rules.venue import Device, Text, Venue, Zone
from tests.bench.report import row
from tests.bench.venue import write_venue

RUNS = 5
STEPS = 20_000
REPLAYED = 100_000
SIGNALS_IN_ROW = 50  # of the journal: about what 5 ms of a busy evening gather
RULES_FOR_DEVICE = 10
_rows = msgspec.json.Decoder(list[Signal])


def best(measure: Callable[[], float]) -> float:
    """The least of RUNS measurements."""
    return min(measure() for _ in range(RUNS))


def plan_of(devices: int) -> Plan:
    """So many detectors on one floor, each with ten rules of its own."""
    zones = {"house": Zone("house", "venue", Text("House")), "floor": Zone("floor", "floor", Text("Floor"), "house")}
    quantities = frozenset({"smoke_obscuration", "temperature", "co"})
    found = {
        f"det-{n}": Device(f"det-{n}", "smoke_detector", Text("Detector"), "floor", quantities, 1e6, "wire")
        for n in range(devices)
    }
    conditions = [parse(f"temperature >= {60 + n} and co < {900 - n}") for n in range(RULES_FOR_DEVICE)]
    rules = tuple(
        Rule(f"{name}-{n}", Text("Rule"), "fault", "device", (name,), (TierRule(Tier.BLUE, condition),))
        for name in found
        for n, condition in enumerate(conditions)
    )
    return Plan(Venue("house", zones, found), rules)


def step_us(plan: Plan, devices: int) -> float:
    """Microseconds for one reading: told to `devices` of the plan in turn, below every threshold."""
    engine = Engine(plan)
    engine.step(Tick(0.0))
    names = [f"det-{n}" for n in range(devices)]
    for name in names:
        engine.step(Reading(0.0, name, "co", 1.0))
    signals = [
        Reading(n * 0.001, name, "temperature", 20.0 + n % 7)
        for n, name in zip(range(STEPS), itertools.cycle(names), strict=False)
    ]

    def measure() -> float:
        began = time.perf_counter()
        for signal in signals:
            engine.step(signal)
        return (time.perf_counter() - began) / STEPS * 1e6

    return best(measure)


def evening(plan: Plan) -> list[Reading]:
    """Readings of a quiet evening of a venue, in no order of devices."""
    chance = random.Random(1)
    devices = [device.id for device in plan.venue.devices.values() if "co" in device.quantities]
    values = {"smoke_obscuration": (0.0, 0.6), "temperature": (20.0, 24.0), "co": (0.0, 4.0)}
    return [
        Reading(n * 0.001, chance.choice(devices), quantity, round(chance.uniform(*values[quantity]), 2))
        for n, quantity in zip(range(REPLAYED), itertools.cycle(values), strict=False)
    ]


def replay(plan: Plan) -> tuple[float, float]:
    """Signals a second from the journal's text through a fresh engine, and through the reading of the text alone."""
    signals = evening(plan)
    rows = [
        msgspec.json.encode(signals[first : first + SIGNALS_IN_ROW]) for first in range(0, len(signals), SIGNALS_IN_ROW)
    ]

    def through_engine() -> float:
        engine = Engine(plan)
        began = time.perf_counter()
        for text in rows:
            for signal in _rows.decode(text):
                engine.step(signal)
        return time.perf_counter() - began

    def reading_alone() -> float:
        began = time.perf_counter()
        for text in rows:
            _rows.decode(text)
        return time.perf_counter() - began

    return REPLAYED / best(through_engine), REPLAYED / best(reading_alone)


def memory_ms(plan: Plan) -> tuple[float, float]:
    """Milliseconds for a snapshot, and for an engine made from it, after an evening of the venue."""
    engine = Engine(plan)
    for signal in evening(plan)[:20_000]:
        engine.step(signal)
    body = engine.snapshot()
    gc.disable()  # as in the daemon while it starts
    restored_ms = best(lambda: timed_ms(lambda: Engine.restore(plan, body)))
    gc.enable()
    return best(lambda: timed_ms(engine.snapshot)), restored_ms


def timed_ms(work: Callable[[], object]) -> float:
    """Milliseconds that one call takes."""
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def load_ms(rules: int) -> float:
    """Milliseconds to read and check a venue of a thousand devices with so many rules of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_venue(folder, "127.0.0.1", 1883)
        (folder / "rules" / "presses.yaml").write_text("rules:\n" + "".join(_rules(rules)))
        return best(lambda: timed_ms(lambda: load(folder)))


def _rules(count: int) -> Iterator[str]:
    for n in range(count):
        yield (
            f"  - id: own-{n}\n    title: {{en: Rule {n}}}\n    category: power\n    each: device\n"
            f"    devices: {{ids: [det-{1 + n % 4}{n % 200:03}]}}\n    tiers:\n"
            f"      - {{tier: yellow, when: temperature >= {30 + n / 100}, clear: temperature < {29 + n / 100}}}\n"
        )


def main() -> None:
    """Measure everything and print the table."""
    few, many = plan_of(1), plan_of(1000)
    one_us, same_us, all_us = step_us(few, 1), step_us(many, 1), step_us(many, 1000)
    with tempfile.TemporaryDirectory() as name:
        write_venue(Path(name), "127.0.0.1", 1883)
        venue = load(Path(name)).plan
    snapshot_ms, restore_ms = memory_ms(venue)
    replayed, decoded = replay(venue)
    print(row("one reading, 1 device, 10 rules", one_us, None, "us", ""))
    print(row("conditions evaluated", 1e6 / one_us * RULES_FOR_DEVICE, None, "1/s", ""))
    print(row("one reading, 10,000 rules beside 10", same_us, one_us, "us", "ratio <= 1.2"))
    print(row("the same, 1,000 devices in turn", all_us, one_us, "us", ""))
    print(row("snapshot of 1,000 devices", snapshot_ms, None, "ms", "<= 50"))
    print(row("restore of 1,000 devices", restore_ms, None, "ms", "<= 50"))
    print(row("reading and checking 1,000 rules", load_ms(1000), None, "ms", "<= 300"))
    print(row("replay of a journal, beside reading it", replayed, decoded, "signals/s", ">= 100000"))


if __name__ == "__main__":
    main()
