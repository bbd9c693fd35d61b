"""Writes the stories anew, where it is meant that they come out otherwise: read what `git diff` says of it."""

from pathlib import Path

from tests.rules.told.record import record
from tests.rules.told.stories import STORIES

for name, (plan, steps) in STORIES.items():
    (Path(__file__).parent / f"{name}.txt").write_text(record(plan, steps))
