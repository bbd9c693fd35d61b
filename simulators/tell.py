"""A story told while it goes on: what happens in the venue, what Tocsin makes of it, what was promised and kept."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import typer

from daemon.client import EventView
from simulators.play import Verdict
from simulators.scenario import MOMENT, MainsAction, Step

STYLE: dict[str, dict[str, Any]] = {
    "blue": {"fg": "bright_white", "bg": "blue"},
    "yellow": {"fg": "black", "bg": "yellow"},
    "orange": {"fg": "black", "bg": (255, 140, 0)},
    "red": {"fg": "bright_white", "bg": "red", "bold": True},
    "fault": {"fg": "magenta"},
    "venue": {"fg": "cyan"},
    "ok": {"fg": "green"},
    "FAIL": {"fg": "red", "bold": True},
}
LABEL_WIDTH = 7


class Teller:
    """Is told how a story goes, and by itself tells nobody. `at` is seconds of the story."""

    def step(self, at: float, step: Step) -> None:
        """This happens now."""

    def look(self, at: float, text: str) -> None:
        """What a detector near a fire feels, now and then."""

    def event(self, at: float, event: EventView) -> None:
        """Tocsin decided this."""

    def trigger(self, at: float, plan: str, action: str) -> None:
        """The sounder controller has carried out and confirmed an evacuation trigger."""

    def verdict(self, at: float, verdict: Verdict) -> None:
        """An expectation has been decided."""

    def note(self, at: float, text: str) -> None:
        """Something went otherwise than the story has it."""


class Several(Teller):
    """Tells all of them."""

    def __init__(self, tellers: Sequence[Teller]) -> None:
        self._tellers = tellers

    def step(self, at: float, step: Step) -> None:
        for teller in self._tellers:
            teller.step(at, step)

    def look(self, at: float, text: str) -> None:
        for teller in self._tellers:
            teller.look(at, text)

    def event(self, at: float, event: EventView) -> None:
        for teller in self._tellers:
            teller.event(at, event)

    def trigger(self, at: float, plan: str, action: str) -> None:
        for teller in self._tellers:
            teller.trigger(at, plan, action)

    def verdict(self, at: float, verdict: Verdict) -> None:
        for teller in self._tellers:
            teller.verdict(at, verdict)

    def note(self, at: float, text: str) -> None:
        for teller in self._tellers:
            teller.note(at, text)


class Tally(Teller):
    """Counts what a summary needs."""

    def __init__(self) -> None:
        self.raised: Counter[str] = Counter()
        self.ignition: float | None = None
        self.first_warning: float | None = None
        self.evacuation: float | None = None

    def step(self, at: float, step: Step) -> None:
        if step.action == "fire" and self.ignition is None:
            self.ignition = at

    def event(self, at: float, event: EventView) -> None:
        if event.kind in ("raise", "escalate") and event.tier not in (None, "none"):
            self.raised[str(event.tier)] += 1
            if self.first_warning is None and self.ignition is not None and event.category == "fire":
                self.first_warning = at

    def trigger(self, at: float, plan: str, action: str) -> None:
        if self.evacuation is None and action == "evacuate":
            self.evacuation = at

    def summary(self, readings: int) -> str:
        """One line."""
        alarms = ", ".join(f"{tier} {self.raised[tier]}" for tier in ("blue", "yellow", "orange", "red"))
        parts = [f"{readings} readings", f"alarms raised: {alarms}"]
        if self.ignition is not None:
            warned = _after(self.first_warning, self.ignition)
            parts.append(
                f"from ignition to first warning {warned}, to evacuation {_after(self.evacuation, self.ignition)}"
            )
        return "; ".join(parts)


class Lines(Teller):
    """One line for everything that people want to know, as long as `say` takes it."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def step(self, at: float, step: Step) -> None:
        if step.action != MOMENT:
            self._line(at, "venue", describe(step))

    def look(self, at: float, text: str) -> None:
        self._line(at, "venue", text)

    def event(self, at: float, event: EventView) -> None:
        label, text = words_of(event)
        if label:
            self._line(at, label, text)

    def trigger(self, at: float, plan: str, action: str) -> None:
        text = "evacuation" if action == "evacuate" else "end of the evacuation"
        self._line(at, "red" if action == "evacuate" else "ok", f"{text} {plan}: the sounder controller has confirmed")

    def verdict(self, at: float, verdict: Verdict) -> None:
        if verdict.state == "failed":
            self._line(at, "FAIL", f"{verdict.text}: {verdict.reason}")

    def note(self, at: float, text: str) -> None:
        self._line(at, "note", text)

    def _line(self, at: float, label: str, text: str) -> None:
        shown = label.upper() if label in ("blue", "yellow", "orange", "red") else label
        self._say(f"{at:6.1f} s  {_styled(label, shown.ljust(LABEL_WIDTH))} {text}")


def verdict_line(verdict: Verdict) -> str:
    """One expectation and what came of it."""
    label = "ok" if verdict.state == "met" else "FAIL"
    detail = verdict.reason or (f"{verdict.took_s:.1f} s" if verdict.took_s is not None else "")
    return f"  {_styled(label, label.ljust(4))} {verdict.text}{f' ({detail})' if detail else ''}"


def describe(step: Step) -> str:
    """What happens, in words."""
    match step.action:
        case "fire" if step.fire is not None:
            door = f", door {step.fire.door}" if step.fire.door else ""
            return f"a fire starts in {step.fire.zone} (growth {step.fire.growth}{door})"
        case "cigarette" if step.cigarette is not None:
            return f"{step.cigarette.count} cigarette(s) in {step.cigarette.zone}"
        case "fog" if step.fog is not None:
            return f"the fog machine in {step.fog.zone} runs for {step.fog.burst:g} s"
        case "mains" if isinstance(step.mains, str):
            return f"mains {step.mains}"
        case "mains" if isinstance(step.mains, MainsAction):
            return f"mains {step.mains.state}{f' in {step.mains.zone}' if step.mains.zone else ''}"
        case "door" if step.door is not None:
            return f"the door of {step.door.zone} is {step.door.state}"
        case "link" if step.link is not None:
            return ", ".join(f"link {link} {state}" for link, state in step.link.items())
        case "order" if step.order is not None:
            return f"{step.order.who}: {step.order.verb} {step.order.target} ({step.order.why})"
        case action:
            return f"{action} {getattr(step, action)}"


def words_of(event: EventView) -> tuple[str, str]:
    """A label and a text; an empty label for what the other lines tell already."""
    title = event.title.en if event.title else event.rule
    place = event.place_name.en if event.place_name else event.place
    because = f": {event.because[-1].text}" if event.because else ""
    match event.kind:
        case "raise" | "escalate" if event.tier not in (None, "none"):
            return str(event.tier), f"{title}, {place}{because}  [{event.alarm}]"
        case "clear":
            return "clear", event.alarm
        case "investigate":
            told = "somebody must acknowledge" if event.step == "acknowledge" else "somebody looks"
            return "look", f"{told}, then {event.alarm} is true"
        case "stand_down":
            return "look", f"stood down: {event.alarm}"
        case "evacuate":
            return "red", f"EVACUATE {', '.join(event.zones)}, began in {event.origin}"
        case "advance":
            return "red", f"EVACUATE stage {event.stage}: {', '.join(event.zones) or 'nobody moves'}"
        case "reroute":
            return "red", f"blocked routes: {', '.join(event.blocked) or 'none'}"
        case "end_evacuation":
            return "ok", f"all clear: {event.plan}"
        case "report_fault":
            return "fault", f"{event.source} {event.code}: {event.text}"
        case "end_fault":
            return "fault", f"{event.source} {event.code} is over"
        case "refuse":
            return "refused", f"{event.order} {event.target}: {event.reason}"
        case _:
            return "", ""


def _after(at: float | None, since: float) -> str:
    return "not yet" if at is None else f"{at - since:.1f} s"


def _styled(label: str, text: str) -> str:
    style = STYLE.get(label)
    return typer.style(text, **style) if style else text
