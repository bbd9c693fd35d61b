"""The engine against its model: the same random plan, signals, restarts and reloads, and always the same decisions."""

import os
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from rules.decision import Decision
from rules.engine import Engine
from rules.plan import Plan
from rules.reload import swap
from rules.signal import Reloaded, Resumed, Signal, Tick
from tests.rules.model import compare
from tests.rules.model.house import Model
from tests.rules.model.plans import edits, plans
from tests.rules.model.signals import WAITS, calendars, orders, readings, troubles

EXAMPLES = int(os.environ.get("PROVE_EXAMPLES", "0"))
STEPS = int(os.environ.get("PROVE_STEPS", "25"))
# In the suite the same few runs each time, so that it takes seconds; `make prove` looks for what nobody has seen yet,
# and makes what it finds small.
PROFILE = settings(
    max_examples=EXAMPLES or 60,
    stateful_step_count=STEPS,
    deadline=None,
    derandomize=not EXAMPLES,
    phases=(Phase.reuse, Phase.generate, Phase.shrink) if EXAMPLES else (Phase.generate,),
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


class Pair:
    """An engine and its model, told the same. `tell` and the others raise AssertionError where the two differ."""

    def __init__(self, plan: Plan) -> None:
        self.engine, self.model, self.plan = Engine(plan), Model(plan), plan
        self.now = 0.0
        self.steps = 0

    def tell(self, signal: Signal) -> None:
        """One signal."""
        self.now = max(self.now, signal.at)
        self._compare(self.engine.step(signal), self.model.step(signal), signal)

    def wait(self, until: float) -> None:
        """Nothing is heard until then: a Tick at each deadline on the way."""
        for _ in range(200):
            due = self.engine.deadline()
            if due is None or due > until:
                break
            self.tell(Tick(due))
        self.tell(Tick(until))

    def restart(self, plan: Plan | None = None) -> None:
        """The process ends and starts again, with other files perhaps."""
        self.plan = plan or self.plan
        if plan is not None:
            self.model.reload(plan)
        self.engine = Engine.restore(self.plan, self.engine.snapshot())
        if plan is None:
            self._compare([], [], "restart")
            assert self.engine.deadline() == self.model.deadline(), "deadline"

    def reload(self, plan: Plan) -> None:
        """Other files, without an end of the process."""
        fresh, signal = Engine(plan), Reloaded(self.now, "rules")
        said = swap(self.engine, fresh, signal)
        self.engine, self.plan = fresh, plan
        wanted = self.model.step(Tick(self.now))
        self.model.reload(plan)
        self._compare(said, wanted + self.model.step(signal), signal)

    def _compare(self, said: list[Decision], wanted: list[dict[str, Any]], what: object) -> None:
        self.steps += 1
        told, should = compare.told(said), compare.in_order(wanted)
        if told != should:
            extra = [one for one in told if one not in should]
            missing = [one for one in should if one not in told]
            raise AssertionError(f"{what}:\nengine alone {extra}\nmodel alone {missing}\nengine {told}\nmodel {should}")
        found = compare.difference(compare.shown_by_engine(self.engine), compare.shown_by_model(self.model))
        assert not found, f"{what}:\n" + "\n".join(found)
        due, wanted_due = self.engine.deadline(), self.model.deadline()
        assert (due is None) == (wanted_due is None), f"{what}: deadline {due}, not {wanted_due}"
        assert due is None or wanted_due is None or due <= wanted_due, f"{what}: deadline {due}, not {wanted_due}"


class EngineAndModel(RuleBasedStateMachine):
    """Whatever devices say, things break, people order and the box restarts: the two agree."""

    @initialize(plan=plans())
    def begin(self, plan: Plan) -> None:
        self.pair = Pair(plan)
        self.pair.tell(Tick(1.0))

    def _at(self, wait_s: float, ticking: bool) -> float:
        """The next instant; with the ticks on the way, or late."""
        at = self.pair.now + wait_s
        if ticking:
            self.pair.wait(at)
        return at

    @rule(data=st.data(), wait_s=WAITS, ticking=st.booleans(), count=st.integers(1, 4))
    def devices_tell(self, data: st.DataObject, wait_s: float, ticking: bool, count: int) -> None:
        at = self._at(wait_s, ticking)
        for _ in range(count):
            self.pair.tell(data.draw(readings(self.pair.plan, at)))

    @rule(data=st.data(), wait_s=WAITS, ticking=st.booleans())
    def something_breaks(self, data: st.DataObject, wait_s: float, ticking: bool) -> None:
        self.pair.tell(data.draw(troubles(self._at(wait_s, ticking))))

    @rule(data=st.data(), wait_s=WAITS, ticking=st.booleans(), count=st.integers(1, 3))
    def people_order(self, data: st.DataObject, wait_s: float, ticking: bool, count: int) -> None:
        at = self._at(wait_s, ticking)
        for _ in range(count):
            up = [one.alarm for one in self.pair.engine.alarms()]
            in_force = [one.evacuation for one in self.pair.engine.evacuations()]
            self.pair.tell(data.draw(orders(self.pair.plan, at, up, in_force)))

    @rule(data=st.data(), wait_s=WAITS, ticking=st.booleans())
    def the_calendar_turns(self, data: st.DataObject, wait_s: float, ticking: bool) -> None:
        self.pair.tell(data.draw(calendars(self._at(wait_s, ticking))))

    @rule(wait_s=WAITS, ticking=st.booleans())
    def time_passes(self, wait_s: float, ticking: bool) -> None:
        at = self._at(wait_s, ticking)
        self.pair.tell(Tick(at))

    @rule()
    def the_next_deadline_comes(self) -> None:
        due = self.pair.engine.deadline()
        if due is not None:
            self.pair.tell(Tick(due))

    @rule()
    def the_box_restarts_unseen(self) -> None:
        self.pair.restart()

    @rule(data=st.data(), down_s=WAITS, edited=st.booleans())
    def the_box_was_down(self, data: st.DataObject, down_s: float, edited: bool) -> None:
        self.pair.restart(data.draw(edits(self.pair.plan)) if edited else None)
        self.pair.tell(Resumed(self.pair.now + down_s, down_s))

    @rule(data=st.data())
    def the_rules_change(self, data: st.DataObject) -> None:
        self.pair.reload(data.draw(edits(self.pair.plan)))


TestEngineAndModel = EngineAndModel.TestCase
TestEngineAndModel.settings = PROFILE
