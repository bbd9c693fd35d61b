"""Journals of earlier versions: they open, and nothing of them is lost, whenever the machine stops in between."""

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from daemon.journal.recovery import recover
from daemon.journal.rows import Reader, open_journal
from daemon.journal.schema import SCHEMA_VERSION, open_database
from rules.signal import Heard, LinkUp, Reading, Signal, Tick
from tests.daemon import house
from tests.daemon.written import WALL, signals_in, writing

OLD = Path(__file__).with_name("journals") / "version-1.db"
TOLD: dict[str, Any] = json.loads(OLD.with_suffix(".json").read_text())  # what the program that wrote it recovered
CHILD = Path(__file__).with_name("migration_child.py")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A journal of the first version, not migrated; who reads it leaves files beside it."""
    return Path(shutil.copy(OLD, tmp_path / "version-1.db"))


def _remembered(path: Path) -> dict[str, Any]:
    with closing(open_database(path)) as connection:
        found = recover(connection, house.plan())
    assert found.problems == [] and found.last is not None
    return {
        "alarms": [alarm.alarm for alarm in found.engine.alarms()],
        "faults": [[fault.source, fault.code] for fault in found.engine.faults()],
        "evacuations": [one.evacuation for one in found.engine.evacuations()],
        "owed": [[one.decision, one.output, one.delivery.id] for one in found.ledger.owed()],
        "next_decision": found.next_decision,
        "at": found.last.at,
    }


def _form(path: Path) -> tuple[int, list[tuple[str, str]]]:
    """Version and schema, as a connection finds them that changes nothing but what a crash left to be rolled back."""
    with closing(sqlite3.connect(path)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        found = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").fetchall()
        return version, found


async def test_a_journal_of_the_first_version_is_taken_up(tmp_path: Path) -> None:
    """Alarms, faults, evacuations and what is owed are what the program that wrote it would have found; it is written
    on, and old and new rows are read alike.
    """
    path = tmp_path / "journal.db"
    shutil.copy(OLD, path)
    before = signals_in(path)  # not migrated yet
    assert {type(signal) for signal in before} >= {Reading, Tick, Heard, LinkUp}
    assert _remembered(path) == TOLD
    assert signals_in(path) == before
    fresh: list[Signal] = [house.smoke(130.0, 7.5, 30), Tick(131.0), house.smoke(131.5, 0.25, 31)]
    async with writing(path) as pen:
        await pen.write(131.5, fresh)
    assert signals_in(path) == before + fresh


def test_a_migrated_journal_has_the_form_of_a_new_one(tmp_path: Path) -> None:
    """There is one form of a journal of this version, wherever it came from."""
    shutil.copy(OLD, tmp_path / "old.db")
    for name in ("old.db", "new.db"):
        open_database(tmp_path / name).close()
    assert _form(tmp_path / "old.db") == _form(tmp_path / "new.db")


def _killed(tmp_path: Path, *how: str) -> list[Any]:
    done = subprocess.run(
        [sys.executable, str(CHILD), str(OLD), str(tmp_path), *how],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_killed_in_the_middle_of_a_migration_it_is_old_or_new(tmp_path: Path, old: Path) -> None:
    """kill -9 before each statement of the migration: the file has the old form or the new, and all that it held."""
    open_database(tmp_path / "new.db").close()
    forms = [_form(old), _form(tmp_path / "new.db")]
    kills = _killed(tmp_path)
    assert len([one for one in kills if "ALTER TABLE" in one["statement"]]) >= 5, "the migration was not reached"
    assert any("COMMIT" in one["statement"] for one in kills)
    for one in kills:
        path = Path(one["path"])
        assert _form(path) in forms, one
        assert _remembered(path) == TOLD, one
        assert _form(path) == forms[1]


def test_without_one_transaction_a_kill_leaves_neither(tmp_path: Path, old: Path) -> None:
    """The control of the test above: with a transaction for each statement it finds a file that is in between."""
    open_database(tmp_path / "new.db").close()
    forms = [_form(old), _form(tmp_path / "new.db")]
    assert any(_form(Path(one["path"])) not in forms for one in _killed(tmp_path, "apart"))


async def test_a_later_version_is_left_alone(tmp_path: Path) -> None:
    """A journal of a later program is neither read nor written, and both say so."""
    path = tmp_path / "journal.db"
    async with writing(path) as pen:
        await pen.write(1.0, [Tick(1.0)], wall=WALL)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(Exception, match=f"version {SCHEMA_VERSION + 1}"):
        open_database(path)
    with pytest.raises(Exception, match=f"version {SCHEMA_VERSION + 1}"):
        open_journal(path)
    assert path.read_bytes() == before


def test_an_old_row_can_be_read_beside_its_columns(old: Path) -> None:
    """A reader knows no packed readings in a journal of the first version, and no records of an audit."""
    with closing(open_journal(old)) as connection:
        rows = list(Reader(connection).rows())
    assert rows and all(row.readings is None and row.record is None for row in rows)
