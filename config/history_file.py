"""The form of an entry of `history` in venue.yaml: a database that gets what the journal holds."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from config.words import Duration, Id
from drivers.links.mqtt_settings import TlsSettings
from drivers.settings import Settings


def _url(text: str) -> str:
    if "@" in text:  # first of all: what follows shows the text
        raise ValueError("an address holds no user and no password: write the token to a file and name it token_file")
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError as error:
        raise ValueError(f"found {text!r}, which is no address: {error}") from None
    if not known:
        raise ValueError(f"found {text!r}, expected one like https://history.example:8086")
    if parts.query or parts.fragment:
        raise ValueError(f"found {text!r}, expected an address without ? and #: org and bucket have keys of their own")
    return text.rstrip("/")


class HistoryEntry(Settings):
    """An InfluxDB 2 write endpoint: InfluxDB 2 or 3, VictoriaMetrics and others speak it. docs/history.md says more.

    The token is read from `token_file` by the daemon's user and stands nowhere else. `behind_after`: a fault when the
    oldest row that was not sent is older than that. `resend_window`: a server that was away gets what it acknowledged
    so long before it went once more, for it may not have stored it.
    """

    id: Id
    kind: Literal["influxdb"]
    url: Annotated[str, Field(max_length=500), AfterValidator(_url)]
    org: Annotated[str, Field(min_length=1, max_length=200)]
    bucket: Annotated[str, Field(min_length=1, max_length=200)]
    token_file: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    tls: TlsSettings | None = None
    prefix: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")] = "tocsin_"
    batch_points: Annotated[int, Field(ge=100, le=20_000)] = 5000
    points_per_second: Annotated[int, Field(ge=100, le=1_000_000)] = 15_000
    behind_after: Annotated[Duration, Field(ge=60, le=30 * 24 * 3600)] = 600.0
    resend_window: Annotated[Duration, Field(ge=10, le=3600)] = 60.0
    answer_within: Annotated[Duration, Field(ge=1, le=30)] = 10.0
