"""`tocsin journal export --format parquet`, read again by Arrow."""

import importlib.util
import io
import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as files
import pytest

from daemon.core import Event
from daemon.journal import parquet
from daemon.journal.export import NotInstalled, writer_of
from daemon.journal.rows import Reader, Span, open_journal
from rules.decision import ZoneTier
from rules.signal import Tick
from rules.tier import Tier
from tests.daemon import house
from tests.daemon.test_cli import tocsin
from tests.daemon.written import WALL, writing


async def test_every_signal_and_decision_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readings in columns, everything else as JSON; by the wall's time, in the journal's order, in groups."""
    async with writing(tmp_path / "journal.db") as pen:
        await pen.write(10.0, [Tick(9.0), house.smoke(9.5, 0.25, 7), house.press(10.0, 8)])
        await pen.write(12.0, [], [Event(1, WALL + 11.5, ZoneTier(11.5, "room-1", Tier.RED))])
    file = tmp_path / "journal.parquet"
    code, out, errors = await tocsin(
        "journal", "export", "--state", str(tmp_path), "--format", "parquet", "--out", str(file)
    )
    assert (code, out) == (0, "") and "4 items" in errors
    tick, smoke, press, decision = files.read_table(file).to_pylist()
    assert (tick["kind"], tick["device"], json.loads(tick["body"])) == ("tick", None, {"at": 9.0})
    assert smoke == {
        "row": 1,
        "time": datetime.fromtimestamp(WALL + 9.5, UTC),
        "at": 9.5,
        "kind": "reading",
        "device": "det-1",
        "quantity": "smoke_obscuration",
        "value": 0.25,
        "provenance": "live",
        "decision": None,
        "body": None,
    }
    assert (press["device"], press["value"]) == ("sos-1", 1.0)
    assert (decision["kind"], decision["decision"], decision["at"]) == ("zone_tier", 1, 11.5)
    assert json.loads(decision["body"])["zone"] == "room-1"
    monkeypatch.setattr(parquet, "GROUP_LINES", 2)
    again = io.BytesIO()
    with closing(open_journal(tmp_path / "journal.db")) as connection:
        parquet.write(Reader(connection), Span(), again, lambda share: None)
    assert files.ParquetFile(again).num_row_groups == 2
    assert files.read_table(again).to_pylist() == [tick, smoke, press, decision]


def test_without_pyarrow_the_command_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service does without it; whoever wants a table is told how to get one."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NotInstalled, match=r"tocsin\[parquet\]"):
        writer_of("parquet")
    assert writer_of("jsonl").__module__ == "daemon.journal.jsonl"
