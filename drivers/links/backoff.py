"""How long to wait before the next try."""

import random

FIRST_S = 0.2  # a replugged adapter is back within this more often than not
LAST_S = 5.0  # resumed at most 5 s after a replug; a try costs microseconds
STEADY_S = 10.0  # a connection that held so long was a good one: the next loss starts from FIRST_S again


class Backoff:
    """Doubles from FIRST_S to LAST_S, each shortened by up to a quarter so that many ports do not try in step."""

    def __init__(self) -> None:
        self._random = random.SystemRandom()
        self._next_s = FIRST_S

    def next_s(self) -> float:
        """Seconds to wait now."""
        wait_s = self._next_s
        self._next_s = min(2 * wait_s, LAST_S)
        return wait_s * self._random.uniform(0.75, 1.0)

    def held(self, seconds: float) -> None:
        """A connection is over that lasted so long."""
        if seconds >= STEADY_S:
            self._next_s = FIRST_S
