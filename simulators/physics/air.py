"""Air under the ceiling: cells of mixed smoke, gas and warmth that exchange through doors and along a corridor.

A zone model of one layer: smoke collects in the top metre (the NIST house tests measured 0.9 m below the ceiling) and
is well mixed within a cell. Explicit Euler: steps must be short against volume over flow, seconds to minutes here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from simulators.physics.sources import Emission

AMBIENT_C = 23.0
LAYER_M = 1.0
AIR_KJ_PER_M3_K = 1.2  # density 1.2 kg/m3 times specific heat 1.0 kJ/kg K
CO_MG_PER_M3_PER_PPM = 1.145  # at 25 C and one atmosphere
BACKGROUND_CO_PPM = 1.0
# Of a fire's heat 0.7 rises by convection; a low ceiling takes 0.6 to 0.9 of that (Cooper 1982): a quarter stays.
HEAT_INTO_LAYER = 0.7 * 0.25
COOLING_S = 120.0  # the layer gives its warmth to ceiling and walls
SETTLING_S = 600.0  # particles settle, and a ventilation of six changes an hour thins them
GRAVITY_M_PER_S2 = 9.81


@dataclass(slots=True)
class Cell:
    """One body of mixed air. `smoke` is optical density, 1/m."""

    volume_m3: float
    smoke: float = 0.0
    co_ppm: float = BACKGROUND_CO_PPM
    temperature_c: float = AMBIENT_C


@dataclass(frozen=True, slots=True)
class Opening:
    """What joins two cells, by index: the gap's area and height, and the draught that flows even without warmth."""

    a: int
    b: int
    area_m2: float
    height_m: float = 2.0
    draught_m3_per_s: float = 0.0


DOORS = {  # area of the gap, draught; a closed door leaks through about 0.02 m2 (EN 12101-6, single-leaf door)
    "open": (1.8, 0.05),
    "ajar": (0.3, 0.02),
    "closed": (0.02, 0.002),
}


def exchange_m3_per_s(opening: Opening, warmer_c: float, colder_c: float) -> float:
    """Flow each way by buoyancy, (Cd/3) A sqrt(g H dT/T) with Cd 0.6 (Brown and Solvason 1962), and the draught."""
    difference = max(0.0, warmer_c - colder_c)
    drive = GRAVITY_M_PER_S2 * opening.height_m * difference / (273.15 + (warmer_c + colder_c) / 2)
    return opening.draught_m3_per_s + 0.2 * opening.area_m2 * math.sqrt(drive)


def emit(cell: Cell, emission: Emission, dt: float) -> None:
    """Put what a source gives off in `dt` seconds into a cell."""
    cell.smoke += emission.smoke_m2_per_s * dt / cell.volume_m3
    cell.co_ppm += emission.co_g_per_s * 1000.0 * dt / cell.volume_m3 / CO_MG_PER_M3_PER_PPM
    cell.temperature_c += emission.heat_kw * HEAT_INTO_LAYER * dt / (cell.volume_m3 * AIR_KJ_PER_M3_K)


def mix(cells: Sequence[Cell], openings: Sequence[Opening], dt: float) -> None:
    """Let `dt` seconds of exchange, settling and cooling pass."""
    for opening in openings:
        a, b = cells[opening.a], cells[opening.b]
        flow = exchange_m3_per_s(opening, max(a.temperature_c, b.temperature_c), min(a.temperature_c, b.temperature_c))
        into_a, into_b = flow * dt / a.volume_m3, flow * dt / b.volume_m3
        smoke, co, warmth = b.smoke - a.smoke, b.co_ppm - a.co_ppm, b.temperature_c - a.temperature_c
        a.smoke, b.smoke = a.smoke + smoke * into_a, b.smoke - smoke * into_b
        a.co_ppm, b.co_ppm = a.co_ppm + co * into_a, b.co_ppm - co * into_b
        a.temperature_c, b.temperature_c = a.temperature_c + warmth * into_a, b.temperature_c - warmth * into_b
    stays, warm = math.exp(-dt / SETTLING_S), math.exp(-dt / COOLING_S)
    for cell in cells:
        cell.smoke *= stays
        cell.co_ppm = BACKGROUND_CO_PPM + (cell.co_ppm - BACKGROUND_CO_PPM) * stays
        cell.temperature_c = AMBIENT_C + (cell.temperature_c - AMBIENT_C) * warm


def obscuration(smoke: float) -> float:
    """Light lost along one metre, %/m, for an optical density in 1/m: u = 100 (1 - 10^-D)."""
    return 100.0 * (1.0 - math.pow(10.0, -smoke))
