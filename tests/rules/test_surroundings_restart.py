"""Whatever is told about the surroundings, and whenever the process ends: the decisions are the same."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.engine import Engine
from rules.plan import DutyRule, Plan, VerifyRule
from rules.schedule import Schedule
from rules.signal import Acknowledge, Calendar, Duty, EndShow, Reading, Signal, StartShow, Tick
from tests.rules.house import CONFIRMED, HEAT, PLANS, SMOKE, rule, tier, venue

HAZY = replace(SMOKE, show_mode=True, tiers=(replace(tier("orange", "smoke"), verify=VerifyRule(5.0, 60.0)),))
HOURS = replace(CONFIRMED, during="open")
NIGHT = rule("night", "zone", ("floor",), tier("blue", "any(smoke and not during(open)) or nobody_on_duty"))
HOUSE = Plan(
    venue(), (HAZY, HEAT, HOURS, NIGHT), PLANS, {"open": Schedule(()), "staff": Schedule(())}, DutyRule("staff")
)

TOLD = st.one_of(
    st.builds(Calendar, st.just(0.0), st.sampled_from(["open", "staff"]), st.sampled_from([True, False, None])),
    st.builds(Duty, st.just(0.0), st.booleans(), st.just("Li"), st.just("says so")),
    st.builds(
        StartShow,
        st.just(0.0),
        st.sampled_from(["room-a", "floor"]),
        st.sampled_from([20.0, 90.0]),
        st.just("Wu"),
        st.just("haze"),
        st.just("commander"),
    ),
    st.builds(EndShow, st.just(0.0), st.sampled_from(["room-a", "floor"]), st.just("Wu"), st.just("over")),
    st.builds(Reading, st.just(0.0), st.sampled_from(["det-a", "det-b"]), st.just("smoke"), st.booleans()),
    st.builds(Reading, st.just(0.0), st.just("det-a"), st.just("temperature"), st.sampled_from([20.0, 60.0])),
    st.builds(Acknowledge, st.just(0.0), st.just("smoke@det-a"), st.just("Li"), st.just("seen")),
    st.just(Tick(0.0)),
)
STORY = st.lists(st.tuples(st.sampled_from([0.0, 1.0, 4.0, 15.0, 61.0]), TOLD, st.booleans()), max_size=30)


def at(signal: Signal, now: float) -> Signal:
    """The same, told at this time."""
    return type(signal)(now, *[getattr(signal, name) for name in signal.__struct_fields__[1:]])


@settings(max_examples=150, deadline=None)
@given(STORY)
def test_a_restart_anywhere_changes_no_decision(story: list[tuple[float, Signal, bool]]) -> None:
    """One engine lives on, the other is restored from its snapshot wherever the story says so."""
    lasting, restarted, now = Engine(HOUSE), Engine(HOUSE), 0.0
    for after_s, told, restart in story:
        now += after_s
        assert lasting.step(at(told, now)) == restarted.step(at(told, now))
        assert lasting.deadline() == restarted.deadline()
        if restart:
            restarted = Engine.restore(HOUSE, restarted.snapshot())
    assert (lasting.duty(), lasting.shows(), lasting.schedules()) == (
        restarted.duty(),
        restarted.shows(),
        restarted.schedules(),
    )


@settings(max_examples=150, deadline=None)
@given(STORY)
def test_a_show_and_a_schedule_hide_no_alarm(story: list[tuple[float, Signal, bool]]) -> None:
    """With and without shows the same smoke and heat alarms are raised; shows take only time away from staff."""
    with_shows, without, now = Engine(HOUSE), Engine(HOUSE), 0.0
    for after_s, told, _ in story:
        now += after_s
        with_shows.step(at(told, now))
        without.step(Tick(now) if isinstance(told, StartShow | EndShow) else at(told, now))
    raised = [
        {one.alarm for one in engine.alarms() if one.rule in ("smoke", "heat")} for engine in (with_shows, without)
    ]
    assert raised[0] == raised[1]
