"""A combined smoke, heat and CO detector: what its chamber and its bead feel, late, and what its electronics say."""

import math
import random
from dataclasses import dataclass, field

from simulators.physics.air import AMBIENT_C, BACKGROUND_CO_PPM, obscuration

# Heskestad's characteristic length of smoke entry, L, of a photoelectric detector (SFPE Handbook, Schifiliti); the lag
# is L / u.
ENTRY_LENGTH_M = 1.8
# Response time index of a thermistor bead, (m s)^0.5; sprinkler bulbs have 50 to 350. The lag is RTI / sqrt(u).
BEAD_RTI = 10.0
STILL_AIR_M_PER_S = 0.15  # below this smoke does not enter by flow (NFPA 72 annex B, critical velocity)
CO_CELL_LAG_S = 20.0  # T90 of an electrochemical cell is about 45 s
SMOKE_FULL_SCALE = 40.0  # %/m, where the amplifier of an analogue detector saturates
TEMPERATURE_FULL_SCALE = 150.0
CO_FULL_SCALE = 1000.0
CLEAN_CHAMBER = 0.15  # %/m: dust and stray light in a clean chamber


def _towards(value: float, target: float, dt: float, lag_s: float) -> float:
    return target + (value - target) * math.exp(-dt / lag_s)


@dataclass(slots=True)
class Chamber:
    """State of one detector's sensors; `noise` is its own seeded source."""

    noise: random.Random
    smoke: float = 0.0  # optical density inside the chamber, 1/m
    bead_c: float = AMBIENT_C
    co_ppm: float = BACKGROUND_CO_PPM
    offset_c: float = field(default=0.0)

    def feel(self, dt: float, smoke: float, gas_c: float, co_ppm: float, speed_m_per_s: float) -> None:
        """Let `dt` seconds pass in air of that optical density, temperature, CO and speed."""
        speed = max(STILL_AIR_M_PER_S, speed_m_per_s)
        self.smoke = _towards(self.smoke, smoke, dt, ENTRY_LENGTH_M / speed)
        self.bead_c = _towards(self.bead_c, gas_c, dt, BEAD_RTI / math.sqrt(speed))
        self.co_ppm = _towards(self.co_ppm, co_ppm, dt, CO_CELL_LAG_S)

    def smoke_obscuration(self) -> float:
        """%/m, to 0.01, with the amplifier's noise."""
        seen = CLEAN_CHAMBER + obscuration(self.smoke) + self.noise.gauss(0.0, 0.03)
        return round(min(max(seen, 0.0), SMOKE_FULL_SCALE), 2)

    def temperature(self) -> float:
        """C, to 0.1."""
        return round(min(self.bead_c + self.offset_c + self.noise.gauss(0.0, 0.05), TEMPERATURE_FULL_SCALE), 1)

    def co(self) -> float:
        """ppm, whole numbers, as cells resolve them."""
        return float(round(min(max(self.co_ppm + self.noise.gauss(0.0, 0.3), 0.0), CO_FULL_SCALE)))
