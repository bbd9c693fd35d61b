"""Alarm verification of smoke detectors (NFPA 72): a puff is no alarm, and what could be a fire is never dropped."""

from dataclasses import replace

from rules.plan import TierRule, VerifyRule
from rules.signal import Heard, OutOfService
from tests.rules.house import CONFIRMED, Story, plan, rule, tier, without_zones

VERIFIED: TierRule = replace(tier("orange", "smoke"), verify=VerifyRule(30, 60))
SMOKE = rule("smoke", "device", ("det-a", "det-b"), VERIFIED, latching=True)


def test_a_puff_is_no_alarm() -> None:
    """Gone after the reset, and not back within the window: people saw that it was verified, and nothing else."""
    story = Story(plan(SMOKE))
    assert story.read(10, "det-a", smoke=True) == ["Verify smoke@det-a until 100"]
    (status,) = story.engine.alarms()
    assert (status.state, status.pending_until) == ("pending", 40)
    assert story.read(12, "det-a", smoke=False) == story.read(13, "det-a", smoke=True) == []
    story.read(14, "det-a", smoke=False)
    assert story.tick(40) == [] and story.alarm("smoke@det-a") == "pending none"
    assert story.tick(99) == [] and story.alarm("smoke@det-a") == "pending none"
    assert story.tick(100) == [] and story.alarm("smoke@det-a") == "normal"
    assert story.read(110, "det-a", smoke=True) == ["Verify smoke@det-a until 200"], "the next one is a first again"


def test_smoke_that_stays_is_an_alarm_after_the_reset() -> None:
    """Also when the daemon was restarted meanwhile; the signal is not told of twice."""
    story = Story(plan(SMOKE))
    story.read(10, "det-a", smoke=True)
    story.restart()
    assert story.read(20, "det-a", smoke=True) == []
    assert without_zones(story.tick(40)) == ["Raise smoke@det-a orange"]


def test_smoke_that_comes_back_is_an_alarm_at_once() -> None:
    """Within the window no second reset is waited for, also after a restart in it."""
    story = Story(plan(SMOKE))
    story.read(10, "det-a", smoke=True)
    story.read(20, "det-a", smoke=False)
    story.tick(40)
    story.restart()
    assert without_zones(story.read(95, "det-a", smoke=True)) == ["Raise smoke@det-a orange"]


def test_a_second_detector_needs_no_verification() -> None:
    """Two first signals are two alarms at once, and with them a confirmed fire; the evidence names the other."""
    story = Story(plan(SMOKE, CONFIRMED))
    story.read(10, "det-a", smoke=True)
    story.read(15, "det-a", smoke=False)
    said = without_zones(story.read(20, "det-b", smoke=True))
    assert [line for line in said if line.startswith(("Raise", "Evacuate"))] == [
        "Raise smoke@det-a orange",
        "Raise smoke@det-b orange",
        "Raise confirmed@floor red",
        "Evacuate whole-1",
    ]
    raised = [one for one in story.decisions if type(one).__name__ == "Raise"]
    assert raised[0].because[0].source == "smoke@det-b" and raised[1].because[0].source == "smoke@det-a"
    assert "Verify smoke@det-b" not in " ".join(said)


def test_beside_a_verified_alarm_none_is_verified_again() -> None:
    """What one detector has proved the next one need not prove."""
    story = Story(plan(SMOKE))
    story.read(10, "det-a", smoke=True)
    story.tick(40)
    assert without_zones(story.read(50, "det-b", smoke=True)) == ["Raise smoke@det-b orange"]


def test_silence_while_verified_is_no_all_clear() -> None:
    """A detector that goes silent after its first signal may be burning: the signal counts."""
    for lost_at, raised_at in ((20, 40), (50, 100)):
        story = Story(plan(SMOKE))
        story.read(10, "det-a", smoke=True)
        if lost_at == 50:
            story.read(15, "det-a", smoke=False)
            story.tick(40)
        story.tell(Heard(lost_at, "det-a", online=False))
        story.restart()
        assert without_zones(story.tick(raised_at)) == ["Raise smoke@det-a orange"]


def test_a_lower_tier_is_up_while_the_higher_is_verified() -> None:
    """Verification of orange hides no yellow, and its end is an escalation."""
    both = rule(
        "smoke", "device", ("det-a", "det-b"), tier("yellow", "smoke_obscuration >= 2"), VERIFIED, latching=True
    )
    story = Story(plan(both))
    said = without_zones(story.read(10, "det-a", smoke_obscuration=3.0, smoke=True))
    assert said == ["Raise smoke@det-a yellow", "Verify smoke@det-a until 100"]
    assert without_zones(story.tick(40)) == ["Escalate smoke@det-a orange"]


def test_why_not_says_that_a_signal_is_verified() -> None:
    """Neither normal nor an alarm: the first signal waits for the second look."""
    story = Story(plan(SMOKE))
    story.read(10, "det-a", smoke=True)
    explained = story.engine.explain("smoke@det-a")
    assert explained is not None
    assert explained.verdict == "orange had a first signal, which is being verified (resetting)"


def test_a_detector_out_of_service_verifies_none() -> None:
    """Its signal is no second one: it is disabled by name, with a reason and an end."""
    story = Story(plan(SMOKE))
    story.tell(OutOfService(5, "smoke@det-b", 3600.0, "Li", "dust", "engineer"))
    assert "Verify" not in " ".join(story.read(10, "det-b", smoke=True)), "it is not verified itself either"
    assert story.read(12, "det-a", smoke=True) == ["Verify smoke@det-a until 102"]
