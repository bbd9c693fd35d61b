"""The simulated air, fire, fog and mains, held against the formulas and the measurements they come from."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.physics.air import BACKGROUND_CO_PPM, Cell, Opening, emit, exchange_m3_per_s, mix, obscuration
from simulators.physics.ceiling import jet_rise_k, jet_velocity_m_per_s
from simulators.physics.detector import Chamber
from simulators.physics.power import NOMINAL_V, Load, Supply
from simulators.physics.sources import GROWTH_KW_PER_S2, Cigarettes, Emission, Fire, Fog


@pytest.mark.parametrize(("growth", "seconds"), [("slow", 600), ("medium", 300), ("fast", 150), ("ultra-fast", 75)])
def test_fire_reaches_1055_kw_at_its_growth_time(growth: str, seconds: float) -> None:
    """The t-squared classes are defined by the time to 1055 kW."""
    heat_kw = Fire(GROWTH_KW_PER_S2[growth]).emission(seconds).heat_kw
    assert heat_kw == pytest.approx(1055, rel=0.02)


def test_fire_waits_for_its_incubation_and_stops_growing_at_its_peak() -> None:
    """Nothing burns before the incubation is over; a fire never exceeds what the room's air feeds."""
    fire = Fire(0.1, incubation_s=10, peak_kw=500)
    assert fire.emission(10) == Emission()
    assert fire.emission(20).heat_kw == pytest.approx(10)
    assert fire.emission(1000).heat_kw == 500


@pytest.mark.parametrize(
    ("density", "per_cent"), [(0.0071, 1.6), (0.0143, 3.2), (0.0215, 4.8), (0.0361, 8.0), (0.0582, 12.5), (0.182, 34.2)]
)
def test_optical_density_and_obscuration_agree_with_the_published_table(density: float, per_cent: float) -> None:
    """Optical density 1/m to %/m as in the table of UL and EN sensitivities."""
    assert obscuration(density) == pytest.approx(per_cent, abs=0.1)


def test_ceiling_jet_follows_alpert() -> None:
    """1 MW under 3 m: 258 K over the fire (16.9 Q^2/3 H^-5/3 = 270 K) and 86 K, 1.4 m/s three metres away."""
    assert jet_rise_k(1000, 3, 0.3) == pytest.approx(16.9 * 100 / 3 ** (5 / 3), rel=1e-6)
    assert jet_rise_k(1000, 3, 3) == pytest.approx(5.38 * (1000 / 3) ** (2 / 3) / 3, rel=1e-6)
    assert jet_velocity_m_per_s(1000, 3, 3) == pytest.approx(0.195 * 10 * math.sqrt(3) / 3 ** (5 / 6), rel=1e-6)
    assert jet_rise_k(0, 3, 3) == jet_velocity_m_per_s(0, 3, 3) == 0


@given(
    smoke=st.lists(st.floats(0, 5), min_size=3, max_size=3),
    warmth=st.lists(st.floats(23, 400), min_size=3, max_size=3),
    dt=st.floats(0.01, 0.5),
)
def test_mixing_makes_no_smoke_and_never_less_than_none(smoke: list[float], warmth: list[float], dt: float) -> None:
    """Exchange between cells keeps optical area, up to what settles, and no cell goes below zero."""
    cells = [Cell(30.0, one, BACKGROUND_CO_PPM, heat) for one, heat in zip(smoke, warmth, strict=True)]
    before = sum(cell.smoke * cell.volume_m3 for cell in cells)
    mix(cells, [Opening(0, 1, 1.8), Opening(1, 2, 2.0, 1.0, 0.2)], dt)
    after = sum(cell.smoke * cell.volume_m3 for cell in cells)
    assert after <= before + 1e-9
    assert after >= before * math.exp(-dt / 600) - 1e-9
    assert all(cell.smoke >= 0 for cell in cells)


def test_warm_air_flows_through_a_door_and_still_air_only_leaks() -> None:
    """10 K across an open door of 0.9 by 2 m drive about 0.3 m3/s each way; without warmth only the draught flows."""
    door = Opening(0, 1, 1.8, draught_m3_per_s=0.05)
    assert exchange_m3_per_s(door, 33, 23) == pytest.approx(0.05 + 0.29, abs=0.02)
    assert exchange_m3_per_s(door, 23, 23) == 0.05


def test_co_is_counted_in_parts_per_million() -> None:
    """1 g of CO in 1 m3 is 873 ppm at 25 C (1.145 mg/m3 for each ppm)."""
    cell = Cell(1.0, co_ppm=0.0)
    emit(cell, Emission(co_g_per_s=1.0), 1.0)
    assert cell.co_ppm == pytest.approx(873, rel=0.01)


def test_chamber_and_bead_follow_late() -> None:
    """Smoke enters after 1.8 m of flow, the bead warms by its response time index; both arrive in the end."""
    chamber = Chamber(random.Random(1))
    chamber.feel(1.0, smoke=0.1, gas_c=80.0, co_ppm=100.0, speed_m_per_s=0.45)
    assert chamber.smoke == pytest.approx(0.1 * (1 - math.exp(-0.45 / 1.8)), rel=1e-6)
    assert chamber.bead_c < 30
    for _ in range(300):
        chamber.feel(1.0, smoke=0.1, gas_c=80.0, co_ppm=100.0, speed_m_per_s=0.45)
    assert chamber.smoke_obscuration() == pytest.approx(obscuration(0.1), abs=0.5)
    assert chamber.temperature() == pytest.approx(80, abs=0.5)
    assert chamber.co() == pytest.approx(100, abs=2)


def test_sensors_saturate_and_stay_in_range() -> None:
    """However hot and thick it gets, a sensor says no more than its full scale."""
    chamber = Chamber(random.Random(1))
    for _ in range(1000):
        chamber.feel(1.0, smoke=50.0, gas_c=1000.0, co_ppm=50_000.0, speed_m_per_s=3.0)
    assert chamber.smoke_obscuration() == 40.0
    assert chamber.temperature() == 150.0
    assert chamber.co() == 1000.0


def test_fog_has_no_heat_and_no_co_and_ends() -> None:
    """A fog machine gives off smoke only, for its burst only."""
    fog = Fog(fluid_g_per_s=2.0, burst_s=5.0)
    assert fog.emission(4.9) == Emission(smoke_m2_per_s=3.0)
    assert fog.emission(5.0) == fog.emission(-1.0) == Emission()


def test_a_cigarette_gives_55_mg_of_co_in_seven_minutes() -> None:
    """Slow smoke and a little CO, then nothing."""
    given_off = [Cigarettes(2).emission(second) for second in range(500)]
    assert sum(one.co_g_per_s for one in given_off) == pytest.approx(2 * 0.055, rel=0.01)
    assert given_off[-1] == Emission()


def test_mains_stays_in_band_and_is_nothing_when_off() -> None:
    """A quiet day keeps within 198 and 235.4 V (GB/T 12325); a dead bus is 0 V and carries no current."""
    supply, load = Supply(random.Random(3)), Load(random.Random(4), 1000.0)
    seen = []
    for _ in range(5000):
        supply.advance(0.5)
        load.advance(0.5, supply.voltage)
        seen.append(supply.voltage)
    assert 198 < min(seen) < NOMINAL_V < max(seen) < 235.4
    assert load.energy_kwh == pytest.approx(1000 * 2500 / 3.6e6, rel=0.05)
    supply.on = False
    load.advance(0.5, supply.voltage)
    assert (supply.voltage, load.power_w, load.current) == (0.0, 0.0, 0.0)
