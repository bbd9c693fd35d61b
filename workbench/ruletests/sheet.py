"""Tests held against their venue: every name in them is there, every value fits, every time is a time."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from config.document import Document
from config.document import Path as Place
from config.problem import Problems, did_you_mean, one_of
from drivers.settings import seconds
from rules.decision import Decision
from rules.plan import Plan
from rules.quantity import QUANTITIES
from rules.signal import Reading
from rules.tier import Tier
from workbench.ruletests.files import TestFile
from workbench.ruletests.form import (
    EXPECTED,
    AlarmExpected,
    AlarmsExpected,
    DecisionExpected,
    EvacuationExpected,
    Expected,
    TestEntry,
    ZoneExpected,
)
from workbench.ruletests.happenings import (
    Happening,
    HappeningError,
    check_measured,
    check_name,
    fits,
    parse_happening,
)
from workbench.ruletests.series import SeriesError, parse_series
from workbench.ruletests.story import Expectation, Test, in_order, opening

MAX_TIME_S = 31 * 24 * 3600.0  # a month: longer is no story that somebody tells

DECISIONS: dict[str, Any] = {kind.__struct_config__.tag: kind for kind in get_args(Decision)}
_TIERS = [tier.word for tier in Tier if tier]
_ROUNDING = 9  # decimals of a second


def tests_of(file: TestFile, plan: Plan, problems: Problems) -> tuple[Test, ...]:
    """The tests of a file that fit the venue; every problem of the others is noted."""
    made = [_Maker(file.document, place, entry, plan, problems).make() for place, entry in file.tests]
    return tuple(test for test in made if test is not None)


class _Maker:
    """Makes one test."""

    def __init__(self, document: Document, place: Place, entry: TestEntry, plan: Plan, problems: Problems) -> None:
        self._document = document
        self._place = place
        self._entry = entry
        self._plan = plan
        self._problems = problems

    def make(self) -> Test | None:
        before = len(self._problems)
        given = dict(self._given())
        happenings = [*self._series(), *self._happenings()]
        expectations = list(self._expectations())
        if len(self._problems) > before or not expectations:
            return None
        begun = list(opening(self._plan, given, happenings, normal=self._entry.start == "normal"))
        steps = in_order(self._plan, begun, happenings, expectations)
        return Test(self._entry.name, self._document.mark((*self._place, "name")), steps, tuple(expectations))

    def _note(self, below: Place, text: str, hint: str = "", *, key: bool = False) -> None:
        path = (*self._place, *below)
        mark = self._document.key_mark(path) if key else self._document.mark(path)
        self._problems.add(mark, text, hint, about=(path, text))

    def _given(self) -> Iterator[tuple[tuple[str, str], float | bool]]:
        for measured, value in self._entry.given.items():
            path: Place = ("given", measured)
            if self._measured(path, measured):
                device, _, quantity = measured.rpartition(".")
                if fits(quantity, value):
                    yield (device, quantity), value
                else:
                    self._note(path, f"{quantity}: expected {QUANTITIES[quantity].expected}")

    def _measured(self, path: Place, measured: str) -> bool:
        try:
            check_measured(measured, self._plan)
        except HappeningError as error:
            self._note(path, error.message, error.hint, key=True)
            return False
        return True

    def _series(self) -> Iterator[Happening]:
        for measured, text in self._entry.series.items():
            path: Place = ("series", measured)
            if not self._measured(path, measured):
                continue
            device, _, quantity = measured.rpartition(".")
            try:
                values = parse_series(str(text).lower() if isinstance(text, bool) else str(text))
            except SeriesError as error:
                mark = self._document.mark_within((*self._place, *path), error.offset)
                self._problems.add(mark, f"{measured}: {error.message}")
                continue
            for index, value in enumerate(values):
                if value is None:
                    continue
                if not fits(quantity, value):
                    self._note(path, f"{quantity}: expected {QUANTITIES[quantity].expected}")
                    break
                yield Reading(round(index * self._entry.every, _ROUNDING), device, quantity, value)

    def _happenings(self) -> Iterator[Happening]:
        for index, entry in enumerate(self._entry.at):
            for time, text in entry.items():
                path: Place = ("at", index, time)
                at = self._time(path, time)
                if at is None:
                    continue
                try:
                    yield from parse_happening(at, text, self._plan)
                except HappeningError as error:
                    self._note(path, error.message, error.hint)

    def _expectations(self) -> Iterator[Expectation]:
        for index, entry in enumerate(self._entry.expect):
            for time, what in entry.items():
                path: Place = ("expect", index, time)
                span = self._span(path, time)
                expected = self._expected(path, what)
                if span is not None and expected is not None:
                    yield from self._expectation(path, *span, expected)

    def _expectation(self, path: Place, start: float, end: float, expected: Expected) -> Iterator[Expectation]:
        mark = self._document.key_mark((*self._place, *path))
        within = getattr(expected, "within", None)
        if within is None:
            yield Expectation(mark, "at" if start == end else "throughout", start, end, expected)
        elif start == end:
            yield Expectation(mark, "within", start, start + within, expected)
        else:
            self._note((*path, "within"), "within after a span, expected it after an instant such as 30s")

    def _expected(self, path: Place, what: object) -> Expected | None:
        subject = next((key for key in EXPECTED if isinstance(what, Mapping) and key in what), None)
        if subject is None:
            self._note(path, f"expected something such as alarm: smoke@det-305, one of {one_of(EXPECTED)}")
            return None
        expected = EXPECTED[subject].fit(self._document, (*self._place, *path), self._problems)
        if expected is not None:
            try:
                _check_names(expected, self._plan)
            except HappeningError as error:
                self._note((*path, subject), error.message, error.hint)
                return None
        return expected

    def _span(self, path: Place, text: str) -> tuple[float, float] | None:
        start, dots, end = text.partition("..")
        first = self._time(path, start)
        last = self._time(path, end) if dots else first
        if first is None or last is None:
            return None
        if dots and last <= first:
            self._note(path, f"found {text!r}, expected a span that ends after it begins, such as 30s..60s", key=True)
            return None
        return first, last

    def _time(self, path: Place, text: str) -> float | None:
        try:
            value = seconds(text.strip())
        except ValueError as error:
            self._note(path, str(error), key=True)
            return None
        assert isinstance(value, float)
        if value > MAX_TIME_S:
            self._note(path, f"found {text!r}, expected at most {MAX_TIME_S / 3600:g}h", key=True)
            return None
        return value


def _check_names(expected: Expected, plan: Plan) -> None:
    match expected:
        case AlarmExpected():
            check_name("alarm", expected.alarm, plan)
        case AlarmsExpected():
            for written in expected.alarms:
                alarm, _, tier = written.partition(" ")
                check_name("alarm", alarm, plan)
                if tier and tier not in _TIERS:
                    raise HappeningError(f"found tier {tier!r}, expected {one_of(_TIERS)}", did_you_mean(tier, _TIERS))
        case ZoneExpected():
            check_name("zone", expected.zone, plan)
        case EvacuationExpected():
            check_name("plan", expected.evacuation, plan)
            if expected.origin is not None:
                check_name("zone", expected.origin, plan)
        case DecisionExpected():
            _check_decision(expected, plan)
        case _:
            pass


def _check_decision(expected: DecisionExpected, plan: Plan) -> None:
    kind = DECISIONS.get(expected.decision)
    if kind is None:
        raise HappeningError(
            f"found {expected.decision!r}, expected {one_of(DECISIONS)}", did_you_mean(expected.decision, DECISIONS)
        )
    narrowed = expected.model_dump(exclude={"decision", "count", "within", "because"}, exclude_none=True)
    for key in narrowed:
        if key not in kind.__struct_fields__:
            raise HappeningError(f"the decision {expected.decision!r} says nothing of {key!r}")
    if expected.alarm is not None:
        check_name("alarm", expected.alarm, plan)
    if expected.zone is not None:
        check_name("zone", expected.zone, plan)
