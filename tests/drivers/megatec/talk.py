"""A driver and a virtual UPS that talk in simulated time, with a wire between them that can be spoilt."""

from collections.abc import Callable
from dataclasses import dataclass, field

from drivers.contract import Binding
from drivers.megatec.driver import MegatecDriver
from drivers.megatec.settings import MegatecSettings
from rules.signal import Fault, Reading, Recovered, Signal
from simulators.devices.ups import Ups

QUANTITIES = frozenset(
    (
        *("voltage", "output_voltage", "load", "frequency", "battery_voltage"),
        *("on_battery", "ups_battery_low", "ups_failed", "ups_bypass", "test"),
    )
)
EXCHANGE_S = 0.22  # question and answer at 2400 Bd
TICKS_MAX = 100_000  # a driver that is due for ever at the same time would never end a test


@dataclass
class Talk:
    """`wire` turns the UPS's answer into what arrives; it is called once per question, with the question."""

    settings: MegatecSettings = field(default_factory=MegatecSettings)
    quantities: frozenset[str] = QUANTITIES
    wire: Callable[[bytes, bytes], bytes] = lambda _, answer: answer
    now: float = 1000.0
    signals: list[Signal] = field(default_factory=list)
    questions: list[tuple[float, bytes]] = field(default_factory=list)
    bad: int = 0

    def __post_init__(self) -> None:
        self.ups = Ups(self.now)
        self.driver = MegatecDriver(self.settings, [Binding("ups-1", "", self.quantities)])
        self.driver.opened(self.now)

    def run(self, seconds: float) -> list[Signal]:
        """Let that time pass; gives the signals of it."""
        first = len(self.signals)
        until = self.now + seconds
        for _ in range(TICKS_MAX):
            if self.driver.due() > until:
                break
            self.now = max(self.now, self.driver.due())
            self._turn()
        else:
            raise AssertionError("the driver is always due")
        self.now = until
        return self.signals[first:]

    def _turn(self) -> None:
        outcome = self.driver.tick(self.now)
        self.bad += len(outcome.bad)
        self.signals += outcome.signals
        if not outcome.send:
            return
        self.questions.append((self.now, outcome.send))
        self.ups.advance(self.now)
        arrived = self.wire(outcome.send, self.ups.answer(outcome.send.decode().rstrip("\r")))
        if arrived:
            self.now += EXCHANGE_S
            heard = self.driver.feed(arrived, self.now)
            self.bad += len(heard.bad)
            self.signals += heard.signals


def readings(signals: list[Signal], quantity: str) -> list[float | bool]:
    """The values of one quantity, in order."""
    return [one.value for one in signals if isinstance(one, Reading) and one.quantity == quantity]


def faults(signals: list[Signal]) -> list[str]:
    """Codes of the faults, and "-code" for each recovery, in order."""
    return [
        one.code if isinstance(one, Fault) else f"-{one.code}" for one in signals if isinstance(one, Fault | Recovered)
    ]
