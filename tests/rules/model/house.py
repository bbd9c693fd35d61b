"""The model of the engine: slow, and meant to be read beside the documentation of the rules.

It looks at every alarm to find out whom something concerns, and at every alarm, device and evacuation to find out what
happens next by time alone. Nothing is kept up to date; nothing outlives a look.
"""

from collections.abc import Callable, Iterator
from functools import partial

from rules.plan import Plan
from rules.quantity import QUANTITIES, Kind
from rules.signal import (
    Calendar,
    Fault,
    Heard,
    LinkDown,
    LinkUp,
    Reading,
    Recovered,
    Reloaded,
    Resumed,
    Signal,
    Tick,
)
from tests.rules.model import evacuation, heard, orders, overlays, reload, surroundings, tree, windows
from tests.rules.model.change import calls, look, look_at, report, settle
from tests.rules.model.life import delay_over, level_due
from tests.rules.model.state import Said, State, arrange, rule_of


class Model:
    """What `rules.engine.Engine` is, by other means. A restart is nothing to it; `reload` gives it another plan."""

    def __init__(self, plan: Plan) -> None:
        self.state = State(plan)
        windows.arrange(self.state)

    def step(self, signal: Signal) -> list[Said]:
        """Take one signal; what follows from it."""
        s = self.state
        s.said = []
        s.now = max(s.now, signal.at)
        if not s.started:
            s.started = True
            for entries in s.heard.values():
                entries += [{"what": "expected", "at": s.now}, {"what": "awaited", "at": s.now}]
            reload.take_stock(s, first=True)
        if isinstance(signal, Resumed):
            reload.resume(s, signal.down_s)
        elif isinstance(signal, Reloaded):
            reload.take_stock(s)
        ring(s)
        _hear(s, signal)
        return s.said

    def reload(self, plan: Plan) -> None:
        """Other rules from now on."""
        self.state.plan, before = plan, self.state.plan
        reload.keep(self.state, before)
        arrange(self.state)
        windows.arrange(self.state)
        reload.time_again(self.state)

    def deadline(self) -> float | None:
        """When something happens by itself."""
        return min((due for due, _, _, _ in timers(self.state)), default=None)


# Time

Timer = tuple[float, str, str, Callable[[], None]]


def timers(s: State) -> Iterator[Timer]:
    """All that will happen by itself: when, what kind, to whom, and what to do then."""
    for device in s.heard:
        due = heard.silent_at(s, device)
        if due is not None:
            yield due, "silent", device, partial(lose, s, device, "silent")
        due = heard.asked_at(s, device)
        if due is not None and any(device in minded for minded in reload.minded(s)):
            yield due, "awaited", device, partial(reload.stop_waiting, s, device)
        due = windows.next_due(s, device)
        if due is not None:
            yield due, "held", device, partial(reload.pass_time, s, device)
    for alarm in s.alarms.values():
        yield from _timers_of(s, alarm["id"])
    yield from surroundings.timers(s)
    yield from overlays.flood_timers(s)
    yield from evacuation.timers(s)


def _timers_of(s: State, name: str) -> Iterator[Timer]:
    alarm = s.alarms[name]
    tiers = [int(one.tier) for one in rule_of(s, alarm).tiers]
    dues = [due for tier in tiers if (due := level_due(s, alarm, tier)) is not None]
    if dues:
        yield min(dues), "level", name, lambda: _delays_over(s, name)
    if alarm["chatter_until"] is not None:
        yield alarm["chatter_until"], "chatter", name, lambda: _delays_over(s, name)
    ends = [
        end
        for call in calls(s, alarm, "alarms")
        for one in tree.asked(s, alarm, call)
        if (end := tree.counted_until(s, one, call)) is not None and end > alarm["looked_at"]
    ]
    if ends and rule_of(s, alarm).each != "device":
        yield min(ends), "window", name, lambda: look(s, alarm)
    yield from overlays.timers(s, alarm)
    yield from surroundings.timers_of(s, alarm)


def _delays_over(s: State, name: str) -> None:
    alarm = s.alarms[name]
    for one in rule_of(s, alarm).tiers:
        due = level_due(s, alarm, int(one.tier))
        if due is not None and due <= s.now:
            delay_over(alarm["levels"][int(one.tier)], s.now)
    if alarm["chatter_until"] is not None and alarm["chatter_until"] <= s.now:
        alarm["chatter_until"] = None
    settle(s, alarm)


def ring(s: State) -> None:
    """Let everything happen that is due, the earliest first; together, in the order of their names."""
    while True:
        due = sorted(((at, kind, name, do) for at, kind, name, do in timers(s) if at <= s.now), key=lambda one: one[:3])
        if not due:
            return
        due[0][3]()


# What is heard


def _hear(s: State, signal: Signal) -> None:
    match signal:
        case Reading():
            _reading(s, signal)
        case Heard(device=device) if device in s.heard:
            alive(s, device) if signal.online else lose(s, device, "offline")
        case Fault():
            fault(s, signal.source, signal.code, signal.quantity)
        case Recovered():
            recovered(s, signal.source, signal.code)
        case LinkDown(link=link):
            if report(s, link, "link_down"):
                overlays.suppress(s, overlays.behind(s, link))
        case LinkUp(link=link):
            if report(s, link, "link_down", over=True):
                overlays.suppress(s, overlays.behind(s, link))
        case Calendar():
            surroundings.calendar(s, signal)
        case Heard() | Tick() | Resumed() | Reloaded():
            pass
        case _:
            orders.carry_out(s, signal)


def _reading(s: State, reading: Reading) -> None:
    device, quantity = reading.device, QUANTITIES[reading.quantity]
    if device not in s.heard or quantity.name not in s.plan.venue.devices[device].quantities:
        return
    if not quantity.accepts(reading.value):
        fault(s, device, f"bad_value:{quantity.name}", quantity.name)
    elif reading.provenance != "retained":
        _live(s, reading)
    else:
        _retained(s, reading)


def _retained(s: State, reading: Reading) -> None:
    """Shown, never believed; but a danger makes what is known to the contrary unknown."""
    device, quantity = reading.device, reading.quantity
    known = heard.value(s, device, quantity)
    danger = QUANTITIES[quantity].alarming and reading.value is True
    if known is None or (danger and known is not True):
        s.unverified[device][quantity] = reading.value
        if danger:
            fault(s, device, "unverified", quantity)


def _live(s: State, reading: Reading) -> None:
    device, quantity, entries = reading.device, reading.quantity, s.heard[reading.device]
    event = QUANTITIES[quantity].kind is Kind.EVENT
    alive(s, device)
    if reading.origin is not None:
        entries.append({"what": "message", "origin": reading.origin})
    told = {"what": "told", "at": s.now, "quantity": quantity, "value": reading.value, "origin": reading.origin}
    told["late"] = False
    if reading.origin is not None and heard.is_late(s, device, quantity, reading.origin) and not event:
        entries.append({**told, "late": True})  # for an instant, as it was: it can raise an alarm, and end none
        look_at(s, device, quantity, past=True)
        entries.pop()
        look_at(s, device, quantity)
        return
    s.unverified[device].pop(quantity, None)
    if (device, f"bad_value:{quantity}") in s.faults:
        recovered(s, device, f"bad_value:{quantity}")
    dangers = [name for name, value in s.unverified[device].items() if value is True and QUANTITIES[name].alarming]
    if (device, "unverified") in s.faults and not dangers:
        recovered(s, device, "unverified")
    entries.append(told)
    look_at(s, device, quantity)
    if event:  # true at the instant it happens, nothing afterwards
        entries.append({**told, "value": False})
        look_at(s, device, quantity)


def alive(s: State, device: str) -> None:
    """A device was heard."""
    was_gone = heard.is_absent(s, device)
    s.heard[device].append({"what": "alive", "at": s.now})
    if was_gone:
        s.heard[device].append({"what": "awaited", "at": s.now})
        for code in ("silent", "offline"):
            report(s, device, code, over=True)
        look_at(s, device, "absent")


def lose(s: State, device: str, code: str) -> None:
    """A device is gone. Rules that ask `absent` look while its last values still count; then they are unknown."""
    if heard.is_absent(s, device):
        return
    s.heard[device].append({"what": "gone", "at": s.now})
    report(s, device, code)
    look_at(s, device, "absent")
    s.heard[device].append({"what": "forgotten", "at": s.now, "quantity": "*"})
    for name in sorted({"absent", "faulted", *s.plan.venue.devices[device].quantities}):
        look_at(s, device, name)


def fault(s: State, source: str, code: str, quantity: str | None) -> None:
    """Something is not well; the value that is doubted with it is unknown."""
    report(s, source, code)
    if source not in s.heard:
        return
    look_at(s, source, "faulted")
    if quantity is not None and heard.value(s, source, quantity) is not None:
        s.heard[source].append({"what": "doubted", "at": s.now, "quantity": quantity})
        look_at(s, source, quantity)


def recovered(s: State, source: str, code: str) -> None:
    """It is well again."""
    report(s, source, code, over=True)
    if source in s.heard:
        look_at(s, source, "faulted")
