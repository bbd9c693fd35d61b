"""A right configuration becomes exactly what the engine and the daemon run on."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from config.files import LIBRARY
from config.load import load
from config.problem import ConfigError
from config.setup import Setup
from drivers.registry import DRIVERS, LINKS, OUTPUTS
from rules.engine import Engine
from rules.plan import Limits
from rules.tier import Tier
from tests.config.conftest import VENUE

Write = Callable[..., Path]

SAMPLES = Path(__file__).parents[2] / "config" / "samples"


@pytest.fixture(scope="module")
def ktv() -> Setup:
    return load(SAMPLES / "ktv")


def test_the_sample_venue_has_what_it_says(ktv: Setup) -> None:
    """3 floors, 60 rooms, 150 devices: the ids that scenarios and the README rely on."""
    venue = ktv.plan.venue
    zones = Counter(zone.kind for zone in venue.zones.values())
    assert zones == {"venue": 1, "floor": 3, "room": 60, "corridor": 3, "hall": 1, "plant": 1}
    devices = Counter((device.kind, device.link) for device in venue.devices.values())
    assert devices == {
        ("smoke_detector", "broker"): 68,
        ("call_point", "broker"): 6,
        ("panic_button", "broker"): 60,
        ("plug", "broker"): 12,
        ("power_meter", "broker"): 3,
        ("ups", "ups-line"): 1,
    }
    assert len(venue.devices) == 150
    detector = venue.devices["det-305"]
    assert detector.zone == "room-305" and venue.zones["room-305"].parent == "floor-3"
    assert detector.quantities == {"smoke_obscuration", "temperature", "co"} and detector.stale_after_s == 30.0
    assert venue.zones["room-305"].name.zh == "305包房"


def test_each_driver_gets_its_devices_by_address(ktv: Setup) -> None:
    """Every device is bound once, to the driver on the link that it names."""
    bound = {
        (link.id, driver.kind): {binding.address: binding.device for binding in driver.bindings}
        for link in ktv.links
        for driver in link.drivers
    }
    assert {key: len(devices) for key, devices in bound.items()} == {
        ("broker", "tocsin"): 68,
        ("broker", "zigbee2mqtt"): 66,
        ("broker", "tasmota"): 15,
        ("ups-line", "megatec"): 1,
    }
    assert bound["broker", "zigbee2mqtt"]["room305/panic"] == "sos-305"
    assert bound["broker", "zigbee2mqtt"]["corridor1/smoke-a"] == "corr-1-a"


def test_settings_are_those_of_the_registry(ktv: Setup) -> None:
    """What the daemon hands to build() is an instance of the kind's own settings."""
    for link in ktv.links:
        assert isinstance(link.settings, LINKS[link.kind].settings)
        for driver in link.drivers:
            assert isinstance(driver.settings, DRIVERS[driver.kind].settings)
    for output in ktv.outputs:
        assert isinstance(output.settings, OUTPUTS[output.kind].settings)
    assert [(output.id, output.kind) for output in ktv.outputs] == [("broker", "mqtt"), ("log", "log")]


def test_rules_come_after_those_they_read(ktv: Setup) -> None:
    """The engine relies on this order."""
    seen: set[str] = set()
    for rule in ktv.plan.rules:
        read = {name for tier in rule.tiers for name in tier.when.rules}
        assert read <= seen
        seen.add(rule.id)
    confirmed = next(rule for rule in ktv.plan.rules if rule.id == "fire-confirmed")
    assert confirmed.places == ("floor-1", "floor-2", "floor-3") and confirmed.evacuate == "whole-building"
    assert confirmed.investigate is not None and confirmed.investigate.then_s == 60.0
    assert confirmed.investigate.at is Tier.ORANGE
    assert confirmed.line.startswith("fire.yaml:")


def test_the_order_is_the_same_in_every_process() -> None:
    """Sets of text are ordered differently in each process; the plan must not be."""
    code = f"from config.load import load; print([rule.id for rule in load({str(SAMPLES / 'ktv')!r}).plan.rules])"
    orders = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(SAMPLES.parents[1])},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(orders) == 1


def test_tiers_run_from_low_to_high_however_they_are_written(write: Write) -> None:
    """An engineer may write red first."""
    rules = """\
rules:
  - id: smoke
    category: fire
    each: device
    tiers:
      - {tier: orange, when: smoke, off_delay: 2m}
      - {tier: blue, when: absent, on_delay: 500ms}
    latching: true
"""
    (rule,) = load(write(rules=rules)).plan.rules
    assert [(tier.tier, tier.on_delay_s, tier.off_delay_s) for tier in rule.tiers] == [
        (Tier.BLUE, 0.5, 0.0),
        (Tier.ORANGE, 0.0, 120.0),
    ]
    assert [tier.line for tier in rule.tiers] == ["house.yaml:7", "house.yaml:6"]


def test_every_sample_is_right_and_runs() -> None:
    """The engine takes the plan of each sample."""
    for sample in ("ktv", "minimal"):
        assert Engine(load(SAMPLES / sample).plan).alarms() == ()


def test_every_stock_pack_is_in_the_sample() -> None:
    """A pack that no sample loads would never be checked."""
    loaded = set(load(SAMPLES / "ktv").files)
    assert set(LIBRARY.glob("*.yaml")) <= loaded


def test_a_venue_without_a_kind_of_device_may_use_every_pack(write: Write) -> None:
    """Stock rules that find nothing get no place, and no condition over nobody is ever true."""
    directory = write()
    venue = (directory / "venue.yaml").read_text("utf-8")
    packs = "rules: [rules/house.yaml, stock:panic, stock:power, stock:ups, stock:faults]"
    (directory / "venue.yaml").write_text(venue.replace("rules: [rules/house.yaml]", packs), "utf-8")
    plan = load(directory).plan
    idle = {rule.id for rule in plan.rules if not rule.places}
    assert {"sos", "mains-loss", "voltage-band", "ups-on-battery", "device-lost"} <= idle
    assert {"smoke", "detector-lost", "tamper"}.isdisjoint(idle)
    assert Engine(plan).alarms() == ()


@pytest.mark.parametrize("wrong", ["missing", "pipe", "folder"])
def test_what_is_no_file_is_told_and_never_waited_for(tmp_path: Path, wrong: str) -> None:
    """A pipe would block the daemon for ever."""
    if wrong == "pipe":
        os.mkfifo(tmp_path / "venue.yaml")
    elif wrong == "folder":
        (tmp_path / "venue.yaml").mkdir()
    with pytest.raises(ConfigError) as refused:
        load(tmp_path)
    assert [problem.line for problem in refused.value.problems] == [1]


def test_limits_and_what_feeds_a_device_reach_the_plan(ktv: Setup, write: Write) -> None:
    """What the venue file says of both is what the engine goes by; without limits a shift and a week hold."""
    assert ktv.plan.limits == Limits(8 * 3600.0, 7 * 24 * 3600.0)
    assert ktv.plan.venue.feeders["plug-2-1"] == ("meter-2",)
    assert load(SAMPLES / "minimal").plan.venue.devices["smoke-1"].fed_by is None
    directory = write(VENUE + "limits: {shelve_max: 30m, out_of_service_max: 2h}\n")
    assert load(directory).plan.limits == Limits(1800.0, 7200.0)


def test_a_copy_of_a_stock_pack_need_not_find_every_word_of_it(write: Write) -> None:
    """Kinds of zone in a list, and parts of an `or`, that are not here are no mistake while others are."""
    venue = VENUE.replace(
        "kind: smoke_detector,", "kind: smoke_detector, quantities: [smoke_obscuration, temperature, co],"
    )
    call = "  - {id: call-1, kind: call_point, zone: floor-1, link: broker, driver: tocsin}\n"
    venue = venue.replace('{room: 1..2}, id: "smoke', '{room: 1..3}, id: "smoke').replace(
        'room-{room}", link', 'room-1", link'
    )
    gas = "  - {id: gas-1, kind: gas_detector, zone: floor-1, link: broker, driver: tocsin}\n"
    venue = venue.replace("outputs:\n", call + gas + "outputs:\n").replace("id: all", "id: whole-building")
    venue = venue[: venue.index("exempt:")] + venue[venue.index("evacuation_plans:") :]
    rules = (LIBRARY / "fire.yaml").read_text("utf-8")
    assert load(write(venue, rules)).plan.rules
    with pytest.raises(ConfigError, match=r"unknown zone kind 'hall'[^$]*unknown zone kind 'area'"):
        load(write(venue, rules.replace("[room, hall, area]", "[hall, area]")))
    with pytest.raises(ConfigError, match="no device that rule 'heat-rise' selects measures 'heat'"):
        load(write(venue, rules.replace("rise(temperature, 60s) >= 10 or temperature >= 57 or heat", "heat")))


def test_an_output_whose_kind_is_no_word_is_a_problem_of_its_own(write: Write) -> None:
    """Also for the check that counts the channels over which people are told."""
    with pytest.raises(ConfigError) as refused:
        load(write(VENUE.replace("kind: log", "kind: [log]")))
    assert any(problem.text.startswith("kind: found") for problem in refused.value.problems)
