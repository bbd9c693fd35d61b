"""Test files found and read, and what is wrong in them told at its place."""

from pathlib import Path

import pytest

from config.problem import ConfigError, Problems
from tests.workbench.bench import make
from workbench.ruletests.files import find, read


def told(tmp_path: Path, text: str) -> list[str]:
    """The problems of one file, without its name."""
    path = tmp_path / "house.yaml"
    path.write_text(text)
    problems = Problems()
    read(path, problems)
    with pytest.raises(ConfigError) as error:
        problems.refuse()
    return [str(problem).split("house.yaml:", 1)[1] for problem in error.value.problems]


def test_one_bad_test_hides_no_other(tmp_path: Path) -> None:
    """Each problem has its line and column, and the word that was probably meant."""
    text = """tests:
  - name: one
    evry: 5s
    expect: [{0s: {no_evacuation: true}}]
  - name: two
    every: 5
    expect: []
"""
    assert told(tmp_path, text) == [
        "3:5: unknown key 'evry', expected 'at', 'every', 'expect', 'given', 'name', 'series' or 'start'"
        " -- did you mean 'every'?",
        "6:12: every: found 5, expected a time with its unit, such as 500ms, 5s, 2m or 1h",
        "7:13: expect: found a list, expected at least 1",
    ]


def test_a_folder_without_tests_is_a_problem(tmp_path: Path) -> None:
    """Nothing tested is never taken for everything passed."""
    problems = Problems()
    assert list(find([tmp_path], problems)) == []
    assert len(problems) == 1


def test_a_venue_has_its_tests_beside_its_rules(tmp_path: Path) -> None:
    """The folder of a venue stands for its tests/."""
    path = make(tmp_path, "  - {name: one, expect: [{0s: {alarms: []}}]}\n")
    assert list(find([tmp_path], Problems())) == [path] == list(find([path], Problems()))


def test_the_venue_is_found_from_the_file(tmp_path: Path) -> None:
    """`config` counts from the folder of the test file, and is by default the folder above it."""
    (tmp_path / "tests").mkdir()
    path = tmp_path / "tests" / "fire.yaml"
    path.write_text("tests: [{name: one, expect: [{0s: {no_evacuation: true}}]}]\n")
    file = read(path, Problems())
    assert file is not None
    assert file.config == tmp_path
