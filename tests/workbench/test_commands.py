"""`tocsin test` as a person and as CI meet it."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from daemon.cli import main
from tests.workbench.bench import make

GOOD = """  - name: the call point
    series: {call.contact: _ true false}
    expect:
      - {0s: {alarms: []}}
      - {1s: {alarms: [call@call red]}}
      - {1s: {evacuation: whole}}
      - {2s: {alarm: call@call, state: latched_unack}}
"""
BAD = """  - name: too soon
    series: {det-1.smoke_obscuration: 2.5}
    expect:
      - {4s: {alarm: smoke@det-1, tier: yellow}}
"""


def tocsin_test(*args: str | Path) -> int:
    """The exit code of `tocsin test ARGS`."""
    with pytest.raises(SystemExit) as end:
        main(["test", *map(str, args)])
    return int(end.value.code or 0)


def test_what_passes_is_said_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 0."""
    path = make(tmp_path, GOOD)
    assert tocsin_test(path) == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["ok", "the", "call", "point", f"{path}:2"],
        ["1", "passed"],
    ]


def test_a_failure_shows_what_was_there_and_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Place, expectation, what was there, the decisions around it, and the rule part by part; exit code 1."""
    path = make(tmp_path, GOOD, BAD)
    assert tocsin_test(path) == 1
    out = capsys.readouterr().out
    for words in (
        f"{path}:12:10: at 4 s expected alarm smoke@det-1, tier yellow",
        "but smoke@det-1 is pending none",
        ">      4.00 s",
        "waits for its on-delay: 1 s of 5 s left",
        "when smoke_obscuration >= 2: true, smoke_obscuration is 2.5 %/m",
        "1 passed, 1 failed",
    ):
        assert words in out


def test_programs_get_json_and_ci_gets_junit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both tell the same verdicts; nothing but JSON is on standard output."""
    path, report = make(tmp_path, GOOD, BAD), tmp_path / "junit.xml"
    assert tocsin_test(path, "--json", "--coverage", "--junit", report) == 1
    told = json.loads(capsys.readouterr().out)
    assert not told["ok"]
    assert [one["passed"] for one in told["tests"]] == [True, False]
    assert told["tests"][1]["failures"][0]["was"] == "smoke@det-1 is pending none"
    assert {one["rule"]: one["percent"] for one in told["coverage"]["rules"]}["call"] == 100.0
    cases = list(ElementTree.parse(report).iter("testcase"))  # written by the line above
    assert [(case.get("name"), case.find("failure") is None) for case in cases] == [
        ("the call point", True),
        ("too soon", False),
    ]


def test_tests_are_chosen_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A name that no test has is wrong usage, not success."""
    path = make(tmp_path, GOOD, BAD)
    assert tocsin_test(path, "-k", "Call") == 0
    assert tocsin_test(path, "-k", "nowhere") == 2
    assert "no test has 'nowhere' in its name" in capsys.readouterr().err


def test_too_little_coverage_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The table is shown, what is missing with its line, and exit code 1 below the least."""
    path = make(tmp_path, GOOD)
    assert tocsin_test(path, "--coverage") == 0
    assert tocsin_test(path, "--coverage-min", "100") == 1
    out = capsys.readouterr().out
    assert "house.yaml:9: smoke: orange is never raised" in out
    assert "coverage is below 100 %" in out


def test_a_change_that_nobody_notices_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In real processes, with the rule and its line; exit code 1."""
    path = make(tmp_path, GOOD)
    assert tocsin_test(path, "--mutate", "--mutants", "12") == 1
    out = capsys.readouterr().out
    assert "no test notices that house.yaml:8 smoke: yellow: tier yellow became blue" in out
    assert "of 12 changes noticed, " in out and "not tried" in out


def test_problems_are_told_at_their_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Those of the test file and those of the venue that it is about, in one run."""
    path = make(tmp_path, GOOD.replace("call.contact", "cal.contact"), rules="rules: [{id: x}]\n")
    assert tocsin_test(path) == 1
    errors = capsys.readouterr().err
    assert "rules/house.yaml:1:9: 'category' is missing" in errors
    assert f"{path}:1:1: the venue in {tmp_path} has problems" in errors
