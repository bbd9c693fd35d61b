"""A control of the proof: an engine with a fault planted in it must be told from its model, whichever the fault."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from rules import lifecycle, roles
from rules.alarm import Alarm, IllegalMove
from rules.annunciator import Annunciator
from rules.coincidence import Coincidence
from rules.device_state import DeviceState
from rules.evacuation import Evacuations
from rules.investigation import Investigation
from rules.level import Level
from rules.plan import DutyRule, InvestigationRule, Plan, Rule
from rules.schedule import Schedule
from rules.signal import (
    Acknowledge,
    AllClear,
    Calendar,
    Fault,
    Heard,
    LinkDown,
    LinkUp,
    Reading,
    Recovered,
    Shelve,
)
from rules.status import EvacuationStatus
from rules.suppression import Suppression
from rules.surroundings import Surroundings
from rules.tier import Tier
from rules.timers import Timers
from rules.ways import WaysOut
from rules.zones import ZoneTiers
from tests.rules.house import rule, tier
from tests.rules.model.plans import MEASURED, evacuation_plans, venue
from tests.rules.test_model import PROFILE, EngineAndModel, Pair

QUIET = {"smoke_obscuration": 0.0}

Plant = Callable[[pytest.MonkeyPatch], None]


def unknown_is_normal(patch: pytest.MonkeyPatch) -> None:
    """A condition that is not known counts as false."""
    update = Level.update
    patch.setattr(Level, "update", lambda self, when, clear, now: update(self, bool(when), clear is not False, now))


def a_second_late(patch: pytest.MonkeyPatch) -> None:
    """Every timer rings a second after its time."""
    timer = Timers.set
    patch.setattr(Timers, "set", lambda self, key, due: timer(self, key, None if due is None else due + 1.0))


def counted_twice(patch: pytest.MonkeyPatch) -> None:
    """A device with two alarms counts as two in a coincidence."""

    def contributors(self: Coincidence, now: float) -> list[str]:
        return [alarm.id for alarm in self.alarms if self._counts(alarm, now)]

    patch.setattr(Coincidence, "contributors", contributors)


def remembered_for_ever(patch: pytest.MonkeyPatch) -> None:
    """A coincidence never forgets a device that was in alarm."""
    patch.setattr(Coincidence, "expires_at", lambda self, after: None)


def ended_by_anybody(patch: pytest.MonkeyPatch) -> None:
    """An operator may give the all-clear."""
    patch.setattr(roles, "MAY", {**roles.MAY, AllClear: roles.ANYBODY})


def fire_shelved(patch: pytest.MonkeyPatch) -> None:
    """No alarm is highly managed but those that evacuate."""
    patch.setattr(Rule, "highly_managed", property(lambda self: self.evacuate is not None))


def acknowledged_for_good(patch: pytest.MonkeyPatch) -> None:
    """An alarm that rises again to the tier that was acknowledged stays silent."""
    stand = lifecycle._stand

    def quiet(alarm: Alarm, before: Tier, after: Tier, *more: Any) -> Any:
        return None if before < after == alarm.tier and alarm.state == "acked" else stand(alarm, before, after, *more)

    patch.setattr(lifecycle, "_stand", quiet)


def fallen_asleep(patch: pytest.MonkeyPatch) -> None:
    """A restart forgets that an off-delay or on-delay ran."""
    patch.setattr(Level, "restore", lambda self, phase, began, due, seen=False: None)


def stages_begun_again(patch: pytest.MonkeyPatch) -> None:
    """After a restart no further stage of an evacuation begins by itself."""

    def restore(self: Evacuations, kept: Iterable[EvacuationStatus], count: int) -> None:
        self.count = count
        self.in_force = {status.evacuation: status for status in kept}

    patch.setattr(Evacuations, "restore", restore)


def led_into_the_fire(patch: pytest.MonkeyPatch) -> None:
    """Ways that pass a fire are not blocked."""
    patch.setattr(WaysOut, "blocked", lambda self, zones: ())


def looked_into_for_ever(patch: pytest.MonkeyPatch) -> None:
    """A second alarm begins the time of an investigation anew."""
    begin = Investigation.begin

    def again(self: Investigation, trigger: Alarm, now: float) -> bool:
        began = begin(self, trigger, now)
        if self.running:
            self._time(now)
        return began

    patch.setattr(Investigation, "begin", again)


def always_somebody(patch: pytest.MonkeyPatch) -> None:
    """Somebody always counts as on duty."""
    patch.setattr(Surroundings, "nobody_on_duty", property(lambda self: False))


def explained_by_the_disabled(patch: pytest.MonkeyPatch) -> None:
    """An alarm explains its consequences for as long as it is shown, and not for as long as it stands."""
    patch.setattr(Alarm, "stands", lambda self, at: self.shown(at))


def faults_colour_zones(patch: pytest.MonkeyPatch) -> None:
    """An alarm of category fault counts for the tier of its zone."""
    change = ZoneTiers.change

    def with_faults(self: ZoneTiers, alarm: Alarm, before: Tier, after: Tier, now: float, because: Any) -> Any:
        category = alarm.rule.category
        object.__setattr__(alarm.rule, "category", "power")
        said = change(self, alarm, before, after, now, because)
        object.__setattr__(alarm.rule, "category", category)
        return said

    patch.setattr(ZoneTiers, "change", with_faults)


def flood_drowns(patch: pytest.MonkeyPatch) -> None:
    """A flood never ends."""
    patch.setattr(Annunciator, "due", property(lambda self: None))


def dead_link_explains_nothing(patch: pytest.MonkeyPatch) -> None:
    """A link that is down hides nothing."""
    patch.setattr(Suppression, "behind", lambda self, link: ())


def silence_keeps_values(patch: pytest.MonkeyPatch) -> None:
    """What a silent device said last is believed on."""
    patch.setattr(DeviceState, "forget", lambda self, at: None)


PLANTED: Sequence[Plant] = (
    unknown_is_normal,
    a_second_late,
    counted_twice,
    remembered_for_ever,
    ended_by_anybody,
    fire_shelved,
    acknowledged_for_good,
    fallen_asleep,
    stages_begun_again,
    led_into_the_fire,
    looked_into_for_ever,
    always_somebody,
    explained_by_the_disabled,
    faults_colour_zones,
    flood_drowns,
    dead_link_explains_nothing,
    silence_keeps_values,
)


def busy_day() -> Plan:
    """A house in which all that is planted could matter."""
    smoke = tier("yellow", "smoke_obscuration >= 2", "smoke_obscuration < 1", on=5, off=20), tier("orange", "smoke")
    confirmed = tier("red", "alarms([r0, r1], at: orange, devices: 2, within: 60s)")
    look = InvestigationRule(("r0",), Tier.ORANGE, 5.0, 20.0)
    rules = (
        rule("r0", "device", ["det-a", "det-b"], *smoke, latching=True),
        rule("r1", "device", ["det-a"], tier("orange", "smoke_obscuration >= 5"), latching=True),
        rule("r2", "device", ["ups"], tier("yellow", "on_battery"), category="power", suppresses=["r3"], latching=True),
        rule("r3", "device", ["plug"], tier("blue", "voltage < 40"), category="power", explained_by_link=True),
        rule("r4", "device", list(MEASURED), tier("blue", "faulted"), category="fault"),
        rule("r5", "zone", ["floor"], confirmed, investigate=look, evacuate="phased", latching=True),
        rule("r6", "device", ["button"], tier("red", "pressed"), category="panic", latching=True),
        rule("r7", "zone", ["floor"], tier("yellow", "alarms([r0], within: 8s)"), category="power"),
    )
    schedules = {"staff": Schedule(())}
    stale = dict.fromkeys(MEASURED, 5000.0)
    return Plan(venue(stale), rules, evacuation_plans(30.0, staged=True), schedules, DutyRule("staff"))


def live(pair: Pair) -> None:
    """The day: smoke looked into, a second detector, people led out; power, faults, a dead wire, silence."""

    def tell(after_s: float, kind: type[Any], *fields: Any) -> None:
        pair.wait(pair.now + after_s)
        pair.tell(kind(pair.now, *fields))

    by = ("Wu", "seen", "commander")
    tell(1, Calendar, "staff", True)
    for device, (_, _, _, quantities) in MEASURED.items():
        for quantity in quantities:
            tell(0, Reading, device, quantity, 230.0 if quantity == "voltage" else QUIET.get(quantity, False))
    tell(1, Reading, "det-a", "smoke_obscuration", 6.0)  # two alarms of one device are no two devices
    tell(0, Reading, "det-a", "smoke", True)
    tell(2, Shelve, "r1@det-a", 60.0, False, *by)
    tell(0, Acknowledge, "r0@det-a", *by)
    pair.restart()
    tell(4, Reading, "det-a", "smoke", False)
    tell(1, Reading, "det-a", "smoke", True)  # rises again
    tell(1, Fault, "det-a", "contradiction", "two verdicts", "smoke")
    tell(1, Reading, "det-a", "smoke", True)
    tell(1, Reading, "det-b", "smoke", True)
    pair.restart()
    tell(40, AllClear, "phased-1", "Li", "seen", "operator")
    tell(0, AllClear, "phased-1", *by)
    for device in ("det-a", "det-b"):
        tell(1, Reading, device, "smoke", False)
        tell(1, Reading, device, "smoke_obscuration", 0.0)
    tell(30, Acknowledge, "r0@det-a", *by)
    tell(60, Reading, "ups", "on_battery", True)
    tell(0, Reading, "plug", "voltage", 0.0)
    tell(1, Reading, "ups", "on_battery", False)  # latched: shown, and explains nothing any more
    tell(1, LinkDown, "wire-2", "cut")
    for source in (*MEASURED, *MEASURED):
        tell(1, Fault, source, "tamper", "opened")
        tell(20, Recovered, source, "tamper")
    tell(700, LinkUp, "wire-2")
    tell(1, Heard, "ups", False)
    tell(1, Heard, "ups", True)


def test_the_day_itself_is_no_difference() -> None:
    """Without a planted fault the engine lives the day as its model does."""
    pair = Pair(busy_day())
    live(pair)
    assert pair.now > 1000  # all of it was lived


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: str(plant.__name__))
def test_a_planted_fault_is_noticed(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of these faults makes the engine differ from its model within a day that touches it."""
    plant(monkeypatch)
    with pytest.raises((AssertionError, IllegalMove)):
        live(Pair(busy_day()))


@pytest.mark.parametrize("plant", [a_second_late, fallen_asleep, always_somebody], ids=lambda one: str(one.__name__))
def test_random_runs_notice_a_planted_fault(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The runs that find the engine equal to its model find a fault that any of them can meet."""
    plant(monkeypatch)
    profile = settings(PROFILE, max_examples=200, derandomize=True, database=None, phases=(Phase.generate,))
    with pytest.raises((AssertionError, IllegalMove)):
        run_state_machine_as_test(EngineAndModel, settings=profile)
