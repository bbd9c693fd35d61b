"""Broken configurations: each folder in broken/ is one, and expected.txt holds every line that it must print."""

from pathlib import Path

import pytest

from config.files import LIBRARY
from config.load import load
from config.problem import ConfigError

BROKEN = sorted(path for path in (Path(__file__).parent / "broken").iterdir() if path.is_dir())


@pytest.mark.parametrize("directory", BROKEN, ids=lambda path: path.name)
def test_every_problem_is_told_at_its_place(directory: Path) -> None:
    """All problems of all files, sorted by place, exactly as people read them."""
    with pytest.raises(ConfigError) as refused:
        load(directory)
    told = str(refused.value).replace(f"{directory}/", "").replace(f"{LIBRARY}/", "stock/")
    assert told.splitlines() == (directory / "expected.txt").read_text().splitlines()


def test_there_are_at_least_twelve() -> None:
    """The corpus is found: an empty folder would pass everything."""
    assert len(BROKEN) >= 12
