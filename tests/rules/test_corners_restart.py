"""Corners of a restart and a reload at which a small slip would lose what is waited for, or tell what is not so."""

from dataclasses import replace

import msgspec

from rules import snapshot
from rules.decision import Clear, Evacuate, Shown, ZoneTier
from rules.engine import Engine
from rules.plan import InvestigationRule
from rules.signal import OrderEvacuation, Reset, Shelve
from rules.tier import Tier
from tests.rules.house import CONFIRMED, DETECTORS, SMOKE, Story, device, plan, rule, tier
from tests.rules.test_reload import reload

WARM = rule("warm", "device", ("det-a", "det-b"), tier("yellow", "temperature >= 40"), category="power")
FIRE = plan(SMOKE, CONFIRMED)


def of_an_older_program(story: Story) -> None:
    """Restart from a snapshot as it was before it kept where delays began, and how long silence may last."""
    kept = snapshot.decode(story.engine.snapshot())
    for one in kept.devices.values():
        one.stale_after_s = None
    for alarm in kept.alarms.values():
        alarm.step_began = None
        for level in alarm.levels:
            level.began = None
    story.engine = Engine.restore(story.plan, msgspec.msgpack.encode(kept))


def test_what_waits_in_an_older_snapshot_keeps_its_end() -> None:
    """A delay becomes an alarm, a look round an evacuation, and silence a fault when they were to."""
    story = Story(FIRE)
    story.read(10, "det-a", smoke=True)
    story.read(12, "det-b", smoke_obscuration=3.0)
    of_an_older_program(story)
    assert "Raise smoke@det-b yellow" in story.tick(17)
    assert "Evacuate whole-1" in story.tick(25)
    assert "ReportFault det-attic silent" in story.tick(1000)


def test_evacuations_told_beside_a_snapshot_replace_none_in_it() -> None:
    """Those that it holds stay in force."""
    story = Story(FIRE)
    story.tell(OrderEvacuation(5, "whole", "Li", "gas"))
    body = story.engine.snapshot()
    (status,) = story.engine.evacuations()
    other = msgspec.structs.replace(status, evacuation="whole-2")
    kept = snapshot.decode(snapshot.with_evacuations(body, [other], 2, "new"))
    assert [one.evacuation for one in kept.evacuations] == ["whole-1", "whole-2"]


def test_a_rule_that_is_new_finds_nothing_of_what_was_never_told() -> None:
    """Its window begins empty."""
    story = Story(plan(SMOKE), heard=False)
    story.read(10, "det-a", smoke=False)
    hot = rule("hot", "device", ("det-a",), tier("orange", "max(temperature, 60s) >= 57"))
    assert reload(story, plan(SMOKE, hot), 20) == []
    assert "Raise hot@det-a orange" in story.read(30, "det-a", temperature=60.0)


def test_the_window_of_a_rule_that_is_new_begins_with_the_last_word() -> None:
    """And not before it: a mean over the time since then, not over a past that nobody knows."""
    story = Story(plan(SMOKE))
    story.read(980, "det-a", temperature=20.0)
    mean = rule("mean", "device", ("det-a",), tier("orange", "mean(temperature, 60s) >= 40"))
    reload(story, plan(SMOKE, mean), 1000)
    story.read(1000, "det-a", temperature=60.0)
    assert "Raise mean@det-a orange" in story.tick(1020)


def test_a_device_that_is_new_has_its_time_to_be_heard() -> None:
    """It is missed when that is over, and not at once."""
    story = Story(plan(SMOKE))
    for one in DETECTORS:
        story.read(500, one.id, temperature=20.0)
    assert reload(story, plan(SMOKE, devices=[*DETECTORS, device("det-new", "room-a", "smoke")]), 600) == []
    assert story.tick(601) == []
    assert "ReportFault det-new silent" in story.tick(1600)


def test_an_alarm_is_looked_into_at_a_lower_tier_after_it_returned() -> None:
    """That it was looked into at a higher one is past with its return."""
    story = Story(FIRE)
    story.read(10, "det-a", smoke=True)
    story.tell(Reset(12, "confirmed@floor", "Wu", "toast", "commander"))
    story.read(20, "det-a", smoke=False)
    story.read(100, "det-a", smoke_obscuration=3.0)
    story.tick(105)
    lower = replace(CONFIRMED, investigate=InvestigationRule(("smoke",), Tier.YELLOW))
    assert reload(story, plan(SMOKE, lower), 110) == ["Investigate confirmed@floor acknowledge until 125"]


def test_an_evacuation_that_is_new_cites_the_tier_that_asks_for_it() -> None:
    """Not the lowest tier of its rule."""
    low, top = tier("yellow", "temperature >= 30"), replace(tier("red", "smoke"), line="house.yaml:7")
    burning = rule("burning", "device", ("det-a",), low, top)
    story = Story(plan(burning))
    story.read(10, "det-a", smoke=True)
    reload(story, plan(replace(burning, evacuate="whole")), 20)
    (begun,) = [one for one in story.decisions if isinstance(one, Evacuate)]
    assert [one.line for one in begun.because if "smoke" in one.text] == ["house.yaml:7"]


def test_a_zone_with_nothing_to_look_into_is_passed_over() -> None:
    """An investigation there can never begin, and holds no reload up."""
    both = replace(CONFIRMED, places=("floor", "attic"))
    story = Story(plan(replace(SMOKE, places=("det-a",)), both))
    assert reload(story, plan(replace(SMOKE, places=("det-a", "det-b")), both), 10) == []


def test_a_rule_without_places_explains_nothing() -> None:
    """It is no obstacle either."""
    nowhere = rule("dead", "device", (), tier("yellow", "voltage < 44"), category="power", suppresses=["warm"])
    story = Story(plan(nowhere, WARM))
    assert "Raise warm@det-a yellow" in story.read(10, "det-a", temperature=45.0)


def test_what_is_left_of_a_zone_is_told_when_a_rule_goes() -> None:
    """The end of its alarm is silent; the zone keeps the tier of the other, and says why it changed."""
    story = Story(plan(SMOKE, WARM))
    story.read(10, "det-a", temperature=45.0, smoke=True)
    assert "[room-a yellow]" in reload(story, plan(WARM), 20)
    (clear,) = [one for one in story.decisions if isinstance(one, Clear)]
    assert not clear.sounding
    told = [one for one in story.decisions if isinstance(one, ZoneTier) and one.at == 20]
    assert {one.zone: one.tier for one in told} == dict.fromkeys(("room-a", "floor", "venue"), Tier.YELLOW)
    assert {because.text for one in told for because in one.because} == {"the venue's files have changed"}


def test_a_shelf_that_is_no_longer_allowed_says_so() -> None:
    """The alarm comes into view again with the reason."""
    story = Story(plan(WARM))
    story.tell(Shelve(10, "warm@det-a", 600.0, False, "Wu", "known", "engineer"))
    reload(story, plan(replace(WARM, category="fire")), 20)
    (shown,) = [one for one in story.decisions if isinstance(one, Shown)]
    assert shown.because[0].text == "its rule may not be shelved any more"


def test_a_flood_goes_on_after_a_restart_while_more_comes() -> None:
    """Its end moves with the alarms that still come, and comes once."""
    devices = [device(f"det-{number}", "room-a", "temperature", stale_after_s=1e6) for number in range(30)]
    warm = replace(WARM, places=tuple(one.id for one in devices))
    story = Story(plan(warm, devices=devices))
    for number in range(12):
        story.read(100 + number, f"det-{number}", temperature=45.0)
    story.restart()
    for number in range(12, 24):
        story.read(500 + number, f"det-{number}", temperature=45.0)
    assert "EndFlood" not in " ".join(story.tick(1000))
    assert [line for line in story.tick(1119) if line.startswith("EndFlood")] == ["EndFlood 4"]
