"""The whole export, process and all, to a real VictoriaMetrics: what is lost, and what is sent twice."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daemon.history.job import Target
from tests.daemon.history.contract import Contract, Reply, serving
from tests.daemon.history.exporting import exporting
from tests.daemon.history.journals import Author, expected, fill, readings
from tests.daemon.written import execute
from tests.victoria import Victoria

NAME = "tocsin_temperature_value"


@pytest.fixture
def victoria(tmp_path: Path) -> Iterator[Victoria]:
    """A running server that keeps every point that it is sent, repeats too; the last seconds only in its memory."""
    server = Victoria(tmp_path / "victoria")
    server.start()
    yield server
    server.close()


def target(server: Victoria, **settings: float) -> Target:
    """Without a bound to its rate, unless one is given."""
    limits = {"points_per_s": 1e9, "batch_points": 1000} | settings
    return Target("archive", server.url, "venue", "tocsin", **limits)  # type: ignore[arg-type]  # all of them numbers


def points(server: Victoria) -> list[tuple[int, float]]:
    """Time and value of everything the server holds, repeats too."""
    return [point for series in server.holds(NAME).values() for point in series]


async def test_everything_is_sent_once(tmp_path: Path, victoria: Victoria) -> None:
    """With nothing in the way each reading arrives exactly once, with its tags."""
    fill(tmp_path / "journal.db", readings(3000))
    async with exporting(tmp_path, target(victoria)) as running:
        await running.sent()
    held = points(victoria)
    assert len(held) == 3000
    assert set(held) == expected(3000)
    tags = {("__name__", NAME), ("device", "det-1"), ("venue", "hall"), ("zone", "room-1")}
    assert frozenset(tags) in victoria.holds(NAME)
    assert running.faults == {}


@pytest.mark.parametrize("end", [Victoria.stop, Victoria.kill], ids=["stopped", "killed"])
async def test_an_outage_costs_no_point(tmp_path: Path, victoria: Victoria, end: Callable[[Victoria], None]) -> None:
    """The server ends and is started again while readings come: all of them are there in the end."""
    with Author(tmp_path / "journal.db") as author:
        async with exporting(tmp_path, target(victoria)) as running:
            await _tell(author, range(1000))
            await running.sent()
            await asyncio.to_thread(end, victoria)
            await _tell(author, range(1000, 2000))
            await running.until(lambda: running.export.health().condition == "waiting")
            await asyncio.to_thread(victoria.start)
            await _tell(author, range(2000, 3000))
            await running.sent()
    assert set(points(victoria)) == expected(3000)


@pytest.mark.parametrize("window_s", [60.0, 0.0], ids=["replayed", "control"])
async def test_what_a_server_had_acknowledged_is_sent_again(
    tmp_path: Path, victoria: Victoria, window_s: float
) -> None:
    """A server loses its power before it has stored what it acknowledged, and is back before anybody asks it anything:
    with the window nothing is lost, without it is.
    """
    with Author(tmp_path / "journal.db") as author:
        async with exporting(tmp_path, target(victoria, resend_window_s=window_s)) as running:
            await _tell(author, range(2000))
            await running.sent()
            await asyncio.to_thread(victoria.lose_power)
            await asyncio.to_thread(victoria.start)
            await _tell(author, range(2000, 3000))
            await running.until(lambda: running.export.health().points >= 3000)
            await running.sent()
    held = set(points(victoria))
    assert held <= expected(3000)
    assert (held == expected(3000)) == (window_s > 0)


async def test_a_killed_export_goes_on_where_it_was(tmp_path: Path, victoria: Victoria) -> None:
    """The exporting process is killed in the middle: nothing is lost, and no more than the window is sent again."""
    fill(tmp_path / "journal.db", readings(20_000))
    async with exporting(tmp_path, target(victoria, resend_window_s=0.0, points_per_s=4000.0)) as running:
        cursor = tmp_path / "history" / "archive.cursor"
        await running.until(cursor.exists)
        os.kill(running.export.pid, signal.SIGKILL)
        await running.sent()
        assert running.export.health().points < 40_000
    assert set(points(victoria)) == expected(20_000)


async def test_a_line_that_the_server_cannot_take_stops_no_other(tmp_path: Path) -> None:
    """The bad line is put aside, counted and told, and all others are stored. The real server skips such a line and
    says nothing, so the one that refuses it is a contract.
    """
    fill(tmp_path / "journal.db", readings(2000))

    def answer(server: Contract, lines: list[str]) -> Reply:
        bad = any(" value=1234.0 " in line for line in lines)
        return Reply(400, body="unable to parse") if bad else server.store(lines)

    with serving(Contract(answer)) as server:
        async with exporting(tmp_path, Target("archive", server.url, "venue", "tocsin")) as running:
            await running.sent()
            assert running.export.health().rejected == 1
            assert "history_rejected" in running.faults
    stored = {float(line.split("value=")[1].split(" ")[0]) for line in server.stored}
    assert stored == {float(number) for number in range(2000)} - {1234.0}
    assert (tmp_path / "history" / "archive.rejected").read_text().count(" value=1234.0 ") == 1


async def test_targets_do_not_wait_for_each_other(tmp_path: Path, victoria: Victoria) -> None:
    """One server is dead from the beginning, one refuses everything: the third has all of the journal."""
    fill(tmp_path / "journal.db", readings(2000))
    dead = Target("dead", "http://127.0.0.1:9", "venue", "tocsin")
    with serving(Contract(token="another")) as refusing:
        refused = Target("refused", refusing.url, "venue", "tocsin")
        async with (
            exporting(tmp_path, dead) as first,
            exporting(tmp_path, refused) as second,
            exporting(tmp_path, target(victoria)) as third,
        ):
            await third.sent()
            await first.until(lambda: first.export.health().condition == "waiting")
            await second.until(lambda: "history_refused" in second.faults)
            assert first.export.health().behind == second.export.health().behind == 2000
    assert set(points(victoria)) == expected(2000)


async def test_what_retention_took_before_it_was_sent_is_counted(tmp_path: Path, victoria: Victoria) -> None:
    """Rows that are gone when the server comes back are told as lost, with their number; the rest is sent."""
    journal = tmp_path / "journal.db"
    fill(journal, readings(1000), row=100)
    async with exporting(tmp_path, target(victoria, resend_window_s=0.0)) as running:
        await running.sent()
    fill(journal, readings(1000, 1000), row=100)
    assert execute(journal, "DELETE FROM commits WHERE total <= 1500") == 15
    async with exporting(tmp_path, target(victoria, resend_window_s=0.0)) as running:
        await running.until(lambda: running.export.health().lost == 500)
        await running.sent()
        assert "history_lost" in running.faults
    assert len(set(points(victoria))) == 1500


async def test_what_was_thinned_is_not_lost(tmp_path: Path, victoria: Victoria) -> None:
    """Rows that are gone in the middle, with older ones still there, were let go because the venue asks for it."""
    journal = tmp_path / "journal.db"
    fill(journal, readings(1000), row=100)
    assert execute(journal, "DELETE FROM commits WHERE total BETWEEN 300 AND 700") == 5
    async with exporting(tmp_path, target(victoria)) as running:
        await running.sent()
        assert running.export.health().lost == 0
    assert len(set(points(victoria))) == 500


async def test_a_journal_that_was_replaced_is_sent_from_its_beginning(tmp_path: Path, victoria: Victoria) -> None:
    """The file was lost and another one begun: the place in the old one says nothing about it."""
    journal = tmp_path / "journal.db"
    fill(journal, readings(1000))
    async with exporting(tmp_path, target(victoria)) as running:
        await running.sent()
        for file in tmp_path.glob("journal.db*"):
            file.unlink()
        fill(journal, readings(300, 5000))
        await running.until(lambda: running.export.health().points >= 1300)
        await running.sent()
    assert set(points(victoria)) == expected(1000) | expected(300, 5000)


async def _tell(author: Author, numbers: range) -> None:
    """In rows of a hundred."""
    for begin in numbers[::100]:
        told = list(readings(100, begin))
        await asyncio.to_thread(author.write, told[-1].at, told)
