"""What people read, word for word: every decision with its evidence, every status, every explanation."""

from pathlib import Path

import pytest

from tests.rules.told.record import record
from tests.rules.told.stories import STORIES

TOLD = Path(__file__).parent / "told"


@pytest.mark.parametrize("name", STORIES)
def test_a_story_is_told_word_for_word(name: str) -> None:
    """Where another word is meant, `python -m tests.rules.told` writes it down; its diff is read like code."""
    plan, steps = STORIES[name]
    assert record(plan, steps) == (TOLD / f"{name}.txt").read_text()


def test_every_record_has_its_story() -> None:
    """A text that nothing is compared with pins nothing."""
    assert {path.stem for path in TOLD.glob("*.txt")} == set(STORIES)
