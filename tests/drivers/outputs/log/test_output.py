"""The log output."""

import logging

import pytest

from drivers.contract import Delivery, OutputContext
from drivers.outputs.log.output import LogOutput
from drivers.outputs.log.settings import LogOutputSettings
from rules.decision import (
    Acknowledged,
    Advance,
    Anchored,
    Because,
    Chattering,
    Clear,
    Decision,
    DutyChange,
    EndEvacuation,
    EndFault,
    EndFlood,
    EndShowMode,
    Escalate,
    Evacuate,
    Flood,
    Hidden,
    Investigate,
    Raise,
    ReAlarm,
    Refuse,
    ReportFault,
    Reroute,
    Restart,
    Return,
    ShowMode,
    Shown,
    Silenced,
    StageAction,
    StandDown,
    StepDown,
    Verify,
    Withheld,
    ZoneTier,
)
from rules.tier import Tier
from rules.venue import Text, Venue, Zone

VENUE = Venue("ktv", {"ktv": Zone("ktv", "venue", Text("Starlight", "星光"))}, {})
ALARM = ("smoke@d", "smoke", "d", "ktv", "fire")
LINES: list[tuple[Decision, int, str]] = [
    (Raise(1.0, *ALARM, Tier.ORANGE, "unack", True), logging.ERROR, "ALARM ORANGE fire: smoke at d in 星光 (ktv)"),
    (Raise(1.0, *ALARM, Tier.BLUE, "unack", True), logging.WARNING, "ALARM BLUE fire: smoke at d in 星光 (ktv)"),
    (Escalate(1.0, *ALARM, Tier.RED, "unack", True), logging.ERROR, "ALARM rises RED fire: smoke at d in 星光 (ktv)"),
    (
        Raise(1.0, *ALARM, Tier.BLUE, "unack", False, grouped=True),
        logging.WARNING,
        "ALARM BLUE fire: smoke at d in 星光 (ktv), one of many: without a sound",
    ),
    (
        Raise(1.0, *ALARM, Tier.RED, "unack", True, first_out=True),
        logging.ERROR,
        "ALARM RED fire: smoke at d in 星光 (ktv), the first of its kind",
    ),
    (
        ReAlarm(1.0, *ALARM, Tier.RED, "unack", True),
        logging.ERROR,
        "ALARM still stands RED fire: smoke at d in 星光 (ktv)",
    ),
    (
        Hidden(1.0, *ALARM, Tier.BLUE, "normal", False, overlay="out_of_service"),
        logging.INFO,
        "alarm out of view BLUE fire: smoke at d in 星光 (ktv), out of service",
    ),
    (
        Shown(1.0, *ALARM, Tier.BLUE, "unack", True, overlay="shelved"),
        logging.WARNING,
        "alarm back in view BLUE fire: smoke at d in 星光 (ktv), shelved",
    ),
    (
        Withheld(1.0, *ALARM, Tier.BLUE, "normal", False, overlay="suppressed"),
        logging.INFO,
        "withheld BLUE fire: smoke at d in 星光 (ktv), suppressed",
    ),
    (
        Chattering(1.0, *ALARM, Tier.BLUE, "unack", True, count=3),
        logging.INFO,
        "alarm chatters and is held BLUE fire: smoke at d in 星光 (ktv)",
    ),
    (
        Flood(1.0, 10),
        logging.WARNING,
        "FLOOD of alarms, 10 in ten minutes: blue and yellow ones are shown without a sound",
    ),
    (EndFlood(1.0, 4), logging.INFO, "flood of alarms over, 4 in ten minutes"),
    (
        ReportFault(1.0, "d", "silent", "unheard", explained_by="ktv"),
        logging.WARNING,
        "FAULT silent at d: unheard, explained by 星光 (ktv)",
    ),
    (
        StepDown(1.0, *ALARM, Tier.YELLOW, "unack", True),
        logging.INFO,
        "alarm falls YELLOW fire: smoke at d in 星光 (ktv)",
    ),
    (
        Return(1.0, *ALARM, Tier.YELLOW, "rtn_unack", True),
        logging.INFO,
        "alarm's cause is gone YELLOW fire: smoke at d in 星光 (ktv)",
    ),
    (Clear(1.0, *ALARM, Tier.NONE, "normal", False), logging.INFO, "alarm is over NONE fire: smoke at d in 星光 (ktv)"),
    (
        Acknowledged(1.0, *ALARM, Tier.RED, "acked", False),
        logging.INFO,
        "alarm acknowledged RED fire: smoke at d in 星光 (ktv)",
    ),
    (
        Silenced(1.0, *ALARM, Tier.RED, "unack", False),
        logging.INFO,
        "alarm silenced RED fire: smoke at d in 星光 (ktv)",
    ),
    (
        Investigate(1.0, "smoke@d", "ktv", "look", 61.0),
        logging.WARNING,
        "INVESTIGATE smoke@d in 星光 (ktv): staff look",
    ),
    (StandDown(1.0, "smoke@d", "ktv"), logging.INFO, "stood down: smoke@d in 星光 (ktv)"),
    (
        Verify(1.0, "smoke@d", "ktv", 91.0),
        logging.WARNING,
        "FIRST SIGNAL of smoke@d in 星光 (ktv): verified within 90 s",
    ),
    (DutyChange(1.0, True), logging.INFO, "somebody is on duty"),
    (DutyChange(1.0, False), logging.INFO, "NOBODY ON DUTY: no investigation waits"),
    (ShowMode(1.0, "ktv", 601.0, "wu"), logging.WARNING, "SHOW MODE in 星光 (ktv) for 10 min, wu watches"),
    (EndShowMode(1.0, "ktv"), logging.INFO, "show mode is over in 星光 (ktv)"),
    (
        Evacuate(1.0, "e", "whole", ("ktv",), "ktv", (Because(1.0, "d", "smoke"), Because(1.0, "c", "pressed"))),
        logging.CRITICAL,
        "EVACUATE 星光 (ktv), began in 星光 (ktv) because d: smoke; c: pressed",
    ),
    (
        Evacuate(1.0, "e", "whole", ("ktv",), "ktv", (), "first", (StageAction("lights_up", "ktv"),), ("way-a",)),
        logging.CRITICAL,
        "EVACUATE 星光 (ktv), began in 星光 (ktv); lights_up ktv; blocked: way-a",
    ),
    (
        Advance(1.0, "e", "whole", "rest", ("ktv",), blocked=("way-a", "way-b")),
        logging.CRITICAL,
        "EVACUATE next 星光 (ktv), stage rest of e; blocked: way-a, way-b",
    ),
    (
        Advance(1.0, "e", "whole", "power", (), (StageAction("power_off", "ktv"),)),
        logging.CRITICAL,
        "EVACUATE next, stage power of e; power_off ktv",
    ),
    (Reroute(1.0, "e", "whole", ("ktv",), ("way-a",)), logging.CRITICAL, "REROUTE 星光 (ktv): blocked: way-a"),
    (Reroute(1.0, "e", "whole", ("ktv",), ()), logging.CRITICAL, "REROUTE 星光 (ktv): all routes are free"),
    (EndEvacuation(1.0, "e", "whole", ("ktv",)), logging.INFO, "ALL CLEAR for 星光 (ktv)"),
    (ZoneTier(1.0, "ktv", Tier.RED), logging.INFO, "zone 星光 (ktv) is now RED"),
    (ReportFault(1.0, "d", "silent", "a\nb\x1b[31m"), logging.WARNING, "FAULT silent at d: a b [31m"),
    (EndFault(1.0, "d", "silent"), logging.INFO, "fault over: silent at d"),
    (Restart(1.0, "down for 3 s", 3.0), logging.INFO, "RESTART, down for 3 s"),
    (Restart(1.0, "down", 3.0, lost=("row 7",)), logging.WARNING, "RESTART, down; LOST: row 7"),
    (Anchored(1.0, "ab", 7, "00"), logging.INFO, "audit of journal ab: record 7:00"),
    (Refuse(1.0, "reset", "smoke@d", "still smoking"), logging.WARNING, "refused: reset smoke@d: still smoking"),
]


@pytest.mark.parametrize(("decision", "level", "line"), LINES, ids=[type(one[0]).__name__ for one in LINES])
async def test_each_decision_is_one_line(
    caplog: pytest.LogCaptureFixture, decision: Decision, level: int, line: str
) -> None:
    """Words, tier and names; foreign control characters do not reach the terminal."""
    output = LogOutput("log", LogOutputSettings(language="zh"), OutputContext(VENUE, lambda: 0.0, {}))
    await output.run()
    with caplog.at_level(logging.INFO, "tocsin.decisions"):
        await output.deliver(Delivery("1", decision, 0.0))
    assert caplog.record_tuples == [("tocsin.decisions", level, line)]


async def test_a_line_has_an_end(caplog: pytest.LogCaptureFixture) -> None:
    """Foreign text cannot flood the log."""
    output = LogOutput("log", LogOutputSettings(), OutputContext(VENUE, lambda: 0.0, {}))
    await output.deliver(Delivery("1", ReportFault(1.0, "d", "bad_input", "x" * 10_000), 0.0))
    assert len(caplog.messages[0]) < 600
