"""Which deliveries are owed: a fold over the journal's rows, as the engine is one over its signals."""

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from daemon.core import Event
from drivers.contract import Delivery
from rules.decision import Advance, Decision, EndEvacuation, Evacuate, Investigate, Reroute, Verify

Outcome = Literal["confirmed", "superseded", "refused", "expired", "dropped", "discarded", "spared"]


SAFE = "safe-"  # begins the name of a run in safe mode


class Run(Struct, frozen=True):
    """One run of the daemon, on the machine's boot `boot`. Each of its decisions is owed to each of `outputs`."""

    name: str
    boot: str
    outputs: tuple[str, ...]

    @property
    def safe(self) -> bool:
        """Whether it decided by the built-in rules."""
        return self.name.startswith(SAFE)

    def delivery(self, event: Event) -> Delivery:
        """A decision on its way out.

        The id begins with the run's name, not with the journal's: what goes out while the journal is degraded can be
        lost from it, and its number would be given again.
        """
        return Delivery(
            f"{self.name}-{event.id}", event.decision, event.wall, _good_until(event.decision), event.doubtful
        )


def _good_until(decision: Decision) -> float | None:
    """When an order to staff is void. An evacuation never is while it is in force: only its end takes it back, and
    each sending of its trigger has a time to live of its own."""
    return decision.deadline if isinstance(decision, Investigate | Verify) else None


class Settled(Struct, frozen=True, array_like=True):
    """A delivery that is owed no more, and why. `decision` is the number of its event; `who` and `why` are a person's
    who discarded it."""

    decision: int
    output: str
    outcome: Outcome
    who: str = ""
    why: str = ""


class Owed(Struct, frozen=True, array_like=True):
    """A delivery that no output has settled. `decision` is the number of its event."""

    decision: int
    output: str
    delivery: Delivery


class Ledger:
    """The deliveries owed after all that it took, and those that put the evacuations in force, owed or not.

    Bounded by its readers: a worker settles what it drops, and there are as many evacuations as plans, each with one
    delivery for a stage and one for its routes.
    """

    def __init__(self, owed: Iterable[Owed] = (), in_force: Iterable[Delivery] = ()) -> None:
        self._owed = {(one.decision, one.output): one.delivery for one in owed}
        self._in_force: dict[str, list[Delivery]] = {}
        for delivery in in_force:
            self._follow(delivery)

    def take(self, run: Run, events: Sequence[Event], settled: Sequence[Settled]) -> None:
        """What one row says: first what was decided, then what was settled."""
        for event in events:
            delivery = run.delivery(event)
            self._follow(delivery)
            for output in run.outputs:
                self._owed[event.id, output] = delivery
        for one in settled:
            self._owed.pop((one.decision, one.output), None)

    def in_force(self) -> list[Delivery]:
        """What put the evacuations in force, stage by stage, and last changed their routes, under the ids they were
        told with."""
        return [delivery for told in self._in_force.values() for delivery in told]

    def _follow(self, delivery: Delivery) -> None:
        decision = delivery.decision
        if isinstance(decision, Evacuate | Advance):
            self._in_force.setdefault(decision.evacuation, []).append(delivery)
        elif isinstance(decision, Reroute):  # it tells all blocked routes: only the last one counts
            told = self._in_force.get(decision.evacuation, [])
            kept = [one for one in told if not isinstance(one.decision, Reroute)]
            self._in_force[decision.evacuation] = [*kept, delivery]
        elif isinstance(decision, EndEvacuation):
            self._in_force.pop(decision.evacuation, None)

    def owed(self) -> list[Owed]:
        """In the order in which they were decided."""
        return [Owed(decision, output, delivery) for (decision, output), delivery in self._owed.items()]
