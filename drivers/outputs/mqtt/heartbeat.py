"""The heartbeat: a message now and then whose absence tells that Tocsin is dead."""

import secrets
from collections.abc import Callable

import msgspec

from drivers.contract import Beat
from drivers.outputs.mqtt.render import iso

_encoder = msgspec.json.Encoder()


class Heartbeat:
    """Counts from 1 in each run of the daemon, which `boot` names. Without `every_s` there is none."""

    def __init__(self, prefix: str, every_s: float | None) -> None:
        self.topic = f"{prefix}/heartbeat"
        self._every_s = every_s
        self._boot = secrets.token_hex(4)
        self._seq = 0
        self._next_at: float | None = None

    def due(self, now: float, beat: Callable[[], Beat]) -> bytes | None:
        """What is to be said at this engine time, if it is time."""
        if self._every_s is None or (self._next_at is not None and now < self._next_at):
            return None
        on_time = self._next_at is not None and now - self._next_at < self._every_s
        self._next_at = (self._next_at if on_time and self._next_at is not None else now) + self._every_s
        self._seq += 1
        told = beat()
        return _encoder.encode(
            {
                "boot": self._boot,
                "seq": self._seq,
                "every_s": self._every_s,
                "at": iso(told.wall),
                "time_doubtful": told.doubtful,
                "health": "faults" if told.faults else "ok",
                "faults": told.faults,
                "tier": told.tier,
                "evacuations": told.evacuations,
            }
        )
