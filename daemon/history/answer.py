"""What can come of a request to a history server, and what it asks of us."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stored:
    """Acknowledged."""


@dataclass(frozen=True, slots=True)
class TooLarge:
    """413: fewer lines at a time."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """400 or 422: at least one line is not accepted; the others may be stored or not."""

    reason: str


@dataclass(frozen=True, slots=True)
class Busy:
    """429, or 503 with a time: later, not before `after_s` seconds if the server says so."""

    reason: str
    after_s: float | None


@dataclass(frozen=True, slots=True)
class Refused:
    """The server lives and will not have it: token, bucket or address are wrong. Only people can help."""

    reason: str


@dataclass(frozen=True, slots=True)
class Broken:
    """No answer, or one that says that no server was reached: what was acknowledged before may be lost."""

    reason: str


Verdict = Stored | Busy | Refused | Broken
Answer = Verdict | TooLarge | Malformed
