"""Settings of the MQTT output."""

from typing import Annotated

from pydantic import AfterValidator, Field

from drivers.settings import Duration, Settings, TopicPrefix

RECEIVERS_MAX = 64  # controllers of sounders, doors and signs in one venue; each answers every trigger


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{twice[0]!r} is named twice, expected each receiver once")
    return names


Receivers = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=64)], ...],
    Field(min_length=1, max_length=RECEIVERS_MAX),
    AfterValidator(_once),
]


class MqttOutputSettings(Settings):
    """`link` names the link whose broker is used, over our own connection; `prefix` begins every topic.

    `confirm` names the receivers of the evacuation trigger, each of which must answer by this name; without it the
    answer of any one is enough. `heartbeat`: say so often that all is well, for whoever must notice when it is not.
    """

    link: str
    prefix: TopicPrefix = "tocsin"
    confirm: Receivers | None = None
    heartbeat: Annotated[Duration, Field(ge=1, le=60)] | None = None
