"""The audit's chain: whoever changes what was said and decided is found out, at the row."""

import asyncio
import json
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from daemon.clock import SystemClock
from daemon.core import Event
from daemon.journal import anchoring, anchors
from daemon.journal import verify as verify_module
from daemon.journal.anchoring import Anchoring
from daemon.journal.chain import Head, run_words
from daemon.journal.composing import NewRow, link
from daemon.journal.rows import NoJournal
from daemon.journal.schema import open_database
from daemon.journal.verify import Verdict, verify
from daemon.outbox.ledger import Settled
from rules.decision import Anchored, Decision, ZoneTier
from rules.signal import Acknowledge, Fault, Recovered, Signal, Tick
from rules.tier import Tier
from tests.daemon import house
from tests.daemon.test_cli import tocsin
from tests.daemon.test_journal_schema import OLD
from tests.daemon.written import WALL, Pen, execute, writing

Tamper = Callable[[Path], object]


async def _story(folder: Path, records: int = 12, anchored: int = 8) -> Path:
    """A journal of so many records, a row of readings before each, and anchors up to the record `anchored`."""
    path = folder / "journal.db"
    async with writing(path) as pen:
        for number in range(1, records + 1):
            await pen.write(number - 0.5, [house.smoke(number - 0.5, 0.25, number), Tick(number - 0.5)])
            await _record(pen, number)
            if number == anchored:
                _anchor(path, pen)
        (folder / "head").write_text("{}:{}".format(*_held(pen)))
    return path


async def _record(pen: Pen, number: int) -> None:
    at = float(number)
    event = Event(number, WALL + at, ZoneTier(at, "room-1", Tier.RED))
    seen = Acknowledge(at, "smoke@det-1", "lin", f"seen {number}")
    await pen.write(at, [seen], [event], [Settled(number - 1, "log", "confirmed")])


def _held(pen: Pen) -> tuple[int, str]:
    _, head = pen.journal.stands()
    return head.record, head.hash.hex()


def _anchor(path: Path, pen: Pen) -> None:
    journal, head = pen.journal.stands()
    anchors.append(path.with_name(anchors.FILE), anchors.anchor_of(journal, head, WALL + head.record))


def _verified(path: Path, *, anchored: bool = True) -> Verdict:
    return verify(path, path.with_name(anchors.FILE) if anchored else None, (), lambda share: None)


def _row_of(path: Path, record: int) -> int:
    with closing(sqlite3.connect(path)) as connection:
        row: int = connection.execute("SELECT seq FROM commits WHERE record = ?", (record,)).fetchone()[0]
    return row


def _exchange(path: Path) -> None:
    """Two records change places, contents and all."""
    one, other = _row_of(path, 4), _row_of(path, 5)
    for old, new in ((one, -1), (other, one), (-1, other)):
        execute(path, f"UPDATE commits SET seq = {new} WHERE seq = {old}")


def _rewrite(path: Path) -> None:
    """Change record 5, and make all hashes after it anew, as somebody would who knows this program."""
    execute(path, f"UPDATE commits SET signals = replace(signals, 'lin', 'eve') WHERE seq = {_row_of(path, 5)}")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        words = connection.execute("SELECT name, boot, outputs FROM runs").fetchone()
        head = Head()
        sql = f"SELECT {', '.join(NewRow._fields)} FROM commits WHERE record IS NOT NULL ORDER BY seq"
        for row in map(NewRow._make, connection.execute(sql).fetchall()):
            head = link(head, row, run_words(*words))
            connection.execute("UPDATE commits SET chain = ? WHERE seq = ?", (head.hash, row.seq))


def _flip(path: Path) -> None:
    """One bit of a decision, so that it is no text any more."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        (events,) = connection.execute("SELECT CAST(events AS BLOB) FROM commits WHERE seq = 10").fetchone()
        flipped = bytes((*events[:40], events[40] ^ 0x80, *events[41:]))
        connection.execute("UPDATE commits SET events = CAST(? AS TEXT) WHERE seq = 10", (flipped,))


def _cut(path: Path) -> None:
    execute(path, f"DELETE FROM commits WHERE seq > {_row_of(path, 6)}")


async def test_an_untouched_journal_is_whole(tmp_path: Path) -> None:
    """Rows, records and anchors of a journal nobody touched are found in order, also while it is written."""
    path = await _story(tmp_path)
    found = _verified(path)
    assert found.findings == () and found.whole
    assert (found.rows, found.records, found.anchors, found.unchained) == (24, 12, 1, 0)
    assert found.head == (tmp_path / "head").read_text()
    async with writing(path) as pen:
        await _record(pen, 13)
        assert _verified(path).records == 13


async def test_the_log_of_changes_can_be_emptied_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass over years of rows keeps no instant: the log of changes would grow all the while, and a failed sync could
    not be mended.
    """
    monkeypatch.setattr(verify_module, "PAGE_ROWS", 5)
    path = await _story(tmp_path)
    busy: list[int] = []

    def change(share: float) -> None:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as other:
            other.execute("UPDATE runs SET lasted = ?", (share,))
            busy.append(other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])

    found = verify(path, path.with_name(anchors.FILE), (), change)
    assert found.whole and found.rows == 24 and found.records == 12
    assert busy == [0] * 6


@pytest.mark.parametrize(
    ("tamper", "row", "words"),
    [
        (
            "UPDATE commits SET signals = replace(signals, 'seen 5', 'seen 6') WHERE seq = 10",
            10,
            "record 5 is not what",
        ),
        (
            "UPDATE commits SET events = replace(events, '\"tier\":4', '\"tier\":1') WHERE seq = 10",
            10,
            "record 5 is not",
        ),
        (_flip, 10, "record 5 is not what was written"),
        ("UPDATE commits SET settled = NULL WHERE seq = 10", 10, "record 5 is not what was written"),
        ("UPDATE commits SET wall = wall + 60 WHERE seq = 10", 10, "record 5 is not what was written"),
        ("UPDATE runs SET outputs = '[]'", 2, "record 1 is not what was written"),
        ("DELETE FROM commits WHERE seq = 10", 12, "record 5 to 5 is missing"),
        ("DELETE FROM commits WHERE seq BETWEEN 9 AND 12", 14, "record 5 to 6 are missing"),
        ("UPDATE commits SET record = NULL, chain = NULL WHERE seq = 10", 10, "has no place in the chain"),
        ("UPDATE commits SET readings = readings || x'00' WHERE seq = 9", 9, "its readings are damaged"),
        (_exchange, 8, "follows record 3"),
        (_rewrite, 16, "record 8 is not the one that was anchored"),
        (_cut, None, "ends with record 6, but there was a record 8"),
        ("UPDATE forgotten SET record = 99", 2, "out of order"),
    ],
)
async def test_what_was_changed_is_found(tmp_path: Path, tamper: str | Tamper, row: int | None, words: str) -> None:
    """An altered, deleted, reordered or added row, a rewritten chain and a cut end are each named."""
    path = await _story(tmp_path)
    if isinstance(tamper, str):
        assert execute(path, tamper) > 0, "nothing was touched: the test has no teeth"
    else:
        tamper(path)
    found = _verified(path)
    assert not found.whole
    assert [one.row for one in found.findings if words in one.what][:1] == [row], found.findings


@pytest.mark.parametrize("tamper", [_rewrite, _cut])
async def test_without_anchors_a_chain_alone_would_believe_it(tmp_path: Path, tamper: Tamper) -> None:
    """The control of the test above: a rewritten chain and a cut end are in order by themselves."""
    path = await _story(tmp_path)
    tamper(path)
    assert _verified(path, anchored=False).whole


async def test_cut_anchors_are_found_by_the_journal(tmp_path: Path) -> None:
    """Records are anchored within minutes: anchors that end long before the records do were cut, and so is no file."""
    path = await _story(tmp_path)
    async with writing(path) as pen:
        await pen.write(5000.0, [Acknowledge(5000.0, "smoke@det-1", "lin", "late")])
    assert "nothing after record 8 is anchored" in _verified(path).findings[0].what
    path.with_name(anchors.FILE).unlink()
    assert "there are no anchors" in _verified(path).findings[0].what


async def test_a_journal_of_a_minute_need_not_have_anchors(tmp_path: Path) -> None:
    """A daemon that was killed in its first minute has written none, and nobody cut them off."""
    path = await _story(tmp_path, anchored=0)
    assert not path.with_name(anchors.FILE).exists() and _verified(path).whole


async def test_both_cut_is_found_by_who_holds_the_head(tmp_path: Path) -> None:
    """Journal and anchors cut to one place agree with each other, and not with what the log of another machine says."""
    path = await _story(tmp_path, anchored=6)
    held = (tmp_path / "head").read_text()
    _cut(path)
    assert _verified(path).whole, "both agree: nothing on this machine can tell"
    code, out, _ = await tocsin("journal", "verify", "--state", str(tmp_path), "--held", held, "--lang", "en")
    assert code == 1 and "ends with record 6, but there was a record 12" in out


async def test_an_older_copy_put_back_is_found(tmp_path: Path) -> None:
    """A journal of yesterday in the place of today's lacks what the anchors tell of."""
    path = await _story(tmp_path, records=3, anchored=3)
    shutil.copy(path, tmp_path / "yesterday.db")
    async with writing(path) as pen:
        await _record(pen, 4)
        _anchor(path, pen)
    shutil.move(tmp_path / "yesterday.db", path)
    assert "there was a record 4" in _verified(path).findings[0].what


async def test_another_journal_in_its_place_is_found(tmp_path: Path) -> None:
    """A fresh journal with the old one's anchors is not taken for it."""
    path = await _story(tmp_path)
    path.unlink()
    async with writing(path) as pen:
        await _record(pen, 1)
    assert "the last anchor is of another journal" in _verified(path).findings[0].what


async def test_the_command_tells_people_and_programs(tmp_path: Path) -> None:
    """Exit code, words and JSON say whether a journal is whole."""
    path = await _story(tmp_path)
    code, out, _ = await tocsin("journal", "verify", "--state", str(tmp_path), "--lang", "en")
    assert code == 0 and "whole: 24 rows, 12 records, 1 anchors" in out
    execute(path, "DELETE FROM commits WHERE seq = 10")
    code, out, _ = await tocsin("journal", "verify", "--state", str(tmp_path), "--json")
    found = json.loads(out)
    assert (code, found["whole"]) == (1, False) and found["findings"][0]["row"] == 12
    code, _, errors = await tocsin("journal", "verify", "--state", str(tmp_path), "--held", "12:nonsense")
    assert code == 2 and "expected RECORD:HASH" in errors


async def test_a_migrated_journal_is_whole_from_then_on(tmp_path: Path) -> None:
    """Rows of a version without a chain are counted, not accused; what is written after them is chained."""
    path = tmp_path / "journal.db"
    shutil.copy(OLD, path)
    with pytest.raises(NoJournal, match="no audit chain"):
        _verified(path, anchored=False)
    open_database(path).close()
    async with writing(path) as pen:
        await _record(pen, 1)
    found = _verified(path, anchored=False)
    assert found.whole and found.unchained > 0 and found.records == 1


async def test_the_chain_goes_on_over_restarts_and_snapshots(tmp_path: Path) -> None:
    """A start takes up the chain where it stands, without going through the journal: after the newest snapshot."""
    path = tmp_path / "journal.db"
    for start in range(3):
        async with writing(path) as pen:
            await _record(pen, start * 3 + 1)
            await pen.write(start * 3 + 2.0, [Tick(start * 3 + 2.0)], snapshot=b"x")
            if start != 1:
                await _record(pen, start * 3 + 3)
    found = _verified(path, anchored=False)
    assert found.whole and found.records == 5


async def test_anchors_are_written_when_something_was_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Once for each head, to the file and to the log; a disk that fails is a fault, and its return is told."""
    caplog.set_level("INFO")
    monkeypatch.setattr(anchoring, "EVERY_S", 0.001)
    head, words, told = Head(1, 2, bytes(32)), asyncio.Queue[Signal](), list[Decision]()
    path = tmp_path / "gone" / anchors.FILE
    task = asyncio.create_task(
        Anchoring(path, lambda: ("aa", head), SystemClock(), words.put_nowait, told.append).run()
    )
    assert isinstance(await asyncio.wait_for(words.get(), 10), Fault)
    path.parent.mkdir()
    assert isinstance(await asyncio.wait_for(words.get(), 10), Recovered)
    head = Head(2, 3, b"\1" * 32)
    while f"record 2 is {'01' * 32}" not in caplog.text:
        await asyncio.sleep(0.001)
    task.cancel()
    assert [(one.record, one.hash) for one in told if isinstance(one, Anchored)] == [(1, "00" * 32)]  # once an hour
    found, problems = anchors.read(path)
    assert [(one.journal, one.record, one.hash) for one in found] == [("aa", 1, "00" * 32), ("aa", 2, "01" * 32)]
    assert problems == []


def test_the_last_anchor_holds_the_end_up_no_longer_than_it_may(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A file that cannot be opened, as on a disk that hangs, is given up and told; one that can is written."""
    path, head = tmp_path / anchors.FILE, Head(1, 2, bytes(32))
    last = Anchoring(path, lambda: ("aa", head), SystemClock(), print, print)
    os.mkfifo(path)
    ending = threading.Thread(target=last.finish, args=(0.01,), daemon=True)
    ending.start()
    ending.join(10)
    assert not ending.is_alive()
    assert "the last anchor was not written" in caplog.text
    os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))  # lets the writer go
    path.unlink()
    Anchoring(path, lambda: ("aa", head), SystemClock(), print, print).finish(10)
    assert [one.record for one in anchors.read(path)[0]] == [1]


def test_the_file_of_anchors_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that has grown too large keeps its newer half; a line that is no anchor is told."""
    monkeypatch.setattr(anchors, "MAX_BYTES", 5000)
    path = tmp_path / anchors.FILE
    for record in range(200):
        anchors.append(path, anchors.Anchor(1.0, "aa", record, "00" * 32))
    assert path.stat().st_size < 5300
    found, problems = anchors.read(path)
    assert [one.record for one in found] == list(range(found[0].record, 200)) and problems == []
    path.write_bytes(b"nonsense\n")
    assert "no anchor" in anchors.read(path)[1][0]
