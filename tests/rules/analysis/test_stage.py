"""A story is told to a part of the engine, and comes out as on the whole of it."""

from itertools import combinations
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rules.analysis.calm_group import Told
from rules.analysis.drive import Moment, Stage
from rules.analysis.extremes import DANGEROUS, extreme
from rules.analysis.week import ALWAYS, Situation
from rules.plan import Plan
from rules.quantity import QUANTITIES
from rules.venue import Device
from tests.rules.house import HEAT, device, plan, rule, tier
from tests.rules.model.plans import plans


def on_the_whole(stage: Stage, told: Told) -> list[Moment]:
    """The story on an engine that has every alarm of the plan."""
    with patch.object(Stage, "_part", lambda self, told: self._plan):
        return list(stage.play(told))


def sayings(of: Plan) -> list[Told]:
    """What each device can say, of danger and of all it measures, alone and together with one other."""
    worst: Told = {one.id: extreme(one, DANGEROUS) for one in of.venue.devices.values()}
    all_true: Told = {one.id: _everything(one) for one in of.venue.devices.values()}
    alone: list[Told] = [{name: values} for told in (worst, all_true) for name, values in told.items()]
    return [*alone, *(dict(pair) for pair in combinations(worst.items(), 2))]


def _everything(one: Device) -> dict[str, float | bool]:
    return {name: QUANTITIES[name].high or True for name in sorted(one.quantities)}


@given(plans(), st.sampled_from([ALWAYS, Situation(frozenset({"open"})), Situation(staffed=False, known=False)]))
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
def test_no_story_misses_what_was_left_out(of: Plan, around: Situation) -> None:
    """Whatever the house and whoever speaks, every decision is the same, at the same second."""
    stage = Stage(of, around)
    for told in sayings(of):
        assert list(stage.play(told)) == on_the_whole(stage, told)


@pytest.mark.parametrize(
    ("when", "left"),
    [
        ("smoke_obscuration >= 2", ("det-a",)),  # the other is at rest, and nothing moves it
        ("smoke_obscuration < 2", ("det-a", "det-b")),  # it is up in calm: it may count with others
        ("alarms([heat])", ("det-a", "det-b")),  # others may move it
    ],
)
def test_what_a_story_is_told_to(when: str, left: tuple[str, ...]) -> None:
    """Left out is only what is at rest and looks at nothing but a device that is silent."""
    both = [device(name, "room-a", "smoke_obscuration", "temperature") for name in ("det-a", "det-b")]
    asks = rule("asks", "device", ["det-a", "det-b"], tier("orange", when))
    part = Stage(plan(HEAT, asks, devices=both))._part({"det-a": {"smoke_obscuration": 100.0}})
    assert [one.places for one in part.rules if one.id == "asks"] == [left]
