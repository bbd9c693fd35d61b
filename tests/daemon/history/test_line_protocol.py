"""`tocsin journal export --format lp`: the embedded way to a database, without a server in the venue's file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.history.journals import expected, fill, readings
from tests.daemon.test_cli import tocsin
from tests.victoria import Victoria


@pytest.fixture
def victoria(tmp_path: Path) -> Iterator[Victoria]:
    server = Victoria(tmp_path / "victoria")
    server.start()
    yield server
    server.close()


async def test_an_exported_journal_can_be_imported(tmp_path: Path, victoria: Victoria) -> None:
    """The file of the command, given to a real server as it is: every reading is there once."""
    fill(tmp_path / "journal.db", readings(1500))
    file = tmp_path / "journal.lp"
    code, out, errors = await tocsin(
        "journal", "export", "--state", str(tmp_path), "--format", "lp", "--out", str(file)
    )
    assert (code, out) == (0, "") and "1500 items" in errors
    victoria.take(file.read_bytes())
    held = [point for series in victoria.holds("tocsin_temperature_value").values() for point in series]
    assert len(held) == 1500
    assert set(held) == expected(1500)
