"""Files of FSRI's form: which thermocouple stands for a detector, and when the fire was lit."""

from pathlib import Path

import pytest

from tests.workbench.fires.laboratory import QUADRANTS, burning, ramp, write_fsri
from workbench.fires import fsri
from workbench.fires.recording import Measured, RecordingError


def test_quadrants_are_heat_detectors_in_one_room(tmp_path: Path) -> None:
    """Only what hangs as high as a detector does; the plume and the lower thermocouples are none."""
    channels = {
        "Quadrant A Temperature 0.3 m Below Ceiling": ramp(0, 0, 1.0),
        QUADRANTS[0]: ramp(0, 0, 20.0),
        QUADRANTS[1]: ramp(0, 0, 21.0),
        "Bedroom 2 Temperature 5 cm Below Ceiling": ramp(0, 0, 22.0),
        "Bedroom 2 Temperature 0.1 m Below Ceiling": ramp(0, 0, 2.0),
        "Plume Temperature 0.65 m Below Ceiling": ramp(0, 0, 3.0),
        "Doorway Velocity 0.25 m Below Lintel": ramp(0, 0, 4.0),
        "Wibble": ramp(0, 0, 5.0),
    }
    recording = fsri.read(write_fsri(tmp_path / "RedAccent_Open_Center_1.csv", channels))
    assert [(one.id, one.room, one.kind) for one in recording.detectors] == [
        ("quadrant-a", "compartment", "heat_detector"),
        ("quadrant-b", "compartment", "heat_detector"),
        ("bedroom-2", "bedroom-2", "heat_detector"),
    ]
    assert recording.samples[0].values == (
        Measured("quadrant-a", "temperature", 20.0),
        Measured("quadrant-b", "temperature", 21.0),
        Measured("bedroom-2", "temperature", 22.0),
    )
    assert (recording.group, recording.notes) == ("RedAccent", ("not understood: Wibble",))


def test_the_time_of_day_is_right_where_rows_were_lost(tmp_path: Path) -> None:
    """The column Time counts rows; the fire was lit by the clock on the wall."""
    seconds = [at for at in range(-60, 121) if at % 10]
    recording = fsri.read(write_fsri(tmp_path / "X_1.csv", burning(), seconds))
    assert [sample.at_s for sample in recording.samples] == seconds
    assert recording.quiet_s == 59.0


def test_seconds_serve_where_there_is_no_time_of_day(tmp_path: Path) -> None:
    """The ignition may be told in seconds of the column Time."""
    path = tmp_path / "X_1.csv"
    path.write_text(f"Time,{QUADRANTS[0]}\n-2,20\n8,21\n")
    path.with_name("X_1_Events.csv").write_text("Time,Event\n3,Torch Ignition\n5,Ignition\n")
    assert [sample.at_s for sample in fsri.read(path).samples] == [-7.0, 3.0]


@pytest.mark.parametrize(
    ("events", "message"),
    [
        ("2018-12-04-15:07:31,Door Open", "no event Ignition"),
        ("2018-13-04-15:07:31,Ignition", "the ignition is told as '2018-13-04-15:07:31'"),
        ("soon,Ignition", "the ignition is told as 'soon'"),
    ],
)
def test_without_an_ignition_there_is_no_recording(tmp_path: Path, events: str, message: str) -> None:
    """Nobody can say what came before it."""
    with pytest.raises(RecordingError, match=message):
        fsri.read(write_fsri(tmp_path / "X_1.csv", burning(), events=events))


def test_events_without_times_are_refused(tmp_path: Path) -> None:
    """The column is named that is missing."""
    path = write_fsri(tmp_path / "X_1.csv", burning())
    path.with_name("X_1_Events.csv").write_text("When,Event\n3,Ignition\n")
    with pytest.raises(RecordingError, match="no column Time"):
        fsri.read(path)


def test_low_thermocouples_alone_are_refused(tmp_path: Path) -> None:
    """What hangs half a metre below the ceiling is not where a detector is."""
    path = write_fsri(tmp_path / "X_1.csv", {"Quadrant A Temperature 0.6 m Below Ceiling": ramp(0, 0, 20.0)})
    with pytest.raises(RecordingError, match=r"no thermocouple within 0\.15 m below the ceiling"):
        fsri.read(path)


def test_a_file_without_a_sample_is_refused(tmp_path: Path) -> None:
    """Names alone are no fire."""
    with pytest.raises(RecordingError, match="no row has a time and a measurement"):
        fsri.read(write_fsri(tmp_path / "X_1.csv", burning(), ()))


def test_events_that_are_no_table_are_refused(tmp_path: Path) -> None:
    """What was expected is named."""
    path = write_fsri(tmp_path / "X_1.csv", burning())
    path.with_name("X_1_Events.csv").write_text("nothing\n")
    with pytest.raises(RecordingError, match="no line of names with one of Event"):
        fsri.read(path)


def test_of_two_thermocouples_at_one_place_the_higher_counts(tmp_path: Path) -> None:
    """In whatever order they stand."""
    low, high = "Hall Temperature 100 mm Below Ceiling", "Hall Temperature 25 mm Below Ceiling"
    for names in ((low, high), (high, low)):
        channels = {name: ramp(0, 0, 20.0 if name == high else 30.0) for name in names}
        recording = fsri.read(write_fsri(tmp_path / "X_1.csv", channels))
        assert recording.samples[0].values == (Measured("hall", "temperature", 20.0),)
