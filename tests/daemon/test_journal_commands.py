"""`tocsin journal ...` on journals that are written, at rest, or not there."""

import asyncio
import json
import sys
from pathlib import Path

from daemon.core import Event
from daemon.outbox.ledger import Settled
from rules.decision import ZoneTier
from rules.signal import Tick
from rules.tier import Tier
from tests.daemon import house
from tests.daemon.test_cli import tocsin
from tests.daemon.written import WALL, writing


async def _story(path: Path) -> None:
    async with writing(path) as pen:
        await pen.write(1.0, [Tick(1.0), house.smoke(1.0, 0.25, 7)])
        await pen.write(2.0, [house.press(2.0, 8)], [Event(1, WALL + 2.0, ZoneTier(2.0, "room-1", Tier.RED))])
        await pen.write(3.0, settled=[Settled(1, "log", "confirmed")])


async def test_info_says_what_a_journal_holds(tmp_path: Path) -> None:
    """Of a journal at rest and of one that is being written: rows, span, size; JSON for programs."""
    path = tmp_path / "journal.db"
    await _story(path)
    code, out, errors = await tocsin("journal", "info", "--state", str(tmp_path), "--json")
    assert (code, errors) == (0, "")
    found = json.loads(out)
    assert (found["rows"], found["signals"], found["decisions"]) == (3, 3, 1)
    assert (found["first_wall"], found["last_wall"]) == (WALL + 1.0, WALL + 3.0)
    async with writing(path) as pen:
        await pen.write(9.0, [Tick(9.0)])
        code, out, errors = await tocsin("journal", "info", "--file", str(path), "--lang", "en")
    assert (code, errors) == (0, "") and "rows: 4" in out and "runs of the daemon: 1" in out


async def test_export_tells_all_in_order(tmp_path: Path) -> None:
    """A line of JSON for each signal, decision and settlement; --since and --until take a part of them."""
    await _story(tmp_path / "journal.db")
    code, out, errors = await tocsin("journal", "export", "--state", str(tmp_path))
    assert (code, errors) == (0, "")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["type"] for line in lines] == ["tick", "reading", "reading", "decision", "settlement"]
    assert lines[1] == {
        "row": 1,
        "wall": WALL + 1.0,
        "type": "reading",
        "at": 1.0,
        "device": "det-1",
        "quantity": "smoke_obscuration",
        "value": 0.25,
        "provenance": "live",
        "origin": ["boot", 7],
    }
    assert lines[3]["decision"]["type"] == "zone_tier"
    target = tmp_path / "part.jsonl"
    span = ("--since", "2023-11-14T22:13:22+00:00", "--until", "2023-11-14T22:13:22+00:00")
    code, out, errors = await tocsin("journal", "export", "--state", str(tmp_path), *span, "--out", str(target))
    assert (code, out) == (0, "") and "2 items" in errors
    assert [json.loads(line)["row"] for line in target.read_text().splitlines()] == [2, 2]


async def test_export_refuses_what_it_cannot_do(tmp_path: Path) -> None:
    """No journal, an unknown format, a file that is there: said, with an exit code, and nothing is overwritten."""
    code, out, errors = await tocsin("journal", "export", "--state", str(tmp_path))
    assert (code, out) == (1, "") and "there is no journal" in errors
    await _story(tmp_path / "journal.db")
    code, _, errors = await tocsin("journal", "export", "--state", str(tmp_path), "--format", "xml")
    assert code == 2 and "expected jsonl or lp or parquet" in errors
    there = tmp_path / "there"
    there.write_text("precious")
    code, _, errors = await tocsin("journal", "export", "--state", str(tmp_path), "--out", str(there))
    assert code == 1 and "exists" in errors and there.read_text() == "precious"


async def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    """`tocsin journal export | head` ends without a word of complaint."""
    async with writing(tmp_path / "journal.db") as pen:
        await pen.write(1.0, [Tick(float(n)) for n in range(20_000)])
    process = await asyncio.create_subprocess_shell(
        f"set -o pipefail; {sys.executable} -m daemon.cli journal export --state {tmp_path} | head -1",
        executable="/bin/bash",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"") and json.loads(out)["type"] == "tick"
