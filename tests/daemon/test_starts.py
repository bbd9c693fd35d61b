"""Three starts in a minute without a clean stop lead to safe mode, and only a clean stop leads out of it."""

import time
from pathlib import Path

import pytest

from daemon.starts import Starts


@pytest.fixture
def starts(tmp_path: Path) -> Starts:
    return Starts(tmp_path / "starts")


def test_the_start_after_three_crashes_is_in_safe_mode(starts: Starts) -> None:
    """And so is every one after it, however often it crashes."""
    assert [bool(starts.begin()) for _ in range(6)] == [False] * 3 + [True] * 3


def test_a_clean_stop_begins_the_count_anew(starts: Starts) -> None:
    """Two crashes and a clean stop are no loop; a clean stop in safe mode leaves it."""
    for _ in range(2):
        starts.begin()
    starts.end()
    assert [bool(starts.begin()) for _ in range(4)] == [False] * 3 + [True]
    starts.end()
    assert starts.begin() == ""


def test_crashes_far_apart_are_no_loop(starts: Starts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three within 60 s, not three ever; in safe mode time alone does not help."""
    now = 1000.0
    monkeypatch.setattr(time, "clock_gettime", lambda _: now)

    def at(seconds: float) -> bool:
        nonlocal now
        now = seconds
        return bool(starts.begin())

    assert not any([at(1000.0), at(1021.0), at(1042.0), at(1063.0), at(1084.0)])
    assert [at(1085.0), at(1086.0), at(1087.0)] == [True, True, True]
    assert at(9999.0)


def test_another_boot_of_the_machine_is_no_crash(
    starts: Starts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A venue whose power flickers is no daemon that crashes."""
    for number in range(5):
        boot = tmp_path / "boot_id"
        boot.write_text(f"boot-{number}")
        monkeypatch.setattr("daemon.starts.BOOT_ID", boot)
        assert starts.begin() == ""


def test_a_file_that_cannot_be_read_or_written_never_keeps_the_daemon_from_its_start(tmp_path: Path) -> None:
    """Garbage counts as nothing, and a folder that is not there is said in the log alone."""
    (tmp_path / "starts").write_bytes(b"\xff" * 5000)
    assert Starts(tmp_path / "starts").begin() == ""
    assert [Starts(tmp_path / "nowhere" / "starts").begin() for _ in range(5)] == [""] * 5


def test_the_file_keeps_its_size(tmp_path: Path) -> None:
    """So that a full disk has room for the next count."""
    path = tmp_path / "starts"
    starts = Starts(path)
    sizes = set()
    for _ in range(5):
        starts.begin()
        sizes.add(path.stat().st_size)
    starts.end()
    assert len(sizes | {path.stat().st_size}) == 1
