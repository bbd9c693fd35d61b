"""The venue's physical world: the air of every zone, the mains of every floor, and what each device there feels. Pure.

The air of a zone is one cell per smoke or heat detector in it (at least one), so that two detectors in a hall may see
different air. Rooms open on the corridor of their floor; a closed door still leaks.
"""

import itertools
import random
from dataclasses import dataclass

from rules.venue import Device, Venue
from simulators.physics.air import DOORS, LAYER_M, Cell, Opening, emit, mix
from simulators.physics.ceiling import jet_rise_k, jet_velocity_m_per_s
from simulators.physics.detector import Chamber
from simulators.physics.noise import noise
from simulators.physics.power import Load, Supply
from simulators.physics.sources import Burning, Emission, Source

STEP_S = 0.5  # the longest step of the air: far below volume over flow (a room: 30 m3 over 0.5 m3/s)
FUEL_HEIGHT_M = 0.5  # a seat
DRAUGHT_WITHIN_M3_PER_S = 0.2  # between the cells of one zone: cold smoke in still air spreads by eddies only
WIDTH_WITHIN_M2 = 2.0  # a corridor's width, times the layer's depth: warm smoke runs along it


@dataclass(frozen=True, slots=True)
class Space:
    """What a kind of zone measures."""

    area_m2: float
    height_m: float


# A middling karaoke room; a corridor for twenty of them; a hall with a stage; a technical room.
SPACES = {
    "room": Space(30.0, 2.8),
    "corridor": Space(120.0, 2.6),
    "hall": Space(180.0, 5.0),
    "plant": Space(25.0, 2.8),
}
OTHER_SPACE = Space(60.0, 2.8)
DETECTORS = ("smoke_detector", "heat_detector")
RATED_W = {"power_meter": 18_000.0, "plug": 450.0}  # one floor with twenty rooms; one amplifier


class World:
    """Time is given in; `advance` must be called with times that never fall."""

    def __init__(self, venue: Venue, seed: int = 1) -> None:
        self._venue = venue
        self._seed = seed
        self._now: float | None = None
        self._cells: list[Cell] = []
        self._openings: list[Opening] = []
        self._cells_of: dict[str, list[int]] = {}
        self._door_of: dict[str, int] = {}
        self._cell_of: dict[str, int] = {}
        self._burning: list[Burning] = []
        self.chambers: dict[str, Chamber] = {}
        self.supplies: dict[str, Supply] = {}
        self.loads: dict[str, Load] = {}
        self._build_air()
        self._build_doors()
        self._build_power()

    def _noise(self, name: str) -> random.Random:
        return noise(self._seed, name)

    def _build_air(self) -> None:
        for zone in self._venue.zones.values():
            here = [device for device in self._venue.devices.values() if device.zone == zone.id]
            detectors = [device for device in here if device.kind in DETECTORS]
            count = max(1, len(detectors))
            volume = SPACES.get(zone.kind, OTHER_SPACE).area_m2 * LAYER_M / count
            cells = list(range(len(self._cells), len(self._cells) + count))
            self._cells_of[zone.id] = cells
            self._cells += [Cell(volume) for _ in cells]
            for left, right in itertools.pairwise(cells):
                within = Opening(left, right, WIDTH_WITHIN_M2 * LAYER_M, LAYER_M, DRAUGHT_WITHIN_M3_PER_S)
                self._openings.append(within)
            for device, cell in zip(detectors, cells, strict=False):
                noise = self._noise(device.id)
                self.chambers[device.id] = Chamber(noise, offset_c=noise.uniform(-1.0, 1.0))
                self._cell_of[device.id] = cell

    def _build_doors(self) -> None:
        for zone in self._venue.zones.values():
            if zone.parent is None or zone.kind in ("corridor", "floor"):
                continue
            siblings = [other for other in self._venue.zones.values() if other.parent == zone.parent]
            corridors = [cell for other in siblings if other.kind == "corridor" for cell in self._cells_of[other.id]]
            if corridors:
                rooms = [other.id for other in siblings if other.kind != "corridor"]
                cell = corridors[rooms.index(zone.id) * len(corridors) // len(rooms)]
                area, draught = DOORS["closed"]
                self._door_of[zone.id] = len(self._openings)
                self._openings.append(Opening(self._cells_of[zone.id][0], cell, area, draught_m3_per_s=draught))

    def _build_power(self) -> None:
        for device in self._venue.devices.values():
            floor = self.floor_of(device.zone)
            if floor not in self.supplies:
                self.supplies[floor] = Supply(self._noise(f"mains {floor}"))
            if device.kind in RATED_W:
                noise = self._noise(device.id)
                self.loads[device.id] = Load(noise, RATED_W[device.kind] * noise.uniform(0.6, 1.0))

    def floor_of(self, zone: str) -> str:
        """The zone right below the venue that this zone lies in (the venue itself for the venue)."""
        chain = self._venue.ancestry[zone]
        return chain[-2] if len(chain) > 1 else chain[0]

    def ignite(self, zone: str, source: Source, now: float, near: str | None = None) -> None:
        """Start a source in a zone, under the detector `near` when that is told. KeyError for an unknown one."""
        cell = self._cell_of[near] if near is not None else self._cells_of[zone][0]
        self._burning.append(Burning(source, now, cell))

    def burning(self, now: float) -> dict[str, str]:
        """For each zone where something burns or fogs now, the detector nearest to it (or nothing)."""
        near = {cell: device for device, cell in self._cell_of.items()}
        zones = {cell: zone for zone, cells in self._cells_of.items() for cell in cells}
        alive = [one.cell for one in self._burning if one.source.emission(now - one.began) != Emission()]
        return {zones[cell]: near.get(cell, "") for cell in alive}

    def door(self, zone: str, state: str) -> None:
        """Set the door between a zone and its corridor: open, ajar or closed. KeyError when there is none."""
        index = self._door_of[zone]
        area, draught = DOORS[state]
        old = self._openings[index]
        self._openings[index] = Opening(old.a, old.b, area, draught_m3_per_s=draught)

    def switch_mains(self, on: bool, zone: str | None = None) -> None:
        """Mains of the floor that the zone lies in, or of all, on or off."""
        for floor, supply in self.supplies.items():
            if zone is None or zone in (floor, self._venue.root) or self.floor_of(zone) == floor:
                supply.on = on

    def supply(self, device: Device) -> Supply:
        """The mains at a device."""
        return self.supplies[self.floor_of(device.zone)]

    def advance(self, now: float) -> None:
        """Let time pass up to `now`, seconds."""
        last = now if self._now is None else self._now
        while now - last > 1e-9:
            dt = min(STEP_S, now - last)
            last += dt
            self._step(last, dt)
        self._now = now

    def _step(self, now: float, dt: float) -> None:
        heat: dict[int, tuple[float, float]] = {}
        for fire in self._burning:
            emission = fire.source.emission(now - fire.began)
            if emission != Emission():
                emit(self._cells[fire.cell], emission, dt)
            if emission.heat_kw > heat.get(fire.cell, (0.0, 0.0))[0]:
                heat[fire.cell] = (emission.heat_kw, fire.distance_m)
        mix(self._cells, self._openings, dt)
        for device, chamber in self.chambers.items():
            self._feel(device, chamber, heat, dt)
        for supply in self.supplies.values():
            supply.advance(dt)
        for device, load in self.loads.items():
            load.advance(dt, self.supply(self._venue.devices[device]).voltage)

    def _feel(self, device: str, chamber: Chamber, heat: dict[int, tuple[float, float]], dt: float) -> None:
        index = self._cell_of[device]
        cell = self._cells[index]
        heat_kw, radius_m = heat.get(index, (0.0, 1.0))
        kind = self._venue.zones[self._venue.devices[device].zone].kind
        height_m = SPACES.get(kind, OTHER_SPACE).height_m - FUEL_HEIGHT_M
        gas_c = cell.temperature_c + jet_rise_k(heat_kw, height_m, radius_m)
        speed = jet_velocity_m_per_s(heat_kw, height_m, radius_m)
        chamber.feel(dt, cell.smoke, gas_c, cell.co_ppm, speed)
