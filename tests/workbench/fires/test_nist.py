"""Files of NIST's form: what becomes of each channel, and what is said of those that are not understood."""

from pathlib import Path

import pytest

from tests.workbench.fires.laboratory import ramp, write_activations, write_nist
from workbench.fires import nist
from workbench.fires.recording import Measured, Rang, RecordingError

ROOM = {"TCA_1": ramp(0, 1, 20.0), "TCA_2": ramp(0, 0, 99.0), "SMA_1": ramp(0, 0.1, 0.0)}


def test_a_station_becomes_one_combined_detector(tmp_path: Path) -> None:
    """Its highest thermocouple and smoke meter count; an optical density of 0.2 1/m takes 36.9 % of the light."""
    recording = nist.read(write_nist(tmp_path / "NIST_Smoke_Alarms_SDC02.csv", {**ROOM, "TCB_1": ramp(0, 0, 20.0)}))
    assert [(one.id, one.room, one.kind) for one in recording.detectors] == [
        ("station-a", "room-a", "smoke_detector"),
        ("station-b", "room-b", "heat_detector"),
    ]
    assert recording.name == "SDC02"
    after = next(sample for sample in recording.samples if sample.at_s == 2.0)
    smoke, heat = after.values[:2]
    assert (smoke.detector, smoke.quantity) == ("station-a", "smoke_obscuration")
    assert smoke.value == pytest.approx(36.904, abs=0.001)
    assert heat == Measured("station-a", "temperature", 22.0)


def test_the_highest_instrument_is_named_when_it_is_not_the_first(tmp_path: Path) -> None:
    """Layouts differ from test to test: a tree without its top is used from where it begins, and said to be."""
    path = write_nist(tmp_path / "SDC33.csv", {"TCA_3": ramp(0, 0, 20.0), "TCA_2": ramp(0, 0, 21.0)})
    recording = nist.read(path)
    assert recording.samples[0].values == (Measured("station-a", "temperature", 21.0),)
    assert "TCA_2 stands for station-a: none is nearer the ceiling" in recording.notes


def test_what_is_not_understood_is_said(tmp_path: Path) -> None:
    """Strange columns, gas analysers and broken channels are named, never guessed at."""
    channels = {**ROOM, "GASA_1": ramp(0, 0, 0.05), "Wibble": ramp(0, 0, 1.0), "TCC_1": ramp(0, 0, float("nan"))}
    recording = nist.read(write_nist(tmp_path / "SDC02.csv", channels))
    assert "not understood: Wibble" in recording.notes
    assert any(note.startswith("gas analysers left out") for note in recording.notes)
    assert "TCC_1: 61 of 61 values are missing or impossible" in recording.notes
    assert {one.quantity for sample in recording.samples for one in sample.values} == {
        "temperature",
        "smoke_obscuration",
    }


def test_a_line_of_units_and_a_byte_order_mark_do_no_harm(tmp_path: Path) -> None:
    """Files pass through spreadsheets."""
    path = tmp_path / "SDC05.csv"
    path.write_text("\ufeffTime,TCA_1\ns,C\n-2,20\n0,21\n0,\n,3\n", encoding="utf-8")
    recording = nist.read(path)
    assert [sample.at_s for sample in recording.samples] == [-2.0, 0.0]
    assert recording.quiet_s == 2.0


def test_smoke_below_the_meters_zero_is_none(tmp_path: Path) -> None:
    """A meter that drifts below its zero shows clean air, not a fault."""
    recording = nist.read(write_nist(tmp_path / "SDC02.csv", {**ROOM, "SMA_1": ramp(0, 0, -0.01)}))
    assert {one.value for sample in recording.samples for one in sample.values if "smoke" in one.quantity} == {0.0}


def test_real_alarms_are_those_of_the_same_test(tmp_path: Path) -> None:
    """The first ionization and the first photoelectric alarm; empty cells and -1 are alarms that never rang."""
    path = write_nist(tmp_path / "NIST_Smoke_Alarms_SDC02.csv", ROOM)
    write_activations(tmp_path, SDC02_Ion1A="106", SDC02_Ion2E="24", SDC02_Pho1A="-1", SDC02_Pho2E="", SDC05_Ion1A="3")
    assert nist.read(path).rang == Rang(24.0, None)
    write_activations(tmp_path, SDC05_Ion1A="3")
    recording = nist.read(path)
    assert recording.rang is None
    assert "Activation_Times.csv tells of no alarm in SDC02" in recording.notes


def test_without_activation_times_nothing_is_compared(tmp_path: Path) -> None:
    """The recording is still played."""
    recording = nist.read(write_nist(tmp_path / "other.csv", ROOM))
    assert recording.name == "other" and recording.rang is None
    assert "no Activation_Times.csv beside it: not compared with real alarms" in recording.notes


def test_a_file_without_a_sample_is_refused(tmp_path: Path) -> None:
    """Names alone are no fire."""
    with pytest.raises(RecordingError, match="no row has a time and a measurement"):
        nist.read(write_nist(tmp_path / "SDC02.csv", ROOM, times=()))
