"""What a device said over the last seconds, where each value holds until the next one: behind min, max, mean and count.

All time is engine time, so no clock step moves a window. Each window knows when it changes by time alone (`due`), so
that a condition is looked at again then, without data. Adding and asking cost O(1) on average.
"""

from collections.abc import Iterable
from math import inf
from typing import Literal

from msgspec import Struct

from rules.window import MAX_SAMPLES

MIN_STEP_S = 0.001  # a window looks again no sooner: rounding at a crossing can then never hold the engine up

Extreme = Literal["min", "max"]


class ExtremeState(Struct, tag="extreme", array_like=True):
    """An ExtremeWindow that outlives the process."""

    entries: list[tuple[float, float]]


class MeanState(Struct, tag="mean", array_like=True):
    """A MeanWindow that outlives the process."""

    samples: list[tuple[float, float | None, float, float]]


class CountState(Struct, tag="count", array_like=True):
    """A CountWindow that outlives the process."""

    was: bool
    times: list[float]


HeldState = ExtremeState | MeanState | CountState


class ExtremeWindow:
    """The least or the greatest value that held at any time in the last `span_s` seconds, as far as it is known.

    Kept are the values that can still become the extreme, each with the instant until which it held (infinite for the
    present one). A value that held for less than span/512 may be left out when a more extreme one left just before.
    """

    __slots__ = ("_entries", "_grain_s", "_sign", "span_s")

    def __init__(self, extreme: Extreme, span_s: float) -> None:
        self.span_s = span_s
        self._sign = 1.0 if extreme == "min" else -1.0
        self._grain_s = span_s / MAX_SAMPLES
        self._entries: list[tuple[float, float]] = []  # until, signed value; both rise

    def add(self, at: float, value: float) -> None:
        """From `at` on the value holds. `at` never runs backwards."""
        signed = value * self._sign
        if self._holds and self._entries[-1][1] == signed:
            return
        self.lose(at)
        while self._entries and self._entries[-1][1] >= signed:
            self._entries.pop()
        self._entries.append((inf, signed))

    def lose(self, at: float) -> None:
        """From `at` on no value is known."""
        entries = self._entries
        if not self._holds:
            return
        _, value = entries.pop()
        if not entries or at - entries[-1][0] >= self._grain_s:
            entries.append((at, value))

    def value(self, now: float) -> float | None:
        """The extreme; None while nothing is known of the window."""
        entries = self._entries
        while entries and entries[0][0] + self.span_s <= now:
            del entries[0]
        return entries[0][1] * self._sign if entries else None

    def due(self, now: float) -> float | None:
        """When the extreme leaves the window by itself."""
        if self.value(now) is None or self._entries[0][0] == inf:
            return None
        return self._entries[0][0] + self.span_s

    def state(self) -> ExtremeState:
        """What must be kept to go on after a restart."""
        return ExtremeState(list(self._entries))

    def restore(self, state: HeldState) -> None:
        """Go on from what was kept."""
        assert isinstance(state, ExtremeState)
        self._entries = list(state.entries)

    @property
    def _holds(self) -> bool:
        return bool(self._entries) and self._entries[-1][0] == inf


class MeanWindow:
    """The mean of the last `span_s` seconds, each value weighted with the time for which it held, as far as known.

    A sample is (at, value from then on, integral of the value up to then, seconds known up to then): the mean is the
    difference of two integrals. `thresholds` are what the mean is compared with: it says when it crosses one.
    """

    __slots__ = ("_grain_s", "_samples", "span_s", "thresholds")

    def __init__(self, span_s: float) -> None:
        self.span_s = span_s
        self.thresholds: set[float] = set()
        self._grain_s = span_s / MAX_SAMPLES
        self._samples: list[tuple[float, float | None, float, float]] = []

    def add(self, at: float, value: float | None) -> None:
        """From `at` on the value holds, or none is known. `at` never runs backwards."""
        samples = self._samples
        if samples and samples[-1][1] == value:
            return
        self._drop(at)
        if len(samples) == 1:  # the sums begin anew now and then, so that they stay small and exact
            samples[0] = (samples[0][0], samples[0][1], 0.0, 0.0)
        area, known = self._sums(at) if samples else (0.0, 0.0)
        if samples and (samples[-1][0] == at or (len(samples) > 1 and at - samples[-2][0] < self._grain_s)):
            samples.pop()
        samples.append((at, value, area, known))

    def lose(self, at: float) -> None:
        """From `at` on no value is known."""
        if self._samples:
            self.add(at, None)

    def value(self, now: float) -> float | None:
        """The mean; None while nothing is known of the window."""
        if not self._samples:
            return None
        self._drop(now)
        if len(self._samples) == 1:
            return self._samples[0][1]
        area, known = self._within(now)
        return area / known if known > 0 else self._samples[-1][1]

    def due(self, now: float) -> float | None:
        """When the mean next crosses a threshold by itself, or when to ask again."""
        self._drop(now)
        samples = self._samples
        if len(samples) < 2 or samples[-1][1] is None:
            return None
        (first_at, _, first_area, first_known), (second_at, _, second_area, second_known) = samples[0], samples[1]
        full = now - self.span_s >= first_at  # only then does the window let go of the first value
        length_s = second_at - first_at
        leaving, leaving_known = (
            ((second_area - first_area) / length_s, (second_known - first_known) / length_s) if full else (0.0, 0.0)
        )
        edge = (second_at if full else first_at) + self.span_s
        area, known = self._within(now)
        dues = [edge]
        for threshold in self.thresholds:
            ahead = threshold * known - area
            speed = samples[-1][1] - leaving - threshold * (1 - leaving_known)
            wait_s = ahead / speed if speed else inf
            if wait_s > -MIN_STEP_S:
                dues.append(now + wait_s)
        return max(min(dues), now + MIN_STEP_S)

    def state(self) -> MeanState:
        """What must be kept to go on after a restart."""
        return MeanState(list(self._samples))

    def restore(self, state: HeldState) -> None:
        """Go on from what was kept."""
        assert isinstance(state, MeanState)
        self._samples = list(state.samples)

    def _within(self, now: float) -> tuple[float, float]:
        """Integral and known seconds of the window that ends now."""
        area, known = self._sums(now)
        area_before, known_before = self._sums(now - self.span_s)
        return area - area_before, known - known_before

    def _sums(self, at: float) -> tuple[float, float]:
        """Integral and known seconds up to an instant: after the last sample, or not after the second."""
        samples = self._samples
        last_at, value, area, known = samples[-1]
        if at >= last_at:
            return (area, known) if value is None else (area + value * (at - last_at), known + (at - last_at))
        first_at, _, first_area, first_known = samples[0]
        if at <= first_at:
            return first_area, first_known
        second_at, _, second_area, second_known = samples[1]
        part = (at - first_at) / (second_at - first_at)
        return first_area + part * (second_area - first_area), first_known + part * (second_known - first_known)

    def _drop(self, now: float) -> None:
        samples = self._samples
        while len(samples) > 1 and samples[1][0] + self.span_s <= now:
            del samples[0]


class CountWindow:
    """How many times a condition became true in the last `span_s` seconds; the last 512 times are kept.

    Unknown in between does not count: what was true, unknown, and true again became true once.
    """

    __slots__ = ("_times", "_was", "span_s")

    def __init__(self, span_s: float) -> None:
        self.span_s = span_s
        self._was = False
        self._times: list[float] = []

    def look(self, at: float, truth: bool | None) -> None:
        """Take the truth of the condition at an instant. `at` never runs backwards."""
        if truth is None:
            return
        if truth and not self._was:
            self._times.append(at)
            del self._times[:-MAX_SAMPLES]
        self._was = truth

    def value(self, now: float) -> float:
        """The number of times."""
        times = self._times
        while times and times[0] + self.span_s <= now:
            del times[0]
        return float(len(times))

    @property
    def counted(self) -> bool:
        """Whether there is a time that has yet to leave the window."""
        return bool(self._times)

    def due(self, now: float) -> float | None:
        """When the oldest time leaves the window."""
        return self._times[0] + self.span_s if self.value(now) else None

    def state(self) -> CountState:
        """What must be kept to go on after a restart."""
        return CountState(self._was, list(self._times))

    def restore(self, state: HeldState) -> None:
        """Go on from what was kept."""
        assert isinstance(state, CountState)
        self._was = state.was
        self._times = state.times[-MAX_SAMPLES:]


def least(dues: Iterable[float | None]) -> float | None:
    """The earliest of some instants, those that never come left out."""
    return min((due for due in dues if due is not None), default=None)
