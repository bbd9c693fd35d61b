"""Application acknowledgements on their way to devices: collected for a moment, so that one message covers many."""

import asyncio
from collections.abc import Callable

from drivers.contract import Dialect, Receipt

LINGER_S = 0.05  # devices repeat after 2 s; waiting this long turns a burst into one message for each device
PENDING_LIMIT = 4000  # then they go at once


class Receipts:
    """`add` what is safely kept; `send(topic, payload)` is called for all of it within LINGER_S."""

    def __init__(self, send: Callable[[str, bytes], None]) -> None:
        self._send = send
        self._pending: dict[int, tuple[Dialect, list[Receipt]]] = {}
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, dialect: Dialect, receipt: Receipt) -> None:
        """Call on the event loop, after the message of this receipt is durable."""
        entry = self._pending.get(id(dialect))
        if entry is None:
            entry = self._pending[id(dialect)] = (dialect, [])
        entry[1].append(receipt)
        self._count += 1
        if self._count >= PENDING_LIMIT:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LINGER_S, self.flush)

    def flush(self) -> None:
        """Send everything now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        pending, self._pending, self._count = self._pending, {}, 0
        for dialect, receipts in pending.values():
            for topic, payload in dialect.acknowledge(receipts):
                self._send(topic, payload)
