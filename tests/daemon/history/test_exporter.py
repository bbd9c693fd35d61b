"""The export's loop in this process, where its constants can be made short: how it waits, and what a ping finds."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daemon.history import exporter
from daemon.history.exporter import Exporter
from daemon.history.job import Job, Progress, Target
from tests.daemon.history.contract import Contract, Reply, serving
from tests.daemon.history.journals import expected, fill, readings
from tests.victoria import Victoria

Step = Callable[[Progress], bool]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop that looks and pings often."""
    monkeypatch.setattr(exporter, "POLL_S", 0.05)
    monkeypatch.setattr(exporter, "PING_S", 0.1)
    monkeypatch.setattr(exporter, "TELL_S", 0.05)


@pytest.fixture
def victoria(tmp_path: Path) -> Iterator[Victoria]:
    server = Victoria(tmp_path / "victoria")
    server.start()
    yield server
    server.close()


def export(folder: Path, target: Target, *steps: Step) -> None:
    """Run it until the last step is true; each is asked, in turn, whenever the export says how it stands."""
    left, stop = list(steps), threading.Event()

    def tell(progress: Progress) -> None:
        if left and left[0](progress):
            left.pop(0)
        if not left:
            stop.set()

    (folder / "history").mkdir(exist_ok=True)
    job = Job(str(folder / "journal.db"), str(folder / "history"), "hall", target, {})
    Exporter(job, tell, stop).run()


def up_to_date(progress: Progress) -> bool:
    return progress.condition == "up" and progress.points > 0 and progress.behind == 0


@pytest.mark.parametrize("window_s", [60.0, 0.0], ids=["replayed", "control"])
def test_a_server_that_lost_its_power_while_nothing_was_sent_gets_it_again(
    tmp_path: Path, victoria: Victoria, window_s: float
) -> None:
    """Nothing new is in the journal: a ping finds another connection, and what is in the window is sent again."""
    fill(tmp_path / "journal.db", readings(1000))

    def lose(progress: Progress) -> bool:
        if up_to_date(progress):
            victoria.lose_power()
            victoria.start()
            return True
        return False

    pinged: list[Progress] = []

    def settled(progress: Progress) -> bool:
        pinged.append(progress)
        return progress.points >= 2000 or (window_s == 0 and len(pinged) > 20)

    target = Target("archive", victoria.url, "venue", "tocsin", resend_window_s=window_s)
    export(tmp_path, target, lose, settled)
    held = {point for found in victoria.holds("tocsin_temperature_value").values() for point in found}
    assert held == (expected(1000) if window_s else set())


def test_the_rate_is_bounded(tmp_path: Path) -> None:
    """3,000 points at 2,000 a second take at least the time that the first 2,500 of them need."""
    fill(tmp_path / "journal.db", readings(3000))
    began: list[float] = []

    def answer(server: Contract, lines: list[str]) -> Reply:
        began.append(time.monotonic())
        return server.store(lines)

    with serving(Contract(answer)) as server:
        target = Target("archive", server.url, "venue", "tocsin", batch_points=500, points_per_s=2000.0)
        export(tmp_path, target, up_to_date)
    assert len(server.stored) == 3000 and len(began) == 6
    assert began[-1] - began[0] >= 2500 / 2000.0 * 0.95  # its clock and ours are read at different moments


def test_a_busy_server_is_left_alone_for_as_long_as_it_says(tmp_path: Path) -> None:
    """429 with Retry-After: the next request comes no earlier, and nothing is lost or sent twice for it."""
    fill(tmp_path / "journal.db", readings(100))
    came: list[float] = []

    def answer(server: Contract, lines: list[str]) -> Reply:
        came.append(time.monotonic())
        return Reply(429, {"Retry-After": "2"}, "slow down") if len(came) == 1 else server.store(lines)

    said: list[Progress] = []

    def sent(progress: Progress) -> bool:
        said.append(progress)
        return up_to_date(progress)

    with serving(Contract(answer)) as server:
        export(tmp_path, Target("archive", server.url, "venue", "tocsin"), sent)
    assert came[1] - came[0] >= 2.0
    assert len(server.stored) == 100
    assert any(one.condition == "waiting" and "slow down" in one.error for one in said)


def test_a_journal_that_cannot_be_read_is_not_up(tmp_path: Path) -> None:
    """Nothing is known of what waits there: the export says what is wrong, and goes on when it is cured."""
    with serving(Contract()) as server:

        def write(progress: Progress) -> bool:
            if progress.condition == "waiting" and "journal.db" in progress.error:
                fill(tmp_path / "journal.db", readings(100))
                return True
            return False

        export(tmp_path, Target("archive", server.url, "venue", "tocsin"), write, up_to_date)
    assert len(server.stored) == 100
