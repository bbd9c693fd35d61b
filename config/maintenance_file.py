"""The form of `maintenance` in venue.yaml: what is done at a time of the day, by the venue's clock."""

from typing import Annotated

from pydantic import Field

from config.hours import Time
from drivers.settings import Settings


class BackupEntry(Settings):
    """A copy of the journal each day in `folder`, of which the newest `keep` stay."""

    at: Time
    folder: Annotated[str, Field(min_length=1, max_length=1000)]
    keep: Annotated[int, Field(ge=1, le=366)] = 7


class VerifyEntry(Settings):
    """The journal looked through each day for what is not as it was written."""

    at: Time


class MaintenanceEntry(Settings):
    """Each key is a piece of work; what is left out is not done."""

    backup: BackupEntry | None = None
    verify: VerifyEntry | None = None
