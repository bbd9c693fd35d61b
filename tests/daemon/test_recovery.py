"""What a start takes up: the deliveries still owed, from the newest snapshot and the rows after it."""

import asyncio
import signal as signals
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from daemon import opening
from daemon.clock import Stamp
from daemon.core import Event
from daemon.journal import journal as journal_module
from daemon.journal import recovery
from daemon.journal import retention as journal_retention
from daemon.journal.journal import Entry, Journal
from daemon.journal.keeping import Keeping
from daemon.journal.recovery import Recovered, recover, recover_deliveries
from daemon.journal.schema import open_database
from daemon.journal.writer import Writer
from daemon.outbox.ledger import SAFE, Ledger, Owed, Run, Settled
from drivers.contract import Delivery
from rules.decision import Advance, Clear, Decision, EndEvacuation, EndFault, Evacuate, Raise, Reroute, ZoneTier
from rules.engine import Engine
from rules.expression import parse
from rules.plan import Plan
from rules.signal import Fault, Reloaded, Signal, Tick
from rules.signal import Recovered as FaultOver
from rules.tier import Tier
from tests.daemon import house
from tests.daemon.written import AT_ONCE_S, signals_in, writing

CHILD = Path(__file__).with_name("journal_child.py")
FIRST, SECOND = Run("aaaa", "boot", ("broker", "log")), Run("bbbb", "boot", ("broker",))


def _event(number: int) -> Event:
    return Event(number, 1000.0 + number, ZoneTier(float(number), "room-1", Tier.RED))


def _entry(number: int, *, settled: tuple[Settled, ...] = (), snapshot: bytes | None = None) -> Entry:
    """The tick and the decision of this number."""
    stamp = Stamp(float(number), 1000.0 + number, "boot", float(number))
    return Entry(stamp, [Tick(float(number))], [_event(number)], settled, snapshot)


def _settled(number: int, output: str) -> Settled:
    return Settled(number, output, "confirmed")


async def _written(
    path: Path,
    run: Run,
    *entries: Entry,
    apart: bool = False,
    keeping: Keeping = Keeping(),  # noqa: B008  # frozen
) -> None:
    """A whole run that writes these, at once or each `apart` in a row of its own; it goes on with what was owed."""
    connection = open_database(path)
    ledger = recover(connection, house.plan()).ledger
    journal = Journal(Writer(path, connection, run, keeping), ledger, print, lambda: None, AT_ONCE_S)
    journal.start()
    for entry in entries:
        done = asyncio.Event()
        entry.done = done.set
        journal.submit(entry)
        if apart or entry is entries[-1]:
            await asyncio.wait_for(done.wait(), 10)
    assert await asyncio.to_thread(journal.close, 10)


def _recovered(path: Path) -> Recovered:
    connection = open_database(path)
    try:
        return recover(connection, house.plan())
    finally:
        connection.close()


def _damage_all(path: Path) -> None:
    _execute(path, "UPDATE snapshots SET body = x'00'")


def _damage_unsettled(path: Path) -> None:
    _execute(path, "UPDATE snapshots SET unsettled = '[[' WHERE seq = (SELECT max(seq) FROM snapshots)")


def _damage_nothing(path: Path) -> None:
    """As it was written."""


def _execute(path: Path, sql: str) -> None:
    with sqlite3.connect(path) as connection:
        assert connection.execute(sql).rowcount >= 1


@pytest.mark.parametrize("damage", [_damage_nothing, _damage_unsettled, _damage_all])
async def test_what_is_owed_outlives_a_restart(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    """Owed at the snapshot or since, settled before, with or after it, under the id of its own run: nothing else is."""
    path = tmp_path / "journal.db"
    body = Engine(house.plan()).snapshot()
    await _written(
        path,
        FIRST,
        _entry(1, snapshot=body),
        _entry(2, settled=(_settled(1, "broker"),)),
        _entry(3, settled=(_settled(2, "log"),), snapshot=body),
        _entry(4, settled=(_settled(1, "log"), _settled(3, "log"))),
    )
    await _written(path, SECOND, _entry(5, settled=(_settled(3, "broker"),)))
    damage(path)
    recovered = _recovered(path)
    assert recovered.ledger.owed() == [
        Owed(number, output, Delivery(f"{run.name}-{number}", _event(number).decision, 1000.0 + number))
        for number, output, run in [
            (2, "broker", FIRST),
            (4, "broker", FIRST),
            (4, "log", FIRST),
            (5, "broker", SECOND),
        ]
    ]
    assert recovered.next_decision == 6
    assert bool(recovered.problems) == (damage is not _damage_nothing)
    with sqlite3.connect(path) as connection:
        pending = connection.execute("SELECT decision_seq, output, id FROM outbox WHERE state = 'pending'").fetchall()
    assert sorted(pending) == [(one.decision, one.output, one.delivery.id) for one in recovered.ledger.owed()]


async def test_a_snapshot_stays_small(tmp_path: Path) -> None:
    """It carries what is owed, not what ever was."""
    path = tmp_path / "journal.db"
    entries = [
        _entry(number, settled=(_settled(number - 1, "broker"), _settled(number - 1, "log")))
        for number in range(1, 500)
    ]
    entries[-1].snapshot = b"x"
    await _written(path, FIRST, *entries)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT length(unsettled) < 500 FROM snapshots").fetchone() == (1,)


async def test_a_decision_that_could_not_be_held_is_owed_from_the_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Left out of the journal while its disk was gone, it is in the snapshot after that, and keeps its number."""
    monkeypatch.setattr(journal_module, "HELD_DECISIONS", 1)
    path = tmp_path / "absent" / "journal.db"
    degraded, recovered = asyncio.Event(), asyncio.Event()
    journal = Journal(Writer(path, None, SECOND), Ledger(), lambda reason: degraded.set(), recovered.set, AT_ONCE_S)
    journal.start()
    journal.submit(_entry(1))
    await asyncio.wait_for(degraded.wait(), 10)
    journal.submit(_entry(2))
    assert journal.lost_decisions == 1
    assert journal.wants_snapshot
    path.parent.mkdir()
    await asyncio.wait_for(recovered.wait(), 10)
    journal.submit(Entry(Stamp(3.0, 1003.0, "boot", 3.0), snapshot=Engine(house.plan()).snapshot()))
    assert await asyncio.to_thread(journal.close, 10)
    memory = _recovered(path)
    assert [one.decision for one in memory.ledger.owed()] == [1, 2]
    assert memory.next_decision == 3


@pytest.mark.parametrize("kills", range(3))
def test_killed_at_any_moment_snapshot_and_rows_agree(tmp_path: Path, kills: int) -> None:
    """After kill -9 in the middle of writing, a start from the snapshot owes exactly what a fold of all rows owes."""
    path = tmp_path / "journal.db"
    command = [sys.executable, str(CHILD), str(path), "owe"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(300 * (kills + 1))]
        child.send_signal(signals.SIGKILL)
        acknowledged = [int(line) for line in lines + child.stdout.readlines() if line.endswith("\n")]
    with_snapshot = _recovered(path)
    assert with_snapshot.problems == []
    assert with_snapshot.next_decision > acknowledged[-1]
    _execute(path, "DELETE FROM snapshots")
    from_rows = _recovered(path)
    assert with_snapshot.folded < from_rows.folded
    assert with_snapshot.ledger.owed() == from_rows.ledger.owed()
    last = from_rows.next_decision - 1
    assert [(one.decision, one.output) for one in from_rows.ledger.owed()] == [
        *((number, "broker") for number in range(7, last - 9, 7)),  # never settled by the child
        *((number, output) for number in range(last - 9, last + 1) for output in ("broker", "log")),
    ]


async def test_pruned_signals_leave_their_decisions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound signals go, but what was decided and settled in the same rows stays, and what is owed too."""
    monkeypatch.setattr(journal_retention, "PRUNE_ROWS", 3)  # several transactions
    path = tmp_path / "journal.db"
    body = Engine(house.plan()).snapshot()
    entries = [_entry(number, settled=(_settled(number - 1, "log"),)) for number in range(1, 21)]
    plain = [Entry(Stamp(at, 1000.0 + at, "boot", at), [Tick(at)]) for at in map(float, range(21, 61))]
    for entry in (entries[4], entries[9], plain[0], plain[19]):
        entry.snapshot = body
    await _written(path, FIRST, *entries, *plain, apart=True, keeping=Keeping(readings_s=5.0))
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT seq FROM decisions").fetchall() == [(number,) for number in range(1, 21)]
        assert [signal.at for signal in signals_in(path)] == [float(at) for at in range(22, 61)]
        rows = connection.execute("SELECT seq FROM commits WHERE readings IS NULL").fetchall()
        assert rows == [(seq,) for seq in range(1, 21)], "of the rest, rows without a decision are gone altogether"
        confirmed = "SELECT count(*) FROM outbox WHERE state = 'confirmed'"
        assert connection.execute(confirmed).fetchone() == (19,)
    assert len(_recovered(path).ledger.owed()) == 21


async def test_a_decision_forgotten_by_age_is_still_delivered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An evacuation that nobody confirmed is owed from the snapshot, even when its row is gone after its days."""
    monkeypatch.setattr(journal_retention, "AUDIT_RECORDS", 0)
    path = tmp_path / "journal.db"
    body = Engine(house.plan()).snapshot()
    evacuate = Event(1, 1000.0, Evacuate(0.0, "whole/1", "whole", ("venue",), "room-1"))
    month_s = Keeping().records_s + 1.0
    await _written(path, FIRST, Entry(Stamp(0.0, 1000.0, "boot", 0.0), [Tick(0.0)], [evacuate]))
    for at in (month_s, month_s + 1.0):
        await _written(path, FIRST, Entry(Stamp(at, 1000.0 + at, "boot", at), [Tick(at)], snapshot=body))
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM decisions").fetchone() == (0,)
    recovered = _recovered(path)
    assert [one.delivery for one in recovered.ledger.owed()] == [FIRST.delivery(evacuate)] * 2
    assert recovered.next_decision == 2


async def test_a_part_that_cannot_be_read_costs_itself(tmp_path: Path) -> None:
    """A decision, a settlement or a delivery of another program's making is told and skipped; its neighbours count."""
    path = tmp_path / "journal.db"
    body = Engine(house.plan()).snapshot()
    await _written(path, SECOND, _entry(1), _entry(2, snapshot=body))
    await _written(path, SECOND, _entry(3), _entry(4, settled=(_settled(9, "broker"),)))
    _execute(path, """UPDATE snapshots SET unsettled = replace(unsettled, '"wall":1001.0', '"wall":"?"')""")
    _execute(path, """UPDATE commits SET events = replace(events, '"wall":1003.0', '"wall":"?"') WHERE seq > 1""")
    _execute(path, "UPDATE commits SET settled = '[[9' WHERE settled IS NOT NULL")
    recovered = _recovered(path)
    assert [one.decision for one in recovered.ledger.owed()] == [2, 4]
    assert len(recovered.problems) == 3


async def test_an_evacuation_in_force_keeps_its_delivery_until_its_end(tmp_path: Path) -> None:
    """Confirmed or not, from the rows and from a snapshot; after its end it is forgotten."""
    path = tmp_path / "journal.db"
    evacuate = Event(1, 1001.0, Evacuate(1.0, "whole-1", "whole", ("venue",), "room-1"))
    begun = Entry(Stamp(1.0, 1001.0, "boot", 1.0), [Tick(1.0)], [evacuate])
    confirmed = (Settled(1, "broker", "confirmed"), Settled(1, "log", "confirmed"))
    await _written(path, FIRST, begun, _entry(2, settled=confirmed))
    assert [one.id for one in _recovered(path).ledger.in_force()] == ["aaaa-1"]
    await _written(path, SECOND, _entry(3, snapshot=Engine(house.plan()).snapshot()))
    assert [one.id for one in _recovered(path).ledger.in_force()] == ["aaaa-1"]
    ended = Event(4, 1004.0, EndEvacuation(4.0, "whole-1", "whole", ("venue",)))
    await _written(path, SECOND, Entry(Stamp(4.0, 1004.0, "boot", 4.0), [Tick(4.0)], [ended]))
    assert _recovered(path).ledger.in_force() == []


async def test_each_stage_in_force_keeps_its_delivery_and_the_last_word_on_routes(tmp_path: Path) -> None:
    """Receivers that were off hear of every stage; of the routes only what is so now."""
    path = tmp_path / "journal.db"
    told: list[Decision] = [
        Evacuate(1.0, "whole-1", "whole", ("room-1",), "room-1"),
        Reroute(1.0, "whole-1", "whole", ("room-1",), ("way-a",)),
        Advance(1.0, "whole-1", "whole", "rest", ("room-2",)),
        Reroute(1.0, "whole-1", "whole", ("room-1", "room-2"), ()),
    ]
    events = [Event(number, 1001.0, decision) for number, decision in enumerate(told, 1)]
    await _written(path, FIRST, Entry(Stamp(1.0, 1001.0, "boot", 1.0), [Tick(1.0)], events))
    assert [one.id for one in _recovered(path).ledger.in_force()] == ["aaaa-1", "aaaa-3", "aaaa-4"]
    await _written(path, SECOND, _entry(5, snapshot=Engine(house.plan()).snapshot()))
    assert [one.id for one in _recovered(path).ledger.in_force()] == ["aaaa-1", "aaaa-3", "aaaa-4"]


async def test_what_changed_rules_decide_of_the_past_is_news(tmp_path: Path) -> None:
    """Rows written under rules that said nothing; today's rules make an evacuation of them, and people must hear it."""
    path = tmp_path / "journal.db"
    stamp = Stamp(5.0, 1005.0, "boot", 5.0)
    await _written(path, FIRST, Entry(stamp, [Tick(1.0), house.press(5.0, 1)], []))
    news = _recovered(path).news
    assert [type(decision).__name__ for decision in news] == ["Raise", "Evacuate"]


async def test_under_the_same_rules_nothing_of_the_past_is_news(tmp_path: Path) -> None:
    """What was journaled with its signals is not told again."""
    path = tmp_path / "journal.db"
    engine = Engine(house.plan())
    heard: list[Signal] = [Tick(1.0), house.press(5.0, 1)]
    told = [decision for one in heard for decision in engine.step(one)]
    events = [Event(number, 1005.0, decision) for number, decision in enumerate(told, start=1)]
    await _written(path, FIRST, Entry(Stamp(5.0, 1005.0, "boot", 5.0), heard, events))
    assert _recovered(path).news == []


def _reloaded_rows() -> tuple[list[Entry], Plan]:
    """Smoke below 4.8 is told under one set of rules and, after a reload, under a stricter one; no snapshot."""
    lower = house.plan()
    strict = replace(lower.rules[0], tiers=(replace(lower.rules[0].tiers[0], when=parse("smoke_obscuration >= 3")),))
    stricter = replace(lower, rules=(strict, *lower.rules[1:]))
    engine = Engine(lower)
    first: list[Signal] = [Tick(1.0), house.smoke(2.0, 3.5, 1)]
    for signal in first:
        assert engine.step(signal) == []
    entries = [
        Entry(Stamp(2.0, 1002.0, "boot", 2.0), first),
        Entry(Stamp(3.0, 1003.0, "boot", 3.0), [Reloaded(3.0, "strict")]),
    ]
    return entries, stricter


async def test_rows_are_gone_through_with_the_rules_that_were_in_force(tmp_path: Path) -> None:
    """The engine changes its plan where the journal says so; its delay counts from there."""
    path = tmp_path / "journal.db"
    entries, stricter = _reloaded_rows()
    await _written(path, FIRST, *entries, apart=True)
    with closing(open_database(path)) as connection:
        memory = recover(connection, house.plan(), {"strict": stricter}.get)
    assert memory.engine.plan is stricter
    assert memory.engine.rules == "strict"
    assert memory.engine.deadline() == 8.0
    assert memory.problems == []


async def test_rules_that_are_not_kept_any_more_are_said(tmp_path: Path) -> None:
    """The rows are gone through with the rules of this start, and people are told to look; from a snapshot too."""
    path = tmp_path / "journal.db"
    entries, _ = _reloaded_rows()
    await _written(path, FIRST, *entries, apart=True)
    with closing(open_database(path)) as connection:
        (problem,) = recover(connection, house.plan()).problems
    assert problem.startswith("the rules strict under which the journal was written are not kept")
    engine = Engine(house.plan())
    engine.step(Reloaded(1.0, "lost"))
    snapshot = Entry(Stamp(4.0, 1004.0, "boot", 4.0), [Tick(4.0)], snapshot=engine.snapshot())
    await _written(path, SECOND, snapshot)
    with closing(open_database(path)) as connection:
        (problem,) = recover(connection, house.plan()).problems
    assert "the rules lost" in problem


async def test_an_evacuation_that_was_told_is_in_force_whatever_the_engine_knows(tmp_path: Path) -> None:
    """Its signals are lost and its decision is not: the engine has it, by the id that was told; only people end it."""
    path = tmp_path / "journal.db"
    told = Event(7, 1005.0, Evacuate(5.0, "whole-2", "whole", ("venue",), "venue", (), "all"))
    await _written(path, FIRST, Entry(Stamp(5.0, 1005.0, "boot", 5.0), [Tick(5.0)], [told]))
    memory = _recovered(path)
    assert [(one.evacuation, one.zones) for one in memory.engine.evacuations()] == [("whole-2", ("venue",))]
    assert memory.news == []


def _raising(monkeypatch: pytest.MonkeyPatch, bad: Callable[[float], bool]) -> None:
    real = Engine.step

    def step(engine: Engine, signal: Signal) -> list[Decision]:
        if bad(signal.at):
            raise ZeroDivisionError("a bug")
        return real(engine, signal)

    monkeypatch.setattr(Engine, "step", step)


async def test_a_signal_at_which_the_engine_raises_is_left_out_with_its_evidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All others are gone through, once, and a problem names the row."""
    path = tmp_path / "journal.db"
    await _written(path, FIRST, *[_entry(number) for number in range(1, 9)], apart=True)
    _raising(monkeypatch, lambda at: at in (3.0, 6.0))
    kept: list[float] = []
    connection = open_database(path)
    memory = recover(connection, house.plan(), left_out=lambda signal, error, what: kept.append(signal.at))
    connection.close()
    assert kept == [3.0, 6.0]
    assert memory.folded == 6 and memory.engine.now == 8.0
    assert [problem[:26] for problem in memory.problems] == ["commit 3, signal 1 is left", "commit 6, signal 1 is left"]


async def test_an_engine_that_raises_at_everything_is_no_single_bad_signal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The start fails then, and safe mode comes next."""
    path = tmp_path / "journal.db"
    await _written(path, FIRST, *[_entry(number) for number in range(1, recovery.LEFT_OUT_MAX + 3)], apart=True)
    _raising(monkeypatch, lambda at: True)
    with pytest.raises(ZeroDivisionError):
        _recovered(path)


async def test_safe_mode_tells_no_engine_what_is_in_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is owed, what is in force and which number comes next need none."""
    path = tmp_path / "journal.db"
    told = Event(9, 1005.0, Evacuate(9.0, "whole-2", "whole", ("venue",), "venue", (), "all"))
    entries = [_entry(number) for number in range(1, 9)]
    await _written(path, FIRST, *entries, Entry(Stamp(9.0, 1009.0, "boot", 9.0), [Tick(9.0)], [told]), apart=True)
    _raising(monkeypatch, lambda at: True)
    connection = open_database(path)
    memory = recover_deliveries(connection, house.plan(), "digest")
    connection.close()
    assert len(memory.ledger.owed()) == 2 * 9 and memory.next_decision == 10
    assert [one.evacuation for one in memory.engine.evacuations()] == ["whole-2"]
    assert memory.engine.rules == "digest" and memory.last is not None


async def test_a_flipped_bit_in_a_text_costs_its_item_alone(tmp_path: Path) -> None:
    """A text that is no UTF-8 any more is told and skipped; the daemon starts with all the rest of the journal."""
    path = tmp_path / "journal.db"
    async with writing(path) as pen:
        await pen.write(1.0, [Fault(1.0, "det-2", "tamper", "opened")])
        await pen.write(2.0, [house.press(2.0, 1)])
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE commits SET signals = CAST(x'5b5bf2' AS TEXT) WHERE seq = 1")
        with pytest.raises(sqlite3.OperationalError, match="decode"):  # what a connection like any other makes of it
            connection.execute("SELECT signals FROM commits").fetchall()
    with closing(open_database(path)) as connection:
        found = recover(connection, house.plan())
    assert [alarm.alarm for alarm in found.engine.alarms()] == ["panic@sos-1"]
    assert len(found.problems) == 1


async def test_what_ended_in_safe_mode_is_told_when_it_is_left(tmp_path: Path) -> None:
    """A fault that the venue's rules ended there, and an alarm of the built-in rules, are over for everybody."""
    path = tmp_path / "journal.db"
    fault, end = Fault(1.0, "det-1", "dirty", "chamber"), FaultOver(3.0, "det-1", "dirty")
    told = Raise(2.0, "safe-mode-smoke@det-1", "safe-mode-smoke", "det-1", "room-1", "fire", Tier.RED, "unack", True)
    safe = Run(f"{SAFE}cccc", "boot", ("broker",))
    await _written(path, FIRST, Entry(Stamp(1.0, 1001.0, "boot", 1.0), [fault], [_event(1)]))
    rows = [Entry(Stamp(2.0, 1002.0, "boot", 2.0), [Tick(2.0)], [Event(2, 1002.0, told)])]
    await _written(path, safe, *rows, Entry(Stamp(3.0, 1003.0, "boot", 3.0), [end], [_event(3)]), apart=True)
    news = [one for one in _recovered(path).news if isinstance(one, Clear | EndFault)]
    assert [type(one).__name__ for one in news] == ["EndFault", "Clear"]
    assert isinstance(news[1], Clear) and news[1].alarm == told.alarm
    await _written(path, SECOND, Entry(Stamp(4.0, 1004.0, "boot", 4.0), [Tick(4.0)], [Event(4, 1004.0, news[1])]))
    assert not any(isinstance(one, Clear) for one in _recovered(path).news), "and it is told once"


def test_a_long_fold_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A line in the log and a word to systemd every two seconds, which also asks it for patience."""
    now, said = 0.0, list[str]()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    monkeypatch.setattr(opening, "sd_notify", said.append)
    progress = opening.Progress()
    for done in range(0, 1000, 100):
        now = done / 200
        progress(done, 1000)
    progress.end()
    assert [record.getMessage() for record in caplog.records] == [
        "recovering: 40 % of 1000 rows of the journal",
        "recovering: 80 % of 1000 rows of the journal",
    ]
    assert len(said) == 3 and "EXTEND_TIMEOUT_USEC=30000000" in said[0] and said[-1] == "STATUS="
