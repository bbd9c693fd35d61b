"""Other rules while the engine runs: what is kept, re-timed, changed, added, dropped."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import snapshot
from rules.decision import Clear, Decision, StandDown, ZoneTier
from rules.engine import Engine
from rules.level import Level, Phase
from rules.plan import DutyRule, InvestigationRule, Limits, Plan
from rules.reload import Changed, Changes, Dropped, Retimed, compare, counted, in_the_way, swap
from rules.schedule import Schedule
from rules.signal import (
    Acknowledge,
    AllClear,
    Calendar,
    OrderEvacuation,
    Reloaded,
    Reset,
    Resumed,
    Shelve,
    Signal,
    StartShow,
    Tick,
)
from rules.tier import Tier
from rules.venue import Text, Zone
from tests.rules.house import (
    CONFIRMED,
    DETECTORS,
    HEAT,
    PLANS,
    SMOKE,
    Story,
    device,
    plan,
    rule,
    tier,
    without_zones,
    words,
)
from tests.rules.test_restart import PLAN, signals

WIRED = replace(PLAN, venue=replace(PLAN.venue, links=("wire",)))  # the wire that the random signals speak of


def reload(story: Story, new: Plan, at: float, digest: str = "new") -> list[str]:
    """The story goes on under another plan; what is said at that instant."""
    fresh = Engine(new)
    decisions = swap(story.engine, fresh, Reloaded(at, digest))
    story.engine, story.plan = fresh, new
    story.decisions += decisions
    return [words(decision) for decision in decisions]


def smoke(on: float = 5.0, off: float = 30.0) -> Plan:
    """SMOKE with other delays in its yellow tier."""
    yellow = replace(SMOKE.tiers[0], on_delay_s=on, off_delay_s=off)
    return plan(replace(SMOKE, tiers=(yellow, SMOKE.tiers[1])))


@given(signals(), st.lists(st.integers(0, 40), max_size=5))
@settings(max_examples=300)
def test_a_reload_of_the_same_rules_is_invisible(told: list[Signal], reload_after: list[int]) -> None:
    """Invariant 7: an engine that took the same plan anew, at any instants, decides exactly like one that did not; and
    so does one that was only told its name.
    """
    going_on, reloaded = Engine(WIRED), Engine(WIRED)
    for number, signal in enumerate(told):
        if number in reload_after and going_on.now:
            fresh = Engine(WIRED) if number % 2 else reloaded
            assert swap(reloaded, fresh, Reloaded(reloaded.now, "same")) == []
            reloaded = fresh
        assert reloaded.step(signal) == going_on.step(signal)
    assert reloaded.alarms() == going_on.alarms()
    assert reloaded.zone_tiers() == going_on.zone_tiers()
    assert reloaded.devices() == going_on.devices()
    assert reloaded.faults() == going_on.faults()
    assert reloaded.evacuations() == going_on.evacuations()


def test_the_same_engine_may_go_on() -> None:
    """Where the new files make the same plan, the engine is told so and nothing else changes."""
    story = Story(plan(SMOKE))
    story.read(10, "det-a", smoke_obscuration=3.0)
    assert swap(story.engine, story.engine, Reloaded(11, "new")) == []
    assert story.engine.rules == "new"
    assert "Raise smoke@det-a yellow" in story.tick(15)


def test_what_is_over_at_the_reload_is_decided_by_the_old_rules() -> None:
    """A delay that ended just before is an alarm of the old rule, not of the new one."""
    story = Story(smoke(on=5.0))
    story.read(10, "det-a", smoke_obscuration=3.0)
    assert reload(story, smoke(on=60.0), 15.0)[0] == "Raise smoke@det-a yellow"


def test_an_edited_delay_counts_from_where_it_began() -> None:
    """A longer on-delay ends later, a shorter one earlier, one that is over already at once."""
    for on, said_at in ((60.0, 70.0), (12.0, 22.0)):
        story = Story(smoke(on=30.0))
        story.read(10, "det-a", smoke_obscuration=3.0)
        assert reload(story, smoke(on=on), 20.0) == []
        assert story.engine.deadline() == said_at
        assert "Raise smoke@det-a yellow" in story.tick(said_at)
    for on in (8.0, 0.0):
        story = Story(smoke(on=30.0))
        story.read(10, "det-a", smoke_obscuration=3.0)
        assert "Raise smoke@det-a yellow" in reload(story, smoke(on=on), 20.0)


def test_a_delay_retimed_twice_still_counts_from_where_it_began() -> None:
    """Also over a restart in between."""
    story = Story(smoke(on=30.0))
    story.read(10, "det-a", smoke_obscuration=3.0)
    reload(story, smoke(on=60.0), 20.0)
    story.restart()
    reload(story, smoke(on=40.0), 25.0)
    assert story.engine.deadline() == 50.0


def test_an_edited_off_delay_is_retimed() -> None:
    """The way back counts as the way up."""
    story = Story(smoke(off=30.0))
    story.read(10, "det-a", smoke_obscuration=3.0)
    story.tick(15)
    story.read(20, "det-a", smoke_obscuration=0.0)
    assert reload(story, smoke(off=100.0), 30.0) == []
    assert story.engine.deadline() == 120.0
    assert "Return smoke@det-a yellow" in reload(story, smoke(off=5.0), 40.0)


def test_a_delay_of_an_older_snapshot_keeps_its_end() -> None:
    """Snapshots of earlier programs say when a delay ends, not where it began."""
    level = Level(SMOKE.tiers[0])
    level.restore(Phase.PENDING, None, 12.0)
    assert level.due == 12.0


@pytest.mark.parametrize(("again", "said_at"), [(120.0, 131.0), (30.0, 41.0), (5.0, 20.0)])
def test_an_edited_re_alarm_counts_from_when_it_fell_silent(again: float, said_at: float) -> None:
    """Longer, shorter, or over already; the report says in how many alarms it ran."""
    patient = rule("warm", "device", ("det-a",), tier("blue", "temperature >= 30"), category="power", re_alarm=60.0)
    story, new = Story(plan(patient)), plan(replace(patient, re_alarm_s=again))
    story.read(10, "det-a", temperature=45.0)
    story.tell(Acknowledge(11, "warm@det-a", "Li", "seen"))
    changes = counted(compare(story.plan, new), story.engine)
    assert changes == Changes(retimed=(Retimed("warm", "", "re_alarm", 60.0, again, 1),))
    story.restart()
    said = reload(story, new, 20)
    if said_at > 20:
        assert said == [] and story.engine.deadline() == said_at
        said = story.tick(said_at)
    assert without_zones(said) == ["ReAlarm warm@det-a blue"]


def test_a_re_alarm_that_comes_or_goes_is_another_rule() -> None:
    """No length to compare."""
    patient = rule("warm", "device", ("det-a",), tier("blue", "temperature >= 30"), category="power", re_alarm=60.0)
    for old, new in ((patient, replace(patient, re_alarm_s=None)), (replace(patient, re_alarm_s=None), patient)):
        assert compare(plan(old), plan(new)) == Changes(changed=(Changed("warm", ("re_alarm",)),))


def test_a_snapshot_that_kept_when_it_sounds_again_goes_on_so() -> None:
    """As snapshots did before they kept since when it has been silent; nor did they say what was evacuated for."""
    patient = rule("warm", "device", ("det-a",), tier("blue", "smoke"), re_alarm=60.0, evacuate="whole")
    story = Story(plan(patient))
    story.read(10, "det-a", smoke=True)
    story.tell(Acknowledge(11, "warm@det-a", "Li", "seen"))
    story.tell(AllClear(12, "whole-1", "Wu", "toast", "commander"))
    kept = snapshot.decode(story.engine.snapshot())
    alarm = kept.alarms["warm@det-a"]
    alarm.quiet_since, alarm.re_alarm_at, alarm.asked = None, 71.0, None
    story.engine = Engine.restore(story.plan, msgspec.msgpack.encode(kept))
    assert story.engine.deadline() == 71.0
    assert story.tell(Resumed(20, 1.0)) == []


def test_an_edited_investigation_is_retimed() -> None:
    """Staff get the time that the rule now says, from the moment they were asked."""
    other = replace(CONFIRMED, investigate=InvestigationRule(("smoke", "heat"), Tier.ORANGE, 40.0, 90.0))
    story = Story(plan(SMOKE, HEAT, CONFIRMED))
    story.read(10, "det-a", smoke=True)
    reload(story, plan(SMOKE, HEAT, other), 12.0)
    assert story.engine.deadline() == 50.0
    assert "Investigate confirmed@floor look until 110" in story.tell(Acknowledge(20, "smoke@det-a", "Li", "going"))
    assert "Evacuate whole-1" in reload(story, plan(SMOKE, HEAT, CONFIRMED), 95.0)


def test_a_rule_without_its_investigation_stands_it_down() -> None:
    """Nobody is left looking for what nothing waits for; a rule that is gone altogether says so too."""
    for others, why in (
        ((replace(CONFIRMED, investigate=None),), "its rule no longer asks for an investigation"),
        ((), "its rule or its place is no longer in the venue's files"),
    ):
        story = Story(plan(SMOKE, HEAT, CONFIRMED))
        story.read(10, "det-a", smoke=True)
        assert reload(story, plan(SMOKE, HEAT, *others), 12.0) == ["StandDown confirmed@floor"]
        (told,) = (one for one in story.decisions if isinstance(one, StandDown))
        assert told.because[0].text == why
        assert story.alarm("confirmed@floor") == "normal"
        assert story.alarm("smoke@det-a") == "unack orange"


def test_a_tier_that_is_gone_takes_its_delay_with_it() -> None:
    """An alarm that only waited for it is normal again."""
    story = Story(smoke(on=30.0))
    story.read(10, "det-a", smoke_obscuration=3.0)
    assert story.alarm("smoke@det-a") == "pending none"
    reload(story, plan(replace(SMOKE, tiers=SMOKE.tiers[1:])), 12.0)
    assert story.alarm("smoke@det-a") == "normal"
    assert story.tick(100.0) == []


def test_a_condition_that_became_false_is_dropped_before_its_delay_ends() -> None:
    """When threshold and delay change together the new threshold is asked first."""
    story = Story(smoke(on=30.0))
    story.read(10, "det-a", smoke_obscuration=3.0)
    other = tier("yellow", "smoke_obscuration >= 4", "smoke_obscuration < 1", on=1, off=30)
    assert reload(story, plan(replace(SMOKE, tiers=(other, SMOKE.tiers[1]))), 20.0) == []
    assert story.alarm("smoke@det-a") == "normal"


def test_a_standing_alarm_of_an_unchanged_rule_stays_as_it_is() -> None:
    """Acknowledged stays acknowledged, and nothing is said twice."""
    story = Story(plan(SMOKE))
    story.read(10, "det-a", smoke=True)
    story.tell(Acknowledge(11, "smoke@det-a", "Li", "seen"))
    assert reload(story, plan(SMOKE, HEAT), 12.0) == []
    assert story.alarm("smoke@det-a") == "acked orange"


def test_a_new_rule_looks_at_once() -> None:
    """At what is known already, and its delay begins then."""
    story = Story(plan())
    story.read(10, "det-a", smoke=True, smoke_obscuration=3.0)
    assert "Raise smoke@det-a orange" in reload(story, plan(SMOKE), 20.0)
    assert story.engine.deadline() == 25.0


def test_a_removed_rule_ends_its_alarm_with_a_reason_and_frees_its_zones() -> None:
    """The zone's tier, which people and retained topics still show, is told too."""
    story = Story(plan(SMOKE, HEAT))
    story.read(10, "det-a", smoke=True)
    said = reload(story, plan(HEAT), 12.0)
    assert sorted(said) == ["Clear smoke@det-a none", "[floor none]", "[room-a none]", "[venue none]"]
    (cleared,) = (one for one in story.decisions if isinstance(one, Clear))
    assert cleared.because[0].text == "its rule or its place is no longer in the venue's files"
    assert (cleared.zone, cleared.place, cleared.rule, cleared.category) == ("room-a", "det-a", "smoke", "fire")
    assert (cleared.tier, cleared.state, cleared.sounding) == (Tier.NONE, "normal", False)
    zones = [one for one in story.decisions if isinstance(one, ZoneTier) and one.at == 12.0]
    assert {one.zone: one.tier for one in zones} == dict.fromkeys(("room-a", "floor", "venue"), Tier.NONE)
    assert {one.because[0].text for one in zones} == {"the venue's files have changed"}
    assert reload(story, plan(HEAT), 13.0) == []


def test_an_alarm_whose_zone_is_gone_ends_in_the_venue() -> None:
    """A zone that the files no longer have is not told of."""
    story = Story(plan(SMOKE))
    story.read(10, "det-attic", smoke=True)
    smaller = plan(devices=DETECTORS[:2])
    zones = {id_: one for id_, one in smaller.venue.zones.items() if id_ != "attic"}
    reload(story, replace(smaller, venue=replace(smaller.venue, zones=zones)), 12.0)
    (cleared,) = (one for one in story.decisions if isinstance(one, Clear))
    assert (cleared.alarm, cleared.zone) == ("smoke@det-attic", "venue")


def test_a_delay_begun_anew_after_an_outage_counts_from_there() -> None:
    """Also when its length is edited afterwards, and over a restart."""
    anew = replace(SMOKE, after_outage="restart")
    story = Story(plan(anew))
    story.read(10, "det-a", smoke_obscuration=3.0)
    assert story.tell(Resumed(14.0, 3.0)) == []
    story.restart()
    longer = replace(anew, tiers=(replace(anew.tiers[0], on_delay_s=8.0), anew.tiers[1]))
    assert reload(story, plan(longer), 16.0) == []
    assert without_zones(story.tick(21.9)) == []
    assert without_zones(story.tick(22.0)) == ["Raise smoke@det-a yellow"]


def test_an_alarm_put_aside_ends_with_its_rule() -> None:
    """Whoever shelved it, or was told that it is suppressed or out of service, is told that it is over, and why."""
    warm = rule("warm", "device", ("det-a", "det-b"), tier("blue", "temperature >= 30"), category="power")
    root = rule("root", "zone", ("floor",), tier("blue", "any(smoke)"), category="power", suppresses=["warm"])
    story = Story(plan(warm, root))
    story.tell(Shelve(1, "warm@det-a", 3600.0, False, "Chen", "known heater", "engineer"))
    story.read(2, "det-b", smoke=True)
    assert without_zones(reload(story, plan(root), 3)) == ["Clear warm@det-a none"]
    assert story.decisions[-1].because[0].text == "its rule or its place is no longer in the venue's files"
    story = Story(plan(warm, root))
    story.read(1, "det-b", temperature=40.0)
    story.read(2, "det-a", smoke=True)
    assert without_zones(reload(story, plan(root), 3)) == ["Clear warm@det-b none"]


def test_a_tier_that_is_new_looks_at_once() -> None:
    """A rule gets a tier while a lower one stands: the alarm rises to it."""
    warm = rule("warm", "device", ("det-a",), tier("blue", "temperature >= 30"))
    warmer = replace(warm, tiers=(*warm.tiers, tier("yellow", "temperature >= 35")))
    story = Story(plan(warm))
    story.read(1, "det-a", temperature=40.0)
    assert without_zones(reload(story, plan(warmer), 3)) == ["Escalate warm@det-a yellow"]


def test_a_zone_that_is_gone_is_told_normal() -> None:
    """What is shown of a place that no longer exists does not stay red for ever."""
    story = Story(plan(SMOKE))
    story.read(10, "det-a", smoke=True)
    attic = plan(replace(SMOKE, places=("det-attic",)), devices=DETECTORS[2:])
    zones = {name: zone for name, zone in attic.venue.zones.items() if name != "room-a"}
    smaller = replace(attic, venue=replace(attic.venue, zones=zones))
    assert "[room-a none]" in reload(story, smaller, 12.0)


def test_an_evacuation_survives_whatever_the_files_say() -> None:
    """Neither its rule nor its plan need exist any more; a person ends it."""
    story = Story(plan(SMOKE, HEAT, CONFIRMED))
    story.read(10, "det-a", smoke=True)
    story.read(11, "det-b", smoke=True)
    bare = replace(plan(), evacuation_plans={})
    assert "EndEvacuation whole-1" not in reload(story, bare, 12.0)
    assert [one.evacuation for one in story.engine.evacuations()] == ["whole-1"]
    assert story.tell(AllClear(20, "whole-1", "Li", "all out", "commander")) == ["EndEvacuation whole-1"]


def test_an_edited_staleness_counts_from_the_last_word() -> None:
    """A device that is silent for longer than the new time is a fault at once."""
    quick = device("det-a", "room-a", *sorted(DETECTORS[0].quantities), stale_after_s=50.0)
    story = Story(plan())
    assert reload(story, plan(devices=(quick, *DETECTORS[1:])), 30.0) == []
    assert story.engine.deadline() == 50.0
    story = Story(plan())
    assert reload(story, plan(devices=(quick, *DETECTORS[1:])), 70.0) == ["ReportFault det-a silent"]


def test_the_digest_of_the_rules_in_force_is_kept() -> None:
    """Over a restart too, and it can be read from a snapshot before the plan is known."""
    story = Story(plan(SMOKE))
    assert story.engine.rules == ""
    reload(story, plan(SMOKE), 1.0, "abc")
    story.restart()
    assert story.engine.rules == "abc"
    assert story.engine.plan is story.plan
    assert snapshot.rules_of(story.engine.snapshot()) == "abc"


def test_the_report_says_what_became_of_each_rule() -> None:
    """Kept, re-timed, changed key by key, added, dropped, with the alarms concerned."""
    old = plan(SMOKE, HEAT, CONFIRMED)
    lost = rule("lost", "device", ("det-a",), tier("yellow", "absent"))
    tiers = (
        replace(SMOKE.tiers[0], on_delay_s=8.0, line="other.yaml:7"),
        tier("orange", "(smoke_obscuration >= 4.8)  or smoke"),
        tier("red", "smoke_obscuration >= 9"),
    )
    slower = replace(CONFIRMED, investigate=InvestigationRule(("smoke",), Tier.ORANGE, 15.0, 90.0), line="x:1")
    new = plan(replace(SMOKE, tiers=tiers, title=Text("Rook")), slower, lost)
    story = Story(old)
    story.read(10, "det-a", smoke_obscuration=3.0)
    story.read(10, "det-b", temperature=60.0)
    story.tell(Acknowledge(11, "heat@det-b", "Li", "going"))
    changes = Changes(
        kept=(),
        retimed=(
            Retimed("smoke", "yellow", "on_delay", 5.0, 8.0, 1),
            Retimed("confirmed", "", "then", 60.0, 90.0, 1),
        ),
        changed=(Changed("smoke", ("title", "red")), Changed("confirmed", ("investigate of",))),
        added=("lost",),
        dropped=(Dropped("heat", 1),),
    )
    assert counted(compare(old, new), story.engine) == changes
    story.tick(15)
    story.read(16, "det-a", smoke_obscuration=0.0)
    off = replace(SMOKE, tiers=(replace(SMOKE.tiers[0], off_delay_s=8.0), SMOKE.tiers[1]))
    only_retimed = counted(compare(old, plan(off, HEAT, CONFIRMED)), story.engine)
    assert only_retimed.retimed == (Retimed("smoke", "yellow", "off_delay", 30.0, 8.0, 1),)
    assert only_retimed.kept == ("heat", "confirmed")
    story.read(17, "det-a", temperature=60.0)
    gone = counted(compare(old, plan(lost, devices=DETECTORS[:1])), story.engine)
    assert gone.dropped == (Dropped("smoke", 1), Dropped("heat", 2), Dropped("confirmed", 1))
    assert gone.venue == ("device det-b is gone", "device det-attic is gone")
    assert counted(compare(plan(SMOKE, lost), plan(SMOKE)), story.engine).dropped == (Dropped("lost", 0),)
    investigated = counted(compare(old, plan(SMOKE, HEAT, replace(CONFIRMED, investigate=None))), story.engine)
    assert investigated.changed == (Changed("confirmed", ("investigate",)),)


def test_rules_that_only_moved_are_kept() -> None:
    """Neither their place in the file nor their spelling makes a difference."""
    moved = replace(HEAT, line="other.yaml:99", tiers=tuple(replace(one, line="y:1") for one in HEAT.tiers))
    assert compare(plan(SMOKE, HEAT), plan(moved, SMOKE)) == Changes(kept=("heat", "smoke"))


def test_the_report_says_what_else_is_different() -> None:
    """Zones, devices, evacuation plans, schedules, duty, limits."""
    old, new = plan(), plan(devices=(replace(DETECTORS[0], name=Text("Door")), *DETECTORS[1:2]))
    louder = replace(
        new,
        evacuation_plans={"whole": replace(PLANS["whole"], message=Text("go")), "new": PLANS["whole"]},
        limits=Limits(shelve_max_s=3600.0),
    )
    assert compare(old, louder).venue == (
        "device det-attic is gone",
        "device det-a: name",
        "evacuation plan new is new",
        "evacuation plan whole: message",
        "limits is different",
    )
    zones = {**old.venue.zones, "cellar": Zone("cellar", "floor", Text("cellar"), "venue")}
    zones["attic"] = replace(zones["attic"], name=Text("roof"), capacity=7)
    slower = tuple(replace(one, stale_after_s=5.0, fed_by="x") for one in DETECTORS)
    more = replace(
        plan(devices=slower),
        venue=replace(plan(devices=slower).venue, zones=zones),
        schedules={"open": Schedule(())},
        duty=DutyRule("open"),
    )
    assert compare(old, more).venue == (
        "zone cellar is new",
        "zone attic: name, capacity",
        *(f"device {one.id}: stale_after, fed_by" for one in DETECTORS),
        "schedule open is new",
        "duty is different",
    )


def test_the_end_of_what_is_left_over_is_told_at_a_resume_too() -> None:
    """A start with other files says the same as a reload; twice is told once."""
    story = Story(plan(SMOKE))
    story.read(10, "det-a", smoke=True)
    engine = Engine.restore(plan(), story.engine.snapshot())
    said: list[Decision] = engine.step(Resumed(20, 5.0))
    assert without_zones(words(one) for one in said) == ["Clear smoke@det-a none"]
    assert [one.zone for one in said if isinstance(one, ZoneTier)] == ["venue", "floor", "room-a"]
    assert engine.step(Resumed(30, 5.0)) == []


def test_the_first_signal_may_be_a_reload() -> None:
    """Every device is expected from then on."""
    engine = Engine(plan())
    assert engine.step(Reloaded(0.0, "first")) == []
    assert engine.deadline() == 1000.0
    assert engine.step(Tick(1.0)) == []


def test_an_evacuation_whose_plan_would_go_is_in_the_way() -> None:
    """Until the all-clear; the same plan in other words is not."""
    story = Story(plan(SMOKE))
    story.tell(OrderEvacuation(10, "whole", "li", "smoke seen"))
    without = replace(plan(SMOKE), evacuation_plans={})
    text = "evacuation plan 'whole' is in force and cannot go before the all-clear"
    assert in_the_way(story.engine, without) == {"whole-1": text}
    edited = {"whole": replace(PLANS["whole"], message=Text("go"))}
    assert in_the_way(story.engine, replace(without, evacuation_plans=edited)) == {}
    story.tell(AllClear(20, "whole-1", "li", "out", "commander"))
    assert in_the_way(story.engine, without) == {}


def test_a_fire_alarm_that_would_go_is_in_the_way_until_a_person_ends_it() -> None:
    """Its rule, its place, its latch or its rank is gone: a named person resets it, not an editor of files."""
    story = Story(plan(SMOKE))
    renamed = plan(replace(SMOKE, id="smk"))
    assert in_the_way(story.engine, renamed) == {}
    story.read(10, "det-a", smoke=True)
    gone = "alarm smoke@det-a is up and would end with its rule or its place: "
    standing = {"smoke@det-a": gone + "let it end and reset it first"}
    assert in_the_way(story.engine, renamed) == standing
    for other in (
        replace(SMOKE, places=("det-b",)),
        replace(SMOKE, latching=False),
        replace(SMOKE, category="power"),
    ):
        assert set(in_the_way(story.engine, plan(other))) == {"smoke@det-a"}
    edited = replace(SMOKE, title=Text("other"), tiers=(tier("orange", "smoke_obscuration >= 4 or smoke"),))
    assert in_the_way(story.engine, plan(edited)) == {}
    story.read(20, "det-a", smoke=False)
    assert in_the_way(story.engine, renamed) == {"smoke@det-a": gone + "reset it first"}
    story.tell(Acknowledge(21, "smoke@det-a", "li", "seen"))
    assert in_the_way(story.engine, renamed) == {"smoke@det-a": gone + "reset it first"}
    story.tell(Reset(22, "smoke@det-a", "li", "over", "commander"))
    assert in_the_way(story.engine, renamed) == {}


def test_what_need_not_latch_is_acknowledged_and_what_waits_is_not_up() -> None:
    """A fire alarm without a latch that ended unseen; a power alarm is in nobody's way; nor is one that only waits."""
    story = Story(plan(replace(SMOKE, latching=False)))
    story.read(10, "det-b", smoke_obscuration=3.0)
    assert in_the_way(story.engine, plan(HEAT)) == {}
    story.read(11, "det-a", smoke=True)
    story.read(12, "det-a", smoke=False)
    assert in_the_way(story.engine, plan(HEAT))["smoke@det-a"].endswith(": acknowledge it first")
    power = Story(plan(replace(SMOKE, category="power")))
    power.read(11, "det-a", smoke=True)
    assert in_the_way(power.engine, plan(HEAT)) == {}


# What is still to be looked into

FIRE = plan(SMOKE, CONFIRMED)
RENAMED = plan(SMOKE, replace(CONFIRMED, id="conf2"))
BEGUN = "Investigate conf2@floor acknowledge until 35"


@pytest.mark.parametrize("restart", [False, True])
def test_other_rules_go_on_looking_into_what_stands(restart: bool) -> None:
    """A rule under another name ends the investigation that ran and begins its own; nobody answers: people leave."""
    story = Story(FIRE)
    story.read(10, "det-a", smoke=True)
    if restart:
        story.engine = Engine.restore(RENAMED, story.engine.snapshot())
        said = story.tell(Resumed(20, 2.0))
    else:
        said = reload(story, RENAMED, 20)
    assert said == ["StandDown confirmed@floor", BEGUN]
    assert reload(story, RENAMED, 21) == [], "it is begun once"
    assert "Evacuate whole-1" in story.tick(35)


def test_an_investigation_that_is_new_looks_into_what_stands() -> None:
    """Also at a lower tier than before; what stands at none of its tiers is left alone."""
    later = replace(CONFIRMED, investigate=None)
    story = Story(plan(SMOKE, later))
    story.read(10, "det-a", smoke=True)
    story.read(11, "det-b", smoke_obscuration=3.0)
    story.tick(16)
    assert reload(story, FIRE, 20) == ["Investigate confirmed@floor acknowledge until 35"]
    story.tell(Reset(21, "confirmed@floor", "Wu", "toast", "commander"))
    assert reload(story, FIRE, 22) == []
    lower = replace(CONFIRMED, investigate=InvestigationRule(("smoke",), Tier.YELLOW))
    assert reload(story, plan(SMOKE, lower), 23) == ["Investigate confirmed@floor acknowledge until 38"]


def test_what_a_person_stood_down_is_not_looked_into_again_until_it_returns() -> None:
    """Under whatever rule, through reloads and restarts; the next smoke of the same detector is."""
    story = Story(FIRE)
    story.read(10, "det-a", smoke=True)
    story.tell(Reset(12, "confirmed@floor", "Wu", "toast", "commander"))
    story.restart()
    assert reload(story, RENAMED, 20) == [] and reload(story, FIRE, 21) == []
    assert story.tell(Resumed(25, 1.0)) == []
    story.read(30, "det-a", smoke=False)
    assert "Investigate confirmed@floor acknowledge until 55" in story.read(40, "det-a", smoke=True)
    assert BEGUN.replace("35", "65") in reload(story, RENAMED, 50)


def test_what_was_given_all_clear_for_is_not_begun_by_the_same_rules() -> None:
    """What ran out and is past stays past at a restart."""
    story = Story(FIRE)
    story.read(10, "det-a", smoke=True)
    assert "Evacuate whole-1" in story.tick(25)
    story.tell(AllClear(30, "whole-1", "Wu", "toast", "commander"))
    story.restart()
    assert story.tell(Resumed(40, 1.0)) == [] and reload(story, FIRE, 41) == []


def test_a_rule_that_evacuates_only_now_begins_it_when_it_is_true_already() -> None:
    """By a new `evacuate`, another plan, or a highest tier that is lower now; once, and not again by the same rules."""
    burning = rule("burning", "device", ("det-a",), tier("orange", "smoke"), tier("red", "temperature >= 60"))
    lower = replace(burning, tiers=burning.tiers[:1], evacuate="whole")
    for old, new in ((replace(lower, evacuate=None), lower), (replace(burning, evacuate="whole"), lower)):
        story = Story(plan(old))
        story.read(10, "det-a", smoke=True)
        assert without_zones(reload(story, plan(new), 20)) == ["Evacuate whole-1"]
        story.tell(AllClear(30, "whole-1", "Wu", "toast", "commander"))
        story.restart()
        assert story.tell(Resumed(40, 1.0)) == [] and reload(story, plan(new), 41) == []
        story.read(50, "det-a", smoke=False)
        assert "Evacuate whole-2" in story.read(60, "det-a", smoke=True)


def test_what_no_rule_holds_back_any_more_is_looked_into() -> None:
    """A show holds back what its rule's `show_mode` lets it; without the key it begins, in the middle of the show."""
    story = Story(plan(replace(SMOKE, show_mode=True), CONFIRMED))
    story.tell(StartShow(5, "room-a", 600.0, "Wu", "haze", "commander"))
    story.read(10, "det-a", smoke=True)
    story.restart()
    assert reload(story, FIRE, 20) == ["Investigate confirmed@floor acknowledge until 35"]


def test_a_reload_that_leaves_nobody_on_duty_waits_for_nobody() -> None:
    """It ends shows, and what is being looked into is taken as true."""
    story = Story(FIRE)
    story.tell(StartShow(5, "attic", 600.0, "Wu", "haze", "commander"))
    story.read(10, "det-a", smoke=True)
    said = without_zones(reload(story, replace(FIRE, duty=DutyRule()), 20))
    assert said == ["EndShowMode attic", "Raise confirmed@floor red", "Evacuate whole-1"]


@pytest.mark.parametrize("active", [True, False, None])
def test_a_duty_schedule_that_is_new_is_waited_for(active: bool | None) -> None:
    """It is told right after the reload: people are not led out because it was not told yet. An old word counts."""
    watched = replace(FIRE, duty=DutyRule("staff"), schedules={"staff": Schedule(())})
    story = Story(FIRE)
    story.read(10, "det-a", smoke=True)
    assert reload(story, watched, 20) == []
    said = story.tell(Calendar(20, "staff", active))
    assert ("Evacuate whole-1" in said) is not active
    story = Story(replace(watched, duty=None))
    story.tell(Calendar(1, "staff", active))
    story.read(10, "det-a", smoke=True)
    story.restart()
    assert ("Evacuate whole-1" in reload(story, watched, 20)) is not active
