"""The look round by itself: each step once, and nothing moves it that does not belong to it."""

import pytest

from rules.alarm import Alarm
from rules.investigation import Investigation
from rules.plan import InvestigationRule
from rules.signal import Acknowledge, AllClear, Reset
from rules.tier import Tier
from tests.rules.house import CONFIRMED, SMOKE, Story, plan, rule, without_zones

FIRE = plan(SMOKE, CONFIRMED)


@pytest.fixture
def looking() -> Investigation:
    """Begun at 10 s by one alarm."""
    investigation = Investigation(InvestigationRule(("smoke",), Tier.ORANGE))
    assert investigation.begin(alarm("det-a"), 10.0)
    return investigation


def alarm(device: str) -> Alarm:
    return Alarm(SMOKE, device, "room-a")


def test_it_is_over_at_its_instant_and_not_before(looking: Investigation) -> None:
    """Neither too early nor twice."""
    assert not looking.expire(24.9)
    assert looking.expire(25.0)
    assert not looking.expire(26.0)


def test_another_alarm_joins_it_and_does_not_begin_it_again(looking: Investigation) -> None:
    """The time of the first one counts."""
    assert not looking.begin(alarm("det-b"), 20.0)
    assert len(looking.triggers) == 2 and looking.due == 25.0


def test_an_alarm_that_had_no_part_in_it_takes_nothing_back(looking: Investigation) -> None:
    """Resetting it elsewhere is no look here."""
    assert not looking.withdraw(alarm("det-b"))
    assert looking.withdraw(looking.triggers[0])


def test_an_alarm_held_back_waits_once(looking: Investigation) -> None:
    """However often it rises meanwhile."""
    held = alarm("det-b")
    looking.hold(held)
    looking.hold(held)
    assert looking.held == [held]


def test_a_detector_that_wobbles_does_not_begin_it_again() -> None:
    """Off and on within the time to acknowledge: the time goes on."""
    story = Story(FIRE)
    story.read(10, "det-a", smoke=True)
    story.read(12, "det-a", smoke=False)
    assert without_zones(story.read(14, "det-a", smoke=True)) == ["Raise smoke@det-a orange"]
    assert "Evacuate whole-1" in story.tick(25)


def test_one_that_ran_out_where_nothing_is_evacuated_begins_anew() -> None:
    """Without an evacuation there is no all-clear: the next alarm is looked into all the same."""
    told = rule("confirmed", "zone", ("floor",), *CONFIRMED.tiers, latching=True, investigate=CONFIRMED.investigate)
    story = Story(plan(SMOKE, told))
    story.read(10, "det-a", smoke=True)
    assert without_zones(story.tick(25)) == ["Raise confirmed@floor red"]
    story.read(40, "det-a", smoke=False)
    assert "Investigate confirmed@floor acknowledge until 215" in story.read(200, "det-b", smoke=True)


def test_resetting_the_confirmed_alarm_forgets_what_confirmed_it() -> None:
    """After fire, all-clear and reset the house is as new, also for the same detector."""
    story = Story(FIRE)
    story.read(10, "det-a", smoke=True)
    assert "Evacuate whole-1" in story.tick(25)
    story.read(40, "det-a", smoke=False)
    story.tell(Acknowledge(50, "confirmed@floor", "Li", "out"))
    assert "Clear confirmed@floor none" in story.tell(Reset(60, "confirmed@floor", "Wang", "aired", "commander"))
    story.tell(AllClear(70, "whole-1", "Wang", "aired", "commander"))
    assert "Investigate confirmed@floor acknowledge until 115" in story.read(100, "det-a", smoke=True)
