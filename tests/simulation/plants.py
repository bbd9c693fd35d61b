"""Faults planted in the daemon: the simulation must find each of them, or it proves nothing."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from unittest.mock import patch

from daemon.core import Event
from daemon.outbox.ledger import Ledger
from daemon.outbox.outbox import Outbox
from daemon.pump import Pump
from rules.engine import Engine
from rules.signal import Signal


@contextmanager
def acknowledge_before_commit() -> Iterator[None]:
    """A message is acknowledged as soon as it has come."""
    put = Pump.put

    def eager(self: Pump, signals: Sequence[Signal], done: Callable[[], None] | None = None) -> None:
        put(self, signals, None)
        if done is not None:
            done()

    with patch.object(Pump, "put", eager):
        yield


@contextmanager
def send_before_commit() -> Iterator[None]:
    """A decision is told as soon as it is made."""
    prepare = Outbox.prepare

    def eager(self: Outbox, events: Sequence[Event]) -> Callable[[], None]:
        prepare(self, events)()
        return lambda: None

    with patch.object(Outbox, "prepare", eager):
        yield


@contextmanager
def drop_the_outbox() -> Iterator[None]:
    """What was owed to an output is forgotten with the process."""
    with patch.object(Ledger, "owed", lambda self: []):
        yield


@contextmanager
def forget_what_was_heard() -> Iterator[None]:
    """A repeated message counts as a new one."""
    with patch.object(Engine, "seen", lambda self, device, origin: False):
        yield


@contextmanager
def overtake() -> Iterator[None]:
    """Events go out in any order."""
    prepare = Outbox.prepare

    def backwards(self: Outbox, events: Sequence[Event]) -> Callable[[], None]:
        return prepare(self, list(reversed(events)))

    with patch.object(Outbox, "prepare", backwards):
        yield


PLANTS = {
    one.__name__: one
    for one in (
        acknowledge_before_commit,
        send_before_commit,
        drop_the_outbox,
        forget_what_was_heard,
        overtake,
    )
}
