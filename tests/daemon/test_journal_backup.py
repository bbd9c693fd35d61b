"""A backup is the journal of one instant, and nobody waits for it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from daemon.journal import backup as backup_module
from daemon.journal.backup import BackupFailed, backup
from daemon.journal.recovery import recover
from daemon.journal.schema import open_database
from daemon.journal.verify import verify
from rules.signal import Tick
from tests.daemon import house
from tests.daemon.test_cli import tocsin
from tests.daemon.written import signals_in, writing

INSERT = "INSERT INTO runs (name, boot, outputs, started) VALUES (?, '', '[]', 0)"


async def _large(path: Path) -> None:
    async with writing(path) as pen:
        await pen.write(1.0, [house.press(1.0, 1)])
        for at in range(2, 40):
            await pen.write(float(at), [house.smoke(float(at), n / 7, at * 1000 + n) for n in range(500)])


async def test_commits_go_on_while_it_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At every step of the copy a row is committed at once; the copy is whole, and as it stood at the beginning."""
    monkeypatch.setattr(backup_module, "STEP_PAGES", 8)
    path, copy = tmp_path / "journal.db", tmp_path / "copy.db"
    await _large(path)
    before, shares = signals_in(path), list[float]()
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as writer:

        def step(share: float) -> None:
            shares.append(share)
            writer.execute(
                "INSERT INTO runs (name, boot, outputs, started) VALUES (?, '', '[]', 0)", (str(len(shares)),)
            )

        assert backup(path, copy, step) == copy.stat().st_size
    assert len(shares) > 10 and shares == sorted(shares)
    assert signals_in(copy) == before
    assert verify(copy, None, (), lambda share: None).whole
    assert {file.name for file in tmp_path.iterdir()} - {"journal.db-wal", "journal.db-shm"} == {
        "journal.db",
        "copy.db",
    }


async def test_a_copy_under_a_lock_would_hold_commits_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the test above: with a lock on the journal the same commits fail."""
    path = tmp_path / "journal.db"
    await _large(path)
    with (
        closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as writer,
        closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as holder,
    ):
        holder.execute("BEGIN IMMEDIATE")

        def step(share: float) -> None:
            writer.execute(INSERT, ("x",))

        with pytest.raises(sqlite3.OperationalError, match="locked"):
            backup(path, tmp_path / "copy.db", step)


async def test_a_daemon_starts_from_a_backup(tmp_path: Path) -> None:
    """What the copy remembers is what the journal remembers, and it is written on."""
    path, copy = tmp_path / "journal.db", tmp_path / "copy.db"
    async with writing(path) as pen:
        await pen.write(1.0, [house.press(1.0, 1)])
        code, _, errors = await tocsin("journal", "backup", str(copy), "--state", str(tmp_path))
        assert code == 0 and "MB" in errors
        await pen.write(2.0, [Tick(2.0)])
    with closing(open_database(copy)) as connection:
        assert [alarm.alarm for alarm in recover(connection, house.plan()).engine.alarms()] == ["panic@sos-1"]
    async with writing(copy) as pen:
        await pen.write(3.0, [Tick(3.0)])
    assert [signal.at for signal in signals_in(copy)] == [1.0, 3.0]


async def test_nothing_is_overwritten_and_nothing_half_is_left(tmp_path: Path) -> None:
    """A file that is there stays, and the command says why there is no copy."""
    path, there = tmp_path / "journal.db", tmp_path / "there"
    await _large(path)
    there.write_text("precious")
    with pytest.raises(BackupFailed, match="already"):
        backup(path, there, lambda share: None)
    code, _, errors = await tocsin("journal", "backup", str(there), "--state", str(tmp_path))
    assert code == 1 and "already" in errors and there.read_text() == "precious"
    code, _, errors = await tocsin("journal", "backup", str(tmp_path / "no" / "copy"), "--state", str(tmp_path))
    assert code == 1 and errors


async def test_a_copy_that_is_broken_off_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full in the middle of a copy is not kept full by the half of it."""
    monkeypatch.setattr(backup_module, "STEP_PAGES", 8)
    path, folder = tmp_path / "journal.db", tmp_path / "copies"
    await _large(path)
    folder.mkdir()

    def full(share: float) -> None:
        assert list(folder.iterdir()), "nothing was copied yet: the test has no teeth"
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        backup(path, folder / "copy.db", full)
    assert not list(folder.iterdir())
