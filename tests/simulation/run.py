"""Simulated lives of the daemon, each from a seed: python -m tests.simulation.run 100-119."""

import argparse
import logging
import os
import sys
import tempfile
import time
import warnings
from contextlib import nullcontext
from pathlib import Path

from tests.simulation.house import SimHouse
from tests.simulation.plants import PLANTS
from tests.simulation.trial import Pace, Trials
from tests.simulation.trouble import trouble

RAM = Path("/dev/shm")
TRIALS = 8
ROOMS = 4
WEEK_ROOMS = 40
WEEK = Pace(10_000, ends_s=7 * 86_400.0, pause_s=(600.0, 7200.0))
HASH_SEED = "0"  # the order of a set of words must be the same in every process


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", help="one seed, or a range: 100-119")
    parser.add_argument("--trials", type=int, default=TRIALS, help="in each seed")
    parser.add_argument("--plant", choices=sorted(PLANTS), help="a fault to plant in the daemon: it must be found")
    parser.add_argument("--first", action="store_true", help="end with the first seed that fails")
    parser.add_argument("--log", action="store_true", help="show the daemon's log")
    parser.add_argument("--week", action="store_true", help="each seed is a week with some hundred trials")
    asked = parser.parse_args()
    if os.environ.get("PYTHONHASHSEED") != HASH_SEED:
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, "PYTHONHASHSEED": HASH_SEED})
    pace, rooms = (WEEK, WEEK_ROOMS) if asked.week else (Pace(asked.trials), ROOMS)
    logging.basicConfig(level=logging.INFO if asked.log else logging.CRITICAL, format="%(name)s %(message)s")
    sys.unraisablehook = lambda _: None  # what a killed process leaves in its tasks is nobody's
    warnings.simplefilter("ignore", RuntimeWarning)  # and so is what they never began
    first, _, last = asked.seeds.partition("-")
    seeds = range(int(first), int(last or first) + 1)
    failed = []
    with PLANTS[asked.plant]() if asked.plant else nullcontext():
        for seed in seeds:
            if not live(seed, pace, rooms):
                failed.append(seed)
                if asked.first:
                    break
    if failed:
        print(f"FAILED: {len(failed)} of {len(seeds)}; the first again: make simtest SEEDS={failed[0]}")
    return bool(failed)


def live(seed: int, pace: Pace, rooms: int) -> bool:
    """One seed; says what came of it."""
    began = time.process_time()
    with tempfile.TemporaryDirectory(prefix="tocsin-", dir=RAM if RAM.is_dir() else None) as folder:
        house = SimHouse(seed, Path(folder), rooms)
        trials = Trials(house, pace, trouble)
        house.run()
        trials.judge_the_journal()
    took_s = time.process_time() - began
    print(
        f"seed {seed}: {trials.done} trials, {house.kills} ends of the daemon, {trials.excused} trials excused, "
        f"{house.world.now / 3600:.1f} h in {took_s:.1f} s of processor, trace {house.world.trace}; "
        f"{len(trials.problems)} problems",
        flush=True,
    )
    for problem in trials.problems:
        print(f"  {problem}")
    return not trials.problems


if __name__ == "__main__":
    sys.exit(main())
