"""Schedules and duty of venue.yaml: their form, the spans that the engine runs on, and rules that work only then."""

import re
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from config.words import Id
from drivers.settings import Settings
from rules.expression import And, Call, Expression, Node, Not, Or, Word, expression
from rules.render import render
from rules.schedule import DAYS, EVERY_DAY, Schedule, Span
from rules.surroundings import DURING

_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_SOME = Field(min_length=1, max_length=400)  # a year of dates, and some


def _time(text: str) -> str:
    if not re.fullmatch(_TIME, text):
        raise ValueError(f"found {text!r}, expected a time of the day such as 20:30")
    return text


def _end(text: str) -> str:
    return text if text == "24:00" else _time(text)


def _date(text: str) -> str:
    try:
        date.fromisoformat(text if len(text) == 10 else "")
    except ValueError:
        raise ValueError(f"found {text!r}, expected a date such as 2027-02-06") from None
    return text


def _day(text: str) -> str:
    if text not in DAYS:
        raise ValueError(f"found {text!r}, expected one of {', '.join(DAYS)}")
    return text


Day = Annotated[str, AfterValidator(_day), WithJsonSchema({"type": "string", "enum": list(DAYS)})]
Date = Annotated[str, AfterValidator(_date), WithJsonSchema({"type": "string", "format": "date"})]
Time = Annotated[str, AfterValidator(_time), WithJsonSchema({"type": "string", "pattern": f"^{_TIME}$"})]
End = Annotated[str, AfterValidator(_end), WithJsonSchema({"type": "string", "pattern": f"^({_TIME}|24:00)$"})]


class SpanEntry(Settings):
    """From one time of the day to another by the venue's clock; an end not after the beginning is on the next day.

    It begins on `days`, every day without them, or on `dates` instead; never on those that are `closed`.
    """

    days: Annotated[list[Day], Field(min_length=1, max_length=7)] | None = None
    dates: Annotated[list[Date], _SOME] | None = None
    closed: list[Date] = Field([], max_length=400)
    begins: Time = Field(alias="from")
    ends: End = Field(alias="to")

    @model_validator(mode="after")
    def _days_or_dates(self) -> "SpanEntry":
        if self.days is not None and self.dates is not None:
            raise ValueError("found days and dates, expected one of them")
        return self


class DutyEntry(Settings):
    """Who says that somebody is on duty: this schedule, until a person says otherwise. Without it only people."""

    schedule: Id | None = None


Spans = Annotated[list[SpanEntry], Field(min_length=1, max_length=100)]


def schedule(spans: list[SpanEntry]) -> Schedule:
    """As the engine and the daemon's calendar use it."""
    return Schedule(tuple(_span(span) for span in spans))


def _span(entry: SpanEntry) -> Span:
    days = frozenset(DAYS.index(day) for day in entry.days) if entry.days else EVERY_DAY
    only, never = _day_numbers(entry.dates or []), _day_numbers(entry.closed)
    return Span(_seconds(entry.begins), _seconds(entry.ends), days, only, never)


def _seconds(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def _day_numbers(dates: list[str]) -> frozenset[int]:
    return frozenset(date.fromisoformat(text).toordinal() for text in dates)


# A rule with `during`


def only_during(when: Expression, schedule_id: str) -> Expression:
    """The condition, and the schedule is active."""
    return _written(And((when.root, _asks(schedule_id)), when.root.offset))


def or_not_during(clear: Expression, schedule_id: str) -> Expression:
    """The condition, or the schedule is not active."""
    return _written(Or((clear.root, Not(_asks(schedule_id), 0)), clear.root.offset))


def _asks(schedule_id: str) -> Call:
    return Call(DURING, (("", Word(schedule_id, 0)),), 0)


def _written(node: Node) -> Expression:
    return expression(render(node), node)
