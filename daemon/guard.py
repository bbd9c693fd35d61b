"""The engine of safe mode: a signal at which it raises is put aside, and the engine goes on from before it."""

from rules.engine import Engine
from rules.signal import Signal

KEPT_EVERY = 500  # signals gone through again after a bad one: some 10 ms


class Guard:
    """Remembers how the engine was, and what it was told since."""

    def __init__(self, engine: Engine) -> None:
        self._plan = engine.plan
        self._body = engine.snapshot()
        self._since: list[Signal] = []

    def took(self, engine: Engine, signal: Signal) -> None:
        """The engine has taken this signal without raising."""
        self._since.append(signal)
        if len(self._since) >= KEPT_EVERY:
            self._body, self._since = engine.snapshot(), []

    def before(self) -> Engine:
        """An engine that was told all but the signal at which the other one raised."""
        engine = Engine.restore(self._plan, self._body)
        for signal in self._since:
            engine.step(signal)
        return engine
