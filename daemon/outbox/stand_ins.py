"""Outputs that stand in for others: they are told what another did not get confirmed in time, and nothing else.

What a stand-in was told of once it is told to its end: the alarm that it has shown, it also sees cleared.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from daemon.outbox.job import Job, is_command
from daemon.outbox.lane import EVENT_FAULT_S
from daemon.outbox.ledger import Settled
from daemon.outbox.orders import ORDER_FAULT_S
from rules.decision import (
    Advance,
    AlarmChange,
    Anchored,
    Clear,
    Decision,
    DutyChange,
    EndEvacuation,
    EndFault,
    EndFlood,
    EndShowMode,
    Evacuate,
    Flood,
    Investigate,
    Refuse,
    ReportFault,
    Reroute,
    Restart,
    ShowMode,
    StandDown,
    Verify,
    ZoneTier,
)


@dataclass(slots=True)
class _Held:
    job: Job
    waits_for: set[str]
    timer: asyncio.TimerHandle | None = None


class StandIns:
    """`then` names for an output the one that takes over; `offer(output, job)` sends, `settle` writes down."""

    def __init__(
        self, then: Mapping[str, str], offer: Callable[[str, Job], None], settle: Callable[[Settled], None]
    ) -> None:
        self._for: dict[str, set[str]] = {}
        for output, stand_in in then.items():
            self._for.setdefault(stand_in, set()).add(output)
        self._offer = offer
        self._settle = settle
        self._held: dict[tuple[str, int], _Held] = {}  # by stand-in and decision; as many as the others owe
        self._told: dict[str, set[str]] = {stand_in: set() for stand_in in self._for}  # subjects

    def stands_in_for(self, output: str) -> tuple[str, ...]:
        """The outputs that it stands in for, by name."""
        return tuple(sorted(self._for.get(output, ())))

    def depth(self, output: str) -> int:
        """How many must fail before it is told. Deliveries are to be offered in this order."""
        return 1 + max(map(self.depth, self._for[output])) if output in self._for else 0

    def assume_told(self, standing: Iterable[Decision]) -> None:
        """After a restart nobody knows of what a stand-in was told: it is told of all that stands, to its end."""
        subjects = {_subject(decision) for decision in standing} - {""}
        for told in self._told.values():
            told.update(subjects)

    def hold(self, output: str, job: Job, waits_for: Iterable[str]) -> None:
        """Keep a delivery for a stand-in while one of these owes it and still may confirm it in time."""
        waiting = set(waits_for)
        if not waiting or self._is_due_at_once(output, job):
            self._release(output, job)
            return
        self._held[output, job.decision] = _Held(job, waiting)
        if not all((other, job.decision) in self._held for other in waiting):
            # who waits for a stand-in that is held itself gives it its time once that has taken over
            self._arm(output, job)

    def settled(self, settled: Settled) -> None:
        """Another output's delivery has ended: confirmed, it needs nobody to stand in; what a person has given up, it
        is given up for the stand-in too."""
        for stand_in, others in self._for.items():
            held = self._held.get((stand_in, settled.decision))
            if settled.output not in others or held is None:
                continue
            if settled.outcome not in ("confirmed", "spared", "superseded", "discarded"):
                self._take_over(stand_in, settled.decision)
                continue
            held.waits_for.discard(settled.output)
            if not held.waits_for:
                self._drop(stand_in, settled.decision)
                if settled.outcome == "discarded":
                    self._settle(Settled(settled.decision, stand_in, "discarded", settled.who, settled.why))
                else:
                    self._settle(Settled(settled.decision, stand_in, "spared"))

    def held(self, output: str) -> Iterator[Job]:
        """What this one owes but is not told yet, because another may still confirm it."""
        return (held.job for (stand_in, _), held in self._held.items() if stand_in == output)

    def discard(self, output: str, job: Job, who: str, why: str) -> None:
        """A person gives up one of those held."""
        self._drop(output, job.decision)
        self._settle(Settled(job.decision, output, "discarded", who, why))

    def _is_due_at_once(self, output: str, job: Job) -> bool:
        """All-clears go to everybody who may have heard of the evacuation."""
        decision = job.delivery.decision
        return isinstance(decision, EndEvacuation) or _subject(decision) in self._told[output]

    def _take_over(self, output: str, decision: int) -> None:
        self._release(output, self._drop(output, decision).job)

    def _release(self, output: str, job: Job) -> None:
        if job.reason != "taken_up":
            job.reason = "stands_in"
        decision = job.delivery.decision
        if isinstance(decision, Clear | EndFault | EndEvacuation):
            self._told[output].discard(_subject(decision))
        elif subject := _subject(decision):
            self._told[output].add(subject)
        self._offer(output, job)
        for stand_in, others in self._for.items():
            held = self._held.get((stand_in, job.decision))
            if output in others and held is not None and held.timer is None:
                self._arm(stand_in, held.job)

    def _arm(self, output: str, job: Job) -> None:
        within_s = ORDER_FAULT_S if is_command(job) else EVENT_FAULT_S
        timer = asyncio.get_running_loop().call_later(within_s, self._take_over, output, job.decision)
        self._held[output, job.decision].timer = timer

    def _drop(self, output: str, decision: int) -> _Held:
        held = self._held.pop((output, decision))
        if held.timer is not None:
            held.timer.cancel()
        return held


def _subject(decision: Decision) -> str:
    """What a decision is about, so that whoever heard of it hears its end; empty for what is over when it is said."""
    match decision:
        case AlarmChange() | Investigate() | StandDown() | Verify():
            return f"alarm/{decision.alarm}"
        case Evacuate() | Advance() | Reroute() | EndEvacuation():
            return f"evacuation/{decision.evacuation}"
        case ReportFault() | EndFault():
            return f"fault/{decision.source}/{decision.code}"
        case ZoneTier():
            return f"zone/{decision.zone}"
        case ShowMode() | EndShowMode():
            return f"show/{decision.zone}"
        case DutyChange():
            return "duty"
        case Flood() | EndFlood():
            return "flood"
        case Refuse() | Restart() | Anchored():
            return ""
