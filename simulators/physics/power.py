"""Mains and what hangs on it: voltage that wanders, loads that come and go."""

import math
import random
from dataclasses import dataclass, field

NOMINAL_V = 228.0  # a venue near its transformer; GB/T 12325 allows 198 to 235.4
WANDER_V = 1.5  # standard deviation of the slow wander: quiet grids stay within 1 % (measured, Iberia, 2 s samples)
WANDER_S = 30.0
POWER_FACTOR = 0.95


@dataclass(slots=True)
class Supply:
    """The mains of one floor. Voltage is a mean-reverting walk (Ornstein-Uhlenbeck), exact for any step."""

    noise: random.Random
    on: bool = True
    wander_v: float = field(default=0.0)

    def advance(self, dt: float) -> None:
        """Let `dt` seconds pass."""
        keep = math.exp(-dt / WANDER_S)
        self.wander_v = self.wander_v * keep + self.noise.gauss(0.0, WANDER_V) * math.sqrt(1.0 - keep * keep)

    @property
    def voltage(self) -> float:
        return NOMINAL_V + self.wander_v if self.on else 0.0


@dataclass(slots=True)
class Load:
    """What one meter or plug measures. `rated_w` is drawn at nominal voltage; music makes an amplifier's draw swing."""

    noise: random.Random
    rated_w: float
    swing: float = 0.1
    energy_kwh: float = 0.0
    power_w: float = field(default=0.0)
    voltage: float = field(default=NOMINAL_V)

    def advance(self, dt: float, voltage: float) -> None:
        """Let `dt` seconds pass at that voltage."""
        share = max(0.0, 1.0 + self.noise.gauss(0.0, self.swing))
        self.voltage = voltage
        self.power_w = self.rated_w * share * (voltage / NOMINAL_V)
        self.energy_kwh += self.power_w * dt / 3_600_000.0

    @property
    def current(self) -> float:
        return self.power_w / (self.voltage * POWER_FACTOR) if self.voltage > 1.0 else 0.0
