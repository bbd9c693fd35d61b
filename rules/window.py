"""Samples of the last seconds, kept small: what `rise` and `rate` look back on."""

from collections.abc import Iterable, Sequence

MAX_SAMPLES = 512  # per window: samples closer together than span/512 tell nothing more about the span


# Here and in `rules.held` samples are in lists: a deque of one takes 0.7 kB, and a large venue has thousands of them.


class LowWindow:
    """The lowest value of the last `span_s` seconds. Only values that can still become the lowest are kept."""

    __slots__ = ("_grain_s", "_samples", "span_s")

    def __init__(self, span_s: float, samples: Iterable[Sequence[float]] = ()) -> None:
        self.span_s = span_s
        self._grain_s = span_s / MAX_SAMPLES
        self._samples = [(at, value) for at, value in samples]

    def add(self, at: float, value: float) -> None:
        """Take a sample. `at` never runs backwards."""
        samples = self._samples
        while samples and samples[-1][1] >= value:
            samples.pop()
        if not samples or at - samples[-1][0] >= self._grain_s:
            samples.append((at, value))
        oldest = at - self.span_s
        while samples[0][0] < oldest:
            del samples[0]

    def rise(self, value: float) -> float | None:
        """How far `value`, the newest sample, lies above the lowest; None while there is none."""
        return value - self._samples[0][1] if self._samples else None

    def samples(self) -> list[tuple[float, float]]:
        """What must be kept to go on after a restart."""
        return list(self._samples)


class SlopeWindow:
    """The first and last samples of the last `span_s` seconds."""

    __slots__ = ("_grain_s", "_samples", "span_s")

    def __init__(self, span_s: float, samples: Iterable[Sequence[float]] = ()) -> None:
        self.span_s = span_s
        self._grain_s = span_s / MAX_SAMPLES
        self._samples = [(at, value) for at, value in samples]

    def add(self, at: float, value: float) -> None:
        """Take a sample. `at` never runs backwards."""
        samples = self._samples
        if len(samples) > 1 and at - samples[-2][0] < self._grain_s:
            samples.pop()
        samples.append((at, value))
        oldest = at - self.span_s
        while samples[0][0] < oldest:
            del samples[0]

    def rate(self) -> float | None:
        """Change per second from the first to the last sample; None while there is only one instant, or none."""
        if not self._samples:
            return None
        (first_at, first), (last_at, last) = self._samples[0], self._samples[-1]
        return (last - first) / (last_at - first_at) if last_at > first_at else None

    def samples(self) -> list[tuple[float, float]]:
        """What must be kept to go on after a restart."""
        return list(self._samples)


Window = LowWindow | SlopeWindow
