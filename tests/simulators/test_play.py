"""A scenario being played: steps, moments, promises kept and broken."""

from typing import Any

import pytest

from simulators.play import Fact, Play
from simulators.scenario import Scenario

STORY: dict[str, Any] = {
    "title": {"en": "a story"},
    "length": "60s",
    "story": [{"at": "5s", "name": "cut", "mains": "off"}],
    "expect": [{"alarm": "mains-loss@ktv", "tier": "blue", "within": "3s", "of": "cut", "name": "told"}],
}


def _play(**changes: Any) -> Play:
    return Play(Scenario.model_validate({**STORY, **changes}))


def test_a_step_is_given_once_at_its_time() -> None:
    """A step is due at its time after its moment, and never again."""
    play = _play()
    assert play.due(4.9) == []
    assert [step.action for step in play.due(5.0)] == ["mains"]
    assert play.due(6.0) == []
    assert play.moments["cut"] == 5.0


def test_a_promise_kept_in_time_is_met_and_makes_its_moment() -> None:
    """The first fact of that kind after the moment decides; later steps may wait for it."""
    step = {"at": "2s", "after": "told", "mains": "on"}
    play = _play(story=[*STORY["story"], step])
    play.due(5.0)
    assert [one.state for one in play.happened(Fact(7.0, "alarm", "mains-loss@ktv", "blue"))] == ["met"]
    assert play.due(8.9) == []
    assert len(play.due(9.0)) == 1
    play.finish(60.0)
    assert play.kept
    assert play.verdicts[0].took_s == 2.0


def test_what_comes_too_late_or_not_at_all_fails() -> None:
    """After the limit a promise is broken, and says so; what never came says that."""
    late = _play()
    late.due(5.0)
    late.happened(Fact(9.0, "alarm", "mains-loss@ktv", "blue"))
    assert late.verdicts[0].reason == "came after 4.0 s"
    never = _play()
    never.due(5.0)
    never.due(20.0)
    assert never.verdicts[0].reason == "not within 3 s"


def test_what_happened_before_the_moment_does_not_count() -> None:
    """A promise is measured from its moment: the same alarm before it keeps nothing."""
    play = _play()
    play.happened(Fact(4.0, "alarm", "mains-loss@ktv", "blue"))
    play.finish(60.0)
    assert not play.kept


def test_another_tier_another_alarm_keeps_nothing() -> None:
    """The promised tier is the very one; a higher one is another fact."""
    play = _play()
    play.due(5.0)
    play.happened(Fact(6.0, "alarm", "mains-loss@ktv", "orange"))
    play.happened(Fact(6.0, "alarm", "mains-loss@other", "blue"))
    assert play.verdicts[0].state == "open"


def test_exactly_once_is_decided_at_the_end() -> None:
    """`times: 1` is met by one and broken by two."""
    once = {"evacuation": "whole-building", "times": 1}
    for count, state in ((0, "failed"), (1, "met"), (2, "failed")):
        play = _play(expect=[once])
        for number in range(count):
            play.happened(Fact(float(number), "evacuation", "whole-building"))
        play.finish(60.0)
        assert play.verdicts[0].state == state


def test_a_ban_holds_for_higher_tiers_and_until_its_moment() -> None:
    """What must never be is broken by that tier or a higher one, unless its moment has passed."""
    ban = {"alarm": "mains-loss@ktv", "tier": "yellow", "until": "cut"}
    for at, tier, state in ((1.0, "orange", "failed"), (1.0, "blue", "met"), (6.0, "orange", "met")):
        play = _play(never=[ban])
        play.due(at)
        play.happened(Fact(at, "alarm", "mains-loss@ktv", tier))
        play.finish(60.0)
        assert play.verdicts[1].state == state


def test_a_step_whose_moment_never_came_fails_the_story() -> None:
    """A story that could not be told is not passed."""
    play = _play(story=[*STORY["story"], {"after": "told", "mains": "on"}], expect=[*STORY["expect"]])
    play.due(5.0)
    play.finish(60.0)
    assert any("never came" in verdict.reason for verdict in play.verdicts)
    assert not play.kept


@pytest.mark.parametrize("event", ["cleared", "stand_down", "recovered"])
def test_any_stands_for_every_subject(event: str) -> None:
    """`any` as the subject is met by whichever comes first."""
    play = _play(expect=[{event: "any"}])
    play.happened(Fact(1.0, event, "something"))
    assert play.verdicts[0].state == "met"
