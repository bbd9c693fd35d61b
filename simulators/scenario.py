"""A told story: what happens when in a venue, and what Tocsin must make of it. The form of a scenario file."""

from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from config.words import Duration, Id, Words
from daemon.client import OrderWord, RoleWord
from drivers.settings import Settings

START = "start"
LONGEST_S = 3600.0
TierWord = Literal["blue", "yellow", "orange", "red"]
Subject = Annotated[str, Field(min_length=1, max_length=200)]


class FireAction(Settings):
    """A t-squared fire under a detector; `growth` in words or in kW/s2. `door` leads from the zone to its corridor."""

    zone: Id
    growth: Literal["slow", "medium", "fast", "ultra-fast"] | Annotated[float, Field(gt=0, le=1)] = "medium"
    incubation: Duration = 0.0
    door: Literal["open", "ajar", "closed"] | None = None
    near: Id | None = None


class CigaretteAction(Settings):
    """People smoke."""

    zone: Id
    count: Annotated[int, Field(ge=1, le=50)] = 1
    near: Id | None = None


class FogAction(Settings):
    """A fog machine runs for `burst`."""

    zone: Id
    near: Id | None = None
    fluid_g_per_s: Annotated[float, Field(gt=0, le=50)] = 1.0
    burst: Duration = 4.0


class MainsAction(Settings):
    """The mains of one floor, or of all."""

    state: Literal["on", "off"]
    zone: Id | None = None


class DoorAction(Settings):
    """The door between a zone and its corridor."""

    zone: Id
    state: Literal["open", "ajar", "closed"]


class OrderAction(Settings):
    """What a person tells Tocsin: one of the orders, who gives it, why, and in which role."""

    acknowledge: Subject | None = None
    silence: Subject | None = None
    reset: Subject | None = None
    evacuate: Subject | None = None
    advance: Subject | None = None
    all_clear: Annotated[Subject | None, Field(alias="all-clear")] = None
    who: Subject
    why: Subject
    role: RoleWord = "operator"

    @model_validator(mode="after")
    def _one(self) -> Self:
        _exactly_one(self, ("acknowledge", "silence", "reset", "evacuate", "advance", "all_clear"), "order")
        return self

    @property
    def verb(self) -> OrderWord:
        """As in the API: acknowledge, silence, reset, evacuate, advance, all-clear."""
        words: tuple[OrderWord, ...] = get_args(OrderWord)
        return next(word for word in words if getattr(self, word.replace("-", "_")) is not None)

    @property
    def target(self) -> str:
        return str(getattr(self, self.verb.replace("-", "_")))


ACTIONS = (
    *("fire", "cigarette", "fog", "mains", "door", "press", "call", "restore"),
    *("kill", "revive", "mute", "unmute", "link", "order"),
)

MOMENT = "moment"  # the action of a step that only names a time


class Step(Settings):
    """One thing that happens, `at` so long after the moment `after`; `name` makes it a moment itself, even alone.

    Steps at 0s of the start happen before the devices are switched on.
    """

    at: Duration = 0.0
    after: Id = START
    name: Id | None = None
    fire: FireAction | None = None
    cigarette: CigaretteAction | None = None
    fog: FogAction | None = None
    mains: Literal["on", "off"] | MainsAction | None = None
    door: DoorAction | None = None
    press: Id | None = None
    call: Id | None = None
    restore: Id | None = None
    kill: Id | None = None
    revive: Id | None = None
    mute: Id | None = None
    unmute: Id | None = None
    link: Annotated[dict[Id, Literal["up", "down"]] | None, Field(min_length=1)] = None
    order: OrderAction | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.action != MOMENT or self.name is None:
            _exactly_one(self, ACTIONS, "step")
        return self

    @property
    def action(self) -> str:
        """Which of ACTIONS it is, or MOMENT."""
        return next((name for name in ACTIONS if getattr(self, name) is not None), MOMENT)


EVENTS = ("alarm", "cleared", "investigation", "stand_down", "evacuation", "fault", "recovered")


class Outcome(Settings):
    """Something Tocsin says or does. Alarms are "rule@place"."""

    alarm: Subject | None = None
    tier: TierWord | None = None
    cleared: Subject | None = None
    investigation: Subject | None = None
    step: Literal["acknowledge", "look"] | None = None
    stand_down: Subject | None = None
    evacuation: Subject | None = None  # the plan, or any: its trigger reached the sounder controller, which confirmed
    fault: Subject | None = None  # the source: a device, a link, an output
    recovered: Subject | None = None
    code: Subject | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        _exactly_one(self, EVENTS, "outcome")
        for detail, events in (("tier", ("alarm",)), ("step", ("investigation",)), ("code", ("fault", "recovered"))):
            if getattr(self, detail) is not None and self.event not in events:
                raise ValueError(f"{detail} says nothing about {self.event}; it belongs to {' or '.join(events)}")
        return self

    @property
    def event(self) -> str:
        """Which of EVENTS it is."""
        return next(name for name in EVENTS if getattr(self, name) is not None)

    @property
    def subject(self) -> str:
        return str(getattr(self, self.event))

    def __str__(self) -> str:
        detail = self.tier or self.step or self.code or ""
        return f"{self.event.replace('_', ' ')} {self.subject}{' ' if detail else ''}{detail}"


class Expectation(Outcome):
    """What must follow: `within` so long of the moment `of`, once or more, or exactly `times` times in the story.

    `tier` is the very tier to which the alarm must rise.
    """

    within: Duration | None = None
    of: Id = START
    times: Annotated[int, Field(ge=1)] | None = None
    name: Id | None = None


class Never(Outcome):
    """What must not happen, in the whole story or before the moment `until`; `tier` means it or a higher one."""

    until: Id | None = None


class Scenario(Settings):
    """The whole file. `set` are settings of the venue file that the story needs otherwise, path by path."""

    title: Words
    length: Annotated[Duration, Field(gt=0, le=LONGEST_S)]
    settings: Annotated[dict[str, str | int | float | bool], Field(alias="set", default_factory=dict)]
    story: Annotated[list[Step], Field(min_length=1)]
    expect: Annotated[list[Expectation], Field(default_factory=list)]
    never: Annotated[list[Never], Field(default_factory=list)]

    @property
    def overrides(self) -> list[str]:
        """`set` as on the command line."""
        words = {
            path: str(value).lower() if isinstance(value, bool) else value for path, value in self.settings.items()
        }
        return [f"{path}={word}" for path, word in words.items()]

    @model_validator(mode="after")
    def _promises(self) -> Self:
        if not self.expect and not self.never:
            raise ValueError("a story promises something: write expect, or never, or both")
        return self

    @model_validator(mode="after")
    def _moments(self) -> Self:
        names = [*(step.name for step in self.story), *(one.name for one in self.expect)]
        named = [name for name in names if name is not None]
        twice = sorted({name for name in named if named.count(name) > 1 or name == START})
        if twice:
            raise ValueError(f"the moment {twice[0]!r} has more than one meaning; name each moment once")
        known = {START, *named}
        asked = [step.after for step in self.story] + [one.of for one in self.expect]
        asked += [one.until for one in self.never if one.until is not None]
        for moment in asked:
            if moment not in known:
                raise ValueError(f"no step or expectation is named {moment!r}; named are {', '.join(sorted(known))}")
        return self


def _exactly_one(model: Settings, names: tuple[str, ...], what: str) -> None:
    given = [name for name in names if getattr(model, name) is not None]
    if len(given) != 1:
        found = " and ".join(given) if given else "none"
        raise ValueError(f"a {what} has exactly one of {', '.join(names)}; found {found}")
