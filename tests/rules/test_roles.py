"""Who may order what, and that a refusal says who may."""

from typing import get_args

import msgspec
import pytest

from rules.roles import MAY, NEEDS_REASON, refusal
from rules.signal import Acknowledge, AllClear, Order, OrderEvacuation, Reset, Role, Silence
from tests.rules.house import CONFIRMED, SMOKE, Story, plan, rule, tier

WARM = rule("warm", "device", ("det-a",), tier("blue", "temperature >= 30"), category="climate", latching=True)


def test_every_order_has_a_line_in_the_table() -> None:
    """An order that nobody wrote down who may give would fail in the middle of a fire."""
    assert set(MAY) == set(get_args(Order))
    assert set(MAY) >= NEEDS_REASON
    assert all(roles and roles <= set(get_args(Role)) for roles in MAY.values())


@pytest.mark.parametrize("role", get_args(Role))
def test_what_adds_protection_is_asked_of_nobody(role: Role) -> None:
    """Whoever is there may acknowledge, silence, lead out, and reset what is neither fire nor panic."""
    orders: list[Order] = [
        Acknowledge(1.0, "smoke@det-a", "Li", "seen", role),
        Silence(1.0, "", "Li", "heard", role),
        OrderEvacuation(1.0, "whole", "Li", "", role),
    ]
    assert [refusal(order) for order in orders] == ["", "", ""]
    assert refusal(Reset(1.0, "warm@det-a", "Li", "aired", role), WARM) == ""


def test_a_fire_alarm_is_reset_by_a_commander() -> None:
    """The refusal names who may; the alarm stays as it was."""
    story = Story(plan(SMOKE))
    story.read(10, "det-a", smoke=True)
    story.read(20, "det-a", smoke=False)
    story.tell(Acknowledge(21, "smoke@det-a", "Li", "seen"))
    refused = "Refuse reset smoke@det-a: an operator may not do this, it needs the role commander"
    assert story.tell(Reset(22, "smoke@det-a", "Li", "aired")) == [refused]
    assert story.tell(Reset(22, "smoke@det-a", "Li", "aired", "engineer")) == [
        refused.replace("n operator", "n engineer")
    ]
    assert story.alarm("smoke@det-a") == "latched_acked orange"
    assert "Clear smoke@det-a none" in story.tell(Reset(23, "smoke@det-a", "Li", "aired", "commander"))


def test_an_investigation_is_stood_down_by_a_commander() -> None:
    """An operator who stands it down by mistake would keep people in."""
    story = Story(plan(SMOKE, CONFIRMED))
    story.read(10, "det-a", smoke=True)
    assert story.tell(Reset(11, "confirmed@floor", "Li", "steam"))[0].startswith("Refuse reset confirmed@floor: an op")
    assert "Evacuate whole-1" in story.tick(25)


def test_the_all_clear_needs_a_commander_and_a_reason() -> None:
    """Neither is enough alone, and the evacuation stays in force."""
    story = Story(plan(SMOKE))
    story.tell(OrderEvacuation(5, "whole", "Li", "smell"))
    assert story.tell(AllClear(6, "whole-1", "Li", "out")) == [
        "Refuse all-clear whole-1: an operator may not do this, it needs the role commander"
    ]
    assert story.tell(AllClear(7, "whole-1", "Wang", "  ", "commander")) == [
        "Refuse all-clear whole-1: it is journalled with its reason: say why"
    ]
    assert story.tell(AllClear(8, "whole-1", "Wang", "out", "commander")) == ["EndEvacuation whole-1"]


def test_an_order_of_before_roles_is_an_operators() -> None:
    """A journal written before there were roles is still read."""
    old = msgspec.json.encode(["reset", 1.0, "smoke@det-a", "Li", "aired"])
    assert msgspec.json.decode(old, type=Reset) == Reset(1.0, "smoke@det-a", "Li", "aired", "operator")


def test_a_refusal_names_the_role_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator, a commander; and the roles that may, in order."""
    monkeypatch.setitem(MAY, Acknowledge, frozenset({"engineer"}))
    assert refusal(Acknowledge(1, "x", "Wang", "", "commander")) == (
        "a commander may not do this, it needs the role engineer"
    )
    monkeypatch.setitem(MAY, Acknowledge, frozenset({"engineer", "commander"}))
    assert refusal(Acknowledge(1, "x", "Li", "", "operator")) == (
        "an operator may not do this, it needs the role commander or engineer"
    )
