"""What stands at a start is shown to outputs that keep states: also duty and shows."""

from daemon.outbox.standing import standing
from rules.decision import DutyChange, ShowMode, ZoneTier
from rules.engine import Engine
from rules.plan import DutyRule, Plan
from rules.schedule import Schedule
from rules.signal import Calendar, StartShow
from tests.daemon.house import plan


def test_duty_and_shows_stand() -> None:
    """A broker that forgot everything learns who is there and where haze is expected, with the evidence."""
    house = plan()
    engine = Engine(Plan(house.venue, house.rules, house.evacuation_plans, {"staff": Schedule(())}, DutyRule("staff")))
    engine.step(Calendar(1.0, "staff", True))
    engine.step(StartShow(2.0, "room-1", 600.0, "wu", "concert", "commander"))
    show, duty = (one for one in standing(engine, 5.0) if not isinstance(one, ZoneTier))
    assert isinstance(show, ShowMode) and (show.zone, show.deadline, show.because[0].text) == (
        "room-1",
        602.0,
        "concert",
    )
    assert isinstance(duty, DutyChange) and (duty.at, duty.staffed) == (1.0, True)


def test_where_nothing_is_said_of_duty_none_stands() -> None:
    """Without the key, outputs hear nothing of it; before anything was told, nobody is there."""
    house = plan()
    assert {type(one) for one in standing(Engine(house), 5.0)} == {ZoneTier}
    untold = Engine(Plan(house.venue, house.rules, house.evacuation_plans, {}, DutyRule()))
    (duty,) = (one for one in standing(untold, 5.0) if isinstance(one, DutyChange))
    assert (duty.at, duty.staffed) == (5.0, False)
