"""What venue.yaml may say of the journal."""

from typing import Annotated

from pydantic import Field, WithJsonSchema

from config.words import Duration
from drivers.settings import Settings
from rules.quantity import QUANTITIES, Kind

_NUMBERS = sorted(name for name, quantity in QUANTITIES.items() if quantity.kind is Kind.NUMBER)
_THIN = WithJsonSchema(
    {"type": "object", "propertyNames": {"enum": _NUMBERS}, "additionalProperties": {"type": "number", "minimum": 0}}
)


class JournalEntry(Settings):
    """What is kept, and for how long. Decisions and what people did stay `keep_days`, readings `readings_days`, and
    readings go earlier when the journal is larger than `max_mb`.

    `thin`: of readings that differ by less than this from the one kept before, few are kept; what is decided never
    depends on it. `gather`: readings that decide nothing are written together once in this time.
    """

    keep_days: Annotated[int, Field(ge=30, le=3650)] = 90
    readings_days: Annotated[int, Field(ge=1, le=3650)] = 30
    max_mb: Annotated[int, Field(ge=64, le=1_000_000)] = 1000
    thin: Annotated[dict[str, Annotated[float, Field(gt=0)]], _THIN] = {}
    gather: Annotated[Duration, Field(ge=0.005, le=1.0)] = 0.2
