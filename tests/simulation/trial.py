"""One trial after another: something happens in the house while everything goes wrong; then all heals, people end it,
and the model says whether anything was lost, doubled, out of order or left.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from rules.danger import HIGHLY_MANAGED
from rules.decision import Refuse
from rules.signal import Acknowledge as Ack
from rules.signal import AllClear, Order, Reset, Silence
from tests.simulation import replay
from tests.simulation.field import Device
from tests.simulation.house import SimHouse
from tests.simulation.replay import Message

QUIET_LIMIT_S = 1200.0  # after all has healed: beyond this something is left for ever
LOOK_S = 5.0
KILL_WITHIN_S = 0.25  # from a device's word to the last confirmation of what came of it
KILL_STEPS = 100  # of the loop in that time
CALM = {"smoke_obscuration": 0.1, "temperature": 22.0}
Kind = Literal["call", "sos", "fire", "smoke", "nothing"]
KINDS: tuple[Kind, ...] = get_args(Kind)
COMMANDS = ("evacuate", "advance", "end_evacuation")

LASTING = ("tocsin/clock",)  # sources of faults that stand until the next start
URGENT = ("zone_tier", "investigate", "stand_down", "verify", "reroute")


@dataclass
class Cause:
    """What a device said, and what must come of it."""

    device: Device
    alarm: str
    boot: str
    seq: int


@dataclass
class Trial:
    """What happened, and what the receivers must have heard."""

    number: int
    kind: Kind
    causes: list[Cause] = field(default_factory=list)
    evacuations: tuple[int, ...] = (0,)  # how many there may be
    excused: bool = False  # killed while something was only in memory, which the daemon had said


@dataclass(frozen=True)
class Pace:
    """How many trials there are at most, until when, and how long the house is quiet between them."""

    trials: int
    ends_s: float = float("inf")
    pause_s: tuple[float, float] = (5.0, 60.0)


class Trials:
    """Drives the house through one trial after another; `problems` are what the model found."""

    def __init__(self, house: SimHouse, pace: Pace, trouble: "Callable[[SimHouse, float], Callable[[], None]]") -> None:
        self._house = house
        self._world = house.world
        self._pace = pace
        self._trouble = trouble
        self._trial = Trial(0, "nothing")
        self.problems: list[str] = []
        self.excused = 0
        self.in_memory: set[Message] = set()  # acknowledged while the journal could not write, and then killed
        self._safe: set[Message] = set()  # acknowledged in earlier lives
        self.done = 0
        self._asked: dict[str, bool] = {}  # all-clears: whether it was answered
        house.on_death = self._on_death
        self._world.later(30.0, self._begin)

    def _on_death(self, degraded: bool) -> None:
        if degraded:  # what was acknowledged from memory may be gone, and a fault has said so
            self._trial.excused = True
            self.in_memory |= self._acknowledged() - self._safe
            for device in self._house.devices.values():  # its answer may be on the way
                self.in_memory |= {(device.name, device.boot, seq) for seq in device.unanswered}
        self._safe = self._acknowledged()

    def _acknowledged(self) -> set[Message]:
        return set().union(*(device.answered for device in self._house.devices.values()))

    def judge_the_journal(self) -> None:
        """After all trials: what the last life left must hold and explain everything."""
        wanted = self._acknowledged() - self.in_memory
        self.problems += replay.check(self._house.database(), self._house.start.setup.plan, wanted)

    def _begin(self) -> None:
        if self.done == self._pace.trials or self._world.now >= self._pace.ends_s:
            self._house.end()
            return
        chance = self._world.chance
        for receiver in self._house.receivers:
            receiver.told.clear()
            receiver.triggers.clear()
        self._asked.clear()
        kind = chance.choice(KINDS)
        self._trial = Trial(self.done, kind)
        lasts_s = chance.uniform(60.0, 300.0)
        heal = self._trouble(self._house, lasts_s)
        self._world.later(chance.uniform(1.0, lasts_s * 0.8), self._happen)
        self._world.later(lasts_s, lambda: self._heal(heal))

    def _happen(self) -> None:
        trial, house, chance = self._trial, self._house, self._world.chance
        room = chance.choice(house.rooms)
        match trial.kind:
            case "nothing":
                pass
            case "call":
                self._cause("call-1", "call-point", contact=True)
                trial.evacuations = (1,)
            case "sos":
                self._note(house.devices[f"sos-{room}"], "sos", house.devices[f"sos-{room}"].press("pressed"))
            case "fire":
                self._cause(f"det-{room}", "smoke", smoke_obscuration=6.0)
                other = f"det-{room % len(house.rooms) + 1}"
                self._world.later(chance.uniform(0.0, 5.0), lambda: self._cause(other, "smoke", smoke_obscuration=7.0))
                trial.evacuations = (1,)
            case "smoke":
                self._cause(f"det-{room}", "smoke", smoke_obscuration=6.0)
                trial.evacuations = (0, 1)  # nobody may have looked in time

    def _cause(self, name: str, rule: str, **values: Any) -> None:
        device = self._house.devices[name]
        self._note(device, rule, device.tell(**values))

    def _note(self, device: Device, rule: str, seq: int) -> None:
        self._trial.causes.append(Cause(device, f"{rule}@{device.name}", device.boot, seq))
        self._kill_soon()

    def _kill_soon(self) -> None:
        """At any step of what follows, or at any instant of it."""
        process, chance = self._house.process, self._world.chance
        how = chance.random()
        if how < 0.4:
            self._world.later(chance.uniform(0.0, KILL_WITHIN_S), self._house.kill)
        elif how < 0.8 and process is not None:
            process.kill_at_step = process.steps + chance.randint(1, KILL_STEPS)

    def _heal(self, heal: Callable[[], None]) -> None:
        heal()
        self._await(self._told, self._end_it, "a message was never acknowledged, or its consequence never delivered")

    def _told(self) -> bool:
        """All devices were answered, and nobody has anything left to say."""
        house = self._house.house
        if house is None or any(device.unanswered for device in self._house.devices.values()):
            return False
        if house.journal().degraded or any(output.pending for output in house.outputs()):
            return False
        return all(link.up for _, _, link in house.links())

    def _end_it(self) -> None:
        """People look, and end everything; the daemon may be killed meanwhile."""
        for name, device in self._house.devices.items():
            if name.startswith("det-"):
                if device.values["smoke_obscuration"] > 1.0:
                    device.tell(**CALM)
            else:
                device.tell(**dict.fromkeys(device.values, False))
        for _ in range(self._world.chance.choice((0, 0, 1, 2))):
            self._world.later(self._world.chance.uniform(1.0, 90.0), self._house.kill)
        self._world.later(LOOK_S, self._people)
        self._await(self._calm, self._judge, "people could not end it")

    def _people(self) -> None:
        house, process = self._house.house, self._house.process
        if self._trial_is_over():
            return
        if house is not None and process is not None:
            now = house.engine_time()
            orders: list[Order] = [Silence(now, "", "guard", "seen")]
            orders += [AllClear(now, one.evacuation, "li", "looked", "commander") for one in house.evacuations()]
            for alarm in house.alarms():
                orders += [
                    Ack(now, alarm.alarm, "li", "seen", "commander"),
                    Reset(now, alarm.alarm, "li", "over", "commander"),
                ]
            for order in orders:
                process.loop.create_task(self._ask(house, order))
        self._world.later(20.0, self._people)

    async def _ask(self, house: Any, order: Order) -> None:
        decisions = await house.order(order)
        if isinstance(order, AllClear) and not any(isinstance(one, Refuse) for one in decisions):
            self._asked[order.evacuation] = True

    def _trial_is_over(self) -> bool:
        return self._over

    def _calm(self) -> bool:
        house = self._house.house
        if house is None or not self._told():
            return False
        for one in house.evacuations():
            if self._asked.get(one.evacuation) and not self._trial.excused:
                self._problem(f"{one.evacuation} is in force again after its all-clear was answered")
        faults = [one for one in house.faults() if one.source not in LASTING]
        return not faults and not house.evacuations() and not [one for one in house.alarms() if one.category != "fault"]

    _over = False

    def _judge(self) -> None:
        self._over = True
        trial = self._trial
        self.done += 1
        self.excused += trial.excused
        for receiver in self._house.receivers:
            self._check_order(receiver.name, receiver.told)
            if not trial.excused:
                self._check_causes(receiver.name, receiver.told)
                self._check_evacuations(receiver.name, receiver.told, receiver.triggers)
        self._world.later(self._world.chance.uniform(*self._pace.pause_s), self._begin)

    def _check_causes(self, who: str, told: list[dict[str, Any]]) -> None:
        raised: dict[str, set[str]] = {}
        for event in told:
            if event["type"] == "raise" and event["category"] in ("fire", "panic"):
                raised.setdefault(event["alarm"], set()).add(event["id"])
        for alarm, ids in raised.items():
            if len(ids) > 1:
                self._problem(f"{who} heard {alarm} raised {len(ids)} times: {sorted(ids)}")
        for cause in self._trial.causes:
            message = (cause.device.name, cause.boot, cause.seq)
            if message in cause.device.answered and cause.alarm not in raised:
                self._problem(f"{who} never heard of {cause.alarm}, which was acknowledged")

    def _check_evacuations(self, who: str, told: list[dict[str, Any]], triggers: list[dict[str, Any]]) -> None:
        begun = {event["evacuation"] for event in told if event["type"] == "evacuate"}
        ordered = {one["evacuation"] for one in triggers if one["action"] == "evacuate"}
        if begun != ordered:
            self._problem(f"{who} heard of evacuations {sorted(begun)} and was ordered {sorted(ordered)}")
        if len(ordered) not in self._trial.evacuations:
            self._problem(f"{who} was ordered {len(ordered)} evacuations: {sorted(ordered)}")
        ids: dict[tuple[str, str, str], set[str]] = {}
        for one in triggers:
            ids.setdefault((one["evacuation"], one["action"], one.get("stage", "")), set()).add(one["id"])
        for order, told_as in ids.items():
            if len(told_as) > 1:
                self._problem(f"{who} was ordered {order} under several ids: {sorted(told_as)}")

    def _check_order(self, who: str, told: list[dict[str, Any]]) -> None:
        """What concerns people in danger, and other news, each in the order in which it was decided."""
        heard: set[str] = set()
        last = {True: (0, 0), False: (0, 0)}
        for event in told:
            if event["type"] in COMMANDS or event["id"] in heard:
                continue
            heard.add(event["id"])
            urgent = event["type"] in URGENT or event.get("category") in HIGHLY_MANAGED
            run, number = map(int, event["id"].split("-"))
            if (run, number) < last[urgent]:
                self._problem(f"{who} heard {event['id']} after {last[urgent]}")
            last[urgent] = (run, number)

    def _await(self, condition: Callable[[], bool], then: Callable[[], None], failure: str) -> None:
        """Look again and again; what does not come is left for ever."""
        until = self._world.now + QUIET_LIMIT_S
        self._over = False

        def look() -> None:
            if condition():
                then()
            elif self._world.now > until:
                self._problem(f"{failure}: {self._standing()}")
                self._house.end()
            else:
                self._world.later(LOOK_S, look)

        look()

    def _standing(self) -> str:
        house = self._house.house
        unanswered = {name: len(one.unanswered) for name, one in self._house.devices.items() if one.unanswered}
        if house is None:
            return f"the daemon is away; unanswered {unanswered}"
        return (
            f"unanswered {unanswered}, journal {house.journal().degraded!r}, "
            f"pending {[(one.name, one.pending, one.last_error) for one in house.outputs()]}, "
            f"faults {[(one.source, one.code) for one in house.faults()]}, "
            f"alarms {[one.alarm for one in house.alarms()]}, "
            f"evacuations {[one.evacuation for one in house.evacuations()]}, "
            f"links {[(name, link.up, link.last_error) for name, _, link in house.links()]}"
        )

    def _problem(self, text: str) -> None:
        self.problems.append(f"trial {self._trial.number} ({self._trial.kind}) at {self._world.now:.3f} s: {text}")
