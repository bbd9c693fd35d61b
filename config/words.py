"""The small types that the files are written in: ids, texts for people, times with units."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from drivers.settings import Settings, seconds
from rules.venue import Text

ID = r"[a-z0-9][a-z0-9_-]{0,63}"
_TEMPLATE = r"^[a-z0-9{][a-zA-Z0-9_{}-]{0,127}$"  # in a file an id may still hold the {names} of its range
_DURATION = r"^[0-9]+(\.[0-9]+)?(ms|s|m|h)$"


def _id(text: str) -> str:
    if not re.fullmatch(ID, text):
        raise ValueError(f"{text!r} is not an id, expected at most 64 of a-z, 0-9, - and _, a letter or digit first")
    return text


def _with_unit(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f"found {value}, expected a time with its unit, such as 500ms, 5s, 2m or 1h")
    return seconds(value)


Id = Annotated[str, AfterValidator(_id), WithJsonSchema({"type": "string", "pattern": _TEMPLATE})]

Duration = Annotated[
    float,
    BeforeValidator(_with_unit),
    Field(ge=0, le=7 * 24 * 3600.0),  # a week: longer belongs to the calendar
    WithJsonSchema({"type": "string", "pattern": _DURATION, "examples": ["500ms", "5s", "2m", "1h"]}),
]
"""Seconds inside; in a file always with a unit."""


class Words(Settings):
    """A text for people, in English and Chinese."""

    en: Annotated[str, Field(min_length=1, max_length=1000)]
    zh: Annotated[str, Field(max_length=1000)] = ""

    def text(self) -> Text:
        return Text(self.en, self.zh)
