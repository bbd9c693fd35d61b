"""One InfluxDB 2 write endpoint, spoken to by influxdb-client, one request at a time, each with a deadline as a whole.

A read time-out alone would not do: a server that sends one byte a second never meets it. The deadline is an alarm
signal, so this works in the main thread only.
"""

import contextlib
import email.utils
import gzip
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from daemon.history.answer import Answer, Broken, Busy, Malformed, Refused, Stored, TooLarge
from daemon.history.job import Target

GZIP_LEVEL = 4  # 2 ms for 5,000 points, to 12 % of their size
AFTER_MAX_S = 300.0  # a server that asks for longer is asked again all the same: it may have been restarted
REASON_CHARS = 300  # of what a server says
TOKEN_BYTES = 4096  # a longer file is no token


class Watch:
    """What is seen of the connections: whether one was lost without a word since the last look."""

    def __init__(self) -> None:
        self._expected = True  # the next connection is no surprise
        self._lost = False
        self.announced = False  # the server has said that it closes this one

    def connected(self) -> None:
        self._lost = self._lost or not self._expected
        self._expected = self.announced = False

    def answered(self, closes: bool) -> None:
        self.announced = self._expected = closes

    def failed(self) -> None:
        """It is known: the next connection tells nothing new."""
        self._expected = True

    def lost(self) -> bool:
        lost, self._lost = self._lost, False
        return lost


class Influx:
    """Raises OSError or ValueError from `write` and `ping` when token or certificates cannot be read."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._watch = Watch()
        self._client: InfluxDBClient | None = None

    def write(self, lines: Sequence[str]) -> Answer:
        """One request with all the lines."""
        body = gzip.compress("\n".join(lines).encode(), GZIP_LEVEL)
        return self._ask(lambda client: self._write(client, body))

    def ping(self) -> Stored | Broken:
        """Whether the server is there; any answer says so. Keeps the connection in use."""
        answer = self._ask(self._ping)
        return answer if isinstance(answer, Broken) else Stored()

    def lost_connection(self) -> bool:
        """Whether, since this was last asked, the server was found gone and back without a request having failed."""
        return self._watch.lost()

    def close(self) -> None:
        """The next request reads token and certificates anew; to the watch its connection is a break."""
        client, self._client = self._client, None
        if client is not None:
            client.api_client.rest_client.pool_manager.clear()

    def _ask(self, question: Any) -> Answer:
        client = self._client = self._client or self._connect()
        answer = self._answer(question, client)
        if isinstance(answer, Stored) and self._watch.announced:
            # the new connection is opened at once, so that a server that dies between the two is missed
            answer = self._answer(self._ping, client)
        if isinstance(answer, Broken):
            self._watch.failed()
        return answer

    def _answer(self, question: Any, client: InfluxDBClient) -> Answer:
        try:
            with _within(self._target.answer_within_s):
                question(client)
        except ApiException as error:
            return _read(error)
        except (HTTPError, OSError, UnicodeDecodeError) as error:
            return Broken(_short(f"{type(error).__name__}: {error}"))
        return Stored()

    def _write(self, client: InfluxDBClient, body: bytes) -> None:
        with client.write_api(write_options=SYNCHRONOUS) as api:
            api.write(self._target.bucket, self._target.org, body)

    def _ping(self, client: InfluxDBClient) -> None:
        pools = client.api_client.rest_client.pool_manager
        pools.request("GET", f"{self._target.url}/ping", retries=False, redirect=False)

    def _connect(self) -> InfluxDBClient:
        target = self._target
        client = InfluxDBClient(
            target.url,
            token=_token(target.token_file),
            org=target.org,
            timeout=int(target.answer_within_s * 1000),
            ssl_ca_cert=target.ca or None,
            cert_file=target.certificate or None,
            cert_key_file=target.key or None,
        )
        # not enable_gzip, whose level 9 takes eight times as long for a tenth less
        client.api_client.set_default_header("Content-Encoding", "gzip")
        client.api_client.rest_client.pool_manager.pool_classes_by_scheme = _watched_pools(self._watch)
        return client


def _token(file: str) -> str:
    """Empty without a file: VictoriaMetrics asks for none."""
    if not file:
        return ""
    token = Path(file).read_bytes()[:TOKEN_BYTES].decode("ascii").strip()
    if not token.isprintable() or not token:
        raise ValueError(f"{file}: expected a token of printable characters on one line")
    return token


@contextlib.contextmanager
def _within(seconds: float) -> Iterator[None]:
    def ring(_number: int, _frame: object) -> None:
        raise TimeoutError(f"no whole answer within {seconds:g} s")

    handler = signal.signal(signal.SIGALRM, ring)
    timer = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, *timer)


def _watched_pools(watch: Watch) -> dict[str, type]:
    """urllib3 connects anew without a word when a kept connection is dead: these connections tell."""

    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            watch.connected()

        def getresponse(self) -> Any:
            return _told(watch, super().getresponse())

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            watch.connected()

        def getresponse(self) -> Any:
            return _told(watch, super().getresponse())

    class PlainPool(urllib3.HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(urllib3.HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _told(watch: Watch, response: Any) -> Any:
    words = response.headers.get("connection", "").lower()
    watch.answered("close" in words or (response.version == 10 and "keep-alive" not in words))
    return response


def _read(error: ApiException) -> Answer:
    """By the codes that InfluxDB 2 documents for POST /api/v2/write; 502 and 504 are those of a proxy."""
    status, reason = error.status, _short(f"{error.status} {error.reason}: {error.body or ''}")
    if status == 413:
        return TooLarge()
    if status in (400, 422):
        return Malformed(reason)
    after_s = _after(error.headers.get("Retry-After") if error.headers else None)
    if status == 429 or (status == 503 and after_s is not None):
        return Busy(reason, after_s)
    if not status or status >= 500:  # without a status: TLS was not agreed upon
        return Broken(reason)
    return Refused(reason)


def _after(told: str | None) -> float | None:
    """Seconds from a Retry-After header, which holds seconds or a date."""
    if told is None:
        return None
    try:
        after_s = float(told)
    except ValueError:
        try:
            after_s = email.utils.parsedate_to_datetime(told).timestamp() - time.time()
        except ValueError:
            return None
    return min(max(after_s, 0.0), AFTER_MAX_S)


def _short(text: str) -> str:
    return " ".join(text.split())[:REASON_CHARS]
