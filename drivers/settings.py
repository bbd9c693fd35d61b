"""What the settings of every link, driver and output have in common: strict, frozen, and no key that nobody reads."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class Settings(BaseModel):
    """Base of all settings models. Checking one never touches the world: no file is opened, no name is resolved."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def seconds(value: object) -> object:
    """Read "500ms", "5s", "2m" or "1h" into seconds; a plain number is left for pydantic to check."""
    if not isinstance(value, str):
        return value
    found = _DURATION.fullmatch(value.strip())
    if found is None:
        raise ValueError(f"{value!r} is not a duration; write a number and a unit, such as 500ms, 5s, 2m or 1h")
    return float(found[1]) * _SECONDS[found[2]]


Duration = Annotated[float, BeforeValidator(seconds, json_schema_input_type=str | float)]
"""Seconds inside, "5s" in files."""


def _topic_prefix(text: str) -> str:
    if not text or text.startswith(("/", "$")) or text.endswith("/") or any(mark in text for mark in "+#\0"):
        raise ValueError(f"{text!r} cannot begin a topic: write words joined by /, without + or #, such as tocsin")
    return text


TopicPrefix = Annotated[str, AfterValidator(_topic_prefix)]
"""The first levels of an MQTT topic."""
