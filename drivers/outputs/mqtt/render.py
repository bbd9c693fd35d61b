"""Decisions as the messages that the MQTT output sends. Times are ISO 8601 in UTC, names in English and Chinese."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, assert_never

import msgspec

from drivers.contract import Delivery
from rules.decision import (
    Advance,
    AlarmChange,
    Anchored,
    Because,
    Chattering,
    Clear,
    Decision,
    DutyChange,
    EndEvacuation,
    EndFault,
    EndFlood,
    EndShowMode,
    Evacuate,
    Flood,
    Hidden,
    Investigate,
    Raise,
    Refuse,
    ReportFault,
    Reroute,
    Restart,
    ShowMode,
    Shown,
    StageAction,
    StandDown,
    TimerLeft,
    Verify,
    Withheld,
    ZoneTier,
)
from rules.plan import EvacuationPlan
from rules.tier import Tier
from rules.venue import Text, Venue

TRIGGER_TTL_S = 60.0  # a receiver ignores a trigger older than this; it is sent anew every second, so none need be old

# Emergency Response Law of China (2024), art. 63: red is level I, blue level IV.
LEVELS = {Tier.RED: "I", Tier.ORANGE: "II", Tier.YELLOW: "III", Tier.BLUE: "IV"}

_RESTART = ("text", "down_s", "carried", "raised", "ended", "deliveries", "lost")
_encoder = msgspec.json.Encoder()


class State(NamedTuple):
    """A retained message; an empty payload deletes what the broker keeps there."""

    topic: str
    payload: bytes


class Renderer:
    """Everything about payloads and topics; knows no connection."""

    def __init__(self, prefix: str, venue: Venue, plans: Mapping[str, EvacuationPlan]) -> None:
        self._prefix = prefix
        self._venue = venue
        self._plans = plans
        self.event_topic = f"{prefix}/event"
        self.daemon_topic = f"{prefix}/state/daemon"
        self.trigger_topic = f"{prefix}/evacuation"
        self.confirm_topic = f"{prefix}/evacuation/confirm"

    def event(self, delivery: Delivery) -> bytes:
        """Every decision, whole."""
        decision = delivery.decision
        told: dict[str, Any] = {
            "id": delivery.id,
            "type": decision.__struct_config__.tag,
            "at": iso(delivery.wall),
            **self._body(decision, delivery),
            "because": [self._because(one, delivery) for one in decision.because],
        }
        if delivery.doubtful:
            told["time_doubtful"] = True
        return _encoder.encode(told)

    def state(self, delivery: Delivery) -> State | None:
        """The retained message that the decision changes, if any."""
        decision = delivery.decision
        state = f"{self._prefix}/state"
        match decision:
            case ZoneTier():
                return State(f"{state}/zone/{decision.zone}", self.event(delivery))
            case Clear() | Hidden() | Shown(state="normal" | "pending"):
                return State(f"{state}/alarm/{decision.alarm}", b"")
            case Withheld() | Chattering(state="normal"):
                return None
            case AlarmChange():
                return State(f"{state}/alarm/{decision.alarm}", self.event(delivery))
            case ReportFault():
                return State(f"{state}/fault/{decision.source}/{decision.code}", self.event(delivery))
            case EndFault():
                return State(f"{state}/fault/{decision.source}/{decision.code}", b"")
            case Evacuate() | Advance() | Reroute():
                return State(f"{state}/evacuation/{decision.plan}", self.event(delivery))
            case EndEvacuation():
                return State(f"{state}/evacuation/{decision.plan}", b"")
            case DutyChange():
                return State(f"{state}/duty", self.event(delivery))
            case ShowMode():
                return State(f"{state}/show/{decision.zone}", self.event(delivery))
            case EndShowMode():
                return State(f"{state}/show/{decision.zone}", b"")
            case Restart():
                return State(f"{state}/restart", self.event(delivery))
            case Anchored():
                return State(f"{state}/audit", self.event(delivery))
            case _:
                return None

    def trigger(
        self,
        delivery: Delivery,
        decision: Evacuate | Advance | EndEvacuation,
        now: float,
        blocked: Sequence[str] | None = None,
    ) -> bytes:
        """The order itself. `now` is engine time: each sending is good for its time to live from then, and not longer
        than the delivery itself. `blocked` are the blocked routes of now, if they are others than at the decision."""
        ttl_s = TRIGGER_TTL_S if delivery.expires is None else min(TRIGGER_TTL_S, delivery.expires - now)
        plan = self._plans.get(decision.plan)
        told: dict[str, Any] = {
            "id": delivery.id,
            "action": "end" if isinstance(decision, EndEvacuation) else "evacuate",
            "evacuation": decision.evacuation,
            "plan": decision.plan,
            "zones": decision.zones,
            "origin": None if isinstance(decision, EndEvacuation) else decision.origin,
            "message": _words(plan.message) if plan else None,
            "assembly_point": _words(plan.assembly_point) if plan else None,
            "issued": iso(delivery.wall),
            "expires": None if delivery.doubtful else iso(_wall(delivery, now + ttl_s)),
            "ttl_s": ttl_s,
        }
        if delivery.doubtful:
            told["time_doubtful"] = True
        if not isinstance(decision, EndEvacuation):
            told |= {
                "stage": decision.stage,
                "actions": _actions(decision.actions),
                "blocked": decision.blocked if blocked is None else blocked,
            }
        return _encoder.encode(told)

    def _body(self, decision: Decision, delivery: Delivery) -> dict[str, Any]:
        match decision:
            case AlarmChange():
                return {
                    "alarm": decision.alarm,
                    "rule": decision.rule,
                    "place": self._named(decision.place),
                    "zone": self._named(decision.zone),
                    "category": decision.category,
                    **_tier(decision.tier),
                    "state": decision.state,
                    "sounding": decision.sounding,
                    **_more(decision, delivery),
                }
            case Flood() | EndFlood():
                return {"count": decision.count}
            case Investigate():
                return {
                    "alarm": decision.alarm,
                    "zone": self._named(decision.zone),
                    "step": decision.step,
                    "deadline": iso(_wall(delivery, decision.deadline)),
                }
            case Verify():
                deadline = iso(_wall(delivery, decision.deadline))
                return {"alarm": decision.alarm, "zone": self._named(decision.zone), "deadline": deadline}
            case DutyChange():
                return {"staffed": decision.staffed}
            case ShowMode():
                deadline = iso(_wall(delivery, decision.deadline))
                return {"zone": self._named(decision.zone), "deadline": deadline, "who": decision.who}
            case EndShowMode():
                return {"zone": self._named(decision.zone)}
            case StandDown():
                return {"alarm": decision.alarm, "zone": self._named(decision.zone)}
            case Evacuate() | Advance():
                return {
                    **self._evacuation(decision),
                    "origin": self._named(decision.origin),
                    "moved": decision.zones if isinstance(decision, Evacuate) else decision.moved,
                    "stage": decision.stage,
                    "actions": _actions(decision.actions),
                    "blocked": decision.blocked,
                }
            case Reroute():
                return {
                    **self._evacuation(decision),
                    "origin": self._named(decision.origin),
                    "moved": decision.zones,
                    "stage": decision.stage,
                    "blocked": decision.blocked,
                }
            case EndEvacuation():
                return self._evacuation(decision)
            case ZoneTier():
                return {"zone": self._named(decision.zone), **_tier(decision.tier)}
            case ReportFault():
                told = {"source": self._named(decision.source), "code": decision.code, "text": decision.text}
                return {**told, "explained_by": self._named(decision.explained_by)} if decision.explained_by else told
            case EndFault():
                return {"source": self._named(decision.source), "code": decision.code}
            case Restart():
                told = msgspec.to_builtins(decision)
                return {name: told[name] for name in _RESTART} | {"timers": [_left(one) for one in decision.timers]}
            case Anchored():
                return {"journal": decision.journal, "record": decision.record, "hash": decision.hash}
            case Refuse():
                return {"order": decision.order, "target": decision.target, "reason": decision.reason}
            case _:
                assert_never(decision)

    def _evacuation(self, decision: Evacuate | Advance | Reroute | EndEvacuation) -> dict[str, Any]:
        zones = [self._named(zone) for zone in decision.zones]
        return {"evacuation": decision.evacuation, "plan": decision.plan, "zones": zones}

    def _named(self, name: str) -> dict[str, Any]:
        """A zone or device by id, with its names when it has any."""
        known = self._venue.zones.get(name) or self._venue.devices.get(name)
        return {"id": name, "name": _words(known.name) if known else None}

    def _because(self, one: Because, delivery: Delivery) -> dict[str, Any]:
        told = {"at": iso(_wall(delivery, one.at)), "source": self._named(one.source), "text": one.text}
        return {**told, "line": one.line} if one.line else told


def _more(decision: AlarmChange, delivery: Delivery) -> dict[str, Any]:
    """What only some decisions on an alarm say."""
    match decision:
        case Raise():
            return {name: True for name in ("first_out", "grouped") if getattr(decision, name)}
        case Hidden():
            until = None if decision.until is None else iso(_wall(delivery, decision.until))
            return {"overlay": decision.overlay, "until": until, "by": decision.by}
        case Shown():
            return {"overlay": decision.overlay, "grouped": decision.grouped}
        case Withheld():
            return {"overlay": decision.overlay}
        case Chattering():
            return {"count": decision.count}
        case _:
            return {}


def iso(wall: float) -> str:
    """Seconds since 1970 as "2026-11-21T19:42:35.920Z"."""
    return datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _wall(delivery: Delivery, at: float) -> float:
    """Wall time of an engine time near the decision."""
    return delivery.wall + at - delivery.decision.at


def _left(timer: TimerLeft) -> dict[str, Any]:
    return {"what": timer.what, "left_s": timer.left_s}


def _tier(tier: Tier) -> dict[str, Any]:
    return {"tier": tier.word, "level": LEVELS.get(tier)}


def _actions(actions: Sequence[StageAction]) -> list[dict[str, str]]:
    return [{"action": one.action, "target": one.target} for one in actions]


def _words(text: Text) -> dict[str, str]:
    return {"en": text.en, "zh": text.zh}
