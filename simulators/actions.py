"""What the world and its devices do at each step of a story; people's orders are the stage's business."""

from simulators.fleet import Fleet
from simulators.physics.sources import GROWTH_KW_PER_S2, Cigarettes, Fire, Fog
from simulators.scenario import MOMENT, FireAction, MainsAction, Step


def act(fleet: Fleet, step: Step, now: float) -> None:
    """Carry out one step, `now` seconds into the story. Raises NotSimulated when no simulator can do it."""
    world = fleet.world
    match step:
        case Step(fire=FireAction() as fire):
            if fire.door is not None:
                world.door(fire.zone, fire.door)
            alpha = GROWTH_KW_PER_S2[fire.growth] if isinstance(fire.growth, str) else fire.growth
            world.ignite(fire.zone, Fire(alpha, fire.incubation), now, fire.near)
        case Step(cigarette=smoke) if smoke is not None:
            world.ignite(smoke.zone, Cigarettes(smoke.count), now, smoke.near)
        case Step(fog=fog) if fog is not None:
            world.ignite(fog.zone, Fog(fog.fluid_g_per_s, fog.burst), now, fog.near)
        case Step(door=door) if door is not None:
            world.door(door.zone, door.state)
        case Step(mains=MainsAction() as mains):
            fleet.switch_mains(mains.state == "on", mains.zone)
        case Step(mains=state) if isinstance(state, str):
            fleet.switch_mains(state == "on", None)
        case Step(link=links) if links is not None:
            for link, wanted in links.items():
                fleet.set_link(link, up=wanted == "up")
        case _ if step.action != MOMENT:
            _act_on_device(fleet, step)
        case _:
            pass


def _act_on_device(fleet: Fleet, step: Step) -> None:
    device = str(getattr(step, step.action))
    match step.action:
        case "press" | "call":
            fleet.press(device)
        case "restore":
            fleet.restore(device)
        case "kill":
            fleet.device(device).kill()
        case "revive":
            fleet.device(device).revive()
        case "mute":
            fleet.device(device).mute()
        case "unmute":
            fleet.device(device).unmute()
        case action:
            raise AssertionError(f"no such action: {action}")
