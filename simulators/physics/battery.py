"""A lead-acid battery under a UPS: what it holds, and the voltage that it shows at its terminals. Pure."""

import math
from dataclasses import dataclass

HOUR_S = 3600.0
CELLS = 12  # two 12 V blocks
CAPACITY_AH = 7.0  # at the 20-hour rate, as printed on the block
PEUKERT = 1.2  # sealed lead-acid: the faster it is drawn, the less it gives
RATE_20H_A = CAPACITY_AH / 20.0
RESISTANCE_OHM = 0.06  # two blocks of 25 mOhm, and the wiring
CELL_EMPTY_V, CELL_FULL_V = 1.93, 2.12  # at rest
KNEE_V, KNEE_CHARGE = 0.30, 0.05  # the fall of a cell's voltage over the last twentieth of its charge
FLOAT_V = 27.4  # 2.28 V per cell
CHARGE_A, CHARGE_EFFICIENCY = 1.0, 0.85
CHARGE_RISE_V = 2.4  # a charged battery shows this much above rest, up to FLOAT_V
TAPER = 0.1  # the current falls over the last tenth


@dataclass(slots=True)
class Battery:
    """`charge` is 0 to 1. `voltage` is what the terminals showed at the last step."""

    charge: float = 1.0
    voltage: float = FLOAT_V

    def discharge(self, power_w: float, dt: float) -> None:
        """Give that much power for `dt` seconds."""
        current_a = power_w / max(self.voltage, 1.0)
        drawn_a = current_a * max(1.0, current_a / RATE_20H_A) ** (PEUKERT - 1.0)
        self.charge = max(0.0, self.charge - drawn_a * dt / HOUR_S / CAPACITY_AH)
        self.voltage = self._rest_v() - current_a * RESISTANCE_OHM

    def recharge(self, dt: float) -> None:
        """Take what the charger gives for `dt` seconds."""
        current_a = CHARGE_A * min(1.0, (1.0 - self.charge) / TAPER)
        self.charge = min(1.0, self.charge + current_a * CHARGE_EFFICIENCY * dt / HOUR_S / CAPACITY_AH)
        self.voltage = min(FLOAT_V, self._rest_v() + CHARGE_RISE_V)

    def _rest_v(self) -> float:
        cell_v = CELL_EMPTY_V + (CELL_FULL_V - CELL_EMPTY_V) * self.charge
        return CELLS * (cell_v - KNEE_V * math.exp(-self.charge / KNEE_CHARGE))
