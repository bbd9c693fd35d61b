"""The log output: one line a person can read for each decision, to the logger "tocsin.decisions"."""

import logging
from collections.abc import Mapping, Sequence
from typing import assert_never

from drivers.contract import Delivery, LinkHealth, OutputContext
from drivers.outputs.log.settings import LogOutputSettings
from rules.decision import (
    Acknowledged,
    Advance,
    AlarmChange,
    Anchored,
    Chattering,
    Clear,
    Decision,
    DutyChange,
    EndEvacuation,
    EndFault,
    EndFlood,
    EndShowMode,
    Escalate,
    Evacuate,
    Flood,
    Hidden,
    Investigate,
    Raise,
    ReAlarm,
    Refuse,
    ReportFault,
    Reroute,
    Restart,
    Return,
    ShowMode,
    Shown,
    Silenced,
    StandDown,
    StepDown,
    Verify,
    Withheld,
    ZoneTier,
)
from rules.plan import EvacuationPlan
from rules.tier import Tier
from rules.venue import Venue

log = logging.getLogger("tocsin.decisions")

_LINE_LIMIT = 500  # characters: foreign text inside a reason must not flood the log

_CHANGES: dict[type[AlarmChange], str] = {
    Raise: "ALARM",
    Escalate: "ALARM rises",
    StepDown: "alarm falls",
    Return: "alarm's cause is gone",
    Clear: "alarm is over",
    Acknowledged: "alarm acknowledged",
    Silenced: "alarm silenced",
    ReAlarm: "ALARM still stands",
    Hidden: "alarm out of view",
    Shown: "alarm back in view",
    Withheld: "withheld",
    Chattering: "alarm chatters and is held",
}


class LogOutput:
    """Always up: a logger's handlers are the daemon's concern."""

    def __init__(self, name: str, settings: LogOutputSettings, context: OutputContext) -> None:
        self.name = name
        self.health = LinkHealth(up=True, since=context.now())
        self._language = settings.language
        self.rename(context.venue, context.evacuation_plans)

    def prepare(self, delivery: Delivery) -> None:
        """A line takes no time."""

    def rename(self, venue: Venue, evacuation_plans: Mapping[str, EvacuationPlan]) -> None:
        self._lines = Lines(venue, self._language)

    async def run(self) -> None:
        """There is no connection to keep."""

    def take_up(self, standing: Sequence[Delivery]) -> None:
        """A log keeps no state: what stands was written down when it began."""

    async def deliver(self, delivery: Delivery) -> None:
        log.log(level_of(delivery.decision), "%s", self._lines.line(delivery.decision))


class Lines:
    """Decisions in words, with the names of zones and devices in one language."""

    def __init__(self, venue: Venue, language: str) -> None:
        self._venue = venue
        self._language = language

    def line(self, decision: Decision) -> str:
        """One line, without line breaks of foreign making."""
        because = "; ".join(f"{one.source}: {one.text}" for one in decision.because)
        text = f"{self._said(decision)}{f' because {because}' if because else ''}"
        clean = "".join(letter if letter.isprintable() else " " for letter in text)
        return clean if len(clean) <= _LINE_LIMIT else f"{clean[:_LINE_LIMIT]}..."

    def _said(self, decision: Decision) -> str:
        match decision:
            case AlarmChange():
                what = f"{_CHANGES[type(decision)]} {decision.tier.word.upper()} {decision.category}"
                where = f"{decision.rule} at {self._name(decision.place)} in {self._name(decision.zone)}"
                return f"{what}: {where}{_how(decision)}"
            case Flood():
                return (
                    f"FLOOD of alarms, {decision.count} in ten minutes: blue and yellow ones are shown without a sound"
                )
            case EndFlood():
                return f"flood of alarms over, {decision.count} in ten minutes"
            case Investigate():
                step = "staff must acknowledge" if decision.step == "acknowledge" else "staff look"
                return f"INVESTIGATE {decision.alarm} in {self._name(decision.zone)}: {step}"
            case Verify():
                left_s = decision.deadline - decision.at
                return f"FIRST SIGNAL of {decision.alarm} in {self._name(decision.zone)}: verified within {left_s:g} s"
            case DutyChange():
                return "somebody is on duty" if decision.staffed else "NOBODY ON DUTY: no investigation waits"
            case ShowMode():
                until = f"for {(decision.deadline - decision.at) / 60:.0f} min, {decision.who} watches"
                return f"SHOW MODE in {self._name(decision.zone)} {until}"
            case EndShowMode():
                return f"show mode is over in {self._name(decision.zone)}"
            case StandDown():
                return f"stood down: {decision.alarm} in {self._name(decision.zone)}"
            case Evacuate():
                what = f"EVACUATE {self._zones(decision.zones)}, began in {self._name(decision.origin)}"
                return what + _more(decision)
            case Advance():
                zones = f" {self._zones(decision.zones)}" if decision.zones else ""
                return f"EVACUATE next{zones}, stage {decision.stage} of {decision.evacuation}{_more(decision)}"
            case Reroute():
                return f"REROUTE {self._zones(decision.zones)}: {_routes(decision.blocked) or 'all routes are free'}"
            case EndEvacuation():
                return f"ALL CLEAR for {self._zones(decision.zones)}"
            case ZoneTier():
                return f"zone {self._name(decision.zone)} is now {decision.tier.word.upper()}"
            case ReportFault():
                why = f", explained by {self._name(decision.explained_by)}" if decision.explained_by else ""
                return f"FAULT {decision.code} at {self._name(decision.source)}: {decision.text}{why}"
            case EndFault():
                return f"fault over: {decision.code} at {self._name(decision.source)}"
            case Restart():
                lost = f"; LOST: {'; '.join(decision.lost)}" if decision.lost else ""
                return f"RESTART, {decision.text}{lost}"
            case Anchored():
                return f"audit of journal {decision.journal}: record {decision.record}:{decision.hash}"
            case Refuse():
                return f"refused: {decision.order} {decision.target}: {decision.reason}"
            case _:
                assert_never(decision)

    def _zones(self, zones: tuple[str, ...]) -> str:
        return ", ".join(self._name(zone) for zone in zones)

    def _name(self, name: str) -> str:
        known = self._venue.zones.get(name) or self._venue.devices.get(name)
        if known is None:
            return name
        words = known.name.zh if self._language == "zh" and known.name.zh else known.name.en
        return f"{words} ({name})" if words else name


def _how(decision: AlarmChange) -> str:
    """What an alarm's decision says beyond its tier and place."""
    match decision:
        case Hidden() | Withheld() | Shown():
            return f", {decision.overlay.replace('_', ' ')}"
        case Raise(grouped=True):
            return ", one of many: without a sound"
        case Raise(first_out=True):
            return ", the first of its kind"
        case _:
            return ""


def _more(decision: Evacuate | Advance) -> str:
    """What is done beside leading people out, and which ways are not to be taken."""
    done = [f"{one.action} {one.target}" for one in decision.actions]
    return "".join(f"; {part}" for part in (*done, _routes(decision.blocked)) if part)


def _routes(blocked: tuple[str, ...]) -> str:
    return f"blocked: {', '.join(blocked)}" if blocked else ""


def level_of(decision: Decision) -> int:
    """Alarms of the acting tiers and evacuations are errors in the log's words, other alarms and faults warnings."""
    match decision:
        case Evacuate() | Advance() | Reroute():
            return logging.CRITICAL
        case Raise() | Escalate() | ReAlarm() | Shown():
            return logging.ERROR if decision.tier >= Tier.ORANGE else logging.WARNING
        case ReportFault() | Investigate() | Refuse() | Verify() | ShowMode() | Flood():
            return logging.WARNING
        case Restart():
            return logging.WARNING if decision.lost else logging.INFO
        case _:
            return logging.INFO
