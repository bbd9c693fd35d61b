"""The truth of a condition over the time after a danger signal, as steps; and what each step is due to."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, nextafter

from rules.analysis.chain import Event
from rules.truth import Truth, conjoin, disjoin, negate


@dataclass(frozen=True, slots=True)
class Course:
    """From each step's second on it is so, until the next step. The first step is at 0; the signal comes then.

    `why`: what took so long, by the second of a step.
    """

    steps: tuple[tuple[float, Truth], ...]
    why: Mapping[float, Event] = field(default_factory=dict)

    def at(self, second: float) -> Truth:
        """What it is at an instant."""
        return next(truth for begins, truth in reversed(self.steps) if begins <= second)

    @property
    def worked_out(self) -> bool:
        """Whether it is known at every instant."""
        return all(truth is not None for _, truth in self.steps)

    def first(self, for_s: float = 0.0) -> Event | None:
        """The first instant from which it is surely true, for longer than `for_s`; how long it surely stays so."""
        ends = [begins for begins, _ in self.steps[1:]] + [inf]
        for (begins, truth), end in zip(self.steps, ends, strict=True):
            if truth and begins + for_s < end:
                return Event(self.why[begins].parts if begins in self.why else (), end)
        return None

    def __invert__(self) -> "Course":
        return Course(tuple((begins, negate(truth)) for begins, truth in self.steps), self.why)


def constant(truth: Truth) -> Course:
    """The same at every instant."""
    return Course(((0.0, truth),))


def between(event: Event, end: float, after: Truth) -> Course:
    """False until an event, true from then on, and `after` from `end` on."""
    begins = event.seconds
    steps = ((0.0, False), (begins, True), (max(end, nextafter(begins, inf)), after))
    kept = tuple(step for step in steps if step[0] < inf)
    return Course(kept[1:] if begins <= 0 else kept, {begins: event})


def instants(seconds: Iterable[float]) -> Course:
    """True at each of these instants, which rise, and false between them; the first is 0."""
    steps = ((at, truth) for second in seconds for at, truth in ((second, True), (nextafter(second, inf), False)))
    return Course(tuple(steps))


def merge(courses: Sequence[Course], truth: Callable[[Sequence[Truth]], Truth]) -> Course:
    """What follows from several, instant by instant."""
    steps: list[tuple[float, Truth]] = []
    for second in sorted({begins for course in courses for begins, _ in course.steps} | {0.0}):
        now = truth([course.at(second) for course in courses])
        if not steps or steps[-1][1] is not now:
            steps.append((second, now))
    why: dict[float, Event] = {}
    for course in courses:
        why |= {second: event for second, event in course.why.items() if second not in why}
    return Course(tuple(steps), why)


def both(courses: Sequence[Course]) -> Course:
    """Whether all are true."""
    return merge(courses, conjoin)


def either(courses: Sequence[Course]) -> Course:
    """Whether any is true."""
    return merge(courses, disjoin)
