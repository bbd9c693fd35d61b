"""The stock packs, run on the sample venue: what each of them says, and when."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.load import load
from rules.decision import Decision, Escalate, Evacuate, Investigate, Raise, Shown, StandDown
from rules.engine import Engine
from rules.plan import Plan
from rules.signal import Fault, Heard, LinkDown, LinkUp, Reading, Reset, Tick
from rules.tier import Tier

KTV = Path(__file__).parents[2] / "config" / "samples" / "ktv"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load(KTV).plan


class Story:
    """A venue whose devices keep talking while time passes."""

    def __init__(self, plan: Plan) -> None:
        self._engine = Engine(plan)
        self.silent: set[str] = set()
        self._devices = list(plan.venue.devices)
        self._mains(0.0)

    def _mains(self, at: float) -> None:
        for floor in "123":
            self._engine.step(Reading(at, f"meter-{floor}", "voltage", 221.0))
        self._engine.step(Reading(at, "ups-1", "on_battery", False))

    def tell(self, at: float, device: str, quantity: str, value: float | bool) -> list[Decision]:
        return self._engine.step(Reading(at, device, quantity, value))

    def fault(self, at: float, source: str, code: str) -> list[Decision]:
        return self._engine.step(Fault(at, source, code, "no answer to 3 polls"))

    def reset(self, at: float, alarm: str) -> list[Decision]:
        return self._engine.step(Reset(at, alarm, "Li", "fog machine", "commander"))

    def until(self, start: float, end: float) -> list[tuple[float, Decision]]:
        """What is decided from `start` to `end`, every device heard each second."""
        return [(at, decision) for at in range(int(start) + 1, int(end) + 1) for decision in self._second(float(at))]

    def _second(self, at: float) -> Iterator[Decision]:
        for device in self._devices:
            if device not in self.silent:
                yield from self._engine.step(Heard(at, device))
        yield from self._engine.step(Tick(at))

    def tier(self, alarm: str) -> Tier:
        return next((one.tier for one in self._engine.alarms() if one.alarm == alarm), Tier.NONE)


def evacuations(decisions: list[Decision]) -> list[tuple[str, str]]:
    return [(one.plan, one.origin) for one in decisions if isinstance(one, Evacuate)]


def rises(decisions: list[Decision]) -> list[tuple[str, Tier]]:
    return [(one.alarm, one.tier) for one in decisions if isinstance(one, Raise | Escalate)]


def test_smoke_warns_after_five_seconds_and_acts_at_once(plan: Plan) -> None:
    """A puff is no warning; what would set off a listed detector is orange without delay."""
    story = Story(plan)
    assert rises(story.tell(10.0, "det-305", "smoke_obscuration", 2.5)) == []
    story.until(10, 14)
    assert story.tier("smoke@det-305") is Tier.NONE
    story.until(14, 16)
    assert story.tier("smoke@det-305") is Tier.YELLOW
    assert rises(story.tell(16.5, "det-305", "smoke_obscuration", 4.8)) == [("smoke@det-305", Tier.ORANGE)]


def test_one_combined_detector_is_one_device(plan: Plan) -> None:
    """Smoke and heat of the same device confirm nothing; a second device on the floor does, at once."""
    story = Story(plan)
    said = story.tell(10.0, "det-305", "temperature", 22.0)
    said += story.tell(11.0, "det-305", "smoke_obscuration", 6.0)
    said += story.tell(12.0, "det-305", "temperature", 60.0)
    assert ("heat-rise@det-305", Tier.ORANGE) in rises(said)
    assert evacuations(said) == []
    said = story.tell(13.0, "corr-3-a", "smoke", True)
    assert ("fire-confirmed@floor-3", Tier.RED) in rises(said)
    assert evacuations(said) == [("whole-building", "floor-3")]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("temperature", 22.0, 25.0), ("smoke_obscuration", 0.2, 1.2)),
        (("temperature", 22.0, 25.0), ("co", 3.0, 13.0)),
        (("smoke_obscuration", 0.2, 1.2), ("co", 3.0, 13.0)),
    ],
)
def test_two_signs_at_one_detector_are_orange(
    plan: Plan, first: tuple[str, float, float], second: tuple[str, float, float]
) -> None:
    """Of heat, smoke and CO any two that rise together act, each at a level at which it alone says nothing."""
    story, said = Story(plan), list[Decision]()
    for quantity, before, after in (first, second):
        assert rises([*said, *story.tell(10.0, "det-305", quantity, before)]) == []
        said = story.tell(12.0, "det-305", quantity, after)
    assert rises(said) == [("two-signs@det-305", Tier.ORANGE)]
    assert evacuations(said) == []


@pytest.mark.parametrize(
    ("quantity", "before", "after"),
    [("temperature", 22.0, 31.9), ("smoke_obscuration", 0.2, 1.9), ("co", 3.0, 39.0)],
)
def test_one_sign_alone_says_nothing_yet(plan: Plan, quantity: str, before: float, after: float) -> None:
    """Below its own threshold a single phenomenon is no alarm, however fast it rises."""
    story = Story(plan)
    assert rises(story.tell(10.0, "det-305", quantity, before) + story.tell(12.0, "det-305", quantity, after)) == []
    assert rises([one for _, one in story.until(12, 100)]) == []


def test_signs_that_come_too_far_apart_are_not_two(plan: Plan) -> None:
    """Heat that came and went counts with smoke that comes within 30 s of it, and not with smoke that comes later."""
    for device, smoke_at, expected in (("det-305", 41.0, 1), ("det-205", 42.0, 0)):
        story = Story(plan)
        story.tell(10.0, device, "temperature", 22.0)
        story.tell(12.0, device, "temperature", 25.0)
        story.tell(33.0, device, "temperature", 25.0)
        story.tell(33.0, device, "smoke_obscuration", 0.2)
        raised = [alarm for alarm, _ in rises(story.tell(smoke_at, device, "smoke_obscuration", 1.2))]
        assert raised.count(f"two-signs@{device}") == expected


def test_two_signs_at_one_device_and_smoke_at_another_confirm_a_fire(plan: Plan) -> None:
    """Two devices of a floor evacuate, also when one of them shows only two weak signs."""
    story = Story(plan)
    for quantity, before, after in (("temperature", 22.0, 25.0), ("smoke_obscuration", 0.2, 1.2)):
        story.tell(10.0, "det-305", quantity, before)
        story.tell(12.0, "det-305", quantity, after)
    said = story.tell(13.0, "corr-3-a", "smoke", True)
    assert evacuations(said) == [("whole-building", "floor-3")]


def test_devices_on_two_floors_do_not_confirm_each_other(plan: Plan) -> None:
    """Two unrelated nuisances are no fire."""
    story = Story(plan)
    said = story.tell(10.0, "det-305", "smoke_obscuration", 6.0) + story.tell(11.0, "det-205", "smoke_obscuration", 6.0)
    assert evacuations(said) == []


def test_nobody_looks_and_people_are_led_out(plan: Plan) -> None:
    """One detector and no acknowledgement within 15 s: nobody is on duty."""
    story = Story(plan)
    said = story.tell(10.0, "det-305", "smoke_obscuration", 6.0)
    assert [one.step for one in said if isinstance(one, Investigate)] == ["acknowledge"]
    later = [(at, one) for at, one in story.until(10, 60) if isinstance(one, Evacuate)]
    assert [at for at, _ in later] == [25]


def test_somebody_looked_and_it_was_fog(plan: Plan) -> None:
    """A reset within the time stands the investigation down, and nobody is led out."""
    story = Story(plan)
    story.tell(10.0, "det-stage-a", "smoke_obscuration", 6.0)
    said = story.reset(20.0, "fire-confirmed@floor-1")
    assert any(isinstance(one, StandDown) for one in said)
    assert evacuations([one for _, one in story.until(20, 200)]) == []


def test_a_call_point_evacuates_at_once(plan: Plan) -> None:
    """No delay, no second opinion."""
    said = Story(plan).tell(10.0, "call-2-a", "contact", True)
    assert ("call-point@call-2-a", Tier.RED) in rises(said)
    assert [plan for plan, _ in evacuations(said)] == ["whole-building"]


def test_a_press_is_orange_at_once_and_stays(plan: Plan) -> None:
    """A button says nothing more after the press; the call stands until somebody was there."""
    story = Story(plan)
    assert rises(story.tell(10.0, "sos-112", "pressed", True)) == [("sos@sos-112", Tier.ORANGE)]
    story.until(10, 120)
    assert story.tier("sos@sos-112") is Tier.ORANGE


def test_mains_loss_is_graded_by_share_and_time(plan: Plan) -> None:
    """One floor is blue, after a minute yellow; the whole house after a minute orange; an empty battery red."""
    story = Story(plan)
    assert ("mains-loss@ktv", Tier.BLUE) in rises(story.tell(10.0, "meter-1", "voltage", 0.0))
    story.until(10, 69)
    assert story.tier("mains-loss@ktv") is Tier.BLUE
    story.until(69, 71)
    assert story.tier("mains-loss@ktv") is Tier.YELLOW
    for device, quantity, value in (
        ("meter-2", "voltage", 0.0),
        ("meter-3", "voltage", 0.0),
        ("ups-1", "on_battery", True),
    ):
        story.tell(80.0, device, quantity, value)
    story.until(80, 141)
    assert story.tier("mains-loss@ktv") is Tier.ORANGE
    story.tell(150.0, "ups-1", "ups_battery_low", True)
    assert story.tier("mains-loss@ktv") is Tier.RED
    assert story.tier("ups-on-battery@ups-1") is Tier.ORANGE


def test_a_dead_supply_explains_the_plugs_that_it_feeds(plan: Plan) -> None:
    """The floor's supply is told and its plugs are not; a plug of another floor is; what stays lost is told after."""
    story = Story(plan)
    assert ("supply-lost@meter-1", Tier.BLUE) in rises(story.tell(10.0, "meter-1", "voltage", 0.0))
    story.silent |= {"plug-1-1", "plug-1-2", "plug-2-1"}
    story.until(10, 60)
    assert story.tier("device-lost@plug-1-1") is Tier.NONE
    assert story.tier("device-lost@plug-2-1") is Tier.BLUE
    story.tell(60.0, "meter-1", "voltage", 221.0)
    story.silent.remove("plug-1-1")
    story.until(60, 119)
    assert story.tier("device-lost@plug-1-2") is Tier.NONE
    story.until(119, 121)
    assert story.tier("device-lost@plug-1-2") is Tier.BLUE
    assert story.tier("device-lost@plug-1-1") is Tier.NONE


def test_a_dead_wire_explains_what_is_behind_it_but_no_detector(plan: Plan) -> None:
    """One broken wire is one thing to do; a house without fire detection is another, and is shown."""
    engine = Engine(plan)
    engine.step(LinkDown(1.0, "broker", "cut"))
    said = [*engine.step(Heard(2.0, "plug-1-1", False)), *engine.step(Heard(2.0, "det-101", False))]
    assert rises(said) == [("detector-lost@det-101", Tier.YELLOW)]
    assert {one.explained_by for one in engine.faults() if one.code == "offline"} == {"broker"}
    back = [one for one in engine.step(LinkUp(3.0, "broker")) if isinstance(one, Shown)]
    assert [one.alarm for one in back] == ["device-lost@plug-1-1"]


def test_voltage_out_of_band_is_no_dip(plan: Plan) -> None:
    """Out of the band of GB/T 12325 for a minute; a dead supply is mains-loss, not this."""
    story = Story(plan)
    story.tell(10.0, "meter-1", "voltage", 190.0)
    story.until(10, 69)
    assert story.tier("voltage-band@meter-1") is Tier.NONE
    story.until(69, 71)
    assert story.tier("voltage-band@meter-1") is Tier.YELLOW
    story.tell(80.0, "meter-2", "voltage", 0.0)
    story.until(80, 200)
    assert story.tier("voltage-band@meter-2") is Tier.NONE


def test_a_ups_that_stops_answering_on_battery_counts_as_low(plan: Plan) -> None:
    """Its driver tells the missed polls as a fault; once it is lost altogether the alarm stays what it was."""
    story = Story(plan)
    story.tell(10.0, "ups-1", "on_battery", True)
    assert story.tier("ups-on-battery@ups-1") is Tier.YELLOW
    story.silent.add("ups-1")
    story.until(10, 13)
    said = story.fault(14.0, "ups-1", "no_answer")
    assert rises(said) == [("ups-on-battery@ups-1", Tier.ORANGE)]
    story.until(14, 60)
    assert story.tier("ups-on-battery@ups-1") is Tier.ORANGE
    assert story.tier("device-lost@ups-1") is Tier.BLUE


def test_a_silent_detector_is_yellow_and_a_silent_meter_blue(plan: Plan) -> None:
    """A place without fire detection is a warning; a number less is not."""
    story = Story(plan)
    story.silent |= {"det-101", "meter-1"}
    story.until(0, 60)
    assert story.tier("detector-lost@det-101") is Tier.YELLOW
    assert story.tier("device-lost@meter-1") is Tier.BLUE
    assert story.tier("detector-lost@det-102") is Tier.NONE
