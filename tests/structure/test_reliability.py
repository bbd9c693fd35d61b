"""docs/reliability.md names a test or a reason for each scenario, and the tests it names exist."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reliability.md"
SCENARIOS = 65
REASON = "not covered: "
REASON_LENGTH = 20  # characters: "not yet" is no reason
ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
NODE = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


class Row(NamedTuple):
    number: int
    nodes: list[tuple[str, str]]
    reason: str


def rows(page: str) -> list[Row]:
    """The scenarios of the page, by number."""
    found = []
    for number, _, _, shown in ROW.findall(page):
        _, _, reason = shown.partition(REASON)
        found.append(Row(int(number), NODE.findall(shown), reason))
    return sorted(found)


@cache
def functions(path: str) -> frozenset[str]:
    """The names of the functions of a file of tests; none when there is no such file."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    tree = ast.parse(file.read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def problems(page: str) -> list[str]:
    """What is wrong with the page."""
    found = rows(page)
    told = []
    if [row.number for row in found] != list(range(1, SCENARIOS + 1)):
        told.append(f"the scenarios are not 1 to {SCENARIOS}, each once")
    for row in found:
        if not row.nodes and len(row.reason) < REASON_LENGTH:
            told.append(f"{row.number}: neither a test nor a reason")
        told += [f"{row.number}: no test {path}::{name}" for path, name in row.nodes if name not in functions(path)]
    return told


def test_every_scenario_has_a_test_that_exists_or_a_reason() -> None:
    """65 scenarios, each once, each with tests that exist or with a reason why not."""
    assert problems(PAGE.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (
            "test_a_full_pipe_blocks_no_one",
            "test_a_full_pipe",
            "45: no test tests/daemon/test_log.py::test_a_full_pipe",
        ),
        ("tests/daemon/test_log.py", "tests/daemon/test_logs.py", "45: no test"),
        ("| 45 |", "| 44 |", "the scenarios are not 1 to 65"),
        ("`tests/daemon/test_log.py::test_a_full_pipe_blocks_no_one`", "not covered: yet", "45: neither a test nor"),
    ],
)
def test_a_row_that_has_rotted_is_found(before: str, after: str, told: str) -> None:
    """A test that was renamed or moved, a scenario that went missing, a reason that is none."""
    page = PAGE.read_text("utf-8")
    assert before in page
    assert any(told in one for one in problems(page.replace(before, after)))
