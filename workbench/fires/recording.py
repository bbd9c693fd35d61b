"""What a recording of a fire is, whichever laboratory made it: detectors, and what they measured second by second."""

from dataclasses import dataclass


class RecordingError(Exception):
    """A file or folder that cannot be taken for the recording of a fire. Says where, and what was expected."""


@dataclass(frozen=True, slots=True)
class Detector:
    """One instrument position, taken for one detector of a venue. `kind` is a device kind of the venue file."""

    id: str
    room: str
    kind: str
    quantities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """One value in the unit of its quantity."""

    detector: str
    quantity: str
    value: float


@dataclass(frozen=True, slots=True)
class Sample:
    """All that was measured at one instant, in seconds from ignition; before it they are negative."""

    at_s: float
    values: tuple[Measured, ...]


@dataclass(frozen=True, slots=True)
class Rang:
    """When the first real ionization and photoelectric alarms of the same test rang, in seconds from ignition."""

    ion_s: float | None
    photo_s: float | None

    @property
    def first_s(self) -> float | None:
        """The first of all."""
        return min((at for at in (self.ion_s, self.photo_s) if at is not None), default=None)


@dataclass(frozen=True, slots=True)
class Recording:
    """One test fire. `notes` say what was assumed, left out, or not understood."""

    name: str
    series: str
    group: str  # what burnt, as far as the name of the test says
    detectors: tuple[Detector, ...]
    samples: tuple[Sample, ...]
    rang: Rang | None
    notes: tuple[str, ...]

    @property
    def quiet_s(self) -> float:
        """How long was recorded before ignition."""
        return max(0.0, -self.samples[0].at_s)
