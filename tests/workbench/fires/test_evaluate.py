"""The command `evaluate fires`, on recordings that were written for the test."""

import contextlib
import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from daemon.cli import main
from rules.expression import parse
from tests.workbench.fires.laboratory import QUADRANTS, burning, ramp, write_activations, write_fsri, write_nist
from workbench.fires.change import apply, changes
from workbench.fires.house import plan_for
from workbench.fires.recording import Detector

RULES = """
rules:
  - id: warm
    category: fire
    each: device
    devices: {kind: heat_detector}
    tiers: [{tier: orange, when: temperature >= 25}]
    latching: true
  - id: confirmed
    category: fire
    each: zone
    zones: {kind: floor}
    tiers: [{tier: red, when: "alarms([warm], at: orange, devices: 2, within: 60s)"}]
    investigate: {of: [warm], at: orange}
    latching: true
    evacuate: {plan: whole-building}
"""


class Result(NamedTuple):
    """How a command ended."""

    exit_code: int
    stdout: str
    stderr: str


def run(*arguments: str) -> Result:
    """`tocsin evaluate fires` in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as end:
        main(["evaluate", "fires", *arguments])
    return Result(int(end.value.code or 0), out.getvalue(), err.getvalue())


def told(*arguments: str) -> dict[str, Any]:
    """What it prints as JSON."""
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return dict(json.loads(result.stdout))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One fire of each series: at 1 K/s from ignition everywhere; and smoke at one station."""
    write_fsri(tmp_path / "fsri" / "Sofa_Open_1.csv", burning())
    channels = {"TCA_1": ramp(10, 0.3, 20.0), "SMA_1": ramp(10, 0.0005, 0.0), "TCB_1": ramp(0, 0, 20.0)}
    write_nist(tmp_path / "nist" / "NIST_Smoke_Alarms_SDC02.csv", channels)
    write_activations(tmp_path / "nist", SDC02_Ion1A="22", SDC02_Pho1A="60")
    return tmp_path


def test_times_run_from_ignition(folder: Path) -> None:
    """Sooner than orange no tier is reached; one room confirms by two devices, the other by nobody's acknowledging."""
    sofa, house = told(str(folder))["fires"]
    assert (sofa["name"], sofa["series"], sofa["group"], sofa["quiet_s"]) == ("Sofa_Open_1", "FSRI", "Sofa", 60.0)
    assert sofa["tiers_s"] == {"blue": 7.0, "yellow": 7.0, "orange": 7.0, "red": 10.0}
    assert sofa["by"]["orange"] == "hot-ceiling@compartment" and sofa["evacuated_s"] == 10.0
    assert house["tiers_s"]["orange"] == 20.0 and house["by"]["orange"] == "two-signs@station-a"
    assert house["evacuated_s"] == 35.0
    assert (house["ion_s"], house["photo_s"]) == (22.0, 60.0)


def test_the_summary_counts_what_came_sooner(folder: Path) -> None:
    """Medians for each group, and the fires in which orange came before the real alarms."""
    summary = told(str(folder))["summary"]
    assert (summary["fires"], summary["false"], summary["quiet_s"]) == (2, 0, 60.0)
    assert [summary[key] for key in ("compared", "before_photo", "before_first", "with_first")] == [1, 1, 1, 0]
    assert [(one["group"], one["median_s"], one["missed"]) for one in summary["groups"]] == [
        ("Sofa", 7.0, 0),
        ("house fire", 20.0, 0),
    ]


def test_what_was_said_before_ignition_is_false(tmp_path: Path) -> None:
    """An alarm in the quiet time is counted, named, and not taken for detection."""
    write_fsri(tmp_path / "Sofa_1.csv", burning(start_s=-30.0))
    fire = told(str(tmp_path))["fires"][0]
    assert fire["before_ignition"][0] == {"at_s": -23.0, "alarm": "hot-ceiling@compartment", "tier": "orange"}
    result = run(str(tmp_path))
    assert "Orange or red before ignition: 1 of 1 fires, in 1 min of quiet." in result.stdout
    assert "orange hot-ceiling@compartment at -23, 6 in all  never" in result.stdout


def test_a_fire_that_nobody_notices_is_missed(tmp_path: Path) -> None:
    """It has no time, and says so; an even number with one miss has no honest median."""
    write_fsri(tmp_path / "Sofa_1.csv", {name: ramp(0, 0, 20.0) for name in QUADRANTS})
    write_fsri(tmp_path / "Sofa_2.csv", burning())
    found = told(str(tmp_path))
    assert found["fires"][0]["tiers_s"]["orange"] is None
    assert found["summary"]["groups"][0] | {"fires": 2} == {
        "series": "FSRI",
        "group": "Sofa",
        "fires": 2,
        "missed": 1,
        "median_s": None,
        "worst_s": None,
    }
    assert "never" in run(str(tmp_path)).stdout


def test_rows_for_a_spreadsheet(folder: Path) -> None:
    """One row for each fire under names with units."""
    rows = list(csv.DictReader(run(str(folder), "--csv").stdout.splitlines()))
    assert [(row["name"], row["orange_s"], row["ion_s"], row["false_before_ignition"]) for row in rows] == [
        ("Sofa_Open_1", "7.0", "", "0"),
        ("SDC02", "20.0", "22.0", "0"),
    ]


def test_the_table_says_what_it_assumes(folder: Path) -> None:
    """No number without the lag that real detectors have; --verbose names what each file left out."""
    (folder / "notes.csv").write_text("a,b\n1,2\n")
    result = run(str(folder), "--verbose")
    assert "without the lag of a housing" in result.stdout
    assert "before the first alarm of all: 1 of 1." in result.stdout
    assert "passed over, of no known form: notes.csv" in result.stdout


def test_rules_of_ones_own_are_played_instead(folder: Path, tmp_path: Path) -> None:
    """An engineer sees what a change of a threshold would have meant."""
    rules = tmp_path / "mine.yaml"
    rules.write_text(RULES)
    fire = told(str(folder / "fsri"), "--rules", str(rules))["fires"][0]
    assert (fire["tiers_s"]["orange"], fire["tiers_s"]["red"], fire["evacuated_s"]) == (5.0, 5.0, 5.0)


def test_sensitivity_changes_one_number_at_a_time(folder: Path, tmp_path: Path) -> None:
    """20 % lower and the alarm is there at the start; 20 % higher and it is 5 s later."""
    rules = tmp_path / "mine.yaml"
    rules.write_text(RULES)
    lines = run(str(folder / "fsri"), "--rules", str(rules), "--sensitivity", "20").stdout.splitlines()
    assert [line.split()[5:] for line in lines if line.startswith("warm orange: temperature >= 25")] == [
        ["20", "1", "0", "of", "0", "0", "of", "0", "-"],
        ["30", "0", "0", "of", "0", "0", "of", "0", "10"],
    ]
    assert "0 of 2 changes make no difference." in lines


def test_sensitivity_knows_each_number_of_the_stock_pack() -> None:
    """Thresholds and windows by their share, counts by one; the coincidence of two devices is left alone."""
    plan = plan_for((Detector("a", "room", "heat_detector", ("temperature",)),))
    found = {(one.text.partition(": ")[2], one.label) for one in changes(plan, 0.2) if one.rule == "hot-ceiling"}
    assert found == {
        (text, label)
        for text, labels in {
            "rise(temperature, 30s) >= 5": ("4", "6"),
            "rise(temperature, 30s) >= 2": ("1.6", "2.4"),
            "count(rise(temperature, 30s) >= 2) >= 3": ("2", "4"),
            "window of rise(temperature, 30s)": ("24s", "36s"),
        }.items()
        for label in labels
    }
    assert "fire-confirmed" not in {one.rule for one in changes(plan, 0.2)}


def test_a_change_touches_its_own_number_alone() -> None:
    """Also under not, and where the same number stands twice."""
    plan = plan_for((Detector("a", "room", "heat_detector", ("temperature",)),))
    rule = plan.rules[0]
    text = "not (heat and rise(temperature, 9s) >= 9) or temperature >= 9"
    plan = replace(plan, rules=(replace(rule, id="r", tiers=(replace(rule.tiers[0], when=parse(text)),)),))
    assert [apply(plan, one).rules[0].tiers[0].when.text for one in changes(plan, 0.5)] == [
        "not (heat and rise(temperature, 9s) >= 4.5) or temperature >= 9",
        "not (heat and rise(temperature, 9s) >= 13.5) or temperature >= 9",
        "not (heat and rise(temperature, 4500ms) >= 9) or temperature >= 9",
        "not (heat and rise(temperature, 13500ms) >= 9) or temperature >= 9",
        "not (heat and rise(temperature, 9s) >= 9) or temperature >= 4.5",
        "not (heat and rise(temperature, 9s) >= 9) or temperature >= 13.5",
    ]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "no CSV file; expected NIST smoke alarm tests"),
        ({"a.csv": "x,y\n1,2\n"}, "1 CSV files, none of them of a known form: a.csv"),
    ],
)
def test_a_folder_without_recordings_is_refused(tmp_path: Path, files: dict[str, str], message: str) -> None:
    """The message says what was looked for and what was found."""
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    result = run(str(tmp_path))
    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """Nor is a file a folder."""
    result = run(str(tmp_path / "nowhere"))
    assert result.exit_code == 1 and "there is no such folder" in result.stderr


def test_one_bad_recording_does_not_hide_the_others(folder: Path) -> None:
    """It is named on standard error, and the exit code tells."""
    write_fsri(folder / "fsri" / "Sofa_Open_2.csv", burning(), events="2018-12-04-15:07:31,Door Open")
    result = run(str(folder), "--csv")
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 3
    assert "Sofa_Open_2_Events.csv: no event Ignition" in result.stderr


def test_bad_rules_are_told_with_their_place(folder: Path, tmp_path: Path) -> None:
    """As `tocsin check` does."""
    rules = tmp_path / "mine.yaml"
    rules.write_text(RULES.replace("temperature >= 25", "temprature >= 25"))
    result = run(str(folder), "--rules", str(rules))
    assert result.exit_code == 1
    assert f"{rules}:7:" in result.stderr and "did you mean 'temperature'?" in result.stderr


@pytest.mark.parametrize("options", [("--json", "--csv"), ("--json", "--sensitivity", "20")])
def test_options_that_exclude_each_other(folder: Path, options: tuple[str, ...]) -> None:
    """Wrong usage, exit code 2."""
    assert run(str(folder), *options).exit_code == 2


def test_many_fires_are_played_side_by_side(tmp_path: Path) -> None:
    """In processes of their own, with the same outcome in the same order."""
    for number in range(9):
        write_fsri(tmp_path / f"Sofa_{number}.csv", burning(start_s=float(number)))
    fires = told(str(tmp_path))["fires"]
    assert [fire["tiers_s"]["orange"] for fire in fires] == [7.0 + number for number in range(9)]


def test_a_terminal_sees_how_far_it_is(folder: Path) -> None:
    """The bar is on standard error, so that the tables can be piped."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal, out = Terminal(), io.StringIO()
    with contextlib.redirect_stderr(terminal), contextlib.redirect_stdout(out), pytest.raises(SystemExit):
        main(["evaluate", "fires", str(folder)])
    assert "fires" in terminal.getvalue() and "100%" in terminal.getvalue()
    assert "100%" not in out.getvalue()


def test_files_that_are_no_tables_are_passed_over(folder: Path) -> None:
    """Nor do they keep the others from being played."""
    (folder / "junk.csv").write_bytes(b"TIME,TCA_1\n" + b"9" * 200_000)
    found = told(str(folder))
    assert len(found["fires"]) == 2
    assert found["notes"] == ["passed over, of no known form: junk.csv"]


def test_a_recording_that_breaks_off_is_named(folder: Path) -> None:
    """Its head is right, what follows is no table."""
    path = folder / "nist" / "NIST_Smoke_Alarms_SDC07.csv"
    path.write_bytes(b"TIME,TCA_1\n0,20\n2,20\n4," + b"9" * 200_000)
    result = run(str(folder))
    assert result.exit_code == 1
    assert "SDC07.csv: cannot be read" in result.stderr and "SDC02" in result.stdout
