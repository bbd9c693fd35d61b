"""Windows in the engine against the model: a day in which each looks back, and faults in them that are noticed."""

from collections.abc import Callable

import pytest

from rules.device_state import DeviceState
from rules.held import ExtremeWindow
from rules.plan import Plan
from rules.signal import Heard, Origin, Reading, Tick
from rules.window import LowWindow, SlopeWindow
from tests.rules.house import rule, tier
from tests.rules.model.plans import LOOKING_BACK, evacuation_plans, venue
from tests.rules.test_model import Pair

WHERE = {"smoke_obscuration": ["det-a", "det-b"], "voltage": ["ups", "plug"]}


def looking_back(*conditions: str) -> Plan:
    """A rule for each condition, at the devices that measure what it asks."""
    rules = tuple(
        rule(f"r{number}", "device", devices, tier("yellow", text), category="power")
        for number, text in enumerate(conditions)
        for quantity, devices in WHERE.items()
        if quantity in text
    )
    stale = {"det-a": 60.0, "det-b": 1000.0, "det-c": 1000.0, "ups": 1000.0, "plug": 1000.0, "button": 1000.0}
    return Plan(venue(stale), rules, evacuation_plans(30.0, staged=False))


def live(pair: Pair) -> None:
    """Values rise, peak, fall back, come late, are spoilt, fall silent; a restart, and rules that come and go."""
    pair.tell(Tick(1.0))
    for device, quantity, calm in (("det-a", "smoke_obscuration", 0.0), ("ups", "voltage", 230.0)):
        pair.tell(Reading(1.0, device, quantity, calm))
    for seq, value in enumerate((0.5, 1.0, 3.0, 3.0, 0.0, 6.0)):
        pair.wait(pair.now + 1.5)
        pair.tell(Reading(pair.now, "det-a", "smoke_obscuration", value, "live", Origin("b", 10 + seq)))
        pair.tell(Reading(pair.now, "ups", "voltage", 230.0 - 60.0 * value))
    pair.restart()
    pair.tell(Reading(pair.now, "det-a", "smoke_obscuration", 9.0, "live", Origin("b", 3)))  # overtaken by news
    pair.wait(pair.now + 30.0)
    pair.reload(looking_back(*LOOKING_BACK[:2]))
    pair.tell(Reading(pair.now, "det-a", "smoke_obscuration", 1e9))
    pair.tell(Reading(pair.now, "det-a", "smoke_obscuration", 2.5))
    pair.reload(looking_back(*LOOKING_BACK))
    pair.wait(pair.now + 100.0)
    pair.tell(Heard(pair.now, "ups", False))
    pair.tell(Reading(pair.now, "det-a", "smoke_obscuration", 1.0))
    pair.wait(pair.now + 10.0)
    assert pair.steps > 30


def test_windows_look_back_as_the_model_does() -> None:
    """Without a planted fault there is no difference."""
    live(Pair(looking_back(*LOOKING_BACK)))


def a_peak_never_leaves(patch: pytest.MonkeyPatch) -> None:
    """An extreme that is over is remembered until another comes."""
    patch.setattr(ExtremeWindow, "due", lambda self, now: None)


def a_rise_from_the_first(patch: pytest.MonkeyPatch) -> None:
    """No sample is ever too old for a rise."""
    add = LowWindow.add

    def kept(self: LowWindow, at: float, value: float) -> None:
        self.span_s = 1e9
        add(self, at, value)

    patch.setattr(LowWindow, "add", kept)


def a_rate_of_the_last_two(patch: pytest.MonkeyPatch) -> None:
    """Only the newest samples count for a rate."""

    def rate(self: SlopeWindow) -> float | None:
        (before_at, before), (at, value) = ([*self.samples()[-2:]] * 2)[:2]
        return (value - before) / (at - before_at) if at > before_at else None

    patch.setattr(SlopeWindow, "rate", rate)


def held_through_silence(patch: pytest.MonkeyPatch) -> None:
    """What is doubted is held on in the windows."""
    patch.setattr(DeviceState, "doubt", lambda self, quantity, at: self.values.pop(quantity, None) is not None)


def begun_with_nothing(patch: pytest.MonkeyPatch) -> None:
    """A window that comes with other rules does not know the last value."""
    patch.setattr("rules.snapshot._begin_windows", lambda device, kept: None)


PLANTED = (a_peak_never_leaves, a_rise_from_the_first, a_rate_of_the_last_two, held_through_silence, begun_with_nothing)


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: str(plant.__name__))
def test_a_fault_in_a_window_is_noticed(
    plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each makes the engine differ from its model."""
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        live(Pair(looking_back(*LOOKING_BACK)))
