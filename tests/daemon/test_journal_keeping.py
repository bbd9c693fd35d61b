"""What the journal lets go of, in which order, and that no start misses it."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from daemon.core import Event
from daemon.journal import anchors, keeping, retention
from daemon.journal.keeping import DAY_S, Keeping
from daemon.journal.past import History
from daemon.journal.recovery import recover
from daemon.journal.schema import open_database
from daemon.journal.thinning import Thinning
from daemon.journal.verify import verify
from rules.decision import ZoneTier
from rules.engine import Engine
from rules.signal import Acknowledge, Reading, Signal, Tick
from rules.tier import Tier
from tests.daemon import house
from tests.daemon.written import WALL, Pen, execute, signals_in, writing

READINGS_ONLY = Keeping(readings_s=10.0)


def _temperature(at: float, value: float, device: str = "det-1") -> Reading:
    return Reading(at, device, "temperature", value)


def _count(path: Path, sql: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        count: int = connection.execute(sql).fetchone()[0]
    return count


async def _snapshots(pen: Pen, *ats: float) -> None:
    """Retention looks when there is a snapshot, and leaves alone what the last two need."""
    for at in ats:
        await pen.write(at, [Tick(at)], snapshot=b"x")


async def _decide(pen: Pen, number: int, at: float) -> None:
    said = Acknowledge(at, "smoke@det-1", "lin", "seen")
    await pen.write(at, [said], [Event(number, WALL + at, ZoneTier(at, "room-1", Tier.RED))])


def _readings(path: Path) -> list[float]:
    return [signal.at for signal in signals_in(path) if isinstance(signal, Reading)]


def _records(path: Path) -> list[float]:
    return [signal.at for signal in signals_in(path) if isinstance(signal, Acknowledge)]


async def test_readings_go_by_age_and_decisions_stay(tmp_path: Path) -> None:
    """What is older than the venue keeps readings goes, all but what people said and what was decided."""
    path = tmp_path / "journal.db"
    async with writing(path, READINGS_ONLY) as pen:
        for number in range(1, 31):
            await pen.write(float(number), [_temperature(float(number), 20.0)])
            if number % 10 == 5:
                await _decide(pen, number, number + 0.5)
        await _snapshots(pen, 31.0, 32.0)
    assert _readings(path) == [float(at) for at in range(22, 31)]
    assert _records(path) == [5.5, 15.5, 25.5]
    assert verify(path, None, (), lambda share: None).whole


async def test_what_two_snapshots_need_stays_however_old(tmp_path: Path) -> None:
    """Readings after the older of the two kept snapshots are what a start is made of; snapshots before it go."""
    path = tmp_path / "journal.db"
    async with writing(path, READINGS_ONLY) as pen:
        for at in range(1, 101):
            snapshot = b"%d" % at if at in (30, 60, 90) else None
            await pen.write(float(at), [_temperature(float(at), 20.0)], snapshot=snapshot)
    assert _readings(path) == [float(at) for at in range(61, 101)]
    assert _count(path, "SELECT count(*) FROM snapshots") == 2
    assert _count(path, "SELECT min(CAST(body AS INTEGER)) FROM snapshots") == 60


async def test_a_large_journal_lets_readings_go_before_their_time(tmp_path: Path) -> None:
    """Beyond its size the oldest readings go first, as many as it takes, and no record of the audit."""
    path = tmp_path / "journal.db"
    async with writing(path, Keeping(max_bytes=300_000)) as pen:
        await _decide(pen, 1, 0.5)
        for row in range(1, 61):
            await pen.write(float(row), [_temperature(row + n / 1000, n / 7) for n in range(500)])
            if row % 10 == 0:
                await _snapshots(pen, row + 0.7)
        for row in range(61, 90):
            await pen.write(float(row), [Tick(float(row))])
    assert _count(path, "PRAGMA page_count") * 4096 < 600_000
    kept = _readings(path)
    assert kept and kept[0] > 20.0 and kept[-1] > 60.0
    assert _records(path) == [0.5]


@pytest.mark.parametrize("large", [False, True])
async def test_records_stay_thirty_days_and_ten_thousand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    """By age a record goes after the venue's days, in a journal that is too large after thirty, the last ones never;
    the chain of the others is whole.
    """
    monkeypatch.setattr(retention, "AUDIT_RECORDS", 3)
    path = tmp_path / "journal.db"
    days = [0, 1, 45, 70, 80, 90, 95, 100]
    async with writing(path, Keeping(max_bytes=0 if large else 10**9)) as pen:
        for number, day in enumerate(days, 1):
            await _decide(pen, number, day * DAY_S)
        await _snapshots(pen, 100.1 * DAY_S, 100.2 * DAY_S, 100.3 * DAY_S)
        await pen.write(100.4 * DAY_S, [Tick(100.4 * DAY_S)])
    assert [at / DAY_S for at in _records(path)] == (days[4:] if large else days[2:])
    found = verify(path, None, (), lambda share: None)
    assert found.whole and found.head.startswith("8:")


async def test_the_last_ten_thousand_records_stay_however_old(tmp_path: Path) -> None:
    """A quiet venue keeps what was decided years ago."""
    assert keeping.AUDIT_RECORDS == 10_000
    path = tmp_path / "journal.db"
    async with writing(path) as pen:
        await _decide(pen, 1, 0.0)
        await _snapshots(pen, 1000 * DAY_S, 1001 * DAY_S)
    assert _records(path) == [0.0]


async def test_a_box_that_began_in_1970_forgets_nothing_of_it(tmp_path: Path) -> None:
    """Ages are counted in engine time: what was written before the clock was set is no older for it."""
    path = tmp_path / "journal.db"
    async with writing(path, READINGS_ONLY) as pen:
        await pen.write(1.0, [_temperature(1.0, 20.0)], wall=1.0)
        await pen.write(5.0, [_temperature(5.0, 20.0)], wall=WALL)
        await _snapshots(pen, 6.0, 7.0)
    assert _readings(path) == [1.0, 5.0]


async def test_who_takes_young_records_out_cannot_call_it_retention(tmp_path: Path) -> None:
    """The row that says what retention let go of can be forged; an anchor younger than thirty days disagrees."""
    path = tmp_path / "journal.db"
    async with writing(path) as pen:
        for number in range(1, 9):
            await _decide(pen, number, float(number))
            if number == 3:
                journal, head = pen.journal.stands()
                anchors.append(path.with_name(anchors.FILE), anchors.anchor_of(journal, head, WALL + number))
    execute(path, "UPDATE forgotten SET (seq, record, chain) = (SELECT seq, record, chain FROM commits WHERE seq = 5)")
    execute(path, "DELETE FROM commits WHERE seq <= 5")
    assert verify(path, None, (), lambda share: None).whole
    found = verify(path, path.with_name(anchors.FILE), (), lambda share: None)
    assert "record 3" in found.findings[0].what and "too young" in found.findings[0].what


async def test_books_go_with_their_rows(tmp_path: Path) -> None:
    """The names of devices are kept as long as a row needs them, and no longer."""
    path = tmp_path / "journal.db"
    for start in range(4):
        async with writing(path, READINGS_ONLY) as pen:
            at = start * 100.0
            await pen.write(at + 1.0, [_temperature(at + 1.0, 20.0, f"det-{start}")])
            await _snapshots(pen, at + 50.0, at + 60.0)
    assert _count(path, "SELECT count(DISTINCT epoch) FROM names") <= 2
    assert _readings(path) == []


def _noisy(seconds: int) -> list[list[Signal]]:
    """A detector whose air wavers a little, then smokes for good in the last ten seconds; a row for each second."""
    return [
        [
            house.smoke(float(at), 0.25 + at % 2 / 8 if at < seconds - 10 else 6.0, at),
            _temperature(float(at), 20 + at % 5 / 10),
            Tick(float(at)),
        ]
        for at in range(1, seconds)
    ]


async def _told(path: Path, rows: Sequence[Sequence[Signal]], kept: Keeping) -> bytes:
    """Written as a daemon does, with a snapshot of the engine after every 20th row; returns what a start recovers."""
    engine = Engine(house.plan())
    async with writing(path, kept) as pen:
        for number, row in enumerate(rows, 1):
            for signal in row:
                engine.step(signal)
            snapshot = engine.snapshot() if number % 20 == 0 else None
            await pen.write(row[-1].at, row, snapshot=snapshot)
    with closing(open_database(path)) as connection:
        return recover(connection, house.plan()).engine.snapshot()


COARSE = Keeping(deadbands={"smoke_obscuration": 50.0, "temperature": 5.0}, told_s={"det-1": 30.0})


async def test_a_start_decides_the_same_by_a_thinned_journal(tmp_path: Path) -> None:
    """However coarse the deadband, the engine that is recovered is bit by bit the one of a full journal."""
    rows = _noisy(110)
    whole = await _told(tmp_path / "whole.db", rows, Keeping())
    thin = await _told(tmp_path / "thin.db", rows, COARSE)
    assert thin == whole
    assert len(_readings(tmp_path / "thin.db")) < len(_readings(tmp_path / "whole.db")) / 2
    assert verify(tmp_path / "thin.db", None, (), lambda share: None).whole


async def test_thinned_up_to_its_end_a_journal_would_forget_the_smoke(tmp_path: Path) -> None:
    """The control of the test above: without regard to what a start needs, the pending alarm is gone."""
    rows = _noisy(110)
    whole = await _told(tmp_path / "whole.db", rows, Keeping())
    path = tmp_path / "thin.db"
    await _told(path, rows, COARSE)
    with closing(open_database(path)) as connection:
        thinning = Thinning(COARSE)
        while thinning.step(connection, behind=10**9):
            pass
        assert recover(connection, house.plan()).engine.snapshot() != whole


async def test_what_was_thinned_is_said_to_who_asks_of_the_past(tmp_path: Path) -> None:
    """An answer that is made of a part of the readings says so; one of the time since then has no need to."""
    path = tmp_path / "journal.db"
    await _told(path, _noisy(60), COARSE)
    with History(path) as history:
        list(history.heard(0, WALL + 15.0, lambda share: None))
        assert "were thinned" in history.problems[0]
    with History(path) as history:
        list(history.heard(50, WALL + 60.0, lambda share: None))
        assert history.problems == []


async def test_what_thinning_keeps(tmp_path: Path) -> None:
    """The first value, every change as large as the deadband, one reading each half staleness time, what stood beside a
    decision, and every quantity that the venue does not name.
    """
    path = tmp_path / "journal.db"
    kept = Keeping(deadbands={"temperature": 0.5}, told_s={"det-1": 100.0})
    values = {1: 20.0, 2: 20.3, 3: 20.6, 4: 20.2, 5: 20.05, 90: 20.1, 110: 20.1}
    async with writing(path, kept) as pen:
        for at, value in values.items():
            await pen.write(
                float(at), [_temperature(float(at), value), house.smoke(float(at), 1.0, at), Tick(float(at))]
            )
        event = Event(1, WALL, ZoneTier(111.0, "room-1", Tier.RED))
        await pen.write(111.0, [_temperature(111.0, 20.1)], [event])
        await _snapshots(pen, 112.0, 113.0)
        await pen.write(114.0, [_temperature(114.0, 20.1)])
    said = [one for one in signals_in(path) if isinstance(one, Reading)]
    assert [one.at for one in said if one.quantity == "temperature"] == [1.0, 3.0, 5.0, 110.0, 111.0, 114.0]
    assert [one.at for one in said if one.quantity == "smoke_obscuration"] == [float(at) for at in values]
