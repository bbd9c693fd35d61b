"""The report of a start: by what the engine was before its first words, and what it is after them."""

from daemon import restart
from daemon.clock import Stamp
from daemon.core import Event
from daemon.journal.recovery import Recovered
from daemon.outbox.ledger import Ledger, Run
from daemon.restart import Reconciliation
from rules.decision import Decision, Restart, TimerLeft, ZoneTier
from rules.engine import Engine
from rules.signal import Acknowledge, Resumed
from rules.tier import Tier
from tests.daemon import house


def _engine() -> Engine:
    """Latched smoke at det-1 since 6, and at det-2 a delay of 5 s that began at 8."""
    engine = Engine(house.plan())
    for signal in (house.smoke(1.0, 6.0, 1), house.smoke(8.0, 6.0, 1, "det-2")):
        engine.step(signal)
    engine.step(Acknowledge(9.0, "smoke@det-1", "Li", "seen"))
    return engine


def _report(engine: Engine, down_s: float, news: list[Decision], problems: list[str]) -> Restart:
    owed = Ledger()
    owed.take(Run("run", "boot", ("broker", "log")), [Event(1, 0.0, ZoneTier(1.0, "venue", Tier.RED))], [])
    memory = Recovered(engine, owed, Stamp(9.0, 0.0, "boot", 9.0), news=news, problems=problems)
    clock = house.HandClock(9.0 + down_s)
    told = Reconciliation(memory, clock, down_s, "", "")
    engine.step(Resumed(clock.at, down_s))
    return told.report(engine)


def test_a_delay_that_still_runs_is_told_with_the_time_that_is_left() -> None:
    """Down for 1 s of the 5 s: 3 s are left, for 1 s had passed before."""
    report = _report(_engine(), 1.0, [], [])
    assert report.carried == ("smoke@det-1",) and report.raised == ()
    assert report.timers == (TimerLeft("smoke@det-2", 3.0),)
    assert report.deliveries == {"broker": 1, "log": 1} and report.down_s == 1.0


def test_a_delay_that_was_over_meanwhile_is_an_alarm_raised_while_down() -> None:
    """It is told apart from what stood before."""
    report = _report(_engine(), 60.0, [], [])
    assert (report.carried, report.raised, report.timers) == (("smoke@det-1",), ("smoke@det-2",), ())
    assert "1 carried over, 1 raised meanwhile" in report.text


def test_what_was_decided_before_and_is_told_only_now_counts_as_raised() -> None:
    """Nobody had heard of it."""
    engine = _engine()
    (late,) = [one for one in Engine(house.plan()).step(house.press(1.0, 1)) if getattr(one, "alarm", "")][:1]
    engine.step(house.press(9.0, 1))
    report = _report(engine, 1.0, [late], ["commit 3 cannot be read"])
    assert "panic@sos-1" in report.raised and "panic@sos-1" not in report.carried
    assert report.lost == ("commit 3 cannot be read",)


def test_a_long_list_is_cut_and_counted() -> None:
    """A report is read by people."""
    report = _report(
        _engine(), 1.0, [], [f"commit {number} cannot be read" for number in range(restart.LISTED_MAX + 7)]
    )
    assert len(report.lost) == restart.LISTED_MAX + 1 and report.lost[-1] == "and 7 more"
