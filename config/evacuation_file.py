"""The form of what venue.yaml says of leading people out: routes, and plans with their stages."""

from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Discriminator, Field, Tag

from config.problem import did_you_mean, one_of, show
from config.words import Duration, Id, Words
from drivers.settings import Settings
from rules.plan import Who

WHO: tuple[str, ...] = tuple(word for word in get_args(Who) if word != "listed")
AFTER_MAX_S = 600.0  # GB 16806 4.4.1.3: what is started in a fire may wait for at most 10 min
STAGES_MAX = 32  # a floor each, of the tallest venue that leads people out floor by floor
ACTIONS_MAX = 64  # of a stage: what a trigger still carries whole
ROUTES_MAX = 16  # of a zone


def _who(value: object) -> object:
    if isinstance(value, list) and value:
        return value
    if isinstance(value, str) and value in WHO:
        return value
    hint = did_you_mean(value, WHO) if isinstance(value, str) else ""
    message = f"found {show(value) if value != [] else 'an empty list'}, expected a list of zones, or {one_of(WHO)}"
    raise ValueError(f"{message} ({hint})" if hint else message)


Whom = Annotated[
    Annotated[Literal["origin", "neighbours", "rest"], Tag("word")] | Annotated[list[Id], Tag("list")],
    Discriminator(lambda value: "word" if isinstance(value, str) else "list"),
    BeforeValidator(_who),
]


class RouteEntry(Settings):
    """A way out of a zone: the zones that it passes through, and where it ends."""

    id: Id
    through: Annotated[list[Id], Field(min_length=1)]
    to: Words


class ActionEntry(Settings):
    """What is done when a stage begins: a word that the receiver of the trigger knows, and a zone or a device."""

    action: Id
    target: Id


class StageEntry(Settings):
    """Who is led out, how long after the beginning, and what is done then. Without `zones` nobody is moved."""

    id: Id
    zones: Whom | None = None
    after: Annotated[Duration, Field(le=AFTER_MAX_S)] = 0.0
    actions: Annotated[list[ActionEntry], Field(max_length=ACTIONS_MAX)] = []

    @property
    def moves_people(self) -> bool:
        return self.zones is not None

    @property
    def listed(self) -> tuple[str, ...]:
        """The zones that it names; none when it says who in a word."""
        return tuple(self.zones) if isinstance(self.zones, list) else ()


class PlanEntry(Settings):
    """An evacuation plan: who is led out, and what they are told. Without stages all leave at once; with several that
    move people, `phased: true` says that this is meant."""

    id: Id
    zones: Annotated[list[Id], Field(min_length=1)]
    message: Words
    assembly_point: Words
    stages: Annotated[list[StageEntry], Field(min_length=1, max_length=STAGES_MAX)] | None = None
    phased: bool = False
