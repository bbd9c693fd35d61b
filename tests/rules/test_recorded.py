"""Journals of the real daemon, recorded by `tests.rules.record`: today's engine decides the same, word for word."""

from dataclasses import replace

import pytest

from rules.tier import Tier
from tests.rules.recorded import replay as replaying
from tests.rules.recorded.replay import journal, names, plan_of, replay
from tests.rules.recorded.rows import read, write


@pytest.mark.parametrize("name", names())
def test_the_engine_of_today_decides_as_it_did(name: str) -> None:
    """One by one, under the rules of then; where it is meant to differ, the journals are recorded anew."""
    differences = [str(one) for one in replay(journal(name))]
    assert not differences, "\n".join(differences[:5])


def test_the_journals_are_broad() -> None:
    """Fires, calls, cuts, silences, people's orders, other rules and a crash: most of what can be decided is."""
    assert len(names()) == 6
    told = [(signals, decisions) for name in names() for signals, decisions in journal(name)]
    heard = {type(signal).__name__ for signals, _ in told for signal in signals}
    said = {type(decision).__name__ for _, decisions in told for decision in decisions}
    assert heard >= {"Reading", "Heard", "LinkDown", "Recovered", "LinkUp", "Acknowledge", "Reset", "Silence", "Shelve"}
    assert heard >= {"OutOfService", "AllClear", "Reloaded", "Resumed", "Unshelve", "Tick"}
    assert said >= {"Raise", "Escalate", "Evacuate", "EndEvacuation", "Investigate", "StandDown", "Hidden", "Shown"}
    assert said >= {"ReportFault", "EndFault", "ZoneTier", "Acknowledged", "Silenced", "Return", "Clear", "Refuse"}


@pytest.mark.parametrize("name", names())
def test_what_is_written_is_what_was_told(name: str) -> None:
    """The text of a journal is all of it."""
    told = journal(name)
    assert list(read(write(told))) == told


def test_another_threshold_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: with a rule that acts later the fire's journal comes out otherwise."""

    def later(rules: str) -> object:
        plan = plan_of(rules)
        slow = [replace(rule, tiers=tuple(replace(one, on_delay_s=9.0) for one in rule.tiers)) for rule in plan.rules]
        return replace(plan, rules=tuple(slow))

    monkeypatch.setattr(replaying, "plan_of", later)
    differences = list(replay(journal("room-fire")))
    assert any(getattr(one, "tier", None) is Tier.RED for found in differences for one in found.recorded)
