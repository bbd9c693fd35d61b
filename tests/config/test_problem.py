"""Problems of the files, as they are carried about."""

import pickle

import pytest

from config.load import load
from config.problem import LONGEST, ConfigError, Mark, Problem, Problems
from tests.config.conftest import RULES, VENUE, Write


def test_a_refusal_arrives_whole_from_another_process() -> None:
    """Checks run in child processes: what they refuse is told problem by problem, with the count of those left out."""
    refused = ConfigError([Problem("b.yaml", 2, 1, "later"), Problem("a.yaml", 1, 1, "first", "hint")], count=7)
    arrived = pickle.loads(pickle.dumps(refused))
    assert (arrived.problems, arrived.count, str(arrived)) == (refused.problems, 7, str(refused))


def test_a_long_word_makes_no_long_message(write: Write) -> None:
    """A text of the file is shown cut, so that a message stays one that people read, and a log of it small."""
    long = "x" * 900
    with pytest.raises(ConfigError) as refused:
        load(write(VENUE.replace("Asia/Shanghai", long).replace("kind: log", f"kind: log, {long}: 1"), RULES))
    assert len(refused.value.problems) == 2
    assert all(len(problem.text) < 300 for problem in refused.value.problems)


def test_no_message_is_longer_than_its_bound() -> None:
    """Whatever a check puts into it."""
    problems = Problems()
    problems.add(Mark("a.yaml"), "x" * 100_000)
    with pytest.raises(ConfigError) as refused:
        problems.refuse()
    assert refused.value.problems[0].text == "x" * LONGEST + "..."
