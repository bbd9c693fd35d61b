"""What goes wrong during a trial, drawn from the seed."""

from collections.abc import Callable

from tests.simulation.house import SimHouse


def trouble(house: SimHouse, lasts_s: float) -> Callable[[], None]:
    """Plan troubles of the next `lasts_s` seconds; returns what makes an end of them all."""
    world, chance = house.world, house.world.chance
    healed = False

    def at_some_time(share: float, call: Callable[[], None], most: int = 1) -> None:
        for _ in range(most):
            if chance.random() < share:
                world.later(chance.uniform(0.0, lasts_s), lambda: None if healed else call())

    def hang() -> None:
        house.disk.hangs_until = world.now + chance.uniform(0.1, 40.0)

    def fail() -> None:
        attribute = chance.choice(("fails_before", "fails_after"))
        setattr(house.disk, attribute, True)
        world.later(chance.uniform(0.01, 20.0), house.disk.heal)

    def down() -> None:
        broker = chance.choice(list(house.brokers.values()))
        broker.go_down(forgets=chance.random() < 0.5)
        world.later(chance.uniform(0.05, 30.0), broker.come_up)

    def deaf() -> None:
        chance.choice(house.receivers).answers = False

    def break_wires() -> None:
        for broker in house.brokers.values():
            for session in list(broker.sessions.values()):
                if session.connection is not None and chance.random() < 0.5:
                    session.connection.lose("the wire broke")

    def step_clock() -> None:
        world.wall_offset += chance.choice((-3600.0, 3600.0, 86400.0, -5.0))

    def reboot_device() -> None:
        chance.choice(list(house.devices.values())).reboot()

    def stop() -> None:
        if house.process is not None and house.process.alive:
            house.process.stop()

    at_some_time(0.5, house.kill, 2)
    at_some_time(0.25, house.cut_power)
    at_some_time(0.15, stop)
    at_some_time(0.3, hang)
    at_some_time(0.3, fail)
    at_some_time(0.4, down, 2)
    at_some_time(0.3, deaf)
    at_some_time(0.4, break_wires, 3)
    at_some_time(0.2, step_clock)
    at_some_time(0.1, reboot_device)
    at_some_time(0.1, lambda: world.sleep(chance.uniform(1.0, 900.0)))
    house.disk.tired = chance.random() < 0.6
    for broker in house.brokers.values():
        broker.loses = chance.choice((0.0, 0.0, 0.2))
    for device in house.devices.values():
        device.noise = chance.choice((0.0, 0.3))

    def heal() -> None:
        nonlocal healed
        healed = True
        house.disk.heal()
        for broker in house.brokers.values():
            broker.loses = 0.0
            broker.come_up()
        for receiver in house.receivers:
            receiver.answers = True
        for device in house.devices.values():
            device.noise = 0.0
        if house.process is not None:
            house.process.kill_at_step = None

    return heal
