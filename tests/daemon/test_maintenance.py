"""What is done at a time of the day: copies of the journal, a look through it, and when."""

import asyncio
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config.maintenance_file import BackupEntry, MaintenanceEntry, VerifyEntry
from daemon.maintenance import CATCH_UP_S, Maintenance
from rules.signal import Fault, Recovered, Signal, Tick
from tests.daemon import house
from tests.daemon.house import HandClock
from tests.daemon.test_pump import running


class Bench:
    """A journal with something in it, and who keeps it."""

    def __init__(self, folder: Path, wanted: MaintenanceEntry | None = None, zone: str = "Europe/Berlin") -> None:
        self.database = folder / "journal.db"
        self.clock = HandClock()
        self.told: list[Signal] = []
        self.doubted = False
        report = self.told.append
        self.keeper = Maintenance(wanted, zone, self.database, self.clock, report, lambda: self.doubted)

    async def write(self) -> None:
        async with running(self.database, self.clock) as bench:
            await bench.durable(house.press(self.clock.now(), 1))
            await bench.durable(Tick(self.clock.now()))

    def codes(self) -> list[str]:
        return [f"{type(one).__name__} {one.code}" for one in self.told if isinstance(one, Fault | Recovered)]


async def test_a_copy_is_made_and_the_oldest_are_forgotten(tmp_path: Path) -> None:
    """Each copy is a whole journal; with `keep: 2` the third takes the place of the first."""
    bench = Bench(tmp_path)
    await bench.write()
    copies = tmp_path / "copies"
    copies.mkdir()
    (copies / "somebody-elses.db").write_text("left alone")
    for _ in range(3):
        await bench.keeper.backup(BackupEntry(at="04:30", folder=str(copies), keep=2))
        bench.clock.pass_s(86_400.0)
    assert bench.told == []
    kept = sorted(file.name for file in copies.glob("journal-*.db"))
    assert kept == ["journal-20231115T221500Z.db", "journal-20231116T221500Z.db"]
    assert (copies / "somebody-elses.db").exists()
    with sqlite3.connect(copies / kept[0]) as copy:
        assert copy.execute("SELECT count(*) FROM decisions").fetchone()[0] > 0


async def test_a_copy_that_fails_is_a_fault_until_one_succeeds(tmp_path: Path) -> None:
    """A folder that is not there is named; nobody finds out when the copy is needed."""
    bench = Bench(tmp_path)
    await bench.write()
    wanted = BackupEntry(at="04:30", folder=str(tmp_path / "copies"))
    await bench.keeper.backup(wanted)
    await bench.keeper.backup(wanted)
    assert bench.codes() == ["Fault backup_failed"]
    (fault,) = bench.told
    assert isinstance(fault, Fault) and str(tmp_path / "copies") in fault.text
    (tmp_path / "copies").mkdir()
    await bench.keeper.backup(wanted)
    assert bench.codes() == ["Fault backup_failed", "Recovered backup_failed"]


async def test_what_a_killed_copy_left_is_gone_with_the_next(tmp_path: Path) -> None:
    """Half copies are as large as the journal, and one each night would fill the disk."""
    bench = Bench(tmp_path)
    await bench.write()
    half = tmp_path / "journal-20231113T221500Z.db.part"
    half.write_text("half of it")
    await bench.keeper.backup(BackupEntry(at="04:30", folder=str(tmp_path)))
    assert not half.exists() and bench.told == []


async def test_by_a_clock_that_is_not_believed_no_copy_is_forgotten(tmp_path: Path) -> None:
    """A copy made in 1970 has the oldest name of all, and would be the first to go."""
    bench = Bench(tmp_path)
    await bench.write()
    bench.doubted = True
    for _ in range(2):
        await bench.keeper.backup(BackupEntry(at="04:30", folder=str(tmp_path), keep=1))
        bench.clock.pass_s(1.0)
    assert len(list(tmp_path.glob("journal-*.db"))) == 2


async def test_a_journal_that_was_altered_is_a_fault(tmp_path: Path) -> None:
    """The daily look finds what somebody changed in the past; a whole journal is none."""
    bench = Bench(tmp_path)
    await bench.write()
    await bench.keeper.verify()
    assert bench.told == []
    with sqlite3.connect(bench.database) as journal:
        journal.execute("UPDATE commits SET events = replace(events, 'sos-1', 'sos-2')")
    await bench.keeper.verify()
    assert bench.codes() == ["Fault verify_failed"]


@pytest.mark.parametrize("copied", [True, False], ids=["copied", "never copied"])
async def test_it_is_done_at_the_hour_of_the_venue(tmp_path: Path, copied: bool) -> None:
    """At 04:30 by the venue's clock; soon after the start when the last copy is missing."""
    if copied:
        (tmp_path / "journal-20260101T000000Z.db").touch()
    wanted = MaintenanceEntry(backup=BackupEntry(at="04:30", folder=str(tmp_path)), verify=VerifyEntry(at="05:00"))
    bench = Bench(tmp_path, wanted)
    bench.clock.at = datetime.now(UTC).timestamp() - 1_700_000_000.0
    task = asyncio.create_task(bench.keeper.run())
    await asyncio.sleep(0)
    scheduler = bench.keeper._scheduler
    assert scheduler is not None
    backup, verify = sorted(scheduler.get_jobs(), key=lambda job: str(job.trigger))
    shown = [job.next_run_time.astimezone(ZoneInfo("Europe/Berlin")).strftime("%H:%M") for job in (backup, verify)]
    assert shown[1] == "05:00"
    if copied:
        assert shown[0] == "04:30"
    else:
        soon = (backup.next_run_time - datetime.now(UTC)).total_seconds()
        assert CATCH_UP_S - 30.0 < soon <= CATCH_UP_S
    bench.keeper.clock_moved()
    task.cancel()
    await asyncio.wait([task])
    assert bench.keeper._scheduler is None


async def test_without_anything_to_do_nothing_is_loaded(tmp_path: Path) -> None:
    """A venue that asks for nothing pays nothing."""
    keeper = Bench(tmp_path).keeper
    task = asyncio.create_task(keeper.run())
    await asyncio.sleep(0)
    assert not task.done() and keeper._scheduler is None
    task.cancel()
    await asyncio.wait([task])
