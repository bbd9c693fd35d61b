"""What puts smoke, gas and heat into the air: a growing fire, cigarettes, a fog machine.

Smoke is counted as optical area: grams of fuel lost times mass optical density (m2/g, base 10); divided by a volume
it is the optical density per metre (Mulholland, SFPE Handbook, "Smoke production and properties").
"""

from dataclasses import dataclass, field
from typing import Protocol

# Heskestad's t-squared fires (NFPA 72 annex B, NFPA 92): heat release reaches 1055 kW in 600, 300, 150, 75 s.
GROWTH_KW_PER_S2 = {"slow": 0.0029, "medium": 0.0117, "fast": 0.0469, "ultra-fast": 0.1876}


@dataclass(frozen=True, slots=True)
class Emission:
    """What a source gives off at one instant."""

    smoke_m2_per_s: float = 0.0
    co_g_per_s: float = 0.0
    heat_kw: float = 0.0


class Source(Protocol):
    """Something that gives off smoke, gas or heat in one place."""

    def emission(self, age_s: float) -> Emission:
        """What it gives off `age_s` seconds after it began; nothing before and nothing when it is over."""


@dataclass(frozen=True, slots=True)
class Fuel:
    """What burns, per gram lost. Flaming values (SFPE Handbook, Tewarson; Mulholland)."""

    heat_kj_per_g: float
    mass_optical_density_m2_per_g: float
    co_yield: float


# A sofa: polyurethane foam (17.8 kJ/g, 0.33 m2/g, CO 0.03) under cotton and on wood (12 kJ/g, 0.04-0.17 m2/g, 0.005).
UPHOLSTERY = Fuel(heat_kj_per_g=17.8, mass_optical_density_m2_per_g=0.22, co_yield=0.02)


@dataclass(frozen=True, slots=True)
class Fire:
    """A t-squared fire: Q = alpha * t^2 after an incubation, up to what the room's air can feed (kW)."""

    alpha_kw_per_s2: float
    incubation_s: float = 0.0
    peak_kw: float = 2000.0
    fuel: Fuel = UPHOLSTERY

    def emission(self, age_s: float) -> Emission:
        burning_s = max(0.0, age_s - self.incubation_s)
        heat_kw = min(self.alpha_kw_per_s2 * burning_s**2, self.peak_kw)
        loss_g_per_s = heat_kw / self.fuel.heat_kj_per_g
        return Emission(
            smoke_m2_per_s=loss_g_per_s * self.fuel.mass_optical_density_m2_per_g,
            co_g_per_s=loss_g_per_s * self.fuel.co_yield,
            heat_kw=heat_kw,
        )


@dataclass(frozen=True, slots=True)
class Cigarettes:
    """`count` cigarettes smoked together: 7 minutes, 15 mg of particles at 3.5 m2/g (base 10) and 55 mg of CO each.

    Slow smoke and a little CO; sidestream measurements have 10 to 20 mg and 40 to 70 mg (US Surgeon General 1986).
    """

    count: int = 1
    burning_s: float = 420.0

    def emission(self, age_s: float) -> Emission:
        if not 0.0 <= age_s < self.burning_s:
            return Emission()
        return Emission(
            smoke_m2_per_s=self.count * 0.015 * 3.5 / self.burning_s,
            co_g_per_s=self.count * 0.055 / self.burning_s,
            heat_kw=self.count * 0.008,
        )


@dataclass(frozen=True, slots=True)
class Fog:
    """A fog machine: droplets of glycol and water, much smoke, no CO, no heat at the ceiling.

    A small stage machine puts out about 1 g/s; droplets near 1 um take out about 1.5 m2/g (base 10; Mie scattering).
    """

    fluid_g_per_s: float = 1.0
    burst_s: float = 4.0

    def emission(self, age_s: float) -> Emission:
        if not 0.0 <= age_s < self.burst_s:
            return Emission()
        return Emission(smoke_m2_per_s=self.fluid_g_per_s * 1.5)


@dataclass(slots=True)
class Burning:
    """A source at work since `began` seconds, in one cell of air."""

    source: Source
    began: float
    cell: int
    distance_m: float = field(default=2.0)  # from under the source to the nearest detector, along the ceiling
