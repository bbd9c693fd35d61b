"""The ceiling jet of a fire: how hot and fast the gas is that passes a detector (Alpert 1972, SFPE Handbook 14)."""

import math


def jet_rise_k(heat_kw: float, height_m: float, radius_m: float) -> float:
    """Temperature above ambient of the jet, `radius_m` from the plume's axis, `height_m` above the fuel."""
    if heat_kw <= 0.0:
        return 0.0
    if radius_m / height_m <= 0.18:
        return float(16.9 * heat_kw ** (2 / 3) / height_m ** (5 / 3))
    return float(5.38 * (heat_kw / radius_m) ** (2 / 3) / height_m)


def jet_velocity_m_per_s(heat_kw: float, height_m: float, radius_m: float) -> float:
    """Speed of the jet along the ceiling."""
    if heat_kw <= 0.0:
        return 0.0
    if radius_m / height_m <= 0.15:
        return float(0.96 * (heat_kw / height_m) ** (1 / 3))
    return float(0.195 * heat_kw ** (1 / 3) * math.sqrt(height_m) / radius_m ** (5 / 6))
