"""Problems of the files, as they are carried about."""

import pickle

from config.problem import ConfigError, Problem


def test_a_refusal_arrives_whole_from_another_process() -> None:
    """Checks run in child processes: what they refuse is told problem by problem, with the count of those left out."""
    refused = ConfigError([Problem("b.yaml", 2, 1, "later"), Problem("a.yaml", 1, 1, "first", "hint")], count=7)
    arrived = pickle.loads(pickle.dumps(refused))
    assert (arrived.problems, arrived.count, str(arrived)) == (refused.problems, 7, str(refused))
