"""The tests of the stock packs hold, exercise all of every rule, and let few changes pass unseen."""

import json

import pytest

from config.files import LIBRARY
from daemon.cli import main

TESTS = LIBRARY / "tests"


def test_every_pack_has_its_tests() -> None:
    """A new pack cannot be forgotten."""
    assert {path.name for path in LIBRARY.glob("*.yaml")} <= {path.name for path in TESTS.glob("*.yaml")}


def test_the_packs_are_covered_and_a_sample_of_changes_is_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    """Every rule, tier and operand of all packs; `make rules` tries every change, here it is one in five."""
    with pytest.raises(SystemExit) as end:
        main(["test", str(TESTS), "--coverage-min", "100", "--mutate", "--mutants", "60", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in told["tests"] if not one["passed"]] == []
    assert [missing for rule in told["coverage"]["rules"] for missing in rule["missing"]] == []
    assert [one for one in told["mutants"] if one["noticed_by"] is None] == []
    assert end.value.code in (0, None)
