"""The commands check and schema, as a person or an editor uses them."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types

from config.commands import check, matrix, schema
from config.files import LIBRARY
from tests.config.conftest import VENUE

SAMPLES = Path(__file__).parents[2] / "config" / "samples"
RULES = [*sorted(LIBRARY.glob("*.yaml")), *sorted(SAMPLES.glob("*/rules/*.yaml"))]

Write = Callable[..., Path]


def schema_of(file: Any, capsys: pytest.CaptureFixture[str]) -> Any:
    schema(file)
    found = json.loads(capsys.readouterr().out)
    Draft202012Validator.check_schema(found)
    return found


def test_check_says_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    """One line for a right venue."""
    check(SAMPLES / "ktv")
    out = capsys.readouterr().out
    assert out.startswith("ok: Starlight KTV: 3 floors, 60 rooms, 3 corridors, 1 hall, 1 plant, 150 devices, 2 links")


def test_check_exits_with_1_and_every_problem(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    """Lines that an editor can jump to."""
    directory = write(venue="a: 1\nb: 2\n")
    with pytest.raises(typer.Exit) as ended:
        check(directory)
    assert ended.value.exit_code == 1
    assert capsys.readouterr().out.splitlines()[0].startswith(f"{directory}/venue.yaml:1:1: ")


def test_check_tells_machines_in_json(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    """The same facts as the lines."""
    with pytest.raises(typer.Exit):
        check(write(), ["links.broker.port=x"], as_json=True)
    assert json.loads(capsys.readouterr().out) == {
        "ok": False,
        "problems": [
            {
                "file": "--set links.broker.port",
                "line": 1,
                "col": 1,
                "text": "port: found 'x', expected a whole number",
                "hint": "",
                "timeline": [],
            }
        ],
    }


@pytest.mark.parametrize("sample", ["ktv", "minimal"])
def test_the_venue_schema_accepts_the_samples(sample: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An editor shows no error in a right file, ranges included."""
    venue = yaml.safe_load((SAMPLES / sample / "venue.yaml").read_text("utf-8"))
    assert [error.message for error in Draft202012Validator(schema_of("venue", capsys)).iter_errors(venue)] == []


@pytest.mark.parametrize("file", RULES, ids=lambda path: path.stem)
def test_the_rules_schema_accepts_the_stock_packs(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An editor shows no error in a right file."""
    rules = yaml.safe_load(file.read_text("utf-8"))
    assert [error.message for error in Draft202012Validator(schema_of("rules", capsys)).iter_errors(rules)] == []


def test_the_venue_schema_knows_the_settings_of_each_kind(capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong key of a driver and an unknown kind are shown while they are typed."""
    validator = Draft202012Validator(schema_of("venue", capsys))
    venue = yaml.safe_load((SAMPLES / "ktv" / "venue.yaml").read_text("utf-8"))
    venue["links"][0]["drivers"][0]["prefx"] = "x"
    venue["outputs"][0]["kind"] = "mqqt"
    wrong = sorted(error.json_path for error in validator.iter_errors(venue))
    assert wrong == ["$.links[0]", "$.outputs[0]"]


def test_check_jsonschema_agrees(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The tool that continuous integration of a venue would use takes our schema and our sample."""
    (tmp_path / "venue.schema.json").write_text(json.dumps(schema_of("venue", capsys)), "utf-8")
    tool = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(tmp_path / "venue.schema.json")]
    ran = subprocess.run([*tool, str(SAMPLES / "ktv" / "venue.yaml")], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


def test_check_prints_every_chain_and_what_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    """From the danger signal of each kind of device to the evacuation, staff at their slowest."""
    check(SAMPLES / "ktv", chains=True)
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "smoke_detector det-101 and 59 alike"
    slow = "within 75 s: staff acknowledge (fire-confirmed) 15 s + staff look (fire-confirmed) 60 s"
    assert f"  smoke orange, alone: evacuation 'whole-building' {slow}" in told
    assert "  smoke orange, with 1 more (det-102): evacuation 'whole-building' at once" in told
    assert "  call-point red, alone: evacuation 'whole-building' at once" in told
    assert "  sos orange, alone: a warning only" in told
    assert told[-1].endswith("chains played on the engine")


def test_check_tells_machines_the_chains(capsys: pytest.CaptureFixture[str]) -> None:
    """The same facts as the lines."""
    check(SAMPLES / "ktv", as_json=True, chains=True)
    chains = json.loads(capsys.readouterr().out)["chains"]
    call = next(chain for chain in chains if chain["rule"] == "call-point")
    assert call["evacuation_s"] == 0 and call["plan"] == "whole-building" and call["parts"] == []
    smoke = next(chain for chain in chains if chain["rule"] == "smoke" and not chain["others"])
    assert smoke["evacuation_s"] == 75 and [part["seconds"] for part in smoke["parts"]] == [15, 60]


FLICKER = """
rules:
  - id: flicker
    title: {en: Flicker}
    category: fire
    each: device
    devices: {kind: smoke_detector}
    tiers: [{tier: orange, when: "count(smoke, 60s) >= 3"}]
    latching: true
"""


def bar(tmp_path: Path, rules: str) -> Path:
    """The minimal venue with rules of its own; its detector need not lead to red."""
    shutil.copytree(SAMPLES / "minimal", tmp_path / "bar")
    (tmp_path / "bar" / "rules" / "house.yaml").write_text(rules)
    return tmp_path / "bar"


def test_check_says_what_cannot_be_timed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Never an ok without words; and the matrix says it in the row."""
    directory = bar(tmp_path, FLICKER)
    check(directory)
    said, ok = capsys.readouterr().out.splitlines()
    asks = "flicker orange: count(smoke, 60s) >= 3"
    assert said == f"cannot be timed: {asks} (of 'smoke-1')" and ok.startswith("ok: ")
    check(directory, as_json=True)
    (chain,) = json.loads(capsys.readouterr().out)["cannot_be_timed"]
    assert chain["devices"] == ["smoke-1"] and chain["cannot_be_timed"] == asks and chain["evacuation_s"] is None
    matrix(directory, "csv")
    assert f"cannot be timed: {asks}" in capsys.readouterr().out


def test_check_says_which_devices_no_rule_of_danger_looks_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A venue in which nothing leads to red for lack of rules is told so."""
    category = FLICKER.replace("fire", "power").replace("orange", "yellow").replace("    latching: true\n", "")
    check(bar(tmp_path, category))
    said, ok = capsys.readouterr().out.splitlines()
    assert said == "no rule about danger looks at 'smoke-1'" and ok.endswith("; 0 of 0 chains played on the engine")


def test_a_refusal_shows_machines_the_timeline(capsys: pytest.CaptureFixture[str]) -> None:
    """What the engine did with the rules that were refused."""
    with pytest.raises(typer.Exit):
        check(Path(__file__).parent / "broken" / "never-red", as_json=True)
    problem = json.loads(capsys.readouterr().out)["problems"][0]
    assert problem["timeline"][0].strip() == "0 s  smoke-1 says smoke_obscuration 100 %/m"
    assert problem["timeline"][-1].strip() == "600 s  still no red"


def test_check_notes_wired_detectors_that_may_be_silent_for_long(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is allowed, for there are batteries on every kind of link, but nobody should do it unawares."""
    directory = write(VENUE.replace("kind: smoke_detector,", "kind: smoke_detector, stale_after: 5m,"))
    check(directory)
    note = capsys.readouterr().out.splitlines()[0]
    assert note.startswith("note: smoke-1, smoke-2 may be silent for more than 100 s") and "stale_after" in note
    check(directory, as_json=True)
    assert json.loads(capsys.readouterr().out)["notes"] == [note.removeprefix("note: ")]
    check(SAMPLES / "minimal")
    assert "note:" not in capsys.readouterr().out
